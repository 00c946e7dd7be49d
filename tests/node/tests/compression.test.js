// permessage-deflate between the C programs and the npm package ws, as server and as client.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import WebSocket, { WebSocketServer } from "ws";
import { startServer } from "./server.js";

// Undefined leaves the choice to the peer; false would refuse its parameter.
const TERMS = [undefined, true].flatMap((serverNoContextTakeover) =>
  [undefined, true].map((clientNoContextTakeover) => ({
    serverNoContextTakeover,
    clientNoContextTakeover,
  })),
);
const BITS = [8, 9, 10, 11, 12, 13, 14, 15];
const SIZES = [0, 1, 2, 125, 126, 1023, 1024, 65535, 65536, 200_000];

// Zeros, repetitions within and beyond small windows, text, and random bytes.
function* messages(sizes = SIZES) {
  const random = randomBytes(Math.max(...sizes));
  for (const size of sizes) {
    yield Buffer.alloc(size);
    yield random.subarray(0, size);
    yield Buffer.alloc(size, random.subarray(0, 3000));
    yield "Grüße, 世界 🎉 ".repeat(size / 14);
    yield random.subarray(0, size / 2).toString("hex");
  }
}

// The C echo server

const MODES = {
  default: [],
  "everything, with context takeover": ["--compress-from", "0", "--context-takeover"],
};
const servers = {};
before(async () => {
  for (const mode in MODES) servers[mode] = await startServer(...MODES[mode]);
});
after(() => Promise.all(Object.values(servers).map((server) => server.stop())));

async function connect(url, perMessageDeflate) {
  const socket = new WebSocket(url, { perMessageDeflate });
  const opened = once(socket, "open");
  const [response] = await once(socket, "upgrade");
  await opened;
  return { socket, agreed: response.headers["sec-websocket-extensions"] ?? "" };
}

async function echo(socket, message) {
  socket.send(message);
  const [data, isBinary] = await once(socket, "message");
  assert.equal(isBinary, typeof message !== "string");
  assert.ok(data.equals(Buffer.from(message)));
}

for (const mode in MODES) {
  test(`a ws client is echoed with every window and takeover mode: ${mode}`, async () => {
    const offers = BITS.flatMap((bits) => [
      ...TERMS.map((terms) => ({ ...terms, serverMaxWindowBits: bits })),
      { clientMaxWindowBits: bits },
    ]);
    for (const offer of [true, ...offers]) {
      const { socket, agreed } = await connect(servers[mode].ws, { ...offer, threshold: 0 });
      assert.match(agreed, /^permessage-deflate/);
      if (offer.serverMaxWindowBits)
        assert.ok(agreed.includes(`server_max_window_bits=${offer.serverMaxWindowBits}`));
      const resets = offer.serverNoContextTakeover === true; // confirmed only if it was offered
      assert.equal(agreed.includes("server_no_context_takeover"), resets);
      for (const message of messages([0, 1, 1024, 70_000])) await echo(socket, message);
      socket.close(1000);
      assert.equal((await once(socket, "close"))[0], 1000);
    }
  });

  test(`messages of all sizes, whole and in fragments, are echoed: ${mode}`, async () => {
    const { socket } = await connect(servers[mode].ws, { threshold: 0 });
    for (const message of messages([...SIZES, 3 << 20])) await echo(socket, message);
    for (const message of messages()) {
      const whole = Buffer.concat([Buffer.from(message), Buffer.from(message)]);
      const binary = typeof message !== "string";
      const echoed = once(socket, "message");
      socket.send(message, { fin: false, binary });
      socket.send(message, { fin: true, binary });
      assert.ok((await echoed)[0].equals(whole));
    }
    socket.close();
    await once(socket, "close");
  });
}

test("messages of a ws client without compression are echoed", async () => {
  const { socket, agreed } = await connect(servers.default.ws, false);
  assert.equal(agreed, "");
  for (const message of messages()) await echo(socket, message);
  socket.close();
  await once(socket, "close");
});

test("a message that decompresses to 64 MiB is refused with 1009", async () => {
  const { socket } = await connect(servers.default.ws, { threshold: 0 });
  socket.on("error", () => {}); // the rest is sent to a closed socket
  socket.send(Buffer.alloc(64 << 20));
  assert.equal((await once(socket, "close"))[0], 1009);
});

// wscat

const program = fileURLToPath(new URL("../../../target/tools/wscat", import.meta.url));

// Runs it with a ws server that echoes, and returns the extensions agreed on and the output.
async function visit(perMessageDeflate, options, input) {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate });
  await once(server, "listening");
  let agreed = "";
  server.on("headers", (lines) => {
    const line = lines.find((line) => line.startsWith("Sec-WebSocket-Extensions: "));
    agreed = line?.split(": ")[1] ?? "";
  });
  server.on("connection", (socket) => {
    socket.on("message", (data, binary) => socket.send(data, { binary }));
  });
  const url = `ws://127.0.0.1:${server.address().port}/`;
  const client = spawn(program, [...options, url], { stdio: ["pipe", "pipe", "inherit"] });
  client.stdin.end(input);
  const [output, [code]] = await Promise.all([client.stdout.toArray(), once(client, "exit")]);
  server.close();
  assert.equal(code, 0);
  return { agreed, output: Buffer.concat(output) };
}

const text = Buffer.concat(
  [...messages()].flatMap((message) => [
    Buffer.from(typeof message === "string" ? message : message.toString("base64")),
    Buffer.from("\n"),
  ]),
);

for (const options of [[], ["--compress-from", "0", "--context-takeover"]]) {
  test(`the client works with every window and mode of ws: ${options.join(" ")}`, async () => {
    const limits = BITS.flatMap((bits) =>
      TERMS.map((terms) => ({ ...terms, serverMaxWindowBits: bits, clientMaxWindowBits: bits })),
    );
    for (const terms of [true, ...limits]) {
      const { agreed, output } = await visit({ ...terms, threshold: 0 }, options, text);
      assert.match(agreed, /^permessage-deflate/);
      for (const side of ["server", "client"]) {
        const bits = terms[`${side}MaxWindowBits`];
        assert.ok(!bits || agreed.includes(`${side}_max_window_bits=${bits}`));
        if (options.length === 0 || terms[`${side}NoContextTakeover`])
          assert.ok(agreed.includes(`${side}_no_context_takeover`));
      }
      assert.ok(output.equals(text));
    }
    const { agreed, output } = await visit(false, options, text);
    assert.equal(agreed, "");
    assert.ok(output.equals(text));
  });

  test(`the client sends and prints binary messages: ${options.join(" ")}`, async () => {
    const pmd = { threshold: 0, clientMaxWindowBits: 9 };
    const lines = [2, 70_000, 500_000].map((size) => randomBytes(size).map((byte) => byte | 0x80));
    const input = Buffer.concat(lines.flatMap((line) => [line, Buffer.from("\n")]));
    const { output } = await visit(pmd, [...options, "--binary"], input);
    assert.ok(output.equals(Buffer.concat(lines))); // binary is printed without newlines
  });
}

test("the client offers no compression with --no-compression", async () => {
  const { agreed, output } = await visit(true, ["--no-compression"], text);
  assert.equal(agreed, "");
  assert.ok(output.equals(text));
});
