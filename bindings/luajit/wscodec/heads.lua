-- The heads of the opening handshake: reading and building them.
local ffi = require("ffi")
local C = require("wscodec.library")
local arguments = require("wscodec.arguments")
local errors = require("wscodec.errors")

local heads = {}

local function span(head, range)
    if range.off == 0 then return nil end
    return head:sub(range.off + 1, range.off + range.len)
end

-- A ws_bytes. nil is absent. The caller keeps the string.
function heads.bytes(text)
    return { text, text and #text or 0 }
end

-- Sec-WebSocket-Accept for a Sec-WebSocket-Key (RFC 6455, 4.2.2).
function heads.accept_key(key)
    arguments.text(key, "key")
    local out = ffi.new("uint8_t[?]", C.WS_ACCEPT_LEN)
    local n, err = errors.check(C.ws_accept_key(key, #key, out, C.WS_ACCEPT_LEN))
    if not n then return nil, err end
    return ffi.string(out, n)
end

-- A new random Sec-WebSocket-Key.
function heads.make_key()
    local out = ffi.new("uint8_t[?]", C.WS_KEY_LEN)
    return ffi.string(out, assert(errors.check(C.ws_make_key(out, C.WS_KEY_LEN))))
end

local function request_of(head, hs)
    return {
        method = head:sub(hs.method.off + 1, hs.method.off + hs.method.len),
        target = span(head, hs.target),
        host = span(head, hs.host),
        origin = span(head, hs.origin),
        key = span(head, hs.key),
        http_version = hs.http_version,
        head = head:sub(1, hs.head_len),
    }
end

-- Server: reads a request. Returns false while it is incomplete; or nil and the error, whose
-- `request` is an ordinary request.
function heads.parse_request(head)
    arguments.text(head, "head")
    local hs = ffi.new("ws_handshake")
    local n, err = errors.check(C.ws_parse_handshake(head, #head, hs, ffi.sizeof(hs)))
    if n then return n > 0 and request_of(head, hs) end
    if err.code == "WS_ERR_NOT_UPGRADE" then err.request = request_of(head, hs) end
    return nil, err
end

-- A response, from a ws_response.
function heads.response(head, fields)
    return {
        status = fields.status,
        reason = span(head, fields.reason),
        protocol = span(head, fields.protocol),
        extensions = span(head, fields.extensions),
        http_version = fields.http_version,
        head = head:sub(1, fields.head_len),
    }
end

-- Client: checks the response to a request. Returns false while it is incomplete; or nil and the
-- error, whose `response` has another status than 101.
function heads.parse_response(head, request)
    arguments.text(head, "head")
    arguments.text(request, "request")
    local fields = ffi.new("ws_response")
    local n, err = errors.check(C.ws_parse_response(
        head, #head, request, #request, fields, ffi.sizeof(fields)))
    if n then return n > 0 and heads.response(head, fields) end
    if fields.status ~= 0 then err.response = heads.response(head, fields) end
    return nil, err
end

-- Returns the value of the first field with this name, or nil.
function heads.find(head, name)
    local value = ffi.new("ws_span")
    local n, err = errors.check(C.ws_find_header(head, #head, name, #name, value))
    if n ~= 1 then return nil, err end
    return head:sub(value.off + 1, value.off + value.len)
end

-- Client: the opening request. fields: host, target, origin, protocols (a list), extensions,
-- headers.
function heads.build_request(fields)
    local headers = arguments.lines(fields.headers, "headers")
    local protocols = arguments.list(fields.protocols, "protocols", ", ")
    local key = fields.key or heads.make_key()
    local spec = ffi.new("ws_request_spec", {
        host = heads.bytes(fields.host),
        target = heads.bytes(fields.target),
        key = heads.bytes(key),
        origin = heads.bytes(fields.origin),
        protocols = heads.bytes(protocols),
        extensions = heads.bytes(fields.extensions),
        headers = heads.bytes(headers),
    })
    local out = ffi.new("uint8_t[?]", C.WS_MAX_HEAD)
    local n, err = errors.check(C.ws_build_request(spec, ffi.sizeof(spec), out, C.WS_MAX_HEAD))
    if not n then return nil, err end
    return ffi.string(out, n)
end

-- Server: a complete response other than a 101.
function heads.build_reply(status, body)
    body = body or ""
    local room = C.WS_MAX_REPLY + #body
    local out = ffi.new("uint8_t[?]", room)
    local n, err = errors.check(C.ws_build_reply(status, nil, 0, body, #body, out, room))
    if not n then return nil, err end
    return ffi.string(out, n)
end

return heads
