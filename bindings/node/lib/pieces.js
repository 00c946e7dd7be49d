// Functions without state: the accept key, one frame, masking, UTF-8, close payloads.

import { bytes, integer } from "./arguments.js";
import { constants } from "./declarations.js";
import { check } from "./errors.js";
import { ws } from "./native.js";

const { WS_CLIENT, WS_SERVER, WS_FIN, WS_MASKED, WS_BEGIN, WS_END } = constants;
const { WS_RSV1, WS_RSV2, WS_RSV3, WS_ACCEPT_LEN, WS_KEY_LEN, WS_MAX_HEADER } = constants;
const DECODING = {
    deflate: constants.WS_DEFLATE,
    anyMask: constants.WS_ANY_MASK,
    keepMasked: constants.WS_KEEP_MASKED,
    anyRsv: constants.WS_ANY_RSV,
};

/** The number of a role: "server" or "client". */
export function sideOf(role) {
    if (role === "server") return WS_SERVER;
    if (role === "client") return WS_CLIENT;
    throw new TypeError('role must be "server" or "client"');
}

/** The flags of a decoder of frames. */
export function decodingFlags(role, options) {
    let flags = sideOf(role);
    for (const [name, flag] of Object.entries(DECODING)) if (options[name]) flags |= flag;
    return flags;
}

/** Sec-WebSocket-Accept for a Sec-WebSocket-Key (RFC 6455, 4.2.2). */
export function acceptKey(key) {
    const input = bytes(key, "key");
    const out = Buffer.allocUnsafe(WS_ACCEPT_LEN);
    return out.toString("latin1", 0, check(ws.ws_accept_key(input, input.length, out, out.length)));
}

/** A new random Sec-WebSocket-Key. */
export function makeKey() {
    const out = Buffer.allocUnsafe(WS_KEY_LEN);
    return out.toString("latin1", 0, check(ws.ws_make_key(out, out.length)));
}

/** A ws_frame as an object. `payload` is the chunk's part of `buffer`. */
export function frameOf(frame, buffer) {
    const at = Number(frame.chunk_off);
    return {
        opcode: frame.opcode,
        messageOpcode: frame.message_opcode,
        fin: (frame.flags & WS_FIN) !== 0,
        rsv1: (frame.flags & WS_RSV1) !== 0,
        rsv2: (frame.flags & WS_RSV2) !== 0,
        rsv3: (frame.flags & WS_RSV3) !== 0,
        maskKey: frame.flags & WS_MASKED ? Buffer.from(frame.mask_key) : null,
        headerLength: frame.header_len,
        payloadLength: BigInt(frame.payload_len),
        begin: (frame.flags & WS_BEGIN) !== 0,
        end: (frame.flags & WS_END) !== 0,
        payload: buffer.subarray(at, at + Number(frame.chunk_len)),
    };
}

/**
 * Decodes the frame at the start of a buffer and unmasks it in place. While it is incomplete the
 * result is null, or, once the header is complete, a frame with `end: false` and no payload.
 */
export function decodeFrame(buffer, role, options = {}) {
    const data = bytes(buffer, "buffer");
    const frame = {};
    const flags = decodingFlags(role, options);
    const n = check(ws.ws_frame_decode(data, data.length, flags, frame));
    if (n === 0 && frame.header_len === 0) return null;
    if (n > 0) return frameOf(frame, data);
    return { ...frameOf(frame, data), payload: data.subarray(0, 0), end: false };
}

function frameFlags({ fin = true, rsv1 = false, rsv2 = false, rsv3 = false }) {
    return (
        (fin ? WS_FIN : 0) |
        (rsv1 ? WS_RSV1 : 0) |
        (rsv2 ? WS_RSV2 : 0) |
        (rsv3 ? WS_RSV3 : 0)
    );
}

function maskKeyOf({ maskKey }) {
    if (maskKey === undefined || maskKey === null) return null;
    const key = bytes(maskKey, "maskKey");
    if (key.length !== 4) throw new RangeError("maskKey must be 4 bytes");
    return key;
}

/** Encodes one frame. options: fin (default true), rsv1, rsv2, rsv3, maskKey. */
export function encodeFrame(opcode, payload, options = {}) {
    const data = bytes(payload, "payload");
    const key = maskKeyOf(options);
    const flags = frameFlags(options);
    const out = Buffer.allocUnsafe(data.length + WS_MAX_HEADER);
    const n = ws.ws_frame_encode(
        integer(opcode, "opcode", 0, 15), flags, key, data, data.length, out, out.length,
    );
    return out.subarray(0, check(n, "encodeFrame"));
}

/** Encodes the header of a frame. options as for encodeFrame(). */
export function encodeHeader(opcode, payloadLength, options = {}) {
    const out = Buffer.allocUnsafe(WS_MAX_HEADER);
    const n = ws.ws_frame_header(
        integer(opcode, "opcode", 0, 15), frameFlags(options), maskKeyOf(options),
        length(payloadLength), out, out.length,
    );
    return out.subarray(0, check(n, "encodeHeader"));
}

function length(value) {
    const isBig = typeof value === "bigint";
    const size = isBig ? value : BigInt(integer(value, "payloadLength", 0, 2 ** 53));
    if (size >= 0n && size < 1n << 63n) return size;
    throw new RangeError("payloadLength must be below 2n ** 63n");
}

/** Validates text that arrives in parts, and fails at the first invalid byte. */
export class Utf8Validator {
    #state = [0];

    /** Throws a WscodecError if the text so far is invalid. */
    push(part) {
        const data = bytes(part, "part");
        check(ws.ws_utf8_validate(this.#state, data, data.length));
    }

    /** Whether the text so far ends on a character boundary. */
    get complete() {
        return this.#state[0] === 0;
    }
}

/** Reads the payload of a close frame. An empty one is code 1005. */
export function parseClose(payload) {
    const data = bytes(payload, "payload");
    const code = [0];
    const n = check(ws.ws_close_parse(data, data.length, code));
    return { code: code[0], reason: data.toString("utf8", 2, 2 + n) };
}

/** Writes the payload of a close frame. */
export function buildClose(code, reason = "") {
    const data = bytes(reason, "reason");
    const out = Buffer.allocUnsafe(constants.WS_MAX_CONTROL);
    const number = integer(code, "code", 0, 65535);
    const n = check(ws.ws_close_build(number, data, data.length, out, out.length), "buildClose");
    return out.subarray(0, n);
}
