/// A connection without a socket.
module wscodec.connection;

import core.stdc.stdlib : calloc, free;
import std.array : join;
import std.typecons : Nullable, nullable;
import std.utf : validate;
import wscodec.declarations, wscodec.deflate, wscodec.errors, wscodec.frames, wscodec.heads,
    wscodec.memory;

enum State
{
    open = WS_STATE_OPEN,
    closing = WS_STATE_CLOSING,
    closed = WS_STATE_CLOSED,
    failed = WS_STATE_FAILED,
}

/// How a message is sent; combine them with |.
enum SendFlags : uint
{
    none = 0,
    more = WS_SEND_MORE,   /// Fragments of this message follow.
    plain = WS_SEND_PLAIN, /// Do not compress it.
}

/// The options WS_OPT_* of wscodec.h, with their defaults.
struct Options
{
    ulong maxMessage = 1024 * 1024, maxFrame, keepBuffer, compressFrom;
    bool stream, anyMask;
    bool autoPong = true, checkUtf8 = true, autoClose = true;
    Bits allowRsv;
    Nullable!DeflateParameters deflate;
}

struct Event
{
    Opcode opcode;
    immutable(ubyte)[] data; /// Of a close: the reason.
    bool first, last;        /// Always, without the option `stream`.
    Bits rsv;                /// Those that the option `allowRsv` permits.
    ushort closeCode;        /// Of a close.

    /// The data of a text, or the reason of a close.
    string text() const @trusted
    {
        return cast(string) data;
    }
}

/// What a server accepts.
struct Policy
{
    string[] protocols; /// The most preferred first.
    string[] origins;   /// Of pages; none: any.
    Header[] headers;   /// To add to the response 101.
    bool needProtocol;  /// Rejects clients without any of the protocols.
    Options options;
}

/// What a server replies to a request.
struct Accepted
{
    string reply;          /// Empty while the request is incomplete.
    Connection connection; /// Its `exists` is false if the request was rejected.
    WsException error;     /// Why; else null.
    size_t headLength;     /// The first frames start there.
}

/// What a client has asked for.
struct Opening
{
    string request;
    private Options options;

    /// host: with the port, unless it is 80.
    this(string host, string target = "/", string origin = "", string[] protocols = null,
        Header[] headers = null, Options options = Options()) @safe
    {
        auto extensions = options.deflate.isNull ? "" : offerDeflate(options.deflate.get);
        request = buildRequest(host, target, makeKey(), origin, protocols, extensions, headers);
        this.options = options;
    }

    /// Checks the response.
    Confirmed confirm(string head) @trusted
    {
        ws_pmd_params params = options.deflate.get(DeflateParameters()).toC;
        ws_conn* conn;
        ws_response found;
        auto length = ws_conn_confirm(head.ptr, head.length, request.ptr, request.length,
            options.deflate.isNull ? null : &params, null, &conn, &found, found.sizeof);
        Confirmed confirmed;
        if (checkedResponse(length, head, found) == 0)
            return confirmed;
        confirmed.response = Response(head, found);
        confirmed.connection.own(conn, options);
        confirmed.connection.protocol_ = confirmed.response.protocol;
        return confirmed;
    }
}

/// What a server has replied.
struct Confirmed
{
    Connection connection; /// Its `exists` is false while the response is incomplete.
    Response response;     /// Its headLength is where the first frames start.
}

/// Server: replies to a request.
Accepted accept(Policy policy, string head) @trusted
{
    auto options = policy.options;
    auto protocols = policy.protocols.join(", "), origins = policy.origins.join(" ");
    auto headers = policy.headers.lines;
    ws_pmd_params params = options.deflate.get(DeflateParameters()).toC;
    auto spec = ws_accept_spec(protocols.view, headers.view,
        options.deflate.isNull ? null : &params, null, origins.view,
        policy.needProtocol ? WS_ACCEPT_NEED_PROTOCOL : 0);
    ws_accepted found;
    auto reply = new char[WS_MAX_REPLY + headers.length + protocols.length];
    auto length = ws_conn_accept(head.ptr, head.length, &spec, spec.sizeof, &found, found.sizeof,
        reply.ptr, reply.length).checked;
    Accepted accepted;
    accepted.reply = reply[0 .. length].idup;
    accepted.headLength = found.head_len;
    if (found.error < 0)
        accepted.error = exceptionOf(found.error);
    else if (length > 0)
    {
        accepted.connection.own(found.conn, options);
        accepted.connection.protocol_ = protocols.part(found.protocol);
    }
    return accepted;
}

