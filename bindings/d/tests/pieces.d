/// The vectors of single frames, text and close payloads.
module pieces;

import std.conv : to;
import std.json;
import values, wscodec;

void acceptKeys(JSONValue vector, JSONValue parts)
{
    vector.expect({ same(acceptKey(vector["key"].str), vector["accept"].str); });
}

void closePayloads(JSONValue vector, JSONValue parts)
{
    auto code = vector.value!ushort("code");
    auto reason = vector.member("reason").text(parts);
    auto payload = vector.member("payload").data(parts);
    if (vector.has("payload"))
        vector.expect({ same(parseClose(payload), ClosePayload(code, reason)); });
    if (vector.has("code"))
        vector.expect({ same(buildClose(code, reason), payload); });
}

void utf8(JSONValue vector, JSONValue parts)
{
    auto text = vector["text"].data(parts);
    foreach (pieces; text.cuts)
        vector.expect({
            Utf8Validator validator;
            foreach (piece; pieces)
                validator.push(piece);
            same(validator.isComplete, !vector.value!bool("incomplete"), "complete");
        });
    if (!vector.has("error"))
        return;
    auto at = vector["error_at"].integer;
    Utf8Validator validator;
    validator.push(text[0 .. at]);
    vector.expect({ validator.push(text[at .. at + 1]); });
}

void sameFrame(Frame found, JSONValue expected, JSONValue parts)
{
    same(found.opcode, expected["opcode"].integer, "opcode");
    same(found.bits, expected.bits, "bits");
    same(found.maskKey, expected.maskKey, "mask_key");
    same(found.payload, expected["payload"].data(parts), "payload");
}

void frames(JSONValue vector, JSONValue parts)
{
    auto wire = vector["wire"].data(parts);
    auto at = vector.value!size_t("error_at", wire.length - 1);
    foreach (size; prefixes(wire.length, at))
    {
        Frame frame;
        auto input = wire[0 .. size].dup;
        if (size <= at)
            same(decodeFrame(input, vector.role, frame, vector.leniency), 0);
        else
            vector.expect({
                auto length = decodeFrame(input, vector.role, frame, vector.leniency);
                same(length, wire.length, "length");
                frame.sameFrame(vector["frame"], parts);
            });
    }
    if (!vector.has("frame"))
        return;
    auto frame = vector["frame"];
    auto opcode = cast(Opcode) frame["opcode"].integer;
    same(encodeFrame(opcode, frame["payload"].data(parts), frame.bits, frame.maskKey), wire);
}

void frameHeaders(JSONValue vector, JSONValue parts)
{
    auto header = vector["header"].data(parts);
    auto length = vector["payload_length"].str.to!ulong;
    auto opcode = cast(Opcode) vector["opcode"].integer;
    same(encodeHeader(opcode, length, vector.bits, vector.maskKey), header);
    foreach (size; 0 .. header.length + 1)
    {
        Frame frame;
        auto found = decodeFrame(header[0 .. size].dup, vector.role, frame);
        auto isComplete = size == header.length;
        same(found == 0, !isComplete || length > 0, "incomplete");
        same(frame.headerLength, isComplete ? size : 0);
        same(frame.payloadLength, isComplete ? length : 0);
    }
}
