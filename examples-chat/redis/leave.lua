-- Removes a member from a room and publishes "leave", unless the client has another connection
-- by now.
--
-- KEYS  chat:{ROOM}:who, chat:{ROOM}:here, chat:{ROOM}
-- ARGV  the client, its connection
local who, here, channel = KEYS[1], KEYS[2], KEYS[3]
local client, connection = ARGV[1], ARGV[2]

local entry = redis.call("HGET", who, client)
if entry then
    local owner, json = entry:match("^(%S+) {(.*)$")
    if owner == connection then
        redis.call("HDEL", who, client)
        redis.call("ZREM", here, client)
        redis.call("PUBLISH", channel, '{"type":"leave",' .. json)
    end
end
