import assert from "node:assert/strict";
import { acceptDeflate, confirmDeflate, Connection, encodeFrame, offerDeflate } from "wscodec";
import { camelCase, data, expect } from "./values.js";

const DEFAULTS = {
    serverNoContextTakeover: false,
    clientNoContextTakeover: false,
    serverMaxWindowBits: 15,
    clientMaxWindowBits: 15,
};

function agreed(parameters) {
    return { ...DEFAULTS, ...camelCase(parameters) };
}

function accept(vector, parts) {
    const offers = vector.offers.map((offer) => data(offer, parts));
    expect(vector, () => {
        const accepted = acceptDeflate(offers, camelCase(vector.willing));
        if (vector.response === null) assert.equal(accepted, null);
        else {
            const { response } = vector;
            assert.deepEqual(accepted, { response, agreed: agreed(vector.agreed) });
        }
    });
}

function offer(vector) {
    assert.equal(offerDeflate(camelCase(vector.offered)), vector.offer);
}

function confirm(vector, parts) {
    const responses = vector.responses.map((response) => data(response, parts));
    expect(vector, () => {
        const confirmed = confirmDeflate(responses, camelCase(vector.offered));
        assert.deepEqual(confirmed, vector.agreed && agreed(vector.agreed));
    });
}

/** The frames of a compressed message. */
function framed({ payloads }, role, parts) {
    const maskKey = role === "server" ? Buffer.from("7fa2", "latin1") : null;
    const frames = payloads.map((payload, i) =>
        encodeFrame(i === 0 ? 2 : 0, data(payload, parts), {
            fin: i === payloads.length - 1,
            rsv1: i === 0,
            maskKey,
        }),
    );
    return Buffer.concat(frames);
}

function messages(vector, parts) {
    const { role } = vector;
    const deflate = camelCase(vector.parameters);
    const connection = new Connection(role, { deflate, maxMessage: 0 });
    for (const message of vector.messages) {
        const events = [];
        expect(message, () => {
            connection.receive(framed(message, role, parts), (event) => void events.push(event));
            assert.deepEqual(events.map((e) => e.data), [data(message.message, parts)]);
        });
    }
    connection.free();
}

export const deflate = {
    deflate_accept: accept,
    deflate_offer: offer,
    deflate_confirm: confirm,
    deflate_messages: messages,
};
