-- Sends messages, and prints the replies.
--
--   luajit echo_client.lua ws://HOST:PORT/PATH [MESSAGE ...]
--
-- Without a message it sends each line of its input.
local uv = require("luv")
local ws = require("wscodec.luv")

local url = arg[1]
local next_message = io.lines
if arg[2] then
    local i = 1
    next_message = function()
        return function()
            i = i + 1
            return arg[i]
        end
    end
end

local function fail(reason)
    io.stderr:write("echo_client: ", reason, "\n")
    os.exit(1)
end

local function send_next(socket, messages)
    local message = messages()
    if message then
        socket:send(message)
    else
        socket.is_done = true
        socket:close(1000)
    end
end

local function talk(socket)
    local messages = next_message()
    function socket:on_message(data)
        print(data)
        send_next(self, messages)
    end
    function socket:on_close(code, reason, err)
        if not self.is_done or code ~= 1000 then
            fail(("closed with %d %s%s"):format(code, reason, err and tostring(err) or ""))
        end
    end
    send_next(socket, messages)
end

if not url then fail("usage: echo_client URL [MESSAGE ...]") end
ws.connect(url, { max_message = 16 * 1024 * 1024 }, function(err, socket)
    if err then fail(tostring(err)) end
    talk(socket)
end)
uv.run()
