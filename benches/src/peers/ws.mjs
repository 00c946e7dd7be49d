// Reads messages, one a line; prints the nanoseconds of CPU time that npm's ws takes to compress
// one, and to decompress one, and the bytes that a connection which did both holds then; with
// and without context takeover.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(`${process.env.WSCODEC_NODE_MODULES ?? process.cwd()}/`);
const PerMessageDeflate = require("ws").PerMessageDeflate;
const messages = readFileSync(0).toString().trim().split("\n").map((line) => Buffer.from(line));
const ROUNDS = 20;
const CONNECTIONS = 300;

function endpoint(isServer, forgets) {
    const takeover = { serverNoContextTakeover: forgets, clientNoContextTakeover: forgets };
    const one = new PerMessageDeflate({ ...takeover, isServer, maxPayload: 1 << 20 });
    const params = forgets
        ? { server_no_context_takeover: [true], client_no_context_takeover: [true] }
        : {};
    if (isServer) one.accept([params]);
    else {
        one.offer();
        one.accept([params]);
    }
    return one;
}

function call(one, method, data) {
    return new Promise((resolve, reject) => {
        one[method](data, true, (error, result) => (error ? reject(error) : resolve(result)));
    });
}

async function time(work) {
    const start = process.cpuUsage();
    for (let i = 0; i < ROUNDS; i++) await work(i);
    const { user, system } = process.cpuUsage(start);
    return ((user + system) * 1000) / ROUNDS / messages.length;
}

async function held(forgets) {
    const payload = await call(endpoint(false, forgets), "compress", messages[0]);
    const before = process.memoryUsage().rss;
    const kept = [];
    for (let i = 0; i < CONNECTIONS; i++) {
        const one = endpoint(true, forgets);
        await call(one, "compress", messages[0]);
        await call(one, "decompress", payload);
        kept.push(one);
    }
    const bytes = (process.memoryUsage().rss - before) / CONNECTIONS;
    for (const one of kept) one.cleanup();
    return bytes;
}

const bytes = [await held(false), await held(true)];
for (const forgets of [false, true]) {
    const server = endpoint(true, forgets);
    const client = endpoint(false, forgets);
    const rounds = [];
    const compress = await time(async () => {
        const payloads = [];
        for (const message of messages) payloads.push(await call(server, "compress", message));
        rounds.push(payloads);
    });
    const decompress = await time(async (i) => {
        for (const payload of rounds[i]) await call(client, "decompress", payload);
    });
    console.log(...[compress, decompress, bytes.shift()].map(Math.round));
}