/// What a connection owns. It outlives the connection while events are handled.
private struct Owned
{
    ws_conn* conn;
    bool isReceiving, isAbandoned;
}

/// A connection. It cannot be copied, and is freed when its scope ends.
struct Connection
{
    private Owned* owned; // not the garbage collector's, since ~this may run after it is collected
    private ubyte[] output;
    private string protocol_;

    @disable this(this);

    /// A connection whose opening handshake was done elsewhere.
    this(Role role, Options options = Options()) @trusted
    {
        scope (failure)
            release(owned);
        own(ws_conn_new(role, null), options);
        if (options.deflate.isNull)
            return;
        auto params = options.deflate.get.toC;
        ws_conn_set_pmd(conn, &params).checked;
    }

    ~this() @trusted
    {
        if (owned !is null && owned.isReceiving)
            owned.isAbandoned = true;
        else
            release(owned);
    }

    private static void release(Owned* owned) @trusted
    {
        if (owned is null)
            return;
        ws_conn_free(owned.conn);
        free(owned);
    }

    private inout(ws_conn)* conn() inout @safe
    {
        return owned is null ? null : owned.conn;
    }

    private void own(ws_conn* conn, Options options) @trusted
    {
        if (conn is null)
            throw exceptionOf(WS_ERR_NO_MEMORY);
        owned = cast(Owned*) calloc(1, Owned.sizeof);
        if (owned is null)
        {
            ws_conn_free(conn);
            throw exceptionOf(WS_ERR_NO_MEMORY);
        }
        owned.conn = conn;
        set(WS_OPT_MAX_MESSAGE, options.maxMessage);
        set(WS_OPT_MAX_FRAME, options.maxFrame);
        set(WS_OPT_KEEP_BUFFER, options.keepBuffer);
        set(WS_OPT_COMPRESS_FROM, options.compressFrom);
        set(WS_OPT_STREAM, options.stream);
        set(WS_OPT_ANY_MASK, options.anyMask);
        set(WS_OPT_AUTO_PONG, options.autoPong);
        set(WS_OPT_CHECK_UTF8, options.checkUtf8);
        set(WS_OPT_AUTO_CLOSE, options.autoClose);
        if (options.allowRsv != Bits.none)
            set(WS_OPT_ALLOW_RSV, options.allowRsv);
    }

    private void set(int option, ulong value) @trusted
    {
        ws_conn_set(conn, option, value).checked;
    }

    /// Whether there is a connection: false for one that was not accepted, or moved away.
    bool exists() const @safe
    {
        return owned !is null;
    }

    /// The subprotocol; "" without one.
    string protocol() const @safe
    {
        return protocol_;
    }

    State state() const @trusted
    {
        return cast(State) ws_conn_state(conn);
    }

    /// Whether nothing more will be received.
    bool hasEnded() const @safe
    {
        return state >= State.closed;
    }

    /// The code of the peer's close frame; 0 before it has arrived.
    ushort closeReceived() const @trusted
    {
        ulong code;
        ws_conn_get(conn, WS_INFO_CLOSE_RECEIVED, &code).checked;
        return cast(ushort) code;
    }

    /// What was agreed on about compression.
    Nullable!DeflateParameters deflate() const @trusted
    {
        ws_pmd_params params;
        if (ws_conn_get_pmd(conn, &params).checked == 0)
            return Nullable!DeflateParameters();
        return nullable(DeflateParameters.fromC(params));
    }

