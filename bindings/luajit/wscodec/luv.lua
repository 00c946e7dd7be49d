-- Servers and clients on luv, the binding of libuv.
local ffi = require("ffi")
local uv = require("luv")
local C = require("wscodec.library")
local arguments = require("wscodec.arguments")
local Connection = require("wscodec.connection")
local deflate = require("wscodec.deflate")
local heads = require("wscodec.heads")

local HIGH_WATER = 64 * 1024 -- bytes that wait, from which on send() returns false
local CLOSE_TIMEOUT = 5000 -- milliseconds for the peer to close
local HANDSHAKE_TIMEOUT = 10000

-- Writing to a connection that was reset must not end the process: libuv leaves this to programs.
local broken_pipe = uv.new_signal()
broken_pipe:unref()
broken_pipe:start("sigpipe", function() end)

local Socket = {}
Socket.__index = Socket

local function after(milliseconds, action)
    local timer = uv.new_timer()
    timer:start(milliseconds, 0, function()
        timer:close()
        action()
    end)
    return timer
end

local function stop(timer)
    if timer and not timer:is_closing() then timer:close() end
end

-- A connection on a stream. Set its handlers: on_message(socket, data, is_binary),
-- on_close(socket, code, reason, err), on_drain(socket), on_ping and on_pong(socket, data).
local function new_socket(stream, connection, is_client)
    return setmetatable({
        stream = stream,
        connection = connection,
        protocol = connection.protocol,
        is_client = is_client,
        code = C.WS_CLOSE_ABNORMAL,
        reason = "",
        unsent = 0,
    }, Socket)
end

function Socket:flush()
    local data = self.connection:output()
    if data == "" or self.stream:is_closing() then return end
    self.stream:write(data, function() self:wrote() end)
end

-- Some output was sent.
function Socket:wrote()
    if not self.is_full or self.stream:is_closing() then return end
    if self.stream:get_write_queue_size() > 0 then return end
    self.is_full = false
    if self.on_drain then self:on_drain() end
end

-- Sends a message: binary, or text. Returns false if too much waits to be sent: then wait for
-- on_drain. It does nothing once the connection is closing.
function Socket:send(data, is_binary)
    if self.is_ending then return false end
    local ok, err = self.connection:send(data, is_binary and { binary = true } or nil)
    if not ok then
        if self.connection:state() ~= "open" then return false end
        error(tostring(err), 2)
    end
    local waiting
    if self.connection.receiving then
        -- Replies to the messages of one read leave in one write, after it.
        self.unsent = self.unsent + #data
        waiting = self.stream:get_write_queue_size() + self.unsent
    else
        self:flush()
        waiting = self.stream:get_write_queue_size()
    end
    self.is_full = self.is_full or waiting >= HIGH_WATER
    return waiting < HIGH_WATER
end

function Socket:ping(data)
    if self.is_ending then return end
    self.connection:ping(data)
    if not self.connection.receiving then self:flush() end
end

-- Starts the closing handshake. on_close tells its end.
function Socket:close(code, reason)
    if self.is_ending then return end
    local ok, err = self.connection:close(code, reason)
    if not ok then error(tostring(err), 2) end
    if not self.connection.receiving then self:flush() end
    self:start_timer()
end

-- Closes the stream at once.
function Socket:terminate()
    if self.stream:is_closing() then return end
    self.is_ending = true
    stop(self.timer)
    self.stream:close(function()
        self.connection:free()
        if self.on_close then self:on_close(self.code, self.reason, self.err) end
    end)
end

-- Stops reading, and with it the events after those of the last read.
function Socket:pause()
    self.is_paused = true
    if not self.stream:is_closing() then self.stream:read_stop() end
end

function Socket:resume()
    self.is_paused = false
    if not self.stream:is_closing() then self:read() end
end

function Socket:read()
    self.stream:read_start(function(err, data) self:take(err, data) end)
end

function Socket:start_timer()
    self.timer = self.timer or after(CLOSE_TIMEOUT, function() self:terminate() end)
end

function Socket:report(event)
    local opcode = event.opcode
    if opcode == C.WS_OPCODE_CLOSE then
        self.code, self.reason = event.close_code, event.data
    elseif opcode == C.WS_OPCODE_PING then
        if self.on_ping then self:on_ping(event.data) end
    elseif opcode == C.WS_OPCODE_PONG then
        if self.on_pong then self:on_pong(event.data) end
    elseif self.on_message then
        self:on_message(event.data, opcode == C.WS_OPCODE_BINARY, event)
    end
end

-- What libuv has read; nil at the end of the stream.
function Socket:take(err, data)
    if err then
        self.err = self.err or err
        self:terminate()
    elseif not data then
        self:finish()
    elseif not self.is_ending then
        self:receive(data)
    end -- else it is read and discarded (RFC 6455, 7.1.1)
end

function Socket:receive(data)
    if data == "" then return end
    local ok, err = self.connection:receive(data, function(event) self:report(event) end)
    if not ok then self.err = err end
    self:flush()
    self.unsent = 0
    if not self.stream:is_closing() then
        if self.is_full then self:wrote() end
        if self.connection:ended() then self:hang_up() end
    end
end

-- Shuts down sending, and reads until the peer closes: closing at once can destroy data.
function Socket:hang_up()
    self.is_ending = true
    self:start_timer()
    if self.is_paused then self:resume() end
    -- A client gives the server the time to close first.
    if not self.is_client or self.err then self.stream:shutdown() end
end

-- The peer's stream has ended.
function Socket:finish()
    if self.is_ending then return self:terminate() end
    local ok, err = self.connection:finish()
    if not ok then self.err = self.err or err end
    self:flush()
    self.is_ending = true
    self:start_timer()
    self.stream:shutdown(function() self:terminate() end)
