// The page that echo_server serves at /demo, in headless Chromium and Firefox.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { startChromium, startFirefox } from "./browsers.js";
import { startServer } from "./server.js";

// Each prefers dark pages.
async function startDarkChromium() {
  const browser = await startChromium();
  const page = await browser.newPage();
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]);
  return { browser, page };
}

async function startDarkFirefox() {
  const browser = await startFirefox({ "layout.css.prefers-color-scheme.content-override": 0 });
  return { browser, page: await browser.newPage() };
}

describe("Chromium", { timeout: 120_000 }, () => testPage(startDarkChromium));
describe("Firefox", { timeout: 120_000 }, () => testPage(startDarkFirefox));

function testPage(start) {
  const errors = [];
  let folder, server, browser, page;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "wscodec-demo-"));
    server = await startServer();
    ({ browser, page } = await start());
    page.on("pageerror", (error) => errors.push(error.message));
    page.on("console", (line) => line.type() === "error" && errors.push(line.text()));
    await page.goto(`${server.http}/demo`);
    await connected();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const waitFor = (condition, ...values) =>
    page.waitForFunction(condition, { timeout: 20_000 }, ...values);
  const inState = (state) =>
    waitFor((state) => document.querySelector("#state").dataset.state === state, state);
  const connected = () => waitFor(() => !document.querySelector("#run").disabled);
  const textOf = (selector) => page.$eval(selector, (node) => node.textContent.trim());

  // The frames in the list, when there are `count` or more.
  async function rows(count) {
    await waitFor(
      (count) => document.querySelectorAll("#log .client, #log .server").length >= count,
      count,
    );
    return page.$$eval("#log .client, #log .server", (nodes) =>
      nodes.map((node) => ({
        from: node.className,
        opcode: node.querySelector(".opcode").textContent,
        flags: [...node.querySelectorAll(".flag")].map((flag) => flag.textContent),
        length: node.querySelector(".length").textContent,
        header: node.querySelector(".header")?.textContent ?? null,
        aside: node.querySelector(".aside")?.textContent ?? null,
        payload: node.querySelector(".payload").textContent,
      })),
    );
  }

  const clear = () => page.click("#clear");

  async function sendAs(kind, text) {
    await page.click(`input[value=${kind}]`);
    await page.$eval("#message", (node, text) => (node.value = text), text);
    await page.click("#send button[type=submit]");
  }

  test("it shows what was negotiated", async () => {
    assert.equal(await textOf("#subprotocol"), "chat");
    assert.equal(await textOf("#extensions"), "permessage-deflate");
    assert.equal(await textOf("#compression"), "of messages from 1,024 bytes on");
    assert.match(await textOf("#server"), /^wscodec \d+\.\d+\.\d+, messages of up to 16\.0 MiB$/);
    assert.equal(await textOf("#url"), `${server.ws}/`);
  });

  test("a text message is typed, sent with Enter, and shown in both directions", async () => {
    await clear();
    await page.focus("#message");
    await page.keyboard.type("Hello");
    await page.keyboard.press("Enter");
    const [sent, echo] = await rows(2);
    assert.match(echo.aside, /^\d+(\.\d+)? ms, identical$/);
    delete echo.aside;
    assert.deepEqual(sent, {
      from: "client",
      opcode: "text",
      flags: ["FIN?", "RSV1?", "masked"],
      length: "message of 5 bytes",
      header: null,
      aside: null,
      payload: '"Hello"',
    });
    assert.deepEqual(echo, {
      from: "server",
      opcode: "text",
      flags: ["FIN"],
      length: "5 bytes",
      header: "81 05",
      payload: '"Hello"',
    });
  });

  test("a long message is compressed by the server, and only its start is shown", async () => {
    await clear();
    await sendAs("text", "long ".repeat(400_000));
    const [, echo] = await rows(2);
    assert.match(echo.aside, /identical$/);
    assert.deepEqual(echo.flags, ["FIN", "RSV1"]);
    assert.equal(echo.length, "? bytes, inflated to 2,000,000");
    assert.equal(echo.header, "c1 ??");
    assert.equal(echo.payload, `"${"long ".repeat(32)}"...`);
  });

  test("a binary message is sent from hexadecimal digits", async () => {
    await clear();
    await sendAs("hex", "00 01 fe\nFF");
    const [, echo] = await rows(2);
    assert.equal(echo.header, "82 04");
    assert.equal(echo.payload, "00 01 fe ff");
    assert.match(echo.aside, /identical$/);
    await sendAs("hex", "00 0");
    assert.match(await textOf("#problem"), /^Binary needs hexadecimal bytes/);
    assert.equal((await rows(2)).length, 2);
  });

  test("a chosen file is sent as a binary message", async () => {
    await clear();
    const path = join(folder, "file.bin");
    await writeFile(path, Buffer.alloc(100_000, 7));
    await (await page.$("#file")).uploadFile(path);
    const [sent, echo] = await rows(2);
    assert.equal(sent.length, "message of 100,000 bytes");
    assert.equal(echo.opcode, "binary");
    assert.equal(echo.payload, `${Array(48).fill("07").join(" ")} ...`);
    assert.match(echo.aside, /identical$/);
  });

  const drop = (size) =>
    page.evaluate((size) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([new Uint8Array(size)], "dropped.bin"));
      const event = { dataTransfer, bubbles: true, cancelable: true };
      document.querySelector("#log").dispatchEvent(new DragEvent("drop", event));
    }, size);

  test("dropped files are sent, unless the server would refuse them", async () => {
    await clear();
    await drop(3);
    const [, echo] = await rows(2);
    assert.equal(echo.payload, "00 00 00");
    await drop((16 << 20) + 1);
    await waitFor(() =>
      document.querySelector("#problem").textContent.startsWith("dropped.bin has"),
    );
    assert.equal((await rows(2)).length, 2);
  });

  test("both plots move", async () => {
    for (const id of ["delays", "rates"]) {
      const before = await page.$eval(`#${id}`, (canvas) => canvas.toDataURL());
      await waitFor((id, before) => document.getElementById(id).toDataURL() !== before, id, before);
    }
    assert.match(await textOf("#median"), /^\d+(\.\d+)? ms$/);
  });

  test("a load shows its rate until it is stopped", async () => {
    const rate = () => Number(document.querySelector("#rate").textContent.replace(",", ""));
    await page.click("#run");
    await waitFor(`(${rate})() > 200`);
    assert.equal(await textOf("#run"), "Stop");
    await page.click("#run");
    assert.equal(await textOf("#run"), "Start");
    await waitFor(`(${rate})() < 20`);
  });

  test("the list keeps the last 200 entries", async () => {
    await clear();
    await page.click("input[value=text]");
    await page.evaluate(() => {
      for (let i = 0; i < 150; i++) {
        document.querySelector("#message").value = `number ${i}`;
        document.querySelector("#send").requestSubmit();
      }
    });
    await waitFor(() =>
      document.querySelector("#log").lastElementChild?.textContent.includes("number 149"),
    );
    const all = await rows(200);
    assert.equal(all.length, 200);
    assert.equal(all.at(-1).from, "server");
  });

  test("the list keeps its place at the end, and so does a reader who scrolled up", async () => {
    const place = () =>
      page.$eval("#log", (log) => log.scrollHeight - log.clientHeight - log.scrollTop);
    assert.ok((await place()) < 8);
    await page.$eval("#log", (log) => log.scrollTo(0, 0));
    await sendAs("text", "the last one");
    await waitFor(() => document.querySelector("#log").textContent.includes("the last one"));
    assert.ok((await place()) > 100);
  });

  test("other subprotocols are offered after a click, and invalid ones are refused", async () => {
    const offer = (value) =>
      page.$eval(
        "#offered",
        (node, value) => {
          node.value = value;
          node.form.requestSubmit();
        },
        value,
      );
    await offer("superchat");
    await waitFor(() => document.querySelector("#subprotocol").textContent === "superchat");
    await offer("superchat, superchat");
    assert.notEqual(await textOf("#problem"), "");
    assert.equal(await textOf("#state"), "Connected");
    await clear();
    await sendAs("text", "still here");
    assert.match((await rows(2))[1].aside, /identical$/);
    await offer("");
    await waitFor(() => document.querySelector("#subprotocol").textContent === "none");
  });

  test("closing shows both close frames", async () => {
    await connected();
    await clear();
    await page.click("#connect");
    assert.equal(await textOf("#state"), "Disconnected");
    const [sent, answer] = await rows(2);
    assert.deepEqual(
      [sent, answer].map(({ opcode, flags, header, payload }) => ({
        opcode,
        flags,
        header,
        payload,
      })),
      [
        {
          opcode: "close",
          flags: ["FIN", "masked"],
          header: "88 82 ?? ?? ?? ??",
          payload: "1000",
        },
        { opcode: "close", flags: ["FIN"], header: "88 02", payload: "1000" },
      ],
    );
    await page.click("#connect");
    await connected();
  });

  async function restart(...options) {
    await clear();
    const { port } = new URL(server.http);
    await server.stop();
    await inState("waiting");
    assert.equal((await rows(1))[0].payload, "1001");
    assert.equal(await page.$eval("#run", (button) => button.disabled), true);
    await waitFor(() => /^in \d+\.\d s$/.test(document.querySelector("#countdown").textContent));
    server = await startServer("--port", port, ...options);
    await connected();
    await clear();
  }

  test("it reconnects when the server has restarted, and learns its new settings", async () => {
    await restart("--compress-from", "10");
    assert.equal(await textOf("#compression"), "of messages from 10 bytes on");
    await sendAs("text", "0123456789");
    assert.equal((await rows(2))[1].header, "c1 ??");
    await restart("--no-compression");
    assert.equal(await textOf("#compression"), "none");
    await sendAs("text", "x".repeat(2000));
    const [sent, echo] = await rows(2);
    assert.deepEqual(sent.flags, ["FIN?", "masked"]);
    assert.equal(echo.header, "81 7e 07 d0");
  });

  test("it is dark for those who prefer that", async () => {
    const [ground, text] = await page.$eval("body", (body) =>
      ["backgroundColor", "color"].map((name) =>
        getComputedStyle(body)
          [name].match(/\d+/g)
          .reduce((sum, part) => sum + Number(part), 0),
      ),
    );
    assert.ok(ground < 3 * 64, `${ground}`);
    assert.ok(text > 3 * 192, `${text}`);
  });

  test("nothing is wider than a screen of 360 pixels", async () => {
    await sendAs("text", "x".repeat(500));
    await page.setViewport({ width: 360, height: 740 });
    await page.$eval("details", (details) => (details.open = true));
    const { scrollWidth, clientWidth } = await page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      return { scrollWidth, clientWidth };
    });
    assert.equal(scrollWidth, clientWidth);
    assert.ok(clientWidth > 330 && clientWidth <= 360, `${clientWidth}`);
  });

  test("every control has a name, and Tab reaches all", async () => {
    const controls = "button, input:not([hidden]), select, textarea, #log, summary";
    const nameless = await page.$$eval(controls, (nodes) =>
      nodes
        .filter((node) => {
          const labels = [...(node.labels ?? [])].map((label) => label.textContent).join("");
          const named = document.getElementById(node.getAttribute("aria-labelledby"));
          return !(labels || named?.textContent || node.textContent).trim();
        })
        .map((node) => node.outerHTML),
    );
    assert.deepEqual(nameless, []);
    await page.focus("#connect");
    const reached = new Set();
    for (let i = 0; i < 20; i++) {
      await page.keyboard.press("Tab");
      reached.add(
        await page.evaluate(() => document.activeElement.id || document.activeElement.localName),
      );
    }
    for (const id of ["message", "choose", "offered", "probe", "depth", "size", "run"])
      assert.ok(reached.has(id), id);
    for (const id of ["clear", "log", "summary"]) assert.ok(reached.has(id), id);
  });

  test("everything comes from the server, without an error", async () => {
    const names = await page.evaluate(() =>
      performance.getEntriesByType("resource").map(({ name }) => name),
    );
    const foreign = names.filter((name) => !/^(http|ws):\/\/127\.0\.0\.1:/.test(name));
    assert.deepEqual(foreign, []);
    assert.equal(await page.evaluate(() => crossOriginIsolated), true);
    // While the server restarted, connecting failed.
    const unexpected = errors.filter(
      (text) => !/WebSocket connection to|can.t establish/.test(text),
    );
    assert.deepEqual(unexpected, []);
  });
}
