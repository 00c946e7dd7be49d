-- Compares the declarations that LuaJIT has read with include/wscodec.json.
local cjson = require("cjson")
local ffi = require("ffi")
local C = require("wscodec.library")

local header = cjson.decode(assert(io.open(arg[1])):read("*a"))
local bits = ffi.abi("64bit") and "64" or "32"

for _, constant in ipairs(header.constants) do
    assert(C[constant.name] == constant.value, constant.name)
end
for _, struct in ipairs(header.structs) do
    assert(ffi.sizeof(struct.name) == struct.size[bits], struct.name)
    for _, field in ipairs(struct.fields) do
        local offset = ffi.offsetof(struct.name, field.name)
        assert(offset == field.offset[bits], struct.name .. "." .. field.name)
    end
end
for _, declared in ipairs(header.functions) do
    assert(C[declared.name] ~= nil, declared.name)
end
