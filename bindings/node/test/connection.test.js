import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Connection, constants, encodeFrame } from "wscodec";

const MASK = Buffer.from([1, 2, 3, 4]);

function masked(opcode, payload, options = {}) {
    return encodeFrame(opcode, payload, { maskKey: MASK, ...options });
}

function received(connection, data) {
    const events = [];
    connection.receive(data, (event) => void events.push(event));
    return events;
}

test("a message in one read is reported without a copy", () => {
    const data = masked(2, "Hello");
    const [event] = received(new Connection("server"), data);
    assert.equal(event.data.toString(), "Hello");
    assert.equal(event.data.buffer, data.buffer);
});

test("a collected message stays valid after the next call", () => {
    const connection = new Connection("server");
    const first = masked(2, "first", { fin: false });
    const rest = masked(0, " message");
    const [event] = received(connection, Buffer.concat([first, rest]));
    received(connection, Buffer.concat([masked(2, "other", { fin: false }), masked(0, "s")]));
    connection.free();
    assert.equal(event.data.toString(), "first message");
});

test("output stays valid while more is sent", () => {
    const connection = new Connection("server");
    connection.send("one");
    const [one] = connection.takeOutput();
    for (let i = 0; i < 10_000; i++) connection.send("x".repeat(100));
    assert.deepEqual(one, encodeFrame(1, "one"));
});

test("output of several connections is not mixed", () => {
    const connections = [new Connection("server"), new Connection("server")];
    for (let i = 0; i < 3000; i++) connections.forEach((c, who) => c.send(`${who} ${i}`));
    connections.forEach((connection, who) => {
        const expected = Array.from({ length: 3000 }, (_, i) => encodeFrame(1, `${who} ${i}`));
        assert.deepEqual(Buffer.concat(connection.takeOutput()), Buffer.concat(expected));
    });
});

for (const size of [0, 125, 126, 16_383, 16_384, 65_535, 65_536, 200_000]) {
    test(`a text and a binary of ${size} bytes are sent`, () => {
        const connection = new Connection("server");
        connection.send("é".repeat(size / 2));
        connection.send(Buffer.alloc(size, "x"));
        assert.deepEqual(
            Buffer.concat(connection.takeOutput()),
            Buffer.concat([
                encodeFrame(1, "é".repeat(size / 2)),
                encodeFrame(2, Buffer.alloc(size, "x")),
            ]),
        );
    });
}

test("incompressible messages fit in the output of a connection with compression", () => {
    const [server, client] = [
        new Connection("server", { deflate: true }),
        new Connection("client", { deflate: true }),
    ];
    for (const size of [1, 60_000, 16_000, 100_000]) {
        const noise = Buffer.from(Array.from({ length: size }, () => Math.random() * 256));
        server.send(noise);
        const events = received(client, Buffer.concat(server.takeOutput()));
        assert.deepEqual(events.map((event) => event.data), [noise]);
    }
});

test("a string that is not well-formed is sent as valid text", () => {
    const connection = new Connection("server");
    connection.send("a\ud800");
    assert.deepEqual(connection.takeOutput(), [encodeFrame(1, "a\ufffd")]);
});

test("a listener may let another connection receive", () => {
    const [outer, inner] = [new Connection("server"), new Connection("server")];
    const texts = [];
    outer.receive(Buffer.concat([masked(1, "a"), masked(1, "b")]), (event) => {
        received(inner, masked(1, "inner"));
        texts.push(event.data.toString());
    });
    assert.deepEqual(texts, ["a", "b"]);
});

test("a listener may not let its own connection receive", () => {
    const connection = new Connection("server");
    assert.throws(
        () => connection.receive(masked(1, "a"), () => received(connection, masked(1, "b"))),
        /receive\(\) was called by a listener/,
    );
});

test("a listener may free its connection", () => {
    const connection = new Connection("server");
    const texts = [];
    const rest = connection.receive(Buffer.concat([masked(1, "a"), masked(9, "b")]), (event) => {
        texts.push(event.data.toString());
        connection.free();
    });
    assert.deepEqual([texts, connection.state, rest.length], [["a"], "failed", 0]);
});

