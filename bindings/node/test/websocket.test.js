import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { test } from "node:test";
import { acceptUpgrade, attach, connect, createServer, encodeFrame } from "wscodec";
import { WebSocket as Ws, WebSocketServer } from "ws";
import { echo, echoServer, listening } from "./helpers.js";

async function ask(socket, message) {
    socket.send(message);
    const [data, isBinary] = await once(socket, "message");
    return isBinary ? data : data.toString();
}

async function closed(socket, code = 1000) {
    const event = once(socket, "close");
    socket.close(code);
    return (await event)[0];
}

const UPGRADE = {
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
};

/** The status of the response to an upgrade with these fields. */
async function statusOf(url, fields = {}) {
    const headers = { ...UPGRADE, ...fields };
    const request = http.get(url.replace("ws:", "http:"), { headers, agent: false });
    const response = await Promise.race(
        ["response", "upgrade"].map((event) => once(request, event)),
    );
    request.destroy();
    return response[0].statusCode;
}

for (const deflate of [false, true]) {
    test(`a client and a server exchange messages, deflate: ${deflate}`, async (t) => {
        const options = { deflate, maxMessage: 2 ** 22, protocols: ["chat"] };
        const url = await echoServer(t, options);
        const socket = await connect(url, { ...options, protocols: ["other", "chat"] });
        assert.equal(socket.protocol, "chat");
        for (const message of ["Grüße 🎉", "", Buffer.from([0, 255]), "x".repeat(2 ** 21)]) {
            assert.deepEqual(await ask(socket, message), message);
        }
        assert.equal(await closed(socket, 3000), 3000);
    });

    test(`a client of ws talks to a server, deflate: ${deflate}`, async (t) => {
        const url = await echoServer(t, { deflate });
        const socket = new Ws(url);
        await once(socket, "open");
        assert.equal(socket.extensions, deflate ? "permessage-deflate" : "");
        socket.send("Hello ".repeat(1000));
        assert.equal(String((await once(socket, "message"))[0]), "Hello ".repeat(1000));
        socket.close(1000);
        assert.equal((await once(socket, "close"))[0], 1000);
    });

    test(`a client talks to a server of ws, deflate: ${deflate}`, async (t) => {
        const options = { port: 0, host: "127.0.0.1", perMessageDeflate: deflate };
        const server = new WebSocketServer(options);
        t.after(() => server.close());
        server.on("connection", echo);
        await once(server, "listening");
        const url = `ws://127.0.0.1:${server.address().port}/`;
        const socket = await connect(url, { deflate: true });
        assert.equal(await ask(socket, "Hello ".repeat(1000)), "Hello ".repeat(1000));
        assert.equal(await closed(socket), 1000);
    });
}

test("messages that follow the response at once are not lost", async (t) => {
    const server = createServer((socket) => {
        socket.send("first");
        socket.send("second");
    });
    const socket = await connect(await listening(t, server));
    const texts = [];
    socket.on("message", (data) => texts.push(data.toString()));
    while (texts.length < 2) await once(socket, "message");
    assert.deepEqual(texts, ["first", "second"]);
});

test("a paused connection reports nothing until it is resumed", async (t) => {
    const texts = [];
    const socket = await connect(await echoServer(t));
    socket.on("message", (data) => {
        texts.push(data.toString());
        if (texts.length === 1) socket.pause();
    });
    socket.send("x");
    await once(socket, "message");
    socket.send("y".repeat(70_000));
    socket.ping();
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(texts.length, 1);
    socket.resume();
    await once(socket, "pong");
    assert.equal(texts.length, 2);
});

/** A client of a server that sends so many messages in one turn, and its texts so far. */
async function flooded(t, count, then = () => {}) {
    const server = createServer((socket) => {
        for (let i = 0; i < count; i++) socket.send(`${i}`);
        then(socket);
    });
    const socket = await connect(await listening(t, server));
    const texts = [];
    socket.on("message", (data) => texts.push(data.toString()));
    return { socket, texts };
}

function numbers(count) {
    return Array.from({ length: count }, (_, i) => `${i}`);
}

test("pause() also holds back the messages of the same read, in order", async (t) => {
    const { socket, texts } = await flooded(t, 200);
    let paused = false;
    await new Promise((resolve) => {
        socket.on("message", () => {
            assert.equal(paused, false);
            paused = true;
            socket.pause();
            setImmediate(() => {
                paused = false;
                socket.resume();
            });
            if (texts.length === 200) resolve();
        });
    });
    assert.deepEqual(texts, numbers(200));
});

