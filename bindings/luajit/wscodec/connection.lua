-- A connection without a socket: bytes go in, events and bytes to send come out.
local bit = require("bit")
local ffi = require("ffi")
local C = require("wscodec.library")
local arguments = require("wscodec.arguments")
local deflate = require("wscodec.deflate")
local errors = require("wscodec.errors")
local frames = require("wscodec.frames")
local heads = require("wscodec.heads")

local EVENTS = 64
local INPUT = 64 * 1024
local OPTIONS = {
    max_message = C.WS_OPT_MAX_MESSAGE,
    stream = C.WS_OPT_STREAM,
    auto_pong = C.WS_OPT_AUTO_PONG,
    check_utf8 = C.WS_OPT_CHECK_UTF8,
    keep_buffer = C.WS_OPT_KEEP_BUFFER,
    max_frame = C.WS_OPT_MAX_FRAME,
    any_mask = C.WS_OPT_ANY_MASK,
    auto_close = C.WS_OPT_AUTO_CLOSE,
    allow_rsv = C.WS_OPT_ALLOW_RSV,
    compress_from = C.WS_OPT_COMPRESS_FROM,
}
local NAMES = { deflate = true }
for name in pairs(OPTIONS) do NAMES[name] = true end
local ACCEPT_NAMES = { protocols = true, need_protocol = true, origins = true, headers = true }
for name in pairs(NAMES) do ACCEPT_NAMES[name] = true end
local SEND_NAMES = { binary = true, more = true, plain = true, rsv = true }
local STATES = { [0] = "open", "closing", "closed", "failed" }
local RSV = bit.bor(C.WS_RSV1, C.WS_RSV2, C.WS_RSV3)

local Connection = {}
Connection.__index = Connection

-- What ws_conn_recv() reads and fills. A handler may make another connection receive, so each call
-- in progress has its own.
local spare = {}

local function scratch_for(size)
    local scratch = table.remove(spare)
    if not scratch or scratch.size < size then
        size = math.max(size, INPUT)
        scratch = {
            size = size,
            input = ffi.new("uint8_t[?]", size),
            events = ffi.new("ws_event[?]", EVENTS),
            used = ffi.new("size_t[1]"),
        }
    end
    return scratch
end

-- Where connections write their frames. It belongs to one at a time: `owner`.
local ROOM = 64 * 1024
local room = ffi.new("uint8_t[?]", ROOM)
local owner, filled = nil, 0

