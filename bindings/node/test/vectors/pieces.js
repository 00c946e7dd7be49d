import assert from "node:assert/strict";
import {
    acceptKey, buildClose, decodeFrame, encodeFrame, encodeHeader, parseClose, Utf8Validator,
} from "wscodec";
import { camelCase, copy, cuts, data, expect, prefixes } from "./values.js";

function acceptKeys(vector) {
    expect(vector, () => assert.equal(acceptKey(vector.key), vector.accept));
}

function closePayloads(vector, parts) {
    const { code } = vector;
    const payload = vector.payload === undefined ? undefined : data(vector.payload, parts);
    const reason = data(vector.reason ?? "", parts);
    if (payload) {
        const parsed = { code, reason: reason.toString() };
        expect(vector, () => assert.deepEqual(parseClose(payload), parsed));
    }
    if (code !== undefined) {
        expect(vector, () => assert.deepEqual(buildClose(code, reason), payload));
    }
}

function utf8(vector, parts) {
    const text = data(vector.text, parts);
    for (const pieces of cuts(text)) {
        const validator = new Utf8Validator();
        expect(vector, () => pieces.forEach((piece) => validator.push(piece)));
        assert.equal(validator.complete, !vector.incomplete && !vector.error);
    }
    if (!vector.error) return;
    new Utf8Validator().push(text.subarray(0, vector.error_at));
    expect(vector, () => new Utf8Validator().push(text.subarray(0, vector.error_at + 1)));
}

/** The options of encodeFrame() for a frame of a vector. */
function encoding({ fin, rsv1, rsv2, rsv3, mask_key: key }) {
    return { fin, rsv1, rsv2, rsv3, maskKey: key === undefined ? null : Buffer.from(key, "hex") };
}

function frames(vector, parts) {
    const wire = data(vector.wire, parts);
    const options = camelCase(vector.options);
    const at = vector.error_at ?? wire.length - 1;
    for (const size of prefixes(wire.length, at)) {
        const decode = () => decodeFrame(copy(wire, 0, size), vector.role, options);
        if (size <= at) assert.equal(decode()?.end ?? false, false);
        else expect(vector, () => assertFrame(decode(), vector.frame, parts));
    }
    if (!vector.frame) return;
    const { opcode, payload } = vector.frame;
    const sent = data(payload, parts);
    assert.deepEqual(encodeFrame(opcode, sent, encoding(vector.frame)), wire);
}

export function assertFrame(frame, expected, parts) {
    const { rsv1 = false, rsv2 = false, rsv3 = false, mask_key: key = null } = expected;
    assert.deepEqual(
        {
            opcode: frame.opcode,
            fin: frame.fin,
            bits: [frame.rsv1, frame.rsv2, frame.rsv3],
            key: frame.maskKey?.toString("hex") ?? null,
            payload: frame.payload,
        },
        {
            opcode: expected.opcode,
            fin: expected.fin,
            bits: [rsv1, rsv2, rsv3],
            key,
            payload: data(expected.payload, parts),
        },
    );
}

function frameHeaders(vector, parts) {
    const header = data(vector.header, parts);
    const length = BigInt(vector.payload_length);
    assert.deepEqual(encodeHeader(vector.opcode, length, encoding(vector)), header);
    for (let size = 0; size < header.length; size++) {
        assert.equal(decodeFrame(copy(header, 0, size), vector.role), null);
    }
    const frame = decodeFrame(copy(header), vector.role);
    assert.equal(frame.payloadLength, length);
    assert.equal(frame.headerLength, header.length);
    assert.equal(frame.end, length === 0n);
}

export const pieces = {
    accept_keys: acceptKeys,
    close_payloads: closePayloads,
    utf8,
    frames,
    frame_headers: frameHeaders,
};
