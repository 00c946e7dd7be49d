// The HTTP/2 server in C with clients that open WebSockets over HTTP/2: headless Chromium,
// undici, and the http2 module of Node.
import assert from "node:assert/strict";
import http2 from "node:http2";
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { after, before, beforeEach, describe, test } from "node:test";
import { Agent, WebSocket as UndiciSocket } from "undici";
import { startChromium } from "./browsers.js";
import { start } from "./server.js";

let server;
before(async () => {
  server = await start("h2_server", ["--verbose", "--compress-from", "0"]);
});
after(async () => {
  assert.equal(await server.stop(), 0);
});
beforeEach(() => {
  server.log.length = 0;
});

// Waits until the server has written a line.
async function logged(pattern) {
  while (!server.log.some((line) => pattern.test(line))) await setTimeout(10);
}

// The streams, as "connection stream", of the WebSockets that the server accepted.
function acceptedStreams() {
  const streams = new Map();
  for (const line of server.log) {
    const added = line.match(/^(#\d+) connected from (\S+), HTTP\/2 stream (\d+)$/);
    if (added) streams.set(added[1], `${added[2]} ${added[3]}`);
  }
  return server.log
    .map((line) => line.match(/^(#\d+) responded with 200: CONNECT /))
    .filter((match) => match)
    .map((match) => streams.get(match[1]));
}

describe("Chromium", () => {
  let browser, page, cdp;
  const created = new Map(); // what the DevTools protocol reports of WebSockets
  before(async () => {
    browser = await startChromium(
      { acceptInsecureCerts: true },
      "--disable-quic",
      "--ignore-certificate-errors",
    );
    page = await browser.newPage();
    cdp = await page.createCDPSession();
    await cdp.send("Network.enable");
    cdp.on("Network.webSocketHandshakeResponseReceived", ({ requestId, response }) =>
      created.set(requestId, response),
    );
    await page.goto(server.http);
    await logged(/responded with 200: CONNECT /);
  });
  after(async () => {
    await browser.close();
  });

  test("the page comes over HTTP/2, and its WebSocket echoes", async () => {
    await page.reload();
    await page.waitForSelector("button:enabled");
    await page.$eval("input", (input) => (input.value = "Grüße, 世界 🎉"));
    await page.click("button");
    await page.waitForFunction(() =>
      document.querySelector("pre").textContent.includes("received: Grüße, 世界 🎉"),
    );
    const text = await page.$eval("pre", (pre) => pre.textContent);
    assert.match(text, /^page: h2$/m);
    assert.match(text, /^open, extensions: permessage-deflate$/m);
    assert.equal(acceptedStreams().length, 1);
    const [response] = [...created.values()].slice(-1);
    assert.equal(response.status, 200); // over HTTP/1.1 it would be 101
  });

  test("several WebSockets share one connection", async () => {
    const seen = await page.evaluate(async (url) => {
      const open = async (protocols) => {
        const socket = new WebSocket(url, protocols);
        socket.binaryType = "arraybuffer";
        await new Promise((done, failed) => {
          socket.onopen = done;
          socket.onerror = () => failed(new Error("did not open"));
        });
        return socket;
      };
      const echo = (socket, message) =>
        new Promise((done) => {
          socket.onmessage = ({ data }) => done(data);
          socket.send(message);
        });
      const close = (socket, ...how) =>
        new Promise((done) => {
          socket.onclose = ({ code, reason, wasClean }) => done([code, reason, wasClean]);
          socket.close(...how);
        });
      const sockets = await Promise.all([open(["superchat", "chat"]), open([]), open([])]);
      const random = new Uint8Array(1 << 20);
      for (let i = 0; i < random.length; i += 65536)
        crypto.getRandomValues(random.subarray(i, i + 65536));
      const same = async (socket) => {
        const bytes = new Uint8Array(await echo(socket, random));
        return bytes.length === random.length && bytes.every((byte, i) => byte === random[i]);
      };
      return {
        protocols: sockets.map((socket) => socket.protocol),
        extensions: sockets.map((socket) => socket.extensions),
        texts: await Promise.all(sockets.map((socket, i) => echo(socket, `Grüße ${i}`))),
        again: await Promise.all(sockets.map((socket, i) => echo(socket, `Grüße ${i}`))),
        empty: await echo(sockets[0], ""),
        long: (await echo(sockets[1], "long ".repeat(1 << 20))).length,
        random: await Promise.all(sockets.map(same)),
        closes: [
          await close(sockets[0], 3000, "done ü"),
          await close(sockets[1]),
          await close(sockets[2], 1000),
        ],
      };
    }, server.ws);
    const three = (value) => [value, value, value];
    assert.deepEqual(seen, {
      protocols: ["chat", "", ""],
      extensions: three("permessage-deflate"),
      texts: ["Grüße 0", "Grüße 1", "Grüße 2"],
      again: ["Grüße 0", "Grüße 1", "Grüße 2"],
      empty: "",
      long: 5 << 20,
      random: three(true),
      closes: [
        [3000, "", true],
        [1005, "", true],
        [1000, "", true],
      ],
    });
    assert.ok(server.log.some((line) => line.endsWith(" closed by the peer: 3000 done ü")));
    const streams = acceptedStreams();
    assert.equal(new Set(streams).size, 3);
    assert.equal(new Set(streams.map((stream) => stream.split(" ")[0])).size, 1);
  });

  test("a message beyond the limit is reported with 1009", async () => {
    const code = await page.evaluate(
      (url) =>
        new Promise((done) => {
          const socket = new WebSocket(url);
          socket.onopen = () => socket.send(new Uint8Array((16 << 20) + 1));
          socket.onclose = (event) => done(event.code);
        }),
      server.ws,
    );
    assert.equal(code, 1009);
  });
});

test("undici echoes compressed messages and closes", async () => {
  const dispatcher = new Agent({ allowH2: true, connect: { rejectUnauthorized: false } });
  const socket = new UndiciSocket(server.ws, { dispatcher, protocols: ["superchat", "chat"] });
  socket.binaryType = "arraybuffer";
  const next = (type) =>
    new Promise((done, failed) => {
      socket.addEventListener(type, done, { once: true });
      socket.addEventListener("error", ({ error }) => failed(error), { once: true });
    });
  await next("open");
  assert.equal(socket.protocol, "chat");
  assert.equal(socket.extensions, "permessage-deflate");
  for (const message of ["Grüße, 世界 🎉", "", "x".repeat(300000)]) {
    socket.send(message);
    assert.equal((await next("message")).data, message);
  }
  socket.send(new Uint8Array(1 << 20).fill(7));
  const binary = new Uint8Array((await next("message")).data);
  assert.equal(binary.length, 1 << 20);
  assert.ok(binary.every((byte) => byte === 7));
  socket.close(3000, "done");
  assert.equal((await next("close")).code, 3000);
  assert.equal(acceptedStreams().length, 1);
  await dispatcher.destroy();
});

test("the server announces its settings and refuses other protocols", async () => {
  const session = http2.connect(server.http, { rejectUnauthorized: false });
  const [settings] = await once(session, "remoteSettings");
  assert.equal(settings.enableConnectProtocol, true);
  assert.equal(settings.maxConcurrentStreams, 100);
  const statusOf = async (fields) => {
    const request = session.request(
      {
        ":method": "CONNECT",
        ":protocol": "websocket",
        ":scheme": "https",
        ":path": "/",
        "sec-websocket-version": "13",
        ...fields,
      },
      { endStream: false },
    );
    const [response] = await once(request, "response");
    request.end();
    request.resume();
    await once(request, "close");
    return response[":status"];
  };
  assert.equal(await statusOf({ ":protocol": "connect-udp" }), 501);
  assert.equal(await statusOf({ "sec-websocket-version": "8" }), 400);
  session.close();
});
