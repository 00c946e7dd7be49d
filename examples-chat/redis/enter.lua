-- Adds a member to a room, or gives it to another connection, and extends its time. Publishes
-- "enter" if the client was not there, or had another name.
--
-- KEYS  chat:{ROOM}:who, chat:{ROOM}:here, chat:{ROOM}
-- ARGV  the client, its connection, the second in which it expires,
--       the members "client" and "name" in JSON, with a closing brace,
--       "again" if it has entered before: a client that has another connection keeps that; else ""
local who, here, channel = KEYS[1], KEYS[2], KEYS[3]
local client, connection, expires, json, again = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

local owner, known = (redis.call("HGET", who, client) or ""):match("^(%S+) {(.*)$")
if again == "again" and owner and owner ~= connection then
    return
end
redis.call("HSET", who, client, connection .. " {" .. json)
redis.call("ZADD", here, expires, client)
redis.call("EXPIRE", who, 86400)
redis.call("EXPIRE", here, 86400)
if known ~= json then
    redis.call("PUBLISH", channel, '{"type":"enter",' .. json)
end