local function settle()
    if filled > 0 then owner.parts[#owner.parts + 1] = ffi.string(room, filled) end
    owner, filled = nil, 0
end

-- Returns where the connection may write so many bytes, and how many more there are.
function Connection:room(size)
    if owner ~= self or filled + size > ROOM then
        settle()
        owner = self
    end
    if size > ROOM then
        local large = ffi.new("uint8_t[?]", size)
        return large, size, true
    end
    return room + filled, ROOM - filled, false
end

-- Takes what was written into room(). Returns true; or nil and the error.
function Connection:wrote(result, at, is_large)
    local n, err = errors.check(result)
    if not n then return nil, err end
    if is_large then self.parts[#self.parts + 1] = ffi.string(at, n) else filled = filled + n end
    return true
end

local function own(handle, options)
    if handle == nil then error("out of memory", 3) end
    local self = setmetatable({ parts = {}, handle = ffi.gc(handle, C.ws_conn_free) }, Connection)
    for name, value in pairs(options) do
        if OPTIONS[name] then assert(self:set(name, value)) end
    end
    return self
end

-- Creates a connection. role: "server" or "client".
function Connection.new(role, options)
    options = options or {}
    arguments.known(options, NAMES, "options")
    local params = deflate.params(options.deflate)
    local handle = C.ws_conn_new(frames.side(role), nil)
    if handle ~= nil and params and C.ws_conn_set_pmd(handle, params) < 0 then
        C.ws_conn_free(handle)
        error("compression is not available", 2)
    end
    return own(handle, options)
end

-- Server: does everything after the arrival of a request. Returns false while the head is
-- incomplete; else what to send and the connection; or what to send, nil and the error; or nil, nil
-- and the error of an invalid option.
function Connection.accept(head, options)
    arguments.text(head, "head")
    options = options or {}
    arguments.known(options, ACCEPT_NAMES, "options")
    local protocols = arguments.list(options.protocols, "protocols", ", ")
    local headers = arguments.lines(options.headers, "headers")
    local origins = arguments.list(options.origins, "origins", " ")
    local params = deflate.params(options.deflate)
    local spec = ffi.new("ws_accept_spec", {
        protocols = heads.bytes(protocols),
        headers = heads.bytes(headers),
        origins = heads.bytes(origins),
        pmd = params,
        flags = options.need_protocol and C.WS_ACCEPT_NEED_PROTOCOL or 0,
    })
    local accepted = ffi.new("ws_accepted")
    local size = C.WS_MAX_REPLY + #(headers or "") + #(protocols or "")
    local out = ffi.new("uint8_t[?]", size)
    local n, err = errors.check(C.ws_conn_accept(head, #head, spec, ffi.sizeof(spec),
        accepted, ffi.sizeof(accepted), out, size))
    if not n then return nil, nil, err end
    if n == 0 then return false end
    local reply = ffi.string(out, n)
    if accepted.conn == nil then return reply, nil, errors.new(accepted.error) end
    local self = own(accepted.conn, options)
    local chosen = accepted.protocol
    if chosen.len > 0 then
        self.protocol = protocols:sub(chosen.off + 1, chosen.off + chosen.len)
    end
    self.rest = head:sub(accepted.head_len + 1) -- the first frames
    return reply, self
end

-- Client: does everything after the arrival of the response to `request`, which offered
-- options.deflate. Returns false while the head is incomplete; else the connection; or nil and the
-- error.
function Connection.confirm(head, request, options)
    arguments.text(head, "head")
    options = options or {}
    arguments.known(options, NAMES, "options")
    local handle, fields = ffi.new("ws_conn *[1]"), ffi.new("ws_response")
    local n, err = errors.check(C.ws_conn_confirm(head, #head, request, #request,
        deflate.params(options.deflate), nil, handle, fields, ffi.sizeof(fields)))
    if not n then
        if fields.status ~= 0 then err.response = heads.response(head, fields) end
        return nil, err
    end
    if n == 0 then return false end
    local self = own(handle[0], options)
    self.response = heads.response(head, fields)
    self.protocol = self.response.protocol
    self.rest = head:sub(n + 1)
    return self
end

-- The handle. An error if it was freed.
function Connection:live()
    return self.handle or error("the connection was freed", 3)
end

-- Sets an option, such as max_message.
function Connection:set(name, value)
    if not OPTIONS[name] then error("there is no option " .. tostring(name), 2) end
    if type(value) == "boolean" then value = value and 1 or 0 end
    arguments.integer(value, name, 0, 2 ^ 53)
    local n, err = errors.check(C.ws_conn_set(self:live(), OPTIONS[name], value))
    if not n then return nil, err end
    return true
end

-- "open", "closing", "closed" or "failed".
function Connection:state()
    return STATES[C.ws_conn_state(self.handle)]
end

-- Whether nothing more will be received.
function Connection:ended()
    return C.ws_conn_state(self.handle) >= C.WS_STATE_CLOSED
end

-- What was agreed about compression; nil without.
function Connection:deflate()
    local params = ffi.new("ws_pmd_params")
    if C.ws_conn_get_pmd(self:live(), params) == 1 then return deflate.agreed(params) end
end

function Connection:collect()
    local at = self:room(C.WS_MAX_OUTPUT)
    return self:wrote(C.ws_conn_output(self.handle, at, C.WS_MAX_OUTPUT), at)
end

local function event_of(handle, input, entry)
    local data = C.ws_event_data(handle, input, entry)
    local flags = entry.flags
    return {
        opcode = entry.opcode,
        data = ffi.string(data, entry.len),
        first = bit.band(flags, C.WS_EVENT_FIRST) ~= 0,
        last = bit.band(flags, C.WS_EVENT_LAST) ~= 0,
        rsv = bit.band(flags, RSV),
        close_code = entry.opcode == C.WS_OPCODE_CLOSE and entry.close_code or nil,
    }
end

-- One call of the library. Returns how many bytes it consumed; or nil and the error.
function Connection:step(input, size, scratch, on_event)
    local n, err = errors.check(
        C.ws_conn_recv(self:live(), input, size, scratch.events, EVENTS, scratch.used))
    local used = tonumber(scratch.used[0])
    local is_due = n == nil
    for i = 0, (n or 0) - 1 do
        if not self.handle then return size end -- a handler freed it
        local event = event_of(self.handle, input, scratch.events[i])
        is_due = is_due or event.opcode >= C.WS_OPCODE_CLOSE
        on_event(event)
    end
    -- Nothing else makes the library reply.
    if is_due and self.handle then assert(self:collect()) end
    if not n then return nil, err end
    return self.handle and used or size
end

local function receive(self, data, scratch, on_event)
    ffi.copy(scratch.input, data, #data)
    local at = 0
    while at < #data do
        local used, err = self:step(scratch.input + at, #data - at, scratch, on_event)
        if not used then
            self.error = err
            return nil, err
        end
        at = at + used
    end
    return true
end

-- Processes bytes from the network, and calls on_event with each event: a table with opcode, data
-- (of a close: the reason), first, last, rsv, close_code. Returns true; or nil and the error, after
-- the events before it. In any case, send output() then.
function Connection:receive(data, on_event)
    arguments.text(data, "data")
    if self.receiving then error("receive() was called by a handler of its events", 2) end
    local scratch = scratch_for(#data)
    self.receiving = true
    local ok, result, err = pcall(receive, self, data, scratch, on_event)
    self.receiving = false
    if scratch.size <= INPUT then spare[#spare + 1] = scratch end
    if not ok then error(result, 0) end
    return result, err
end

local function send(self, opcode, flags, data)
    local handle = self:live()
    local at, size, is_large = self:room(#data + C.WS_MAX_HEADER)
    local n = C.ws_conn_send(handle, opcode, flags, data, #data, at, size)
    if n == C.WS_ERR_BUFFER_TOO_SMALL then
        at, size, is_large = self:room(tonumber(C.ws_conn_send_bound(handle, #data)))
        n = C.ws_conn_send(handle, opcode, flags, data, #data, at, size)
    end
    return self:wrote(n, at, is_large)
end

-- Sends a message, or a fragment of one: text, unless options.binary. options: binary, more, plain,
-- rsv. Returns true; or nil and the error.
function Connection:send(data, options)
    arguments.text(data, "data")
    local opcode, flags = C.WS_OPCODE_TEXT, 0
    if options then
        arguments.known(options, SEND_NAMES, "options")
        if options.binary then opcode = C.WS_OPCODE_BINARY end
        flags = bit.bor(options.rsv or 0, options.more and C.WS_SEND_MORE or 0,
            options.plain and C.WS_SEND_PLAIN or 0)
    end
    return send(self, opcode, flags, data)
end

function Connection:ping(data)
    return send(self, C.WS_OPCODE_PING, 0, arguments.text(data or "", "data"))
end

function Connection:pong(data)
    return send(self, C.WS_OPCODE_PONG, 0, arguments.text(data or "", "data"))
end

-- Starts the closing handshake. Returns true; or nil and the error.
function Connection:close(code, reason)
    code = arguments.integer(code or C.WS_CLOSE_NORMAL, "code", 0, 65535)
    reason = arguments.text(reason or "", "reason")
    local handle = self:live()
    local at, size = self:room(C.WS_MAX_OUTPUT)
    return self:wrote(C.ws_conn_close(handle, code, reason, #reason, at, size), at)
end

-- The peer's stream has ended. Returns true if it may; or nil and the error.
function Connection:finish()
    local n, err = errors.check(C.ws_conn_finish(self:live()))
    if n then return true end
    self.error = self.error or err
    return nil, err
end

-- Takes the bytes to send; "" if there are none.
function Connection:output()
    if owner == self then settle() end
    local parts = self.parts
    if #parts == 0 then return "" end
    self.parts = {}
    return #parts == 1 and parts[1] or table.concat(parts)
end

-- Frees the library's memory. The garbage collector would, but does not know how much it is.
function Connection:free()
    if not self.handle then return end
    if owner == self then settle() end
    C.ws_conn_free(ffi.gc(self.handle, nil))
    self.handle = nil
end

return Connection
