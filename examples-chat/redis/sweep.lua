-- Removes the members of a room that have expired, at most 1,000, and publishes "leave" for each.
--
-- KEYS  chat:{ROOM}:who, chat:{ROOM}:here, chat:{ROOM}
-- ARGV  the second before which they have expired
local who, here, channel = KEYS[1], KEYS[2], KEYS[3]

local before = "(" .. ARGV[1]
for _, client in ipairs(redis.call("ZRANGEBYSCORE", here, "-inf", before, "LIMIT", 0, 1000)) do
    local entry = redis.call("HGET", who, client)
    redis.call("HDEL", who, client)
    redis.call("ZREM", here, client)
    if entry then
        redis.call("PUBLISH", channel, '{"type":"leave",' .. entry:match("^%S+ {(.*)$"))
    end
end
