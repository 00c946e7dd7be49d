-- The values of vectors. See tests/vectors/README.md.
local values = {}

local function from_hex(digits)
    return (digits:gsub(" ", ""):gsub("..", function(byte)
        return string.char(tonumber(byte, 16))
    end))
end
values.from_hex = from_hex

-- The bytes that a value stands for.
function values.data(value, parts)
    if type(value) == "string" then return value end
    if value.hex then return from_hex(value.hex) end
    if value["repeat"] then return values.data(value["repeat"], parts):rep(value.times) end
    if value.part then return values.data(parts[value.part], parts) end
    local pieces = {}
    for i, piece in ipairs(value) do pieces[i] = values.data(piece, parts) end
    return table.concat(pieces)
end

-- Fails unless both are the same, member by member.
function values.same(found, expected, what)
    what = what or "value"
    if type(found) == "table" and type(expected) == "table" then
        for name in pairs(found) do
            values.same(found[name], expected[name], what .. "." .. name)
        end
        for name in pairs(expected) do
            values.same(found[name], expected[name], what .. "." .. name)
        end
    elseif found ~= expected then
        error(("%s is %s, not %s"):format(what, tostring(found), tostring(expected)), 2)
    end
end

-- Fails unless a call returned something, or nil and the vector's error.
function values.expect(vector, result, err)
    values.same(err and err.code, vector.error, "error")
    if not vector.error then assert(result ~= nil) end
    return result
end

-- Lengths of prefixes: all; of a long input those at the start, at `at`, and at the end.
function values.prefixes(length, at)
    local sizes = {}
    for size = 0, length do
        if size < 400 or math.abs(size - at) < 4 or size == length then sizes[#sizes + 1] = size end
    end
    return ipairs(sizes)
end

-- Lists of pieces: whole, cut in two at each place, and byte by byte.
function values.cuts(input)
    local lists = { { input } }
    local length = #input
    for at = 1, length - 1 do
        local is_near = at <= 3 or at == 14 or at == 15 or at == length - 1
        if length <= 500 or is_near then
            lists[#lists + 1] = { input:sub(1, at), input:sub(at + 1) }
        end
    end
    local bytes, single = {}, length <= 500 and length or 40
    for at = 1, single do bytes[at] = input:sub(at, at) end
    bytes[#bytes + 1] = input:sub(single + 1)
    lists[#lists + 1] = bytes
    return ipairs(lists)
end

return values
