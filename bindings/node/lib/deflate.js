// The parameters of permessage-deflate (RFC 7692).

import { bytes, integer, onlyKnown } from "./arguments.js";
import { check } from "./errors.js";
import { ws } from "./native.js";

const SWITCHES = {
    serverNoContextTakeover: "server_no_context_takeover",
    clientNoContextTakeover: "client_no_context_takeover",
};
const NUMBERS = {
    serverMaxWindowBits: ["server_max_window_bits", 8, 15],
    clientMaxWindowBits: ["client_max_window_bits", 8, 15],
    level: ["level", 1, 9],
    memLevel: ["mem_level", 1, 9],
};
const KNOWN = new Set([...Object.keys(SWITCHES), ...Object.keys(NUMBERS)]);

/** A ws_pmd_params; null without compression. `true` stands for the defaults. */
export function paramsOf(deflate) {
    if (deflate === undefined || deflate === null || deflate === false) return null;
    const given = deflate === true ? {} : deflate;
    onlyKnown(given, KNOWN, "deflate");
    const params = { reserved: [0, 0] };
    for (const [key, field] of Object.entries(SWITCHES)) params[field] = given[key] ? 1 : 0;
    for (const [key, [field, min, max]] of Object.entries(NUMBERS)) {
        const value = given[key];
        params[field] = value === undefined ? 0 : integer(value, `deflate.${key}`, min, max);
    }
    return params;
}

/** What was agreed, from a ws_pmd_params. */
export function agreedOf(params) {
    return {
        serverNoContextTakeover: params.server_no_context_takeover === 1,
        clientNoContextTakeover: params.client_no_context_takeover === 1,
        serverMaxWindowBits: params.server_max_window_bits,
        clientMaxWindowBits: params.client_max_window_bits,
    };
}

/** The values of a repeated field as one value. */
function joined(values, name) {
    const list = (Array.isArray(values) ? values : [values]).map((value) => bytes(value, name));
    return Buffer.concat(list.flatMap((value, i) => (i > 0 ? [Buffer.from(","), value] : [value])));
}

/** Server: accepts the first acceptable offer; null if there is none. */
export function acceptDeflate(offers, willing = true) {
    const value = joined(offers, "offers");
    const params = paramsOf(willing);
    const out = Buffer.allocUnsafe(256);
    const n = check(ws.ws_pmd_accept_value(value, value.length, params, out, out.length));
    if (n === 0) return null;
    return { response: out.toString("latin1", 0, n), agreed: agreedOf(params) };
}

/** Client: the value of Sec-WebSocket-Extensions that offers these parameters. */
export function offerDeflate(deflate = true) {
    const out = Buffer.allocUnsafe(256);
    return out.toString("latin1", 0, check(ws.ws_pmd_offer(paramsOf(deflate), out, out.length)));
}

/** Client: what was agreed on; null if the server declined. */
export function confirmDeflate(responses, offered = true) {
    const value = joined(responses, "responses");
    const params = paramsOf(offered);
    const on = check(ws.ws_pmd_confirm_value(value, value.length, params));
    return on === 1 ? agreedOf(params) : null;
}
