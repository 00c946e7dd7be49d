-- WebSocket (RFC 6455, RFC 7692) for LuaJIT. wscodec.luv has servers and clients on luv.
local ffi = require("ffi")
local C = require("wscodec.library")
local deflate = require("wscodec.deflate")
local frames = require("wscodec.frames")
local heads = require("wscodec.heads")

return {
    C = C, -- the constants and functions of wscodec.h
    version = ffi.string(C.ws_version_string()),
    Connection = require("wscodec.connection"),

    accept_key = heads.accept_key,
    make_key = heads.make_key,
    parse_request = heads.parse_request,
    parse_response = heads.parse_response,
    find_header = heads.find,
    build_request = heads.build_request,
    build_reply = heads.build_reply,

    decode_frame = frames.decode,
    encode_frame = frames.encode,
    encode_header = frames.encode_header,
    decoder = frames.decoder,
    utf8 = frames.utf8,
    parse_close = frames.parse_close,
    build_close = frames.build_close,

    accept_deflate = deflate.accept,
    offer_deflate = deflate.offer,
    confirm_deflate = deflate.confirm,
}
