-- Adds a member to a room, or gives it to another connection, and extends its time. Publishes
-- "enter" if the client was not there.
--
-- KEYS  chat:{ROOM}:who, chat:{ROOM}:here, chat:{ROOM}
-- ARGV  the client, its connection, the second in which it expires,
--       the members "client" and "name" in JSON, with a closing brace,
--       "again" if it has entered before: a client that has another connection keeps that; else ""
local who, here, channel = KEYS[1], KEYS[2], KEYS[3]
local client, connection, expires, json, again = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

if again == "again" then
    local entry = redis.call("HGET", who, client)
    if entry and entry:match("^%S+") ~= connection then
        return
    end
end
local is_new = redis.call("HSET", who, client, connection .. " {" .. json) == 1
redis.call("ZADD", here, expires, client)
if is_new then
    redis.call("PUBLISH", channel, '{"type":"enter",' .. json)
end
