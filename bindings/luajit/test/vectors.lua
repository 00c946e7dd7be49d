-- Runs the vectors of a folder, and counts those that pass.
--
--   luajit test/vectors.lua tests/vectors
local cjson = require("cjson")

cjson.decode_max_depth(100)
local folder = arg[1]
local TESTS = {}
for _, name in ipairs({ "pieces", "heads", "streams", "deflate" }) do
    for kind, test in pairs(require("test.vectors_" .. name)) do TESTS[kind] = test end
end

-- cjson.null means absent, as nil does.
local function without_null(value)
    if type(value) ~= "table" then return value end
    for name, member in pairs(value) do
        if member == cjson.null then value[name] = nil else without_null(member) end
    end
    return value
end

local passed, failed = 0, 0
local files = io.popen("ls " .. folder .. "/*.json")
for path in files:lines() do
    local kind = path:match("([%w_]+)%.json$")
    if kind ~= "schema" then
        if not TESTS[kind] then error("there is no test for " .. kind) end
        local file = without_null(cjson.decode(assert(io.open(path)):read("*a")))
        for _, vector in ipairs(file.vectors) do
            local ok, err = xpcall(TESTS[kind], debug.traceback, vector, file.parts or {})
            if ok then passed = passed + 1 else failed = failed + 1 end
            if not ok and failed < 10 then
                io.stderr:write(("%s: %s\n%s\n"):format(kind, vector.name, err))
            end
        end
    end
end
if failed > 0 then io.stderr:write(failed, " vectors failed\n") end
print(("luajit: %d vectors passed"):format(passed))
os.exit(failed == 0 and 0 or 1)
