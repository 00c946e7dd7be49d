/// The vectors of heads and policies.
module handshakes;

import std.algorithm, std.array, std.format, std.json, std.string, std.traits;
import std.conv : to;
import values, wscodec;

void sameFields(T)(T found, JSONValue fields, JSONValue parts)
{
    if (fields.type != JSONType.object)
        return;
    foreach (name, value; fields.object)
    {
        auto isKnown = false;
        static foreach (field; FieldNameTuple!T)
            if (field.toLower == name.replace("_", ""))
            {
                isKnown = true;
                static if (is(typeof(__traits(getMember, found, field)) == string))
                    same(__traits(getMember, found, field), value.text(parts), name);
                else
                    same(__traits(getMember, found, field), value.integer, name);
            }
        same(isKnown, true, name);
    }
}

/// A head is incomplete before the byte that completes it or proves its error.
void tested(alias parse)(JSONValue vector, JSONValue parts, string head)
{
    auto fields = vector.member("fields");
    auto at = vector.value!size_t("error_at", head.length - 1);
    foreach (size; prefixes(head.length, at))
    {
        if (size <= at)
        {
            same(parse(head[0 .. size]).isNull, true, "incomplete at %s".format(size));
            continue;
        }
        vector.expect({
            auto found = parse(head[0 .. size]).get;
            found.sameFields(fields, parts);
            same(found.headLength, head.length);
        });
    }
}

void requests(JSONValue vector, JSONValue parts)
{
    auto head = vector["request"].text(parts);
    tested!parseRequest(vector, parts, head);
    try
        parseRequest(head);
    catch (NotUpgradeException error)
        error.request.sameFields(vector.member("fields"), parts);
    catch (HandshakeException)
        same(vector.has("fields"), false, "fields of a head that has none");
}

void responses(JSONValue vector, JSONValue parts)
{
    auto request = vector["request"].text(parts), head = vector["response"].text(parts);
    auto parse = (string part) => parseResponse(part, request);
    tested!parse(vector, parts, head);
    try
        parse(head);
    catch (StatusException error)
        error.response.sameFields(vector.member("fields"), parts);
    catch (HandshakeException)
        same(vector.has("fields"), false, "fields of a head that has none");
}

void policies(JSONValue vector, JSONValue parts)
{
    auto given = vector.member("policy");
    Policy policy;
    policy.protocols = given.value!string("protocols").splitter!(c => c == ',' || c == ' ')
        .filter!(each => each != "").map!(each => each.to!string).array;
    policy.origins = given.value!string("origins").split;
    policy.needProtocol = given.value!bool("need_protocol");
    auto accepted = policy.accept(vector["request"].text(parts));
    same(accepted.connection.exists, !vector.has("error"));
    if (vector.has("error"))
    {
        same(accepted.error.constant, vector["error"].str);
        same(accepted.error.httpStatus, vector["status"].integer);
        same(accepted.reply[0 .. 13], "HTTP/1.1 %s ".format(vector["status"].integer));
    }
    else
        same(accepted.connection.protocol, vector.value!string("protocol"));
}
