// The C echo server with headless Chromium as the client.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { startServer } from "./server.js";

let server, browser, page;
before(async () => {
  server = await startServer();
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
  page = await browser.newPage();
  await page.goto(server.http); // so that the page has an origin
});
after(async () => {
  await browser.close();
  await server.stop();
});

test("the response to a plain GET is shown as a page", async () => {
  assert.equal((await page.textContent("body")).trim(), "Hello, World!");
});

test("compressed messages of a browser are echoed", async () => {
  const seen = await page.evaluate(async (url) => {
    const socket = new WebSocket(url, ["superchat", "chat"]);
    socket.binaryType = "arraybuffer";
    const next = (type) =>
      new Promise((done) => socket.addEventListener(type, done, { once: true }));
    await next("open");
    const echo = async (message) => {
      socket.send(message);
      return (await next("message")).data;
    };
    const text = await echo("Grüße, 世界 🎉");
    const empty = await echo("");
    const binary = new Uint8Array(await echo(new Uint8Array(1 << 20).fill(7)));
    socket.close(3000, "done");
    const { code, wasClean } = await next("close");
    const { protocol, extensions } = socket;
    const sevens = binary.every((byte) => byte === 7);
    return { text, empty, length: binary.length, sevens, code, wasClean, protocol, extensions };
  }, server.ws);
  assert.deepEqual(seen, {
    text: "Grüße, 世界 🎉",
    empty: "",
    length: 1 << 20,
    sevens: true,
    code: 3000,
    wasClean: true,
    protocol: "chat",
    extensions: "permessage-deflate",
  });
});