test("what was held back is reported after the stream has closed, then close", async (t) => {
    const { socket, texts } = await flooded(t, 10, (peer) => peer.close(3000));
    let code;
    socket.once("message", () => socket.pause());
    socket.on("close", (...args) => ([code] = args));
    await once(socket.socket, "close");
    assert.deepEqual([texts, code], [["0"], undefined]);
    socket.resume();
    await once(socket, "close");
    assert.deepEqual([texts, code], [numbers(10), 3000]);
});

test("a paused connection that waits for drain is not held up by the end", async (t) => {
    const texts = [];
    const ended = new Promise((resolve) => {
        const server = createServer((socket) => {
            socket.on("message", (data) => {
                texts.push(data.toString());
                if (!socket.send(Buffer.alloc(2 ** 24))) socket.pause();
            });
            socket.on("drain", () => socket.resume());
            socket.on("close", resolve);
        });
        listening(t, server).then(async (url) => {
            const socket = await connect(url);
            socket.pause();
            for (const text of numbers(10)) socket.send(text);
            while (texts.length === 0) await new Promise((next) => setTimeout(next, 5));
            socket.socket.resetAndDestroy();
        });
    });
    assert.equal(await ended, 1006);
    assert.deepEqual(texts, numbers(10));
});

test("a listener that pauses when send() fails gets the messages before a close", async (t) => {
    const texts = [];
    const ended = new Promise((resolve) => {
        const server = createServer((socket) => {
            socket.on("message", (data) => {
                texts.push(data.toString());
                if (!socket.send(data)) socket.pause();
            });
            socket.on("drain", () => socket.resume());
            socket.on("close", resolve);
        });
        listening(t, server).then(async (url) => {
            const socket = await connect(url);
            for (const text of numbers(10)) socket.send(text);
            socket.close(3000);
        });
    });
    assert.equal(await ended, 3000);
    assert.deepEqual(texts, numbers(10));
});

test("terminate() is followed by nothing but close", async (t) => {
    for (const pause of [false, true]) {
        const { socket, texts } = await flooded(t, 200);
        socket.once("message", () => {
            if (pause) socket.pause();
            socket.terminate();
        });
        assert.equal((await once(socket, "close"))[0], 1006);
        assert.deepEqual(texts, ["0"]);
    }
});

test("an exception at what was held back ends the connection, too", async (t) => {
    const { socket, texts } = await flooded(t, 10, (peer) => peer.close(3000));
    socket.once("message", () => {
        socket.pause();
        socket.once("message", () => {
            throw new Error("of the listener");
        });
    });
    await once(socket.socket, "close");
    const thrown = new Promise((resolve) => {
        process.setUncaughtExceptionCaptureCallback(resolve);
    });
    t.after(() => process.setUncaughtExceptionCaptureCallback(null));
    socket.resume();
    await Promise.all([thrown, once(socket, "close")]);
    assert.deepEqual(texts, ["0", "1"]);
});

test("send() tells when to wait, and drain when to go on", async (t) => {
    const socket = await connect(await echoServer(t));
    socket.on("message", () => {});
    assert.equal(socket.send("small"), true);
    assert.equal(socket.send(Buffer.alloc(2 ** 20)), false);
    assert(socket.bufferedAmount >= 2 ** 20);
    await once(socket, "drain");
    assert.equal(socket.bufferedAmount, 0);
});

test("what is sent in one turn leaves in one write", async (t) => {
    const socket = await connect(await echoServer(t));
    const before = socket.socket.bytesWritten;
    let writes = 0;
    const { write } = socket.socket;
    socket.socket.write = (...args) => {
        writes += 1;
        return write.apply(socket.socket, args);
    };
    for (let i = 0; i < 100; i++) socket.send("x");
    await once(socket, "message");
    assert.equal(writes, 1);
    assert.equal(socket.socket.bytesWritten - before, 700);
});

test("a protocol error of the peer is an argument of close, and throws nothing", async (t) => {
    let listener;
    const ended = new Promise((resolve) => (listener = (...args) => resolve(args)));
    const url = await listening(t, createServer((socket) => socket.on("close", listener)));
    const socket = new Ws(url);
    socket.on("error", () => {});
    await once(socket, "open");
    socket._socket.write(Buffer.from([0x83, 0x80, 0, 0, 0, 0]));
    const [code, , error] = await ended;
    assert.deepEqual([code, error.code], [1006, "WS_ERR_OPCODE"]);
});