end

-- Collects a head. Calls on_head(data, result) when it is complete, or on_end(err).
local function read_head(stream, on_head, on_end)
    local data, scanned = "", ffi.new("size_t[1]")
    stream:read_start(function(err, more)
        if err or not more then
            return on_end(err or "the peer closed before its head was complete")
        end
        data = data .. more
        local n = tonumber(C.ws_head_length(data, #data, scanned))
        if n == 0 then return end
        stream:read_stop()
        on_head(data, n)
    end)
end

-- Sends a refusal, and reads until the peer closes.
local function refuse(stream, reply)
    local timer = after(CLOSE_TIMEOUT, function() stream:close() end)
    local function close()
        stop(timer)
        if not stream:is_closing() then stream:close() end
    end
    stream:write(reply)
    stream:shutdown()
    stream:read_start(function(err, data)
        if err or not data then close() end
    end)
end

local function open(stream, options, on_socket)
    local function close()
        if not stream:is_closing() then stream:close() end
    end
    local timer = after(options.handshake_timeout or HANDSHAKE_TIMEOUT, close)
    local function on_head(data, result)
        stop(timer)
        local reply, connection
        if result < 0 then
            reply = heads.build_reply(C.ws_http_status(result))
        else
            reply, connection = Connection.accept(data, options.accept)
        end
        if not connection then return refuse(stream, reply) end
        stream:write(reply)
        local socket = new_socket(stream, connection, false)
        on_socket(socket, heads.parse_request(data))
        socket:receive(connection.rest)
        if not socket.is_paused and not stream:is_closing() then socket:read() end
    end
    read_head(stream, on_head, function()
        stop(timer)
        close()
    end)
end

local luv = {}

-- Listens. on_socket(socket, request) sets the handlers of each socket. options: those of
-- Connection.accept(), and handshake_timeout in milliseconds. Returns the handle of luv.
function luv.listen(host, port, options, on_socket)
    local accept = {}
    for name, value in pairs(options) do accept[name] = value end
    accept.handshake_timeout = nil
    local _, _, err = Connection.accept("", accept) -- tells whether an option is invalid
    if err then error("options: " .. tostring(err), 2) end
    local settings = { accept = accept, handshake_timeout = options.handshake_timeout }
    local server = uv.new_tcp()
    assert(server:bind(host, port))
    assert(server:listen(1024, function(failed)
        if failed then return end
        local stream = uv.new_tcp()
        if not server:accept(stream) then return stream:close() end
        stream:nodelay(true)
        open(stream, settings, on_socket)
    end))
    return server
end

local function parse_url(url)
    local authority, target = url:match("^ws://([^/?#]+)([^#]*)$")
    if not authority then error("url must be ws://HOST[:PORT][/PATH], without a fragment", 3) end
    local host, port = authority:match("^%[?([^%]]-)%]?:?(%d*)$")
    if target:sub(1, 1) ~= "/" then target = "/" .. target end
    return { authority = authority, host = host, target = target, port = tonumber(port) or 80 }
end

-- Connects to the first address that accepts. Calls on_end(stream), or on_end(nil, err). Returns a
-- function that gives up, after which on_end is not called.
local function connect_any(host, port, on_end)
    local stream, addresses
    local is_over = false
    local function try(i)
        stream = uv.new_tcp()
        local function connected(err)
            if is_over then return end
            if not err then return on_end(stream) end
            stream:close()
            if addresses[i + 1] then try(i + 1) else on_end(nil, err) end
        end
        -- An unreachable network is known at once: then there is no call.
        local request, _, err = stream:connect(addresses[i].addr, port, connected)
        if not request then connected(err) end
    end
    uv.getaddrinfo(host, nil, { socktype = "stream" }, function(err, found)
        if is_over then return end
        if err then return on_end(nil, err) end
        addresses = found
        try(1)
    end)
    return function()
        is_over = true
        if stream and not stream:is_closing() then stream:close() end
    end
end

local CLIENT_ONLY = { protocols = true, headers = true, origin = true, handshake_timeout = true }

-- Connects, and calls on_open(err, socket). options: those of a connection; protocols, headers,
-- origin; handshake_timeout in milliseconds, from this call to the response.
function luv.connect(url, options, on_open)
    local address = parse_url(arguments.text(url, "url"))
    local settings = {}
    for name, value in pairs(options) do
        if not CLIENT_ONLY[name] then settings[name] = value end
    end
    Connection.new("client", settings):free() -- an error if an option is invalid
    local request = assert(heads.build_request({
        host = address.authority,
        target = address.target,
        origin = options.origin,
        protocols = options.protocols,
        headers = options.headers,
        extensions = options.deflate and deflate.offer(options.deflate) or nil,
    }))
    local timer, give_up
    local function fail(err)
        stop(timer)
        give_up()
        on_open(err)
    end
    local function on_head(stream, data)
        local connection, err = Connection.confirm(data, request, settings)
        if not connection then return fail(err) end
        stop(timer)
        local socket = new_socket(stream, connection, true)
        on_open(nil, socket)
        socket:receive(connection.rest)
        if not socket.is_paused and not stream:is_closing() then socket:read() end
    end
    timer = after(options.handshake_timeout or HANDSHAKE_TIMEOUT, function()
        fail("the handshake took too long")
    end)
    give_up = connect_any(address.host, address.port, function(stream, err)
        if err then return fail(err) end
        stream:nodelay(true)
        stream:write(request)
        read_head(stream, function(data) on_head(stream, data) end, fail)
    end)
end

return luv