    /// Processes bytes from the network, which are unmasked in place. Calls `handle` with each
    /// event. An error is thrown after the events before it. In any case, send drain() then.
    void receive(ubyte[] data, scope void delegate(Event event) @safe handle) @safe
    {
        auto held = owned;
        if (held is null)
            throw exceptionOf(WS_ERR_INVALID_STATE);
        if (held.isReceiving)
            throw new Exception("receive() was called by a handler of its events");
        held.isReceiving = true;
        scope (exit)
        {
            held.isReceiving = false;
            if (held.isAbandoned)
                release(held);
        }
        while (data.length > 0)
            data = data[step(held.conn, data, handle) .. $];
    }

    /// One call of the library. Returns how many bytes it has consumed.
    private size_t step(ws_conn* conn, ubyte[] data,
        scope void delegate(Event event) @safe handle) @trusted
    {
        ws_event[64] events = void;
        size_t used;
        auto count = ws_conn_recv(conn, data.ptr, data.length, events.ptr, events.length, &used);
        auto isReplyDue = count < 0;
        scope (exit)
            if (isReplyDue)
                collect(conn);
        foreach (ref found; events[0 .. count < 0 ? 0 : count])
        {
            isReplyDue = isReplyDue || found.opcode >= Opcode.close;
            handle(describe(conn, found, data));
        }
        count.checked;
        return used;
    }

    private static Event describe(ws_conn* conn, const ref ws_event found, const(ubyte)[] input)
        @trusted
    {
        auto data = cast(const(ubyte)*) ws_event_data(conn, input.ptr, &found);
        return Event(cast(Opcode) found.opcode, data[0 .. cast(size_t) found.len].idup,
            (found.flags & WS_EVENT_FIRST) != 0, (found.flags & WS_EVENT_LAST) != 0,
            cast(Bits)(found.flags & (Bits.rsv1 | Bits.rsv2 | Bits.rsv3)), found.close_code);
    }

    /// Where the next `size` bytes of output go. wrote() follows.
    private ubyte* room(size_t size) @trusted
    {
        auto start = output.length;
        output.assumeSafeAppend.length = start + size;
        return output.ptr + start;
    }

    private void wrote(size_t size, ptrdiff_t count) @safe
    {
        output.length -= size - (count < 0 ? 0 : count);
        count.checked;
    }

    private void collect(ws_conn* conn) @trusted
    {
        auto at = room(WS_MAX_OUTPUT);
        wrote(WS_MAX_OUTPUT, ws_conn_output(conn, at, WS_MAX_OUTPUT));
    }

    /// Sends a message, a fragment of one, a ping or a pong.
    void send(Opcode opcode, const(void)[] data, SendFlags flags = SendFlags.none,
        Bits rsv = Bits.none) @trusted
    {
        auto size = ws_conn_send_bound(conn, data.length);
        auto at = room(size);
        wrote(size, ws_conn_send(conn, opcode, flags | rsv, data.ptr, data.length, at, size));
    }

    /// Sends a text. Throws a UTFException if it is not UTF-8.
    void send(const(char)[] text) @safe
    {
        validate(text);
        send(Opcode.text, text);
    }

    /// Sends a binary message.
    void send(const(ubyte)[] data) @safe
    {
        send(Opcode.binary, data);
    }

    /// Starts the closing handshake.
    void close(ushort code = WS_CLOSE_NORMAL, string reason = "") @trusted
    {
        auto at = room(WS_MAX_OUTPUT);
        wrote(WS_MAX_OUTPUT,
            ws_conn_close(conn, code, reason.ptr, reason.length, at, WS_MAX_OUTPUT));
    }

    /// The peer's stream has ended. Throws if it must not end here.
    void finish() @trusted
    {
        ws_conn_finish(conn).checked;
    }

    /// Takes the bytes to send.
    ubyte[] drain() @safe
    {
        auto taken = output;
        output = null;
        return taken;
    }
}
