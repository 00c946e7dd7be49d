// The C echo server, talked to by the npm package ws.
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

test("chooses the server's favourite among the subprotocols offered", async () => {
  const socket = await connect(["superchat", "chat", "other"]);
  assert.equal(socket.protocol, "chat");
  socket.close();
  await once(socket, "close");
});

test("echoes text and binary of every length form", async () => {
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

test("puts fragments together, with a ping between them", async () => {
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

test("answers a close with its code", async () => {
  const socket = await connect();
  socket.close(4321, "reason");
  const [code] = await once(socket, "close");
  assert.equal(code, 4321);
});

test("refuses a message above 16 MiB with 1009", async () => {
  const socket = await connect();
  socket.on("error", () => {}); // what is still to be sent meets a closed socket
  socket.send(Buffer.alloc((16 << 20) + 1));
  const [code] = await once(socket, "close");
  assert.equal(code, 1009);
});

test("says hello to curl", () => {
  const text = execFileSync("curl", ["-si", server.http], { encoding: "utf8" });
  assert.match(text, /^HTTP\/1\.1 200 OK\r\n/);
  assert.match(text, /\r\nContent-Type: text\/plain\r\n/);
  assert.match(text, /\r\n\r\nHello, World!\n$/);
  const head = execFileSync("curl", ["-sI", server.http], { encoding: "utf8" });
  assert.match(head, /\r\nContent-Length: 14\r\n/);
  assert.match(head, /\r\n\r\n$/);
});

test("says goodbye with 1001 when told to stop", async () => {
  const other = await startServer();
  const socket = new WebSocket(other.ws);
  await once(socket, "open");
  const closed = once(socket, "close");
  assert.equal(await other.stop(), 0);
  assert.equal((await closed)[0], 1001);
});

test("listens on IPv6", async () => {
  const other = await startServer("--host", "::1");
  assert.match(other.http, /^http:\/\/\[::1\]:\d+$/);
  const socket = new WebSocket(other.ws);
  await once(socket, "open");
  assert.equal(await echo(socket, "over IPv6"), "over IPv6");
  socket.close();
  await once(socket, "close");
  await other.stop();
});
