import assert from "node:assert/strict";
import { Connection, Decoder, decodeFrame } from "wscodec";
import { assertFrame } from "./pieces.js";
import { camelCase, copy, cuts, data, expect } from "./values.js";

/** Feeds a decoder. Returns the frames, with the payloads of their parts joined. */
function decoded(decoder, frames, piece) {
    for (const part of decoder.feed(piece)) {
        if (part.begin) frames.push(part);
        else {
            const frame = frames.at(-1);
            frame.payload = Buffer.concat([frame.payload, part.payload]);
            frame.end = part.end;
        }
    }
}

function decoderStreams(vector, parts) {
    const input = data(vector.input, parts);
    for (const pieces of cuts(input)) {
        const decoder = new Decoder(vector.role, camelCase(vector.options));
        const frames = [];
        expect(vector, () => pieces.forEach((piece) => decoded(decoder, frames, piece)));
        assert.equal(frames.length, vector.frames.length);
        frames.forEach((frame, i) => assertDecoded(frame, vector.frames[i], parts));
        expect({ error: vector.error ?? vector.end }, () => decoder.finish());
    }
    if (!vector.error) return;
    const decoder = new Decoder(vector.role, camelCase(vector.options));
    decoded(decoder, [], copy(input, 0, vector.error_at));
    const next = copy(input, vector.error_at, vector.error_at + 1);
    expect(vector, () => decoded(decoder, [], next));
}

function assertDecoded(frame, expected, parts) {
    assertFrame(frame, expected, parts);
    const length = expected.payload_length;
    assert.equal(frame.end, length === undefined);
    if (length !== undefined) assert.equal(frame.payloadLength, BigInt(length));
    if (expected.opcode === 0) assert.equal(frame.messageOpcode, expected.message_opcode);
}

/** A connection, with what it has reported and sent. */
class Received {
    events = [];
    sent = [];

    constructor({ role, options, parameters }) {
        const deflate = parameters && camelCase(parameters);
        this.connection = new Connection(role, { ...camelCase(options), deflate });
    }

    feed(piece) {
        try {
            const rest = this.connection.receive(piece, (event) => this.take(event));
            assert.equal(rest.length, 0);
        } finally {
            this.sent.push(...this.connection.takeOutput());
        }
    }

    take(event) {
        if (event.opcode >= 8 || event.first) {
            this.events.push({ event, payload: [], last: event.opcode >= 8 });
        }
        const entry = event.opcode >= 8 ? this.events.at(-1) : this.events.findLast(isMessage);
        entry.payload.push(Buffer.from(event.data));
        entry.last ||= event.last;
    }
}

function isMessage({ event }) {
    return event.opcode < 8;
}

function entryOf({ event, payload, last }) {
    const bits = { 0x40: "rsv1", 0x20: "rsv2", 0x10: "rsv3" };
    const set = Object.entries(bits).filter(([bit]) => event.rsv & bit);
    return {
        opcode: event.opcode,
        payload: Buffer.concat(payload),
        ...(event.opcode === 8 ? { close_code: event.closeCode } : {}),
        ...(last ? {} : { last: false }),
        ...Object.fromEntries(set.map(([, name]) => [name, true])),
    };
}

/** The frames in what a connection has sent. */
function framesOf(sent, role) {
    const frames = [];
    const peer = role === "server" ? "client" : "server";
    let rest = Buffer.concat(sent);
    while (rest.length > 0) {
        const frame = decodeFrame(rest, peer);
        frames.push({ opcode: frame.opcode, payload: Buffer.from(frame.payload) });
        rest = rest.subarray(frame.headerLength + frame.payload.length);
    }
    return frames;
}

function connectionStreams(vector, parts) {
    const input = data(vector.input, parts);
    const withBytes = (entry) => ({ ...entry, payload: data(entry.payload, parts) });
    for (const pieces of cuts(input)) {
        const received = new Received(vector);
        expect(vector, () => pieces.forEach((piece) => received.feed(piece)));
        assert.deepEqual(received.events.map(entryOf), vector.events.map(withBytes));
        assert.deepEqual(framesOf(received.sent, vector.role), vector.output.map(withBytes));
        expect({ error: vector.error ?? vector.end }, () => received.connection.finish());
        received.connection.free();
    }
    if (vector.error_at === undefined) return;
    const received = new Received(vector);
    received.feed(copy(input, 0, vector.error_at));
    const next = copy(input, vector.error_at, vector.error_at + 1);
    expect(vector, () => received.feed(next));
    received.connection.free();
}

export const streams = {
    decoder_streams: decoderStreams,
    connection_streams: connectionStreams,
};
