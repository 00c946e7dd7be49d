-- What the modules promise beyond the protocol.
local uv = require("luv")
local ws = require("wscodec.luv")
local wscodec = require("wscodec")
local values = require("test.values")

local Connection, same = wscodec.Connection, values.same
local MASK = "\1\2\3\4"

local function masked(opcode, payload, fin)
    return wscodec.encode_frame(opcode, payload, { mask_key = MASK, fin = fin })
end

local function ignore() end

local function fails(pattern, action, ...)
    local ok, err = pcall(action, ...)
    assert(not ok and tostring(err):find(pattern), tostring(err))
end

local tests = {}

function tests.output_of_several_connections_is_not_mixed()
    local connections = { Connection.new("server"), Connection.new("server") }
    local expected = { {}, {} }
    for i = 1, 5000 do
        for who, connection in ipairs(connections) do
            assert(connection:send(who .. " " .. i))
            table.insert(expected[who], wscodec.encode_frame(1, who .. " " .. i))
        end
    end
    for who, connection in ipairs(connections) do
        same(connection:output(), table.concat(expected[who]))
        same(connection:output(), "")
    end
end

function tests.messages_of_any_length_are_sent_in_order()
    local connection, expected = Connection.new("server"), {}
    for _, size in ipairs({ 0, 125, 126, 65521, 65522, 65535, 65536, 200000, 1 }) do
        assert(connection:send(("x"):rep(size), { binary = true }))
        table.insert(expected, wscodec.encode_frame(2, ("x"):rep(size)))
    end
    same(connection:output(), table.concat(expected))
end

function tests.incompressible_messages_fit()
    local server = Connection.new("server", { deflate = true })
    local client = Connection.new("client", { deflate = true })
    for _, size in ipairs({ 1, 60000, 65530, 100000 }) do
        local noise = {}
        for i = 1, size do noise[i] = string.char(math.random(0, 255)) end
        local message = table.concat(noise)
        assert(server:send(message, { binary = true }))
        local found
        assert(client:receive(server:output(), function(event) found = event.data end))
        same(found, message)
    end
end

function tests.a_handler_may_let_another_connection_receive()
    local outer, inner, texts = Connection.new("server"), Connection.new("server"), {}
    assert(outer:receive(masked(1, "a") .. masked(1, "b"), function(event)
        assert(inner:receive(masked(1, "inner"), ignore))
        table.insert(texts, event.data)
    end))
    same(texts, { "a", "b" })
end

function tests.a_handler_may_not_let_its_own_connection_receive()
    local connection = Connection.new("server")
    fails("receive%(%) was called by a handler", connection.receive, connection, masked(1, "a"),
        function() connection:receive(masked(1, "b"), ignore) end)
end

function tests.a_handler_may_free_its_connection()
    local connection, count = Connection.new("server"), 0
    assert(connection:receive(masked(1, "a") .. masked(9, "b"), function()
        count = count + 1
        connection:free()
    end))
    same({ count, connection:state() }, { 1, "failed" })
end

function tests.an_error_of_a_handler_reaches_the_caller()
    local connection = Connection.new("server")
    fails("of the handler", connection.receive, connection, masked(1, "a"),
        function() error("of the handler") end)
end

function tests.an_error_comes_after_the_events_before_it()
    local connection, count = Connection.new("server"), 0
    local input = masked(1, "good") .. wscodec.encode_frame(1, "not masked")
    local ok, err = connection:receive(input, function() count = count + 1 end)
    same({ ok, err.code, err.close_code, count }, { nil, "WS_ERR_MASK", 1002, 1 })
    assert(tostring(err):find("WS_ERR_MASK", 1, true))
    same(connection:output(), "\136\2\3\234")
end

function tests.a_freed_connection_refuses_everything()
    local connection = Connection.new("server")
    connection:free()
    connection:free()
    local freed = "the connection was freed"
    for _, call in ipairs({ "send", "finish", "ping", "deflate" }) do
        fails(freed, connection[call], connection, "x")
    end
    fails(freed, connection.close, connection)
    fails(freed, connection.receive, connection, masked(1, "x"), ignore)
end

function tests.wrong_arguments_are_named()
    fails("role", Connection.new, "both")
    fails("max_message must be an integer", Connection.new, "server", { max_message = -1 })
    fails("there is no option maxmessage", Connection.new, "server", { maxmessage = 1 })
    fails("level must be an integer from 1 to 9", Connection.new, "server",
        { deflate = { level = 10 } })
    local connection = Connection.new("server")
    fails("data must be a string", connection.send, connection, 5)
    fails("there is no option is_binary", connection.send, connection, "x", { is_binary = true })
    fails("code must be an integer", connection.close, connection, "1000")
    fails("reason must be a string", connection.close, connection, 1000, 5)
    fails("protocols must be a list", Connection.accept, "", { protocols = "chat" })
    fails("headers must not contain line breaks", Connection.accept, "",
        { headers = { a = "b\r\nc: d" } })
    fails("mask_key must be 4 bytes", wscodec.encode_frame, 1, "", { mask_key = "12345" })
    fails("url must be ws://", ws.connect, "http://a.example/", {}, ignore)
    fails("WS_ERR_INVALID_ARGUMENT", ws.listen, "127.0.0.1", 0,
        { origins = { "https://a.example/" } }, ignore)
end

function tests.connections_that_were_dropped_are_freed()
    local function resident()
        return tonumber(io.open("/proc/self/statm"):read("*a"):match("%d+ (%d+)")) * 4096
    end
    local before, part = resident(), masked(2, ("x"):rep(2 ^ 20), false)
    for _ = 1, 400 do
        Connection.new("server", { max_message = 0 }):receive(part, ignore)
        collectgarbage()
    end
    assert(resident() - before < 100 * 2 ^ 20) -- 400 MiB were held
