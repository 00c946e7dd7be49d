-- Frames, UTF-8 and close payloads.
local bit = require("bit")
local ffi = require("ffi")
local C = require("wscodec.library")
local arguments = require("wscodec.arguments")
local errors = require("wscodec.errors")

local FRAMES = 16
local SIDES = { server = C.WS_SERVER, client = C.WS_CLIENT }
local DECODING = {
    deflate = C.WS_DEFLATE,
    any_mask = C.WS_ANY_MASK,
    keep_masked = C.WS_KEEP_MASKED,
    any_rsv = C.WS_ANY_RSV,
}
local BITS = { fin = C.WS_FIN, rsv1 = C.WS_RSV1, rsv2 = C.WS_RSV2, rsv3 = C.WS_RSV3 }

local frames = {}

-- The number of a role: "server" or "client".
function frames.side(role)
    return SIDES[role] or error('role must be "server" or "client"', 3)
end

local function decoding_flags(role, options)
    local flags = frames.side(role)
    for name, flag in pairs(DECODING) do
        if options and options[name] then flags = bit.bor(flags, flag) end
    end
    return flags
end

-- Strings do not change, so a copy is decoded.
local function copied(data)
    local buf = ffi.new("uint8_t[?]", #data)
    ffi.copy(buf, data, #data)
    return buf
end

local function frame_of(frame, buf)
    local found = {
        opcode = frame.opcode,
        message_opcode = frame.message_opcode,
        header_len = frame.header_len,
        payload_len = frame.payload_len, -- a uint64_t
        first = bit.band(frame.flags, C.WS_BEGIN) ~= 0,
        last = bit.band(frame.flags, C.WS_END) ~= 0,
        payload = ffi.string(buf + frame.chunk_off, frame.chunk_len),
    }
    for name, flag in pairs(BITS) do found[name] = bit.band(frame.flags, flag) ~= 0 end
    if bit.band(frame.flags, C.WS_MASKED) ~= 0 then
        found.mask_key = ffi.string(frame.mask_key, 4)
    end
    return found
end

-- Decodes the frame at the start of a string. Returns it and its length; or false and the frame
-- without its payload, if only its header is complete; or nil and the error.
function frames.decode(data, role, options)
    arguments.text(data, "data")
    local buf, frame = copied(data), ffi.new("ws_frame")
    local flags = decoding_flags(role, options)
    local n, err = errors.check(C.ws_frame_decode(buf, #data, flags, frame))
    if not n then return nil, err end
    if n > 0 then return frame_of(frame, buf), n end
    if frame.header_len == 0 then return false end
    frame.chunk_len = 0
    return false, frame_of(frame, buf)
end

-- The flags and the masking key for an encoder. options: fin (default true), rsv1, rsv2, rsv3,
-- mask_key.
local function encoding(options)
    options = options or {}
    local flags = options.fin == false and 0 or C.WS_FIN
    for _, name in ipairs({ "rsv1", "rsv2", "rsv3" }) do
        if options[name] then flags = bit.bor(flags, BITS[name]) end
    end
    local key = options.mask_key
    if key and #arguments.text(key, "mask_key") ~= 4 then error("mask_key must be 4 bytes", 3) end
    return flags, key
end

-- Encodes one frame.
function frames.encode(opcode, payload, options)
    arguments.text(payload, "payload")
    local flags, key = encoding(options)
    local room = #payload + C.WS_MAX_HEADER
    local out = ffi.new("uint8_t[?]", room)
    local n, err = errors.check(
        C.ws_frame_encode(opcode, flags, key, payload, #payload, out, room))
    if not n then return nil, err end
    return ffi.string(out, n)
end

-- Encodes the header of a frame. payload_len may be a uint64_t.
function frames.encode_header(opcode, payload_len, options)
    local flags, key = encoding(options)
    local out = ffi.new("uint8_t[?]", C.WS_MAX_HEADER)
    local n, err = errors.check(
        C.ws_frame_header(opcode, flags, key, payload_len, out, C.WS_MAX_HEADER))
    if not n then return nil, err end
    return ffi.string(out, n)
end

local Decoder = {}
Decoder.__index = Decoder

-- A decoder of a stream of frames. options: max_payload, deflate, any_mask, keep_masked, any_rsv.
function frames.decoder(role, options)
    local state = ffi.new("ws_decoder")
    local limit = options and options.max_payload or 0
    assert(C.ws_decoder_init(state, decoding_flags(role, options), limit) == 0)
    return setmetatable({ state = state }, Decoder)
end

-- Calls on_frame with each frame of the next bytes of the stream, or its parts. Returns true; or
-- nil and the error.
function Decoder:feed(data, on_frame)
    arguments.text(data, "data")
    local buf, at, used = copied(data), 0, ffi.new("size_t[1]")
    local entries = ffi.new("ws_frame[?]", FRAMES)
    while at < #data do
        local p = buf + at
        local n, err = errors.check(
            C.ws_decoder_feed(self.state, p, #data - at, entries, FRAMES, used))
        if not n then return nil, err end
        for i = 0, n - 1 do on_frame(frame_of(entries[i], p)) end
        at = at + tonumber(used[0])
    end
    return true
end

-- Returns true if the stream may end here; or nil and the error.
function Decoder:finish()
    local n, err = errors.check(C.ws_decoder_finish(self.state))
    if not n then return nil, err end
    return true
end

local Utf8 = {}
Utf8.__index = Utf8

-- Validates text that arrives in parts.
function frames.utf8()
    return setmetatable({ state = ffi.new("uint32_t[1]") }, Utf8)
end

-- Returns true if the text so far ends on a character boundary, else false; or nil and the error
-- at the first invalid byte.
function Utf8:push(part)
    arguments.text(part, "part")
    local n, err = errors.check(C.ws_utf8_validate(self.state, part, #part))
    if not n then return nil, err end
    return self.state[0] == 0
end

-- Reads the payload of a close frame. Returns the code and the reason.
function frames.parse_close(payload)
    arguments.text(payload, "payload")
    local code = ffi.new("uint16_t[1]")
    local n, err = errors.check(C.ws_close_parse(payload, #payload, code))
    if not n then return nil, err end
    return code[0], payload:sub(3)
end

-- Writes the payload of a close frame.
function frames.build_close(code, reason)
    arguments.integer(code, "code", 0, 65535)
    reason = arguments.text(reason or "", "reason")
    local out = ffi.new("uint8_t[?]", C.WS_MAX_CONTROL)
    local n, err = errors.check(C.ws_close_build(code, reason, #reason, out, C.WS_MAX_CONTROL))
    if not n then return nil, err end
    return ffi.string(out, n)
end

return frames
