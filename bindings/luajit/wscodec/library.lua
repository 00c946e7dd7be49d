-- The library and the declarations of its header.
local ffi = require("ffi")

ffi.cdef(require("wscodec_declarations"))
local C = ffi.load(os.getenv("WSCODEC_LIBRARY") or "libwscodec.so.0")

-- An extensible struct may be larger in the library, but none may be smaller.
local TYPES = { "handshake", "response", "request_spec", "frame", "decoder", "pmd_params",
    "accept_spec", "event", "accepted" }
for _, name in ipairs(TYPES) do
    local size = C.ws_sizeof(C["WS_TYPE_" .. name:upper()])
    if size < ffi.sizeof("ws_" .. name) then
        error("libwscodec " .. ffi.string(C.ws_version_string()) .. " is older than its header")
    end
end

return C