test("a peer that resets the connection ends it with 1006 and the error", async (t) => {
    const ended = new Promise((resolve) => {
        const server = createServer((socket) => socket.on("close", (...args) => resolve(args)));
        listening(t, server).then(async (url) => {
            const socket = await connect(url);
            socket.socket.resetAndDestroy();
        });
    });
    const [code, , error] = await ended;
    assert.deepEqual([code, error.code], [1006, "ECONNRESET"]);
});

test("sending after the end does nothing", async (t) => {
    const socket = await connect(await echoServer(t));
    await closed(socket);
    assert.equal(socket.send("late"), false);
    assert.equal(socket.ping(), false);
    socket.close();
});

test("a server that does not close is left after closeTimeout", async (t) => {
    const server = createServer((socket) => socket.pause());
    const socket = await connect(await listening(t, server), { closeTimeout: 50 });
    assert.equal(await closed(socket), 1006);
});

test("an exception of a listener ends the connection and reaches the program", async (t) => {
    const socket = await connect(await echoServer(t));
    socket.on("message", () => {
        throw new Error("of the listener");
    });
    const thrown = new Promise((resolve) => {
        process.setUncaughtExceptionCaptureCallback(resolve);
    });
    t.after(() => process.setUncaughtExceptionCaptureCallback(null));
    const end = once(socket, "close");
    socket.send("x");
    assert.equal((await thrown).message, "of the listener");
    assert.equal((await end)[0], 1006);
});

test("connect() rejects with the error and the response", async (t) => {
    const url = await listening(t, http.createServer((_, response) => response.end("no")));
    await assert.rejects(connect(url), (error) => {
        assert.equal(error.code, "WS_ERR_HANDSHAKE_STATUS");
        assert.equal(error.response.status, 200);
        return true;
    });
    await assert.rejects(connect("http://a.example/"), /url must start with ws/);
    await assert.rejects(connect("ws://a.example/#x"), /fragment/);
    await assert.rejects(connect("ws://127.0.0.1:1/"), { code: "ECONNREFUSED" });
    await assert.rejects(connect(url, { nonsense: 1 }), /nonsense/);
});

test("connect() ends at its time-out, at a signal, and when the server leaves", async (t) => {
    const url = await listening(t, net.createServer(() => {}));
    await assert.rejects(connect(url, { handshakeTimeout: 50 }), /no response after 50 ms/);
    await assert.rejects(connect(url, { signal: AbortSignal.timeout(50) }), /time/);
    await assert.rejects(connect(url, { signal: AbortSignal.abort() }), { name: "AbortError" });
    const other = await listening(t, net.createServer((socket) => socket.end()));
    await assert.rejects(connect(other), /closed before its response was complete/);
});

test("a server leaves clients whose request is incomplete", async (t) => {
    const url = await echoServer(t, { handshakeTimeout: 50 });
    const socket = net.connect(Number(new URL(url).port), "127.0.0.1");
    socket.write("GET / HTTP/1.1\r\n");
    await once(socket, "close");
});

