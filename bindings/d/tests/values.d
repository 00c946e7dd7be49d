/// The values of vectors. See tests/vectors/README.md.
module values;

import std.algorithm, std.array, std.conv, std.format, std.json, std.range, std.string;
import std.typecons : Nullable, nullable;
import wscodec;

/// A member; null if it is absent.
JSONValue member(const JSONValue object, string name)
{
    if (object.type != JSONType.object || name !in object)
        return JSONValue(null);
    return object[name];
}

bool has(const JSONValue object, string name)
{
    return member(object, name).type != JSONType.null_;
}

T value(T)(const JSONValue object, string name, T otherwise = T.init)
{
    auto found = member(object, name);
    if (found.type == JSONType.null_)
        return otherwise;
    static if (is(T == bool))
        return found.type == JSONType.integer ? found.integer != 0 : found.boolean;
    else static if (is(T == string))
        return found.str;
    else
        return found.integer.to!T;
}

ubyte[] fromHex(string digits)
{
    return digits.replace(" ", "").chunks(2).map!(pair => pair.to!string.to!ubyte(16)).array;
}

/// The bytes that a value stands for; none if it is absent.
immutable(ubyte)[] data(const JSONValue value, const JSONValue parts)
{
    switch (value.type)
    {
    case JSONType.string:
        return value.str.representation;
    case JSONType.array:
        return value.array.map!(each => each.data(parts)).join;
    case JSONType.object:
        if ("hex" in value)
            return value["hex"].str.fromHex.idup;
        if ("part" in value)
            return parts[value["part"].str].data(parts);
        return value["repeat"].data(parts).replicate(cast(size_t) value["times"].integer);
    default:
        return null;
    }
}

string text(const JSONValue value, const JSONValue parts)
{
    return cast(string) value.data(parts);
}

void same(T, U)(T found, U expected, string what = "value")
{
    if (found != expected)
        throw new Exception("%s is %.300s, not %.300s".format(what, found.to!string,
            expected.to!string));
}

/// Fails unless the call throws the error; or none, if it is "".
void fails(string constant, void delegate() call)
{
    string found;
    try
        call();
    catch (WsException error)
        found = error.constant;
    same(found, constant, "error");
}

/// Fails unless the call throws the error of the vector, or none without one.
void expect(const JSONValue vector, void delegate() call)
{
    fails(vector.value!string("error"), call);
}

Role role(const JSONValue vector)
{
    return vector["role"].str.to!Role;
}

Bits rsv(const JSONValue frame)
{
    auto bits = Bits.none;
    foreach (name; ["rsv1", "rsv2", "rsv3"])
        if (frame.value!bool(name))
            bits |= name.to!Bits;
    return bits;
}

Bits bits(const JSONValue frame)
{
    return frame.rsv | (frame.value!bool("fin", true) ? Bits.fin : Bits.none);
}

Leniency leniency(const JSONValue vector)
{
    auto options = vector.member("options");
    auto leniency = Leniency.none;
    auto names = ["deflate": Leniency.deflate, "any_mask": Leniency.anyMask,
        "keep_masked": Leniency.keepMasked, "any_rsv": Leniency.anyRsv];
    foreach (name, each; names)
        if (options.value!bool(name))
            leniency |= each;
    return leniency;
}

Nullable!MaskKey maskKey(const JSONValue frame)
{
    if (!frame.has("mask_key"))
        return Nullable!MaskKey();
    MaskKey key = frame["mask_key"].str.fromHex[0 .. 4];
    return nullable(key);
}

DeflateParameters parameters(const JSONValue given)
{
    return DeflateParameters(given.value!bool("server_no_context_takeover"),
        given.value!bool("client_no_context_takeover"),
        given.value!ubyte("server_max_window_bits", 15),
        given.value!ubyte("client_max_window_bits", 15));
}

/// Lengths of prefixes: all; of a long input those at the start, at `at`, and at the end.
auto prefixes(size_t length, size_t at)
{
    return iota(length + 1).filter!(size => size < 400 || (size + 4 > at && size < at + 4)
            || size == length);
}

/// The input whole, cut in two at each place, and byte by byte.
const(ubyte)[][][] cuts(const(ubyte)[] input)
{
    const(ubyte)[][][] lists = [[input]];
    foreach (at; 1 .. max(input.length, 1))
        if (input.length <= 500 || at <= 3 || at == 14 || at == 15 || at == input.length - 1)
            lists ~= [input[0 .. at], input[at .. $]];
    auto single = input.length <= 500 ? input.length : 40;
    return lists ~ (input[0 .. single].chunks(1).array ~ input[single .. $]);
}
