local wscodec = require("wscodec")
local values = require("test.values")

local data, expect, same = values.data, values.expect, values.same
local tests = {}

-- The values of several fields as one.
local function joined(fields, parts)
    local list = {}
    for i, field in ipairs(fields) do list[i] = data(field, parts) end
    return table.concat(list, ",")
end

local function agreed(parameters)
    return {
        server_no_context_takeover = parameters.server_no_context_takeover or false,
        client_no_context_takeover = parameters.client_no_context_takeover or false,
        server_max_window_bits = parameters.server_max_window_bits or 15,
        client_max_window_bits = parameters.client_max_window_bits or 15,
    }
end

function tests.deflate_accept(vector, parts)
    local response, params = wscodec.accept_deflate(joined(vector.offers, parts), vector.willing)
    if vector.error then
        expect(vector, response, params)
    elseif vector.response then
        same({ response, params }, { vector.response, agreed(vector.agreed) })
    else
        same(response, false)
    end
end

function tests.deflate_offer(vector)
    same(wscodec.offer_deflate(vector.offered), vector.offer)
end

function tests.deflate_confirm(vector, parts)
    local found, err = wscodec.confirm_deflate(joined(vector.responses, parts), vector.offered)
    expect(vector, found, err)
    if not vector.error then same(found, vector.agreed and agreed(vector.agreed) or false) end
end

-- The frames of a compressed message.
local function framed(payloads, role, parts)
    local frames = {}
    for i, payload in ipairs(payloads) do
        frames[i] = wscodec.encode_frame(i == 1 and 2 or 0, data(payload, parts), {
            fin = i == #payloads,
            rsv1 = i == 1,
            mask_key = role == "server" and "7fa2" or nil,
        })
    end
    return table.concat(frames)
end

function tests.deflate_messages(vector, parts)
    local options = { deflate = vector.parameters or true, max_message = 0 }
    local connection = wscodec.Connection.new(vector.role, options)
    for _, message in ipairs(vector.messages) do
        local received = {}
        local input = framed(message.payloads, vector.role, parts)
        expect(message, connection:receive(input, function(event)
            received[#received + 1] = event.data
        end))
        if not message.error then same(received, { data(message.message, parts) }) end
    end
    connection:free()
end

return tests
