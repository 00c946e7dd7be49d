-- Stores a message and publishes it, unless it is stored already. The messages of a room are kept
-- for a week after the last one.
--
-- KEYS  chat:{ROOM}:log, chat:{ROOM}:said:CLIENT, chat:{ROOM}
-- ARGV  seq, the message from the member "client" on, how many messages are kept
--
-- Returns the ID of the message, or that of a later one of this client.
local log, said, channel = KEYS[1], KEYS[2], KEYS[3]
local seq, message, kept = ARGV[1], ARGV[2], ARGV[3]

local last = redis.call("HMGET", said, "seq", "id")
if last[1] and tonumber(seq) <= tonumber(last[1]) then
    return last[2]
end
local id = redis.call("XADD", log, "MAXLEN", "~", kept, "*", "message", message)
redis.call("EXPIRE", log, 604800)
redis.call("HSET", said, "seq", seq, "id", id)
redis.call("EXPIRE", said, 86400)
redis.call("PUBLISH", channel, '{"type":"message","id":"' .. id .. '",' .. message)
return id
