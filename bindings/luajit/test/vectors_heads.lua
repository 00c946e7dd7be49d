local wscodec = require("wscodec")
local values = require("test.values")

local data, expect, same = values.data, values.expect, values.same
local tests = {}

-- A head is incomplete before the byte that completes it or proves its error.
local function parsed_at_its_last_byte(vector, head, parse)
    local at = vector.error_at or #head - 1
    for _, size in values.prefixes(#head, at) do
        local found, err = parse(head:sub(1, size))
        if size <= at then same(found, false) else assert(expect(vector, found, err) ~= false) end
    end
end

local function same_fields(found, fields, parts)
    for name, value in pairs(fields or {}) do
        if type(value) ~= "number" then value = data(value, parts) end
        if value == "" then value = nil end -- or absent
        local actual = found[name]
        if actual == "" then actual = nil end
        same(actual, value, name)
    end
end

function tests.requests(vector, parts)
    local head = data(vector.request, parts)
    parsed_at_its_last_byte(vector, head, wscodec.parse_request)
    local request, err = wscodec.parse_request(head)
    same_fields(request or err.request, vector.fields, parts)
    if request then same(request.head, head) end
end

function tests.responses(vector, parts)
    local request, head = data(vector.request, parts), data(vector.response, parts)
    local function parse(part) return wscodec.parse_response(part, request) end
    parsed_at_its_last_byte(vector, head, parse)
    local response, err = parse(head)
    same_fields(response or err.response, vector.fields, parts)
    if response then same(response.head, head) end
end

local function split(text, pattern)
    if not text then return nil end
    local list = {}
    for item in text:gmatch(pattern) do list[#list + 1] = item end
    return list
end

function tests.policies(vector, parts)
    local policy = vector.policy or {}
    local reply, connection, err = wscodec.Connection.accept(data(vector.request, parts), {
        protocols = split(policy.protocols, "[^, ]+"),
        origins = split(policy.origins, "[^ ]+"),
        need_protocol = policy.need_protocol,
    })
    if vector.error then
        same({ connection, err.code, err.http_status }, { nil, vector.error, vector.status })
        same(reply:sub(1, 13), ("HTTP/1.1 %d "):format(vector.status))
    else
        same(connection.protocol, vector.protocol)
        connection:free()
    end
end

return tests
