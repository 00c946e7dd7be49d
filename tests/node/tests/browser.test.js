// The C echo server with headless Chromium and Firefox as clients.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startChromium, startFirefox } from "./browsers.js";
import { startServer } from "./server.js";

describe("Chromium", () => testEchoes(startChromium));
describe("Firefox", () => testEchoes(startFirefox));

function testEchoes(start) {
  let server, browser, page;
  before(async () => {
    server = await startServer();
    browser = await start();
    page = await browser.newPage();
    await page.goto(server.http); // so that the page has an origin
  });
  after(async () => {
    await browser.close();
    await server.stop();
  });

  test("the response to a plain GET is shown as a page", async () => {
    assert.equal(await page.$eval("body", (body) => body.textContent.trim()), "Hello, World!");
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
}
