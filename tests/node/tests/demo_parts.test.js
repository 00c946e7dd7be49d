// The modules of the page at /demo without a browser. What it tells of the server's frames is
// compared with the frames.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { test } from "node:test";
import { startServer } from "./server.js";

const folder = new URL("../../../examples-c/demo/", import.meta.url);

// As a module, whatever the package that the folder belongs to.
async function load(name) {
  const source = await readFile(new URL(name, folder), "base64");
  return import(`data:text/javascript;base64,${source}`);
}

const { equal, parseHex } = await load("bytes.js");
const { backoff } = await load("connection.js");
const { closeFrame, excerpt, receivedFrame, sentFrame } = await load("frames.js");
const { Rate, Times } = await load("times.js");

const HEAD = [
  "GET / HTTP/1.1",
  "Host: localhost",
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Extensions: permessage-deflate",
  "\r\n",
].join("\r\n");

// A client that sees frames.
class RawClient {
  #bytes = Buffer.alloc(0);

  static async open(url) {
    const client = new RawClient();
    client.socket = connect(Number(new URL(url).port), "127.0.0.1");
    client.socket.on("data", (data) => {
      client.#bytes = Buffer.concat([client.#bytes, data]);
      client.socket.emit("more");
    });
    client.socket.write(HEAD);
    while (!client.#bytes.includes("\r\n\r\n")) await once(client.socket, "more");
    client.#bytes = client.#bytes.subarray(client.#bytes.indexOf("\r\n\r\n") + 4);
    return client;
  }

  // With a masking key of zeros.
  send(opcode, payload) {
    const { length } = payload;
    const start = [0x80 | opcode, 0x80 | (length < 126 ? length : length < 65_536 ? 126 : 127)];
    const size = Buffer.alloc(8);
    size.writeBigUInt64BE(BigInt(length));
    const digits = size.subarray(length < 126 ? 8 : length < 65_536 ? 6 : 0);
    this.socket.write(Buffer.concat([Buffer.from(start), digits, Buffer.alloc(4), payload]));
  }

  async #take(count) {
    while (this.#bytes.length < count) await once(this.socket, "more");
    const taken = this.#bytes.subarray(0, count);
    this.#bytes = this.#bytes.subarray(count);
    return taken;
  }

  // Returns the header of the next frame, and the length of its payload.
  async frame() {
    const start = await this.#take(2);
    const size = { 126: 2, 127: 8 }[start[1]] ?? 0;
    const rest = await this.#take(size);
    const length = size === 0 ? start[1] : Number(BigInt(`0x${rest.toString("hex")}`));
    await this.#take(length);
    return { header: [...start, ...rest], length };
  }
}

const SIZES = [0, 1, 125, 126, 1023, 1024, 65_535, 65_536, 200_000];

const MODES = [
  { options: [], compressFrom: 1024 },
  { options: ["--compress-from", "0"], compressFrom: 0 },
  { options: ["--no-compression"], compressFrom: Infinity },
];

for (const { options, compressFrom } of MODES)
  test(`frames of the server are as the page tells: ${["echo_server", ...options].join(" ")}`, async () => {
    const server = await startServer(...options);
    const client = await RawClient.open(server.http);
    for (const size of SIZES)
      for (const data of ["x".repeat(size), new Uint8Array(size).buffer]) {
        const told = receivedFrame(data, compressFrom);
        client.send(typeof data === "string" ? 1 : 2, Buffer.from(data));
        const { header, length } = await client.frame();
        assert.equal(told.opcode, [, "text", "binary"][header[0] & 15]);
        const flags = {
          FIN: header[0] >= 0x80,
          RSV1: (header[0] & 0x40) !== 0,
          masked: header[1] >= 0x80,
        };
        assert.deepEqual(told.flags, flags);
        assert.equal(told.length, size);
        assert.equal(told.wire, flags.RSV1 ? null : length);
        assert.deepEqual(told.header, flags.RSV1 ? [header[0], null] : header);
      }
    client.send(8, Buffer.from([0x03, 0xe8]));
    const { header, length } = await client.frame();
    const told = closeFrame("server", 1000, "");
    assert.deepEqual([told.header, told.length], [header, length]);
    client.socket.destroy();
    await server.stop();
  });

test("a browser decides on fragments, and on compression if it was agreed", () => {
  assert.deepEqual(sentFrame("ä", 1024).flags, { FIN: null, RSV1: null, masked: true });
  assert.deepEqual(sentFrame("ä", Infinity).flags, { FIN: null, RSV1: false, masked: true });
  assert.equal(sentFrame("ä", 1024).length, 2);
  assert.equal(sentFrame("ä", 1024).header, null);
});

test("an excerpt is short, has no control characters, and cuts no character", () => {
  assert.equal(excerpt("a\nb\u202ec\u007f"), '"a\\u{a}b\\u{202e}c\\u{7f}"');
  assert.equal(excerpt(`${"x".repeat(159)}🎉`), `"${"x".repeat(159)}"...`);
  assert.equal(excerpt("x".repeat(160)), `"${"x".repeat(160)}"`);
  assert.equal(excerpt(new Uint8Array([0, 255]).buffer), "00 ff");
  assert.equal(excerpt(new Uint8Array(49).buffer).slice(-6), "00 ...");
});

test("a close frame shows its code and reason, if it has them", () => {
  assert.equal(closeFrame("server", 1001, "bye").payload, '1001 "bye"');
  assert.deepEqual(closeFrame("server", 1005, "").header, [0x88, 0]);
  assert.equal(closeFrame("server", 1005, "").payload, "");
});

test("binary messages are typed as pairs of hexadecimal digits", () => {
  assert.deepEqual(new Uint8Array(parseHex(" 00fF\n7 f ")), new Uint8Array([0, 255, 127]));
  assert.equal(parseHex("").byteLength, 0);
  for (const text of ["0", "0g", "0x00", "-1", "ä0"]) assert.equal(parseHex(text), null, text);
});

test("an echo is identical if it has the same type and bytes", () => {
  const bytes = (...values) => new Uint8Array(values).buffer;
  assert.ok(equal("a", "a") && equal(bytes(1, 2), bytes(1, 2)) && equal(bytes(), bytes()));
  assert.ok(!equal("a", "b") && !equal(bytes(1, 2), bytes(1, 3)) && !equal(bytes(1), bytes(1, 0)));
  assert.ok(!equal("", bytes()));
});

test("each attempt to reconnect waits longer, up to 10 s, and at least half of that", () => {
  assert.deepEqual(
    [0, 1, 2, 10, 2000].map((n) => backoff(n, 1)),
    [250, 500, 1000, 10_000, 10_000],
  );
  assert.deepEqual(
    [0, 1, 2, 10].map((n) => backoff(n, 0)),
    [125, 250, 500, 5000],
  );
});

test("the times are of the last 1000 echoes", () => {
  const times = new Times();
  assert.equal(times.summary(), null);
  times.add(7);
  assert.deepEqual(times.summary(), { last: 7, median: 7, slow: 7 });
  for (let i = 1; i <= 1000; i++) times.add(i);
  assert.deepEqual(times.summary(), { last: 1000, median: 500, slow: 990 });
});

test("a rate is over the time since the last call, a total over all", () => {
  const rate = new Rate();
  rate.perSecond(1000);
  rate.add(100);
  rate.add(300);
  assert.deepEqual(rate.perSecond(1500), { messages: 4, bytes: 800 });
  assert.deepEqual(rate.perSecond(2500), { messages: 0, bytes: 0 });
  assert.equal(rate.total, 2);
});
