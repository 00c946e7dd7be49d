-- What callers pass in, checked. The errors name the caller's line.
local arguments = {}

local LEVEL = 3 -- the caller of the function that checks

function arguments.text(value, name)
    if type(value) ~= "string" then error(name .. " must be a string", LEVEL) end
    return value
end

function arguments.integer(value, name, min, max)
    if type(value) ~= "number" or value % 1 ~= 0 or value < min or value > max then
        error(("%s must be an integer from %d to %d"):format(name, min, max), LEVEL)
    end
    return value
end

-- Refuses a misspelt option, rather than ignore it.
function arguments.known(options, names, what)
    if type(options) ~= "table" then error(what .. " must be a table", LEVEL) end
    for name in pairs(options) do
        if names[name] == nil then
            error(("%s: there is no option %s"):format(what, tostring(name)), LEVEL)
        end
    end
end

-- Complete header lines, from a table of values, or of lists of values, by name.
function arguments.lines(fields, name)
    if fields == nil then return nil end
    if type(fields) ~= "table" then error(name .. " must be a table", LEVEL) end
    local lines = {}
    for field, values in pairs(fields) do
        for _, value in ipairs(type(values) == "table" and values or { values }) do
            local line = field .. ": " .. value
            -- The library checks whole lines, so it cannot see that one has become two.
            if line:find("[\r\n]") then error(name .. " must not contain line breaks", LEVEL) end
            lines[#lines + 1] = line .. "\r\n"
        end
    end
    return table.concat(lines)
end

-- A list such as { "chat", "superchat" }, joined.
function arguments.list(value, name, separator)
    if value == nil then return nil end
    if type(value) ~= "table" then error(name .. " must be a list of strings", LEVEL) end
    return table.concat(value, separator)
end

return arguments
