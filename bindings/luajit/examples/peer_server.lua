-- The echo server with lua-http, for comparison.
--
--   luajit peer_server.lua [--port N]
local http_server = require("http.server")
local websocket = require("http.websocket")

local port = 8080
for i = 1, #arg do
    if arg[i] == "--port" then port = tonumber(arg[i + 1]) end
end

local function on_stream(_, stream)
    local headers = assert(stream:get_headers())
    local socket = assert(websocket.new_from_stream(stream, headers))
    assert(socket:accept())
    for data, kind in socket:each() do
        assert(socket:send(data, kind))
    end
    socket:close()
end

local server = assert(http_server.listen({
    host = "127.0.0.1",
    port = port,
    onstream = on_stream,
    onerror = function() end, -- of one client
}))
assert(server:listen())
local _, _, bound = server:localname()
print("listening on http://127.0.0.1:" .. bound)
io.flush()
assert(server:loop())
