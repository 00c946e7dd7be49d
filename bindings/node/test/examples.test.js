import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { connect } from "wscodec";

/** Starts an example. Returns the URLs that it prints. */
async function urlsOf(t, count, name, ...args) {
    const path = fileURLToPath(new URL(`../examples/${name}`, import.meta.url));
    const stdio = ["ignore", "pipe", "inherit"];
    const child = spawn(process.execPath, [path, ...args], { stdio });
    t.after(() => child.kill());
    const urls = [];
    for await (const line of createInterface({ input: child.stdout })) {
        urls.push(line.replace("listening on http", "ws"));
        if (urls.length === count) break;
    }
    return urls;
}

async function echoes(url) {
    const socket = await connect(url, { deflate: true });
    for (let i = 0; i < 100; i++) {
        socket.send(`message ${i}`);
        assert.equal(String((await once(socket, "message"))[0]), `message ${i}`);
    }
    socket.close();
    assert.equal((await once(socket, "close"))[0], 1000);
}

test("each worker thread serves connections of its own", async (t) => {
    const urls = await urlsOf(t, 3, "workers.js", "3");
    await Promise.all([...urls, ...urls].map(echoes));
});

test("one port serves pages and WebSockets", async (t) => {
    const [url] = await urlsOf(t, 1, "http_server.js", "0");
    await echoes(`${url}/echo`);
    await assert.rejects(connect(`${url}/other`), (error) => error.response.status === 404);
    const page = await fetch(url.replace("ws", "http"));
    assert.equal(await page.text(), "Hello, World!\n");
});

test("a library that is missing is named in the error", async () => {
    const env = { ...process.env, WSCODEC_LIBRARY: "/nowhere/libwscodec.so" };
    const child = spawn(process.execPath, ["-e", 'import("wscodec")'], { env });
    const [[text], [code]] = await Promise.all([once(child.stderr, "data"), once(child, "exit")]);
    assert.match(String(text), /cannot load \/nowhere\/libwscodec.so/);
    assert.equal(code, 1);
});

test("threads may end, with or without connections, while others go on", async () => {
    const source = `
        import("wscodec").then(({ Connection }) => {
            const connection = new Connection("server");
            if (process.argv.includes("free")) connection.free();
        });`;
    for (let i = 0; i < 10; i++) {
        const argv = i % 2 ? ["free"] : [];
        const workers = [1, 2, 3].map(() => new Worker(source, { eval: true, argv }));
        const codes = await Promise.all(workers.map((worker) => once(worker, "exit")));
        assert.deepEqual(codes, [[0], [0], [0]]);
    }
});
