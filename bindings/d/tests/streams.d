/// The vectors of streams.
module streams;

import std.conv : to;
import std.json;
import pieces, values, wscodec;

private string ending(JSONValue vector)
{
    return vector.value!string("error", vector.value!string("end"));
}

private Decoder newDecoder(JSONValue vector)
{
    auto maxPayload = vector.member("options").value!ulong("max_payload");
    return Decoder(vector.role, vector.leniency, maxPayload);
}

private void decode(ref Decoder decoder, ref Frame[] frames, const(ubyte)[] piece)
{
    decoder.feed(piece.dup, (part) {
        if (part.first)
        {
            frames ~= part;
            return;
        }
        frames[$ - 1].payload = frames[$ - 1].payload ~ part.payload;
        frames[$ - 1].last = part.last;
    });
}

private void sameDecoded(Frame found, JSONValue expected, JSONValue parts)
{
    found.sameFrame(expected, parts);
    same(found.last, !expected.has("payload_length"), "last");
    if (!found.last)
        same(found.payloadLength, expected["payload_length"].str.to!ulong);
    if (found.opcode == Opcode.continuation)
        same(found.messageOpcode, expected["message_opcode"].integer);
}

void decoderStreams(JSONValue vector, JSONValue parts)
{
    auto input = vector["input"].data(parts);
    foreach (pieces; input.cuts)
    {
        auto decoder = newDecoder(vector);
        Frame[] frames;
        vector.expect({
            foreach (piece; pieces)
                decoder.decode(frames, piece);
        });
        same(frames.length, vector["frames"].array.length, "number of frames");
        foreach (i, frame; frames)
            frame.sameDecoded(vector["frames"][i], parts);
        fails(vector.ending, { decoder.finish(); });
    }
    if (!vector.has("error"))
        return;
    auto at = vector["error_at"].integer;
    auto decoder = newDecoder(vector);
    Frame[] frames;
    decoder.decode(frames, input[0 .. at]);
    vector.expect({ decoder.decode(frames, input[at .. at + 1]); });
}

private Connection newConnection(JSONValue vector)
{
    auto given = vector.member("options");
    Options options;
    options.maxMessage = given.value!ulong("max_message", options.maxMessage);
    options.maxFrame = given.value!ulong("max_frame");
    options.stream = given.value!bool("stream");
    options.anyMask = given.value!bool("any_mask");
    options.autoPong = given.value!bool("auto_pong", true);
    options.checkUtf8 = given.value!bool("check_utf8", true);
    options.autoClose = given.value!bool("auto_close", true);
    options.allowRsv = cast(Bits) given.value!uint("allow_rsv");
    if (vector.has("parameters"))
        options.deflate = vector["parameters"].parameters;
    return Connection(vector.role, options);
}

/// Appends an event; or joins it with the message that it belongs to.
private void take(ref Event[] events, Event event) @safe
{
    if (event.opcode >= Opcode.close || event.first)
    {
        events ~= event;
        return;
    }
    foreach_reverse (ref each; events)
        if (each.opcode < Opcode.close)
        {
            each.data ~= event.data;
            each.last = event.last;
            return;
        }
}

private void sameEvent(Event found, JSONValue expected, JSONValue parts)
{
    same(found.opcode, expected["opcode"].integer, "opcode");
    same(found.data, expected["payload"].data(parts), "data");
    same(found.rsv, expected.rsv, "rsv");
    same(found.last, expected.value!bool("last", true), "last");
    same(found.closeCode, expected.value!ushort("close_code"), "close_code");
}

private void sameOutput(ubyte[] sent, JSONValue vector, JSONValue parts)
{
    auto peer = vector.role == Role.server ? Role.client : Role.server;
    foreach (expected; vector["output"].array)
    {
        Frame frame;
        sent = sent[decodeFrame(sent, peer, frame) .. $];
        same(frame.opcode, expected["opcode"].integer, "opcode of the output");
        same(frame.payload, expected["payload"].data(parts), "output");
    }
    same(sent.length, 0, "rest of the output");
}

private void feed(ref Connection connection, ref Event[] events, const(ubyte)[] piece)
{
    connection.receive(piece.dup, (event) { events.take(event); });
}

void connectionStreams(JSONValue vector, JSONValue parts)
{
    auto input = vector["input"].data(parts);
    foreach (pieces; input.cuts)
    {
        auto connection = newConnection(vector);
        Event[] events;
        vector.expect({
            foreach (piece; pieces)
                connection.feed(events, piece);
        });
        same(events.length, vector["events"].array.length, "number of events");
        foreach (i, event; events)
            event.sameEvent(vector["events"][i], parts);
        connection.drain().sameOutput(vector, parts);
        fails(vector.ending, { connection.finish(); });
    }
    if (!vector.has("error_at"))
        return;
    auto at = vector["error_at"].integer;
    auto connection = newConnection(vector);
    Event[] events;
    connection.feed(events, input[0 .. at]);
    vector.expect({ connection.feed(events, input[at .. at + 1]); });
}
