// The C echo server with the npm package ws as the client.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { after, before, test } from "node:test";
import WebSocket from "ws";
import { startServer } from "./server.js";

let server;
before(async () => {
  server = await startServer();
});
after(() => server.stop());

async function connect(protocols = []) {
  const socket = new WebSocket(`${server.ws}/anything?at=all`, protocols);
  await once(socket, "open");
  return socket;
}

async function echo(socket, message) {
  socket.send(message);
  const [data, isBinary] = await once(socket, "message");
  return isBinary ? data : data.toString();
}

test("the first subprotocol of the server that was offered is chosen", async () => {
  const socket = await connect(["superchat", "chat", "other"]);
  assert.equal(socket.protocol, "chat");
  socket.close();
  await once(socket, "close");
});

test("text and binary messages of every length form are echoed", async () => {
  const socket = await connect();
  for (const length of [0, 1, 125, 126, 127, 65535, 65536, 1 << 20]) {
    const text = "ä".repeat(length / 2);
    assert.equal(await echo(socket, text), text);
    const binary = Buffer.alloc(length, 0xff);
    assert.ok(binary.equals(await echo(socket, binary)));
  }
  socket.close(1000, "bye");
  const [code] = await once(socket, "close");
  assert.equal(code, 1000);
});

test("fragments with a ping between them are echoed as one message", async () => {
  const socket = await connect();
  const pong = once(socket, "pong");
  const message = once(socket, "message");
  socket.send("one ", { fin: false });
  socket.ping("are you there");
  socket.send("two", { fin: true });
  assert.equal((await pong)[0].toString(), "are you there");
  assert.equal((await message)[0].toString(), "one two");
  socket.close();
  await once(socket, "close");
});

test("a close is echoed with its code", async () => {
  const socket = await connect();
  socket.close(4321, "reason");
  const [code] = await once(socket, "close");
  assert.equal(code, 4321);
});

test("a message above 16 MiB is refused with 1009", async () => {
  const socket = await connect();
  socket.on("error", () => {}); // the rest is sent to a closed socket
  socket.send(Buffer.alloc((16 << 20) + 1));
  const [code] = await once(socket, "close");
  assert.equal(code, 1009);
});

test("curl receives the response to a plain GET", () => {
  const text = execFileSync("curl", ["-si", server.http], { encoding: "utf8" });
  assert.match(text, /^HTTP\/1\.1 200 OK\r\n/);
  assert.match(text, /\r\nContent-Type: text\/plain\r\n/);
  assert.match(text, /\r\n\r\nHello, World!\n$/);
  const head = execFileSync("curl", ["-sI", server.http], { encoding: "utf8" });
  assert.match(head, /\r\nContent-Length: 14\r\n/);
  assert.match(head, /\r\n\r\n$/);
});

test("SIGTERM closes connections with 1001", async () => {
  const other = await startServer();
  const socket = new WebSocket(other.ws);
  await once(socket, "open");
  const closed = once(socket, "close");
  assert.equal(await other.stop(), 0);
  assert.equal((await closed)[0], 1001);
});

test("the server listens on IPv6", async () => {
  const other = await startServer("--host", "::1");
  assert.match(other.http, /^http:\/\/\[::1\]:\d+$/);
  const socket = new WebSocket(other.ws);
  await once(socket, "open");
  assert.equal(await echo(socket, "over IPv6"), "over IPv6");
  socket.close();
  await once(socket, "close");
  await other.stop();
});
