/// The parameters of permessage-deflate (RFC 7692), and their negotiation.
module wscodec.deflate;

import std.typecons : Nullable, nullable;
import wscodec.declarations, wscodec.errors;

struct DeflateParameters
{
    bool serverNoContextTakeover, clientNoContextTakeover;
    ubyte serverMaxWindowBits = 15, clientMaxWindowBits = 15;
    ubyte level = 6, memLevel = 8; /// Not negotiated.

package:
    static DeflateParameters fromC(const ref ws_pmd_params found) @safe
    {
        return DeflateParameters(found.server_no_context_takeover != 0,
            found.client_no_context_takeover != 0, found.server_max_window_bits,
            found.client_max_window_bits, found.level, found.mem_level);
    }

    ws_pmd_params toC() const @safe
    {
        return ws_pmd_params(serverNoContextTakeover, clientNoContextTakeover,
            serverMaxWindowBits, clientMaxWindowBits, level, memLevel);
    }
}

struct DeflateAgreement
{
    string response; /// The value of Sec-WebSocket-Extensions to reply with.
    DeflateParameters parameters;
}

private enum maxValue = 256;

/// Server: accepts one of the offers in the values of Sec-WebSocket-Extensions, joined with commas;
/// null: declines.
Nullable!DeflateAgreement acceptDeflate(string offers,
    DeflateParameters willing = DeflateParameters()) @trusted
{
    auto agreed = willing.toC;
    char[maxValue] value;
    auto length = ws_pmd_accept_value(offers.ptr, offers.length, &agreed, value.ptr, value.length);
    if (length.checked == 0)
        return Nullable!DeflateAgreement();
    return nullable(DeflateAgreement(value[0 .. length].idup, DeflateParameters.fromC(agreed)));
}

/// Client: the value of Sec-WebSocket-Extensions.
string offerDeflate(DeflateParameters offered = DeflateParameters()) @trusted
{
    auto parameters = offered.toC;
    char[maxValue] value;
    auto length = ws_pmd_offer(&parameters, value.ptr, value.length).checked;
    return value[0 .. length].idup;
}

/// Client: what the server has agreed on; null: no compression.
Nullable!DeflateParameters confirmDeflate(string response,
    DeflateParameters offered = DeflateParameters()) @trusted
{
    auto agreed = offered.toC;
    if (ws_pmd_confirm_value(response.ptr, response.length, &agreed).checked == 0)
        return Nullable!DeflateParameters();
    return nullable(DeflateParameters.fromC(agreed));
}