for (const kind of ["net", "http"]) {
    const make = (t, options, listener = echo) => {
        const isNet = kind === "net";
        const server = isNet ? net.createServer({ allowHalfOpen: true }) : http.createServer();
        attach(server, options, listener);
        return listening(t, server);
    };

    test(`${kind}: a request is refused with the status of its fault`, async (t) => {
        const options = { origins: ["https://a.example"], protocols: ["chat"], needProtocol: true };
        const url = await make(t, options);
        const chat = { "Sec-WebSocket-Protocol": "chat" };
        assert.equal(await statusOf(url, chat), 101);
        assert.equal(await statusOf(url, { ...chat, Origin: "https://a.example" }), 101);
        assert.equal(await statusOf(url, { ...chat, Origin: "https://b.example" }), 403);
        assert.equal(await statusOf(url, { "Sec-WebSocket-Protocol": "other" }), 400);
        assert.equal(await statusOf(url), 400);
        assert.equal(await statusOf(url, { ...chat, "Sec-WebSocket-Version": "8" }), 426);
        assert.equal(await statusOf(url, { ...chat, "Sec-WebSocket-Key": "short" }), 400);
        assert.equal(await statusOf(url, { ...chat, "Sec-WebSocket-Extensions": "=" }), 400);
    });

    test(`${kind}: the program may refuse a request`, async (t) => {
        const refuse = (request) => ((request.target ?? request.url) === "/" ? 401 : undefined);
        const url = await make(t, { refuse });
        assert.equal(await statusOf(url), 401);
        assert.equal(await statusOf(`${url}other`), 101);
    });

    test(`${kind}: the program may take its time to refuse a request`, async (t) => {
        const refuse = async (request) => {
            await new Promise((resolve) => setTimeout(resolve, 20));
            return (request.target ?? request.url) === "/" ? 401 : null;
        };
        const url = await make(t, { refuse });
        assert.equal(await statusOf(url), 401);
        const socket = await connect(`${url}other`);
        assert.equal(await ask(socket, "Hello"), "Hello");
    });

    test(`${kind}: what a client sends during the decision is not lost`, async (t) => {
        const url = await make(t, { refuse: () => new Promise((go) => setTimeout(go, 50)) });
        const socket = net.connect(Number(new URL(url).port), "127.0.0.1");
        t.after(() => socket.destroy());
        const headers = { Host: "a.example", ...UPGRADE };
        const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
        const frame = encodeFrame(1, "early", { maskKey: "mask" });
        socket.write(`GET / HTTP/1.1\r\n${lines.join("")}\r\n`);
        socket.write(frame.subarray(0, 3));
        setTimeout(() => socket.write(frame.subarray(3)), 10);
        let text = "";
        while (!text.includes("early")) text += (await once(socket, "data"))[0];
    });

    test(`${kind}: a request is answered with 500 if the decision fails`, async (t) => {
        const failures = [
            () => {
                throw new Error("of refuse");
            },
            () => Promise.reject(),
            () => 99,
            () => "404",
            async () => 101,
        ];
        for (const refuse of failures) {
            const warning = once(process, "warning");
            assert.equal(await statusOf(await make(t, { refuse })), 500);
            assert.match((await warning)[0].message, /^refuse failed: /);
        }
    });

    test(`${kind}: a decision is waited for until handshakeTimeout`, async (t) => {
        let decide;
        const refuse = () => new Promise((resolve) => (decide = resolve));
        const url = await make(t, { refuse, handshakeTimeout: 50 });
        await assert.rejects(statusOf(url), { code: "ECONNRESET" });
        decide();
        await assert.rejects(statusOf(url), { code: "ECONNRESET" });
    });

    test(`${kind}: an exception of the listener reaches the program`, async (t) => {
        const thrown = new Promise((resolve) => {
            process.setUncaughtExceptionCaptureCallback(resolve);
        });
        t.after(() => process.setUncaughtExceptionCaptureCallback(null));
        const url = await make(t, {}, () => {
            throw new Error("of the listener");
        });
        const socket = new Ws(url);
        assert.equal((await thrown).message, "of the listener");
        socket.on("error", () => {}).terminate();
    });

    test(`${kind}: compression is negotiated`, async (t) => {
        const url = await make(t, { deflate: { serverNoContextTakeover: true } });
        const socket = new Ws(url);
        const open = once(socket, "open");
        const [response] = await once(socket, "upgrade");
        assert.equal(
            response.headers["sec-websocket-extensions"],
            "permessage-deflate; server_no_context_takeover",
        );
        await open;
        socket.send("Hello ".repeat(100));
        assert.equal(String((await once(socket, "message"))[0]), "Hello ".repeat(100));
        socket.terminate();
    });
}

test("a repeated field is not overlooked behind node:http", async (t) => {
    const server = http.createServer();
    server.on("upgrade", (request, socket, head) => acceptUpgrade(request, socket, head));
    const url = await listening(t, server);
    const keys = ["dGhlIHNhbXBsZSBub25jZQ==", "x3JJHMbDL1EzLkh9GBhXDw=="];
    assert.equal(await statusOf(url, { "Sec-WebSocket-Key": keys }), 400);
    assert.equal(await statusOf(url, { Origin: ["https://a.example", "https://b.example"] }), 400);
});

test("an invalid option is an error when the server is made", () => {
    assert.throws(() => createServer({ nonsense: 1 }, echo), /nonsense/);
    assert.throws(() => createServer({ origins: ["https://a.example/"] }, echo), {
        code: "WS_ERR_INVALID_ARGUMENT",
    });
    assert.throws(() => createServer({ refuse: 403 }, echo), /refuse must be a function/);
    assert.throws(() => createServer({}), /listener must be a function/);
});
