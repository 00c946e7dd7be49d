/// UTF-8, and the payloads of close frames.
module wscodec.text;

import wscodec.declarations, wscodec.errors;

/// Text that arrives in parts.
struct Utf8Validator
{
    private uint state;

    /// Throws at the first invalid byte.
    void push(const(void)[] part) @trusted
    {
        ws_utf8_validate(&state, part.ptr, part.length).checked;
    }

    /// Whether the text ends on a character boundary.
    bool isComplete() const @safe
    {
        return state == 0;
    }
}

struct ClosePayload
{
    ushort code;
    string reason;
}

ClosePayload parseClose(const(ubyte)[] payload) @trusted
{
    ClosePayload close;
    auto length = ws_close_parse(payload.ptr, payload.length, &close.code).checked;
    if (length > 0)
        close.reason = cast(string) payload[2 .. 2 + length].idup;
    return close;
}

ubyte[] buildClose(ushort code, string reason = "") @trusted
{
    auto payload = new ubyte[WS_MAX_CONTROL];
    auto length = ws_close_build(code, reason.ptr, reason.length, payload.ptr, payload.length);
    return payload[0 .. length.checked];
}