end

-- Runs an echo server until its first client has left. on_open(err, socket) is the client.
local function talk(options, client_options, on_open)
    local server
    server = ws.listen("127.0.0.1", 0, options, function(socket)
        socket.on_message = function(self, data, is_binary) self:send(data, is_binary) end
        socket.on_close = function() server:close() end
    end)
    local url = ("ws://127.0.0.1:%d/"):format(server:getsockname().port)
    ws.connect(url, client_options, function(err, socket)
        if err then server:close() end
        on_open(err, socket)
    end)
    uv.run()
end

function tests.a_client_and_a_server_talk_with_and_without_compression()
    for _, deflate in ipairs({ false, true }) do
        local message, received, closed = ("Hello "):rep(50000), nil, nil
        local options = { protocols = { "chat" }, deflate = deflate }
        talk(options, { protocols = { "other", "chat" }, deflate = true }, function(_, socket)
            same(socket.protocol, "chat")
            same(socket.connection:deflate() ~= nil, deflate)
            function socket:on_message(data)
                received = data
                self:close(3000)
            end
            function socket:on_close(code) closed = code end
            socket:send(message)
        end)
        same({ received, closed }, { message, 3000 })
    end
end

function tests.send_tells_when_to_wait_and_on_drain_when_to_go_on()
    local results = {}
    talk({ max_message = 2 ^ 24 }, { max_message = 2 ^ 24 }, function(_, socket)
        function socket:on_drain()
            table.insert(results, self:send("small"))
            self:close()
        end
        table.insert(results, socket:send("small"))
        table.insert(results, socket:send(("x"):rep(2 ^ 23)))
    end)
    same(results, { true, false, true })
end

function tests.a_refused_client_gets_the_response()
    local options = { protocols = { "chat" }, need_protocol = true }
    local found
    talk(options, {}, function(err) found = err end)
    same({ found.code, found.response.status }, { "WS_ERR_HANDSHAKE_STATUS", 400 })
end

-- Runs with another uv.getaddrinfo().
local function with_addresses(getaddrinfo, action)
    local original = uv.getaddrinfo
    uv.getaddrinfo = getaddrinfo
    local ok, err = xpcall(action, debug.traceback)
    uv.getaddrinfo = original
    assert(ok, err)
end

function tests.the_next_address_is_tried_if_one_refuses()
    local function found(list)
        return function(_, _, _, on_found) on_found(nil, list) end
    end
    -- The server listens on 127.0.0.1 only. A connection to 255.255.255.255 fails at once.
    for _, first in ipairs({ "127.0.0.2", "255.255.255.255" }) do
        with_addresses(found({ { addr = first }, { addr = "127.0.0.1" } }), function()
            local state
            talk({}, {}, function(err, socket)
                assert(not err, err)
                state = socket.connection:state()
                socket:close()
            end)
            same(state, "open")
        end)
    end
    with_addresses(found({ { addr = "127.0.0.2" }, { addr = "127.0.0.3" } }), function()
        local errors = {}
        talk({}, {}, function(err) table.insert(errors, err) end)
        same(errors, { "ECONNREFUSED" })
    end)
end

function tests.the_handshake_timeout_covers_the_name_and_the_connection()
    local function late()
        local errors = {}
        talk({}, { handshake_timeout = 20 }, function(err) table.insert(errors, err) end)
        same(errors, { "the handshake took too long" })
    end
    with_addresses(ignore, late)
    local stream = getmetatable(uv.new_tcp()).__index
    local connect = stream.connect
    stream.connect = function() return {} end
    local ok, err = xpcall(late, debug.traceback)
    stream.connect = connect
    assert(ok, err)
end

-- Keeps a client of such a server alive with the code of the README, then runs
-- action(tick, socket). Returns the code of the end.
local function kept_alive(options, action)
    local readme = io.open("README.md"):read("*a")
    local code = assert(loadstring(readme:match("\n## Keepalive\n.-```lua\n(.-)```")))
    local tick, is_closed, closed
    local timer = {
        start = function(_, _, _, on_timeout) tick = on_timeout end,
        close = function() is_closed = true end,
    }
    talk(options, {}, function(_, socket)
        setfenv(code, { socket = socket, uv = { new_timer = function() return timer end } })()
        local on_close = socket.on_close
        function socket:on_close(status)
            on_close(self)
            closed = status
        end
        action(tick, socket)
    end)
    assert(is_closed)
    return closed
end

function tests.the_keepalive_of_the_readme_keeps_a_peer_that_answers()
    local count = 0
    same(kept_alive({}, function(tick, socket)
        local on_pong = socket.on_pong
        function socket:on_pong()
            on_pong(self)
            count = count + 1
            if count < 5 then tick() else self:close() end
        end
        tick()
    end), 1000)
    same(count, 5)
end

function tests.the_keepalive_of_the_readme_leaves_a_peer_that_does_not_answer()
    same(kept_alive({ auto_pong = false }, function(tick)
        tick()
        tick()
    end), 1006)
end

function tests.the_handshake_timeout_covers_the_response()
    local server, errors = uv.new_tcp(), {}
    assert(server:bind("127.0.0.1", 0))
    assert(server:listen(1, ignore))
    local url = ("ws://127.0.0.1:%d/"):format(server:getsockname().port)
    ws.connect(url, { handshake_timeout = 20 }, function(err)
        table.insert(errors, err)
        server:close()
    end)
    uv.run()
    same(errors, { "the handshake took too long" })
end

local failed = false
for name, test in pairs(tests) do
    local ok, err = xpcall(test, debug.traceback)
    if not ok then
        failed = true
        io.stderr:write(name, ": ", tostring(err), "\n")
    end
end
os.exit(failed and 1 or 0)
