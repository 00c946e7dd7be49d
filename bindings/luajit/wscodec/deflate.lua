-- The parameters of permessage-deflate (RFC 7692), with the names of the RFC.
local ffi = require("ffi")
local C = require("wscodec.library")
local arguments = require("wscodec.arguments")
local errors = require("wscodec.errors")

local SWITCHES = { server_no_context_takeover = true, client_no_context_takeover = true }
local NUMBERS = {
    server_max_window_bits = { 8, 15 },
    client_max_window_bits = { 8, 15 },
    level = { 1, 9 },
    mem_level = { 1, 9 },
}
local NAMES = {}
for name in pairs(SWITCHES) do NAMES[name] = true end
for name in pairs(NUMBERS) do NAMES[name] = true end

local out = ffi.new("uint8_t[256]")
local deflate = {}

-- Returns a ws_pmd_params, or nil without compression. true stands for the defaults.
function deflate.params(options)
    if not options then return nil end
    local given = options == true and {} or options
    arguments.known(given, NAMES, "deflate")
    local params = ffi.new("ws_pmd_params")
    for name in pairs(SWITCHES) do params[name] = given[name] and 1 or 0 end
    for name, range in pairs(NUMBERS) do
        if given[name] ~= nil then
            params[name] = arguments.integer(given[name], name, range[1], range[2])
        end
    end
    return params
end

-- What was agreed, from a ws_pmd_params.
function deflate.agreed(params)
    return {
        server_no_context_takeover = params.server_no_context_takeover == 1,
        client_no_context_takeover = params.client_no_context_takeover == 1,
        server_max_window_bits = params.server_max_window_bits,
        client_max_window_bits = params.client_max_window_bits,
    }
end

-- Server: accepts the first acceptable offer in the value of Sec-WebSocket-Extensions (all values,
-- joined with commas). Returns the value for the response and what was agreed; or false; or nil
-- and the error.
function deflate.accept(offers, willing)
    arguments.text(offers, "offers")
    local params = deflate.params(willing or true)
    local n, err = errors.check(C.ws_pmd_accept_value(offers, #offers, params, out, 256))
    if not n then return nil, err end
    if n == 0 then return false end
    return ffi.string(out, n), deflate.agreed(params)
end

-- Client: returns the value of Sec-WebSocket-Extensions that offers these parameters.
function deflate.offer(options)
    local params = deflate.params(options or true)
    return ffi.string(out, assert(errors.check(C.ws_pmd_offer(params, out, 256))))
end

-- Client: returns what was agreed on; or false without compression; or nil and the error.
function deflate.confirm(response, offered)
    arguments.text(response, "response")
    local params = deflate.params(offered or true)
    local n, err = errors.check(C.ws_pmd_confirm_value(response, #response, params))
    if not n then return nil, err end
    return n == 1 and deflate.agreed(params)
end

return deflate
