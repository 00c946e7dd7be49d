-- An echo server over the connection layer, in LuaJIT, with the declarations of the header.
--
--   luajit echo_server.lua DECLARATIONS LIBRARY [PORT]
--
-- DECLARATIONS is the output of `cc -E -P -DWSCODEC_FFI include/wscodec.h`. It serves one client
-- after another on 127.0.0.1, and prints the port.
local ffi = require("ffi")
local socket = require("socket")

ffi.cdef(assert(io.open(arg[1])):read("*a"))
local ws = ffi.load(arg[2])
local READ = 64 * 1024
local PATIENCE = 1 -- Seconds that a peer may take to close the connection.

local events = ffi.new("ws_event[64]")
local used = ffi.new("size_t[1]")
local reply = ffi.new("uint8_t[?]", ws.WS_MAX_REPLY + ws.WS_MAX_OUTPUT)
local pmd = ffi.new("ws_pmd_params", { server_no_context_takeover = 1 })
local spec = ffi.new("ws_accept_spec", { pmd = pmd })

-- Returns the bytes available, at least one; nil at the end of the stream.
local function read(client)
    socket.select({ client }, nil)
    local data, why, partial = client:receive(READ)
    data = data or partial
    return #data > 0 and data or (why == "timeout" and read(client) or nil)
end

local function write(client, bytes, len)
    local text, sent = ffi.string(bytes, len), 0
    while sent < #text do
        local last, why, partial = client:send(text, sent + 1)
        sent = last or partial
        if not last and why ~= "timeout" then return end
        if not last then socket.select(nil, { client }) end
    end
end

-- Reads a head. Returns it and the data after it; nil: there is none, and the refusal was sent.
local function accept(client)
    local data, scanned = "", ffi.new("size_t[1]")
    repeat
        local more = read(client)
        if not more then return end
        data = data .. more
    until ws.ws_head_length(data, #data, scanned) ~= 0
    local accepted = ffi.new("ws_accepted")
    local n = ws.ws_conn_accept(data, #data, spec, ffi.sizeof(spec), accepted,
        ffi.sizeof(accepted), reply, ffi.sizeof(reply))
    if n > 0 then write(client, reply, n) end
    if accepted.conn == nil then return end
    return ffi.gc(accepted.conn, ws.ws_conn_free), data:sub(accepted.head_len + 1)
end

-- Returns false if there is no memory.
local function echo(client, conn, buf, event)
    local data = ws.ws_event_data(conn, buf, event)
    local room = tonumber(ws.ws_conn_send_bound(conn, event.len))
    local out = ffi.new("uint8_t[?]", room)
    local n = ws.ws_conn_send(conn, event.opcode, 0, data, event.len, out, room)
    if n < 0 then return false end
    write(client, out, n)
    return true
end

-- Processes the data of one read until all is consumed. False: the connection ends.
local function take(client, conn, data)
    -- A pointer does not keep the buffer from the collector, so a variable must hold it.
    local buf, at = ffi.new("uint8_t[?]", #data), 0
    ffi.copy(buf, data, #data)
    while at < #data do
        local p = buf + at
        local n = ws.ws_conn_recv(conn, p, #data - at, events, 64, used)
        for i = 0, tonumber(n) - 1 do
            local opcode = events[i].opcode
            if opcode == ws.WS_OPCODE_TEXT or opcode == ws.WS_OPCODE_BINARY then
                if not echo(client, conn, p, events[i]) then return false end
            end
        end
        write(client, reply, ws.ws_conn_output(conn, reply, ffi.sizeof(reply)))
        if n < 0 then return false end
        at = at + tonumber(used[0])
    end
    return ws.ws_conn_state(conn) < ws.WS_STATE_CLOSED
end

-- Shuts down sending, and waits for the peer to close: closing at once can destroy data on its way
-- (RFC 6455, 7.1.1).
local function hang_up(client)
    client:shutdown("send")
    local left, deadline = PATIENCE, socket.gettime() + PATIENCE
    repeat
        socket.select({ client }, nil, left)
        local _, why = client:receive(READ)
        left = deadline - socket.gettime()
    until why == "closed" or left <= 0
    client:close()
end

local function serve(client)
    client:settimeout(0)
    local conn, data = accept(client)
    while conn and data and take(client, conn, data) do
        data = read(client)
    end
    -- The collector does not know how much memory a handle owns.
    if conn then ws.ws_conn_free(ffi.gc(conn, nil)) end
    hang_up(client)
end

local listener = assert(socket.bind("127.0.0.1", tonumber(arg[3] or 0)))
print((select(2, listener:getsockname())))
io.flush()
while true do
    serve(assert(listener:accept()))
end
