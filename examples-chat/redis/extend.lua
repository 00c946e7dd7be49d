-- Extends the time of members of a room.
--
-- KEYS  chat:{ROOM}:who, chat:{ROOM}:here
-- ARGV  the second in which they expire, the clients
--
-- Returns the clients that are no members.
local who, here = KEYS[1], KEYS[2]
local expires = ARGV[1]

local missing = {}
for i = 2, #ARGV do
    if redis.call("ZSCORE", here, ARGV[i]) then
        redis.call("ZADD", here, expires, ARGV[i])
    else
        table.insert(missing, ARGV[i])
    end
end
redis.call("EXPIRE", who, 86400)
redis.call("EXPIRE", here, 86400)
return missing
