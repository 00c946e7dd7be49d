local bit = require("bit")
local wscodec = require("wscodec")
local values = require("test.values")
local pieces_of = require("test.vectors_pieces")

local data, expect, same = values.data, values.expect, values.same
local tests = {}

local function decode(decoder, frames, piece)
    return decoder:feed(piece, function(part)
        if part.first then
            frames[#frames + 1] = part
        else
            local frame = frames[#frames]
            frame.payload, frame.last = frame.payload .. part.payload, part.last
        end
    end)
end

-- Feeds pieces until one fails. Returns true; or nil and the error.
local function feed_all(feed, pieces)
    for _, piece in ipairs(pieces) do
        local ok, err = feed(piece)
        if not ok then return nil, err end
    end
    return true
end

local function same_decoded(found, expected, parts)
    pieces_of.same_frame(found, expected, parts)
    same(found.last, expected.payload_length == nil, "last")
    if expected.payload_length then
        assert(found.payload_len == pieces_of.wide(expected.payload_length))
    end
    if expected.opcode == 0 then same(found.message_opcode, expected.message_opcode) end
end

function tests.decoder_streams(vector, parts)
    local input = data(vector.input, parts)
    for _, pieces in values.cuts(input) do
        local decoder, frames = wscodec.decoder(vector.role, vector.options), {}
        expect(vector, feed_all(function(piece) return decode(decoder, frames, piece) end, pieces))
        same(#frames, #vector.frames, "number of frames")
        for i, frame in ipairs(frames) do same_decoded(frame, vector.frames[i], parts) end
        expect({ error = vector.error or vector["end"] }, decoder:finish())
    end
    if vector.error then
        local decoder = wscodec.decoder(vector.role, vector.options)
        assert(decode(decoder, {}, input:sub(1, vector.error_at)))
        local at = vector.error_at + 1
        expect(vector, decode(decoder, { { payload = "" } }, input:sub(at, at)))
    end
end

local function new_connection(vector)
    local options = { deflate = vector.parameters }
    for name, value in pairs(vector.options or {}) do options[name] = value end
    return wscodec.Connection.new(vector.role, options)
end

local function entry_of(event)
    return {
        opcode = event.opcode,
        payload = event.data,
        close_code = event.close_code,
        rsv1 = bit.band(event.rsv, 0x40) ~= 0 or nil,
        rsv2 = bit.band(event.rsv, 0x20) ~= 0 or nil,
        rsv3 = bit.band(event.rsv, 0x10) ~= 0 or nil,
    }
end

-- Appends what a connection reports: messages with their parts joined.
local function take(events, event)
    if event.opcode >= 8 or event.first then
        local entry = entry_of(event)
        if event.opcode < 8 and not event.last then entry.last = false end
        events[#events + 1] = entry
        return
    end
    for i = #events, 1, -1 do
        local entry = events[i]
        if entry.opcode < 8 then
            entry.payload = entry.payload .. event.data
            if event.last then entry.last = nil end
            return
        end
    end
end

-- The frames in what a connection has sent.
local function frames_of(sent, role)
    local frames, peer = {}, role == "server" and "client" or "server"
    while #sent > 0 do
        local frame, length = wscodec.decode_frame(sent, peer)
        frames[#frames + 1] = { opcode = frame.opcode, payload = frame.payload }
        sent = sent:sub(length + 1)
    end
    return frames
end

local function with_bytes(entries, parts)
    local list = {}
    for i, entry in ipairs(entries) do
        list[i] = {}
        for name, value in pairs(entry) do list[i][name] = value end
        list[i].payload = data(entry.payload, parts)
    end
    return list
end

function tests.connection_streams(vector, parts)
    local input = data(vector.input, parts)
    for _, pieces in values.cuts(input) do
        local connection, events, sent = new_connection(vector), {}, {}
        local function feed(piece)
            local ok, err = connection:receive(piece, function(event) take(events, event) end)
            sent[#sent + 1] = connection:output()
            return ok, err
        end
        expect(vector, feed_all(feed, pieces))
        same(events, with_bytes(vector.events, parts), "events")
        same(frames_of(table.concat(sent), vector.role), with_bytes(vector.output, parts), "output")
        expect({ error = vector.error or vector["end"] }, connection:finish())
        connection:free()
    end
    if vector.error_at then
        local connection, at = new_connection(vector), vector.error_at
        local function ignore() end
        assert(connection:receive(input:sub(1, at), ignore))
        expect(vector, connection:receive(input:sub(at + 1, at + 1), ignore))
    end
end

return tests
