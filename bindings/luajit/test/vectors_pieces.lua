local ffi = require("ffi")
local wscodec = require("wscodec")
local values = require("test.values")

local data, expect, same = values.data, values.expect, values.same
local tests = {}

function tests.accept_keys(vector)
    same(expect(vector, wscodec.accept_key(vector.key)), vector.accept)
end

function tests.close_payloads(vector, parts)
    local payload = vector.payload and data(vector.payload, parts)
    local reason = data(vector.reason or "", parts)
    if payload then
        local code, text = wscodec.parse_close(payload)
        if vector.error then
            expect(vector, code, text)
        else
            same({ code, text }, { vector.code, reason })
        end
    end
    if vector.code then
        same(expect(vector, wscodec.build_close(vector.code, reason)),
            not vector.error and payload or nil)
    end
end

function tests.utf8(vector, parts)
    local text = data(vector.text, parts)
    for _, pieces in values.cuts(text) do
        local validator, is_complete, err = wscodec.utf8(), true, nil
        for _, piece in ipairs(pieces) do
            is_complete, err = validator:push(piece)
            if err then break end
        end
        expect(vector, is_complete, err)
        if not err then same(is_complete, not vector.incomplete, "complete") end
    end
    if vector.error then
        assert(wscodec.utf8():push(text:sub(1, vector.error_at)) ~= nil)
        expect(vector, wscodec.utf8():push(text:sub(1, vector.error_at + 1)))
    end
end

local function encoding(frame)
    return {
        fin = frame.fin,
        rsv1 = frame.rsv1,
        rsv2 = frame.rsv2,
        rsv3 = frame.rsv3,
        mask_key = frame.mask_key and values.from_hex(frame.mask_key),
    }
end

-- Fails unless a frame is the one that a vector describes.
function tests.same_frame(found, expected, parts)
    for _, name in ipairs({ "opcode", "fin" }) do same(found[name], expected[name], name) end
    for _, name in ipairs({ "rsv1", "rsv2", "rsv3" }) do
        same(found[name], expected[name] or false, name)
    end
    same(found.mask_key, expected.mask_key and values.from_hex(expected.mask_key), "mask_key")
    same(found.payload, data(expected.payload, parts), "payload")
end
local same_frame = tests.same_frame

function tests.frames(vector, parts)
    local wire = data(vector.wire, parts)
    local at = vector.error_at or #wire - 1
    for _, size in values.prefixes(#wire, at) do
        local frame, rest = wscodec.decode_frame(wire:sub(1, size), vector.role, vector.options)
        if size <= at then
            same(frame, false)
        elseif vector.error then
            expect(vector, frame, rest)
        else
            same_frame(frame, vector.frame, parts)
            same(rest, #wire, "length")
        end
    end
    if vector.frame then
        local payload = data(vector.frame.payload, parts)
        same(wscodec.encode_frame(vector.frame.opcode, payload, encoding(vector.frame)), wire)
    end
end

local function wide(digits)
    local number = ffi.new("uint64_t", 0)
    for digit in digits:gmatch("%d") do number = number * 10 + tonumber(digit) end
    return number
end
tests.wide = wide

function tests.frame_headers(vector, parts)
    local header, length = data(vector.header, parts), wide(vector.payload_length)
    same(wscodec.encode_header(vector.opcode, length, encoding(vector)), header)
    for size = 0, #header - 1 do
        local frame, incomplete = wscodec.decode_frame(header:sub(1, size), vector.role)
        same({ frame, incomplete }, { false })
    end
    local frame, incomplete = wscodec.decode_frame(header, vector.role)
    same(frame == false, length > 0, "incomplete")
    local found = frame or incomplete
    assert(found.payload_len == length)
    same(found.header_len, #header)
end

return tests
