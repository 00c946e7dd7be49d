// The parts of README.md that are not complete programs.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { connect, Connection, encodeFrame } from "wscodec";
import { echoServer } from "./helpers.js";

const README = readFileSync(new URL("../README.md", import.meta.url), "utf8");

/** Runs the code under a heading, with these variables. */
function run(heading, variables) {
    const [, code] = README.split(`\n## ${heading}\n`)[1].match(/```js\n(.*?)```/s);
    const body = code.replace(/^import .*$/m, "");
    new Function(...Object.keys(variables), body)(...Object.values(variables));
}

test("without a socket: messages are echoed as they are, pings answered once", () => {
    const frames = [[1, "text"], [9, "ping"], [2, Buffer.from([0xff])], [8, ""]];
    const bytes = frames.map((frame) => encodeFrame(...frame, { maskKey: "mask" }));
    const written = [];
    const transport = { write: (part) => written.push(part) };
    run("Without a socket", { Connection, bytes: Buffer.concat(bytes), transport });
    const replies = [[1, "text"], [10, "ping"], [2, Buffer.from([0xff])], [8, ""]];
    const expected = replies.map((reply) => encodeFrame(...reply));
    assert.deepEqual(Buffer.concat(written), Buffer.concat(expected));
});

/** A client of such a server that is kept alive, the function of its timer, and its end. */
async function keptAlive(t, options) {
    const socket = await connect(await echoServer(t, options));
    const timer = { cleared: false };
    run("Keepalive", {
        socket,
        setInterval: (tick) => Object.assign(timer, { tick }),
        clearInterval: () => (timer.cleared = true),
    });
    return { socket, timer };
}

test("keepalive: a peer that answers is kept", async (t) => {
    const { socket, timer } = await keptAlive(t, {});
    for (let i = 0; i < 5; i++) {
        timer.tick();
        await once(socket, "pong");
    }
    assert.equal(socket.state, "open");
    socket.terminate();
});

test("keepalive: a peer that does not answer is left", async (t) => {
    const { socket, timer } = await keptAlive(t, { autoPong: false });
    timer.tick();
    const end = once(socket, "close");
    timer.tick();
    assert.equal((await end)[0], 1006);
    assert.equal(timer.cleared, true);
});
