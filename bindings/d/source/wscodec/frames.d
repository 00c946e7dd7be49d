/// Single frames, and a decoder of a stream of them.
module wscodec.frames;

import std.typecons : Nullable, nullable;
import wscodec.declarations, wscodec.errors;

enum Role : uint
{
    server = WS_SERVER,
    client = WS_CLIENT,
}

enum Opcode : ubyte
{
    continuation = WS_OPCODE_CONTINUATION,
    text = WS_OPCODE_TEXT,
    binary = WS_OPCODE_BINARY,
    close = WS_OPCODE_CLOSE,
    ping = WS_OPCODE_PING,
    pong = WS_OPCODE_PONG,
}

/// Bits of a frame; combine them with |.
enum Bits : uint
{
    none = 0,
    fin = WS_FIN,
    rsv1 = WS_RSV1,
    rsv2 = WS_RSV2,
    rsv3 = WS_RSV3,
}

/// What a decoder also accepts; combine them with |.
enum Leniency : uint
{
    none = 0,
    deflate = WS_DEFLATE,        /// RSV1 may be set on the first frame of a message.
    anyMask = WS_ANY_MASK,       /// Masked and unmasked frames.
    keepMasked = WS_KEEP_MASKED, /// Payloads are reported as they are on the wire.
    anyRsv = WS_ANY_RSV,         /// The reserved bits of data frames are reported.
}

alias MaskKey = ubyte[4];

/// A frame, or a part of one.
struct Frame
{
    Opcode opcode;
    Opcode messageOpcode; /// `text` or `binary` in a continuation, too.
    Bits bits;
    Nullable!MaskKey maskKey;
    size_t headerLength; /// 0 while the header is incomplete.
    ulong payloadLength; /// The length that the header has announced.
    bool first, last;    /// Whether this part starts or ends the frame.
    ubyte[] payload;     /// A slice of the input.
}

private enum Bits allBits = Bits.fin | Bits.rsv1 | Bits.rsv2 | Bits.rsv3;

private Frame describe(const ref ws_frame found, return ubyte[] data) @safe
{
    Frame frame;
    frame.opcode = cast(Opcode) found.opcode;
    frame.messageOpcode = cast(Opcode) found.message_opcode;
    frame.bits = cast(Bits)(found.flags & allBits);
    if (found.flags & WS_MASKED)
        frame.maskKey = nullable!MaskKey(found.mask_key);
    frame.headerLength = found.header_len;
    frame.payloadLength = found.payload_len;
    frame.first = (found.flags & WS_BEGIN) != 0;
    frame.last = (found.flags & WS_END) != 0;
    auto start = cast(size_t) found.chunk_off;
    frame.payload = data[start .. start + cast(size_t) found.chunk_len];
    return frame;
}

/// Decodes the frame at the start of `data`, and unmasks it there. Returns its length; 0 while it
/// is incomplete.
size_t decodeFrame(ubyte[] data, Role role, out Frame frame, Leniency leniency = Leniency.none)
    @trusted
{
    ws_frame found;
    auto length = ws_frame_decode(data.ptr, data.length, role | leniency, &found).checked;
    if (length == 0)
        found.chunk_off = found.chunk_len = 0; // none of the payload is reported
    frame = describe(found, data);
    return length;
}

/// Encodes one frame.
ubyte[] encodeFrame(Opcode opcode, const(void)[] payload, Bits bits = Bits.fin,
    Nullable!MaskKey maskKey = Nullable!MaskKey()) @trusted
{
    auto frame = new ubyte[payload.length + WS_MAX_HEADER];
    auto key = maskKey.get(MaskKey.init);
    auto length = ws_frame_encode(opcode, bits, maskKey.isNull ? null : key.ptr, payload.ptr,
        payload.length, frame.ptr, frame.length).checked;
    return frame[0 .. length];
}

/// Encodes the header of a frame whose payload is sent from elsewhere.
ubyte[] encodeHeader(Opcode opcode, ulong payloadLength, Bits bits = Bits.fin,
    Nullable!MaskKey maskKey = Nullable!MaskKey()) @trusted
{
    auto header = new ubyte[WS_MAX_HEADER];
    auto key = maskKey.get(MaskKey.init);
    auto length = ws_frame_header(opcode, bits, maskKey.isNull ? null : key.ptr, payloadLength,
        header.ptr, header.length).checked;
    return header[0 .. length];
}

/// A stream of frames.
struct Decoder
{
    private ws_decoder state;

    /// maxPayload: the longest payload of a frame; 0: no limit.
    this(Role role, Leniency leniency = Leniency.none, ulong maxPayload = 0) @trusted
    {
        ws_decoder_init(&state, role | leniency, maxPayload).checked;
    }

    /// Calls `handle` with each frame of the next bytes, or the parts that have arrived.
    void feed(ubyte[] data, scope void delegate(Frame part) @safe handle) @trusted
    {
        ws_frame[16] frames = void;
        for (size_t used; data.length > 0; data = data[used .. $])
        {
            auto count = ws_decoder_feed(&state, data.ptr, data.length, frames.ptr, frames.length,
                &used).checked;
            foreach (ref found; frames[0 .. count])
                handle(describe(found, data));
        }
    }

    /// The stream has ended. Throws if it must not end here.
    void finish() const @trusted
    {
        ws_decoder_finish(&state).checked;
    }
}