test("a listener that returns false gets what was left later", () => {
    const connection = new Connection("server");
    const data = Buffer.concat([masked(9, "ping"), masked(1, "text")]);
    const opcodes = [];
    const rest = connection.receive(data, (event) => opcodes.push(event.opcode) < 0);
    assert.deepEqual(opcodes, [9]);
    assert.equal(received(connection, rest)[0].data.toString(), "text");
});

test("an error is thrown after the events before it, and its close frame is sent", () => {
    const connection = new Connection("server");
    const events = [];
    const data = Buffer.concat([masked(1, "good"), encodeFrame(1, "not masked")]);
    assert.throws(() => connection.receive(data, (event) => void events.push(event)), {
        name: "WscodecError",
        code: "WS_ERR_MASK",
        closeCode: 1002,
        httpStatus: 400,
        message: /WS_ERR_MASK/,
    });
    assert.equal(events.length, 1);
    assert.equal(connection.error.code, "WS_ERR_MASK");
    assert.deepEqual(connection.takeOutput(), [Buffer.from("880203ea", "hex")]);
});

test("a freed connection refuses everything with an error", () => {
    const connection = new Connection("server");
    connection.free();
    connection.free();
    const freed = /the connection was freed/;
    assert.throws(() => connection.send("x"), freed);
    assert.throws(() => connection.close(), freed);
    assert.throws(() => connection.receive(masked(1, "x"), () => {}), freed);
    assert.throws(() => connection.finish(), freed);
    assert.throws(() => connection.getOption("maxMessage"), freed);
    assert.throws(() => connection.deflate, freed);
    assert.equal(connection.state, "failed");
});

test("an option is set, read and checked by name", () => {
    const connection = new Connection("server", { maxMessage: 5, autoPong: false });
    assert.equal(connection.getOption("maxMessage"), 5);
    assert.equal(connection.getOption("autoPong"), 0);
    connection.setOption("maxMessage", 6);
    assert.equal(connection.getOption("maxMessage"), 6);
});

const WRONG = {
    role: () => new Connection("both"),
    maxMessage: () => new Connection("server", { maxMessage: -1 }),
    maxmessage: () => new Connection("server", { maxmessage: 1 }),
    options: () => new Connection("server", null),
    "deflate.level": () => new Connection("server", { deflate: { level: 10 } }),
    data: () => new Connection("server").send(5),
    isBinary: () => new Connection("server").send("x", { isBinary: true }),
    code: () => new Connection("server").close("1000"),
    reason: () => new Connection("server").close(1000, 5),
    protocols: () => Connection.accept("", { protocols: "chat" }),
    headers: () => Connection.accept("", { headers: 5 }),
};
for (const [name, call] of Object.entries(WRONG)) {
    test(`a wrong ${name} is named in the error`, () => {
        assert.throws(call, (error) => {
            assert(error instanceof TypeError || error instanceof RangeError);
            assert(error.message.includes(name), error.message);
            return true;
        });
    });
}

test("a header field cannot be injected", () => {
    for (const headers of [{ "X-Name": "a\r\nb: c" }, { "a: b\nc": "d" }, { a: ["b", "c\r"] }]) {
        assert.throws(() => Connection.accept("", { headers }), /headers: .* line break/s);
    }
});

test("connections that were dropped are freed", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc");
    const before = process.memoryUsage.rss();
    for (let round = 0; round < 20; round++) {
        for (let i = 0; i < 20; i++) {
            const connection = new Connection("server", { maxMessage: 0 });
            received(connection, masked(2, Buffer.alloc(2 ** 20), { fin: false }));
        }
        collect();
        await turn();
    }
    assert(process.memoryUsage.rss() - before < 150 * 2 ** 20); // 400 MiB were held
});

test("the constants are those of the header", () => {
    assert.equal(constants.WS_ERR_UTF8, -47);
    assert(Object.isFrozen(constants));
});
