/// The heads of the opening handshake: reading and building them.
module wscodec.heads;

import std.algorithm.searching : canFind;
import std.array : join;
import std.typecons : Nullable, nullable, Tuple;
import wscodec.declarations, wscodec.errors, wscodec.memory;

alias Header = Tuple!(string, "name", string, "value");

/// What is absent is "".
struct Request
{
    string method, target, host, origin, key;
    uint httpVersion; /// 11 is HTTP/1.1.
    size_t headLength;

    package this(string head, const ref ws_handshake found) @safe
    {
        method = head.part(found.method);
        target = head.part(found.target);
        host = head.part(found.host);
        origin = head.part(found.origin);
        key = head.part(found.key);
        httpVersion = found.http_version;
        headLength = found.head_len;
    }
}

/// ditto
struct Response
{
    uint status;
    string reason, protocol, extensions;
    uint httpVersion;
    size_t headLength;

    package this(string head, const ref ws_response found) @safe
    {
        status = found.status;
        reason = head.part(found.reason);
        protocol = head.part(found.protocol);
        extensions = head.part(found.extensions);
        httpVersion = found.http_version;
        headLength = found.head_len;
    }
}

/// An ordinary request of HTTP.
class NotUpgradeException : HandshakeException
{
    Request request;

    private this(ptrdiff_t error, Request request) @safe
    {
        super(error);
        this.request = request;
    }
}

/// A response other than 101.
class StatusException : HandshakeException
{
    Response response;

    private this(ptrdiff_t error, Response response) @safe
    {
        super(error);
        this.response = response;
    }
}

/// Finds the end of a head that arrives in parts, in linear time.
struct HeadScanner
{
    private size_t scanned;

    /// Whether `head`, to which the caller appends what arrives, can be parsed: because it is
    /// complete or has an error.
    bool isComplete(const(char)[] head) @trusted
    {
        return ws_head_length(head.ptr, head.length, &scanned) != 0;
    }
}

/// Sec-WebSocket-Accept for a Sec-WebSocket-Key (RFC 6455, 4.2.2).
string acceptKey(string key) @trusted
{
    char[WS_ACCEPT_LEN] accept;
    ws_accept_key(key.ptr, key.length, accept.ptr, accept.length).checked;
    return accept.idup;
}

/// A new random Sec-WebSocket-Key.
string makeKey() @trusted
{
    char[WS_KEY_LEN] key;
    ws_make_key(key.ptr, key.length).checked;
    return key.idup;
}

/// Server: null while the head is incomplete.
Nullable!Request parseRequest(string head) @trusted
{
    ws_handshake found;
    auto length = ws_parse_handshake(head.ptr, head.length, &found, found.sizeof);
    if (length == WS_ERR_NOT_UPGRADE)
        throw new NotUpgradeException(length, Request(head, found));
    return length.checked == 0 ? Nullable!Request() : nullable(Request(head, found));
}

/// Client: checks the response to a request. Null while the head is incomplete.
Nullable!Response parseResponse(string head, string request) @trusted
{
    ws_response found;
    auto length = ws_parse_response(head.ptr, head.length, request.ptr, request.length, &found,
        found.sizeof);
    return checkedResponse(length, head, found) == 0 ? Nullable!Response()
        : nullable(Response(head, found));
}

/// Client: the opening request.
string buildRequest(string host, string target = "/", string key = makeKey(), string origin = "",
    string[] protocols = null, string extensions = "", Header[] headers = null) @trusted
{
    auto offered = protocols.join(", "), lines = headers.lines;
    auto spec = ws_request_spec(host.view, target.view, key.view, origin.view, offered.view,
        extensions.view, lines.view);
    auto request = new char[WS_MAX_HEAD];
    auto length = ws_build_request(&spec, spec.sizeof, request.ptr, request.length).checked;
    return request[0 .. length].idup;
}

/// Server: a complete response other than 101.
string buildReply(ushort status, string content = "") @trusted
{
    auto reply = new char[WS_MAX_REPLY + content.length];
    auto length = ws_build_reply(status, null, 0, content.ptr, content.length, reply.ptr,
        reply.length).checked;
    return reply[0 .. length].idup;
}

package:

size_t checkedResponse(ptrdiff_t length, string head, const ref ws_response found) @safe
{
    if (length == WS_ERR_HANDSHAKE_STATUS)
        throw new StatusException(length, Response(head, found));
    return length.checked;
}

string lines(Header[] headers) @safe
{
    string text;
    foreach (header; headers)
    {
        auto line = header.name ~ ": " ~ header.value;
        if (line.canFind('\r') || line.canFind('\n'))
            throw new Exception("headers must not contain line breaks");
        text ~= line ~ "\r\n";
    }
    return text;
}
