-- An echo server.
--
--   luajit echo_server.lua [--port N]
local uv = require("luv")
local ws = require("wscodec.luv")

local port = 8080
for i = 1, #arg do
    if arg[i] == "--port" then port = tonumber(arg[i + 1]) end
    if arg[i] == "--help" then
        print("usage: echo_server [--port N]    0: a free port")
        os.exit()
    end
end

local options = { protocols = { "chat", "superchat" }, max_message = 16 * 1024 * 1024 }

local function on_message(socket, data, is_binary)
    -- A client that does not read is not read from.
    if not socket:send(data, is_binary) then socket:pause() end
end

local server = ws.listen("127.0.0.1", port, options, function(socket)
    socket.on_message = on_message
    socket.on_drain = socket.resume
end)

print("listening on http://127.0.0.1:" .. server:getsockname().port)
io.flush()
uv.run()
