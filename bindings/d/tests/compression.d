/// The vectors of permessage-deflate.
module compression;

import std.algorithm, std.array, std.json;
import std.typecons : Nullable, nullable;
import values, wscodec;

/// The values of several fields as one.
private string joined(JSONValue fields, JSONValue parts)
{
    return fields.array.map!(each => each.text(parts)).join(",");
}

void deflateAccept(JSONValue vector, JSONValue parts)
{
    vector.expect({
        auto offers = vector["offers"].joined(parts);
        auto agreed = acceptDeflate(offers, vector.member("willing").parameters);
        same(agreed.isNull, !vector.has("response"), "declined");
        if (!agreed.isNull)
            same(agreed.get, DeflateAgreement(vector["response"].str, vector["agreed"].parameters));
    });
}

void deflateOffer(JSONValue vector, JSONValue parts)
{
    same(offerDeflate(vector.member("offered").parameters), vector["offer"].str);
}

void deflateConfirm(JSONValue vector, JSONValue parts)
{
    vector.expect({
        auto responses = vector["responses"].joined(parts);
        auto agreed = confirmDeflate(responses, vector.member("offered").parameters);
        same(agreed.isNull, !vector.has("agreed"), "declined");
        if (!agreed.isNull)
            same(agreed.get, vector["agreed"].parameters);
    });
}

/// The frames of a compressed message.
private ubyte[] framed(JSONValue[] payloads, Role role, JSONValue parts)
{
    auto key = role == Role.server ? nullable!MaskKey([7, 15, 10, 2]) : Nullable!MaskKey();
    ubyte[] wire;
    foreach (i, payload; payloads)
    {
        auto bits = (i == 0 ? Bits.rsv1 : Bits.none)
            | (i == payloads.length - 1 ? Bits.fin : Bits.none);
        auto opcode = i == 0 ? Opcode.binary : Opcode.continuation;
        wire ~= encodeFrame(opcode, payload.data(parts), bits, key);
    }
    return wire;
}

void deflateMessages(JSONValue vector, JSONValue parts)
{
    Options options = {maxMessage: 0};
    options.deflate = vector.member("parameters").parameters;
    auto connection = Connection(vector.role, options);
    foreach (message; vector["messages"].array)
        message.expect({
            immutable(ubyte)[][] received;
            auto wire = message["payloads"].array.framed(vector.role, parts);
            connection.receive(wire, (event) { received ~= event.data; });
            same(received, [message["message"].data(parts)]);
        });
}
