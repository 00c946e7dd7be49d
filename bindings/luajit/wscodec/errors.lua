-- Errors of the library, which functions return after nil. Wrong arguments are Lua errors.
local ffi = require("ffi")
local C = require("wscodec.library")

local Error = {}
Error.__index = Error

function Error:__tostring()
    return self.message .. " (" .. self.code .. ")"
end

local errors = {}

-- result: a negative ws_result.
function errors.new(result)
    return setmetatable({
        code = ffi.string(C.ws_errname(result)), -- such as "WS_ERR_UTF8"
        message = ffi.string(C.ws_strerror(result)),
        close_code = C.ws_close_code_for(result),
        http_status = C.ws_http_status(result),
    }, Error)
end

-- Returns a count as a number, or nil and the error.
function errors.check(result)
    result = tonumber(result)
    if result < 0 then return nil, errors.new(result) end
    return result
end

return errors
