// The page in Chromium, from the server in C, and in Firefox, from the one in Python.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import {
  enter, fill, messages, press, say, sees, shows, textsOf, until, write,
} from "./acts.mjs";
import { Stage } from "./stage.mjs";

describe("The page", { concurrency: true }, () => {
  const options = { concurrency: false, timeout: 60_000 };
  describe("in Chromium", options, () => testPage("chromium", "C"));
  describe("in Firefox", options, () => testPage("firefox", "Python"));
});

function testPage(browser, language) {
  let stage, server;
  before(async () => {
    stage = await Stage.open(browser);
    server = await stage.server(language, "one");
  });
  afterEach(() => stage?.closePages());
  after(() => stage?.close());

  const open = (from = server) => stage.page(browser, from);

  /** Redis answers nothing meanwhile. */
  async function withoutRedis(action) {
    stage.redis.kill("SIGSTOP");
    try {
      await action();
    } finally {
      stage.redis.kill("SIGCONT");
    }
  }

  test("a message is pending until it is stored", async () => {
    const page = await open();
    await enter(page, "Ada", "pending");
    await withoutRedis(async () => {
      await say(page, "Soon");
      await shows(page, "#pending .message", "sending");
      await shows(page, "#pending .message", "waiting");
      assert.deepEqual(await messages(page), []);
    });
    await sees(page, "Soon");
    assert.deepEqual(await textsOf(page, "#pending li"), []);
  });

  test("more messages than the rate allows arrive in order", async () => {
    const page = await open();
    await enter(page, "Ada", "rate");
    const said = Array.from({ length: 30 }, (_, number) => `Message ${number}`);
    for (const text of said) await say(page, text);
    await sees(page, said.at(-1));
    assert.deepEqual(await messages(page), said);
  });

  test("text and names are never read as HTML", async () => {
    const page = await open();
    const html = '<img src="data:," onerror="document.title = 1">';
    await enter(page, "<b>Ada</b>", "html");
    await say(page, html);
    await sees(page, html);
    assert.equal((await page.$$("#room img, #room b b, #members b")).length, 0);
    assert.deepEqual(await textsOf(page, "#members li"), ["<b>Ada</b> (you)"]);
  });

  test("a page that is loaded again is the same client, and says what was pending", async () => {
    const page = await open();
    await enter(page, "Ada", "reload");
    const client = await page.evaluate("chat.client");
    await withoutRedis(async () => {
      await say(page, "Before");
      await page.reload();
      await shows(page, "#pending .message", "Before");
    });
    await sees(page, "Before");
    assert.equal(await page.evaluate("chat.client"), client);
    assert.deepEqual(await messages(page), ["Before"]);
  });

  test("a tab that is duplicated is another client", async () => {
    const page = await open();
    await enter(page, "Ada", "copy");
    const opened = new Promise((done) => page.once("popup", done));
    await page.evaluate(() => { window.open(location.href); }); // copies the storage
    const copy = await opened;
    await until(copy, "typeof chat === 'object'");
    assert.notEqual(await copy.evaluate("chat.client"), await page.evaluate("chat.client"));
  });

  test("messages that arrive while one reads earlier ones are counted", async () => {
    const ada = await open();
    const bob = await open();
    await enter(ada, "Ada", "unread");
    await enter(bob, "Bob", "unread");
    await until(ada, () => !document.querySelector("#log").hasAttribute("aria-busy"));
    const long = "line\n".repeat(80).trim();
    await say(bob, long);
    await sees(ada, long);
    await ada.$eval("#scroll", (node) => { node.scrollTop = 0; });
    await say(bob, "Below");
    await shows(ada, "#unread", "1 new message");
    assert.equal(await ada.title(), "(1) unread – Chat");
    await write(ada, "Some\nlines\nof\ntext");
    assert.ok(await ada.evaluate(() => {
      const [button, box] = ["unread", "say"].map((id) => document.getElementById(id));
      return button.getBoundingClientRect().bottom <= box.getBoundingClientRect().top;
    }), "the button covers the box");
    await press(ada, "1 new message");
    await until(ada, () => document.querySelector("#unread").hidden);
    assert.equal(await ada.title(), "unread – Chat");
  });

  test("a message that is too long is not sent, and the page says why", async () => {
    const page = await open();
    await enter(page, "Ada", "long");
    await say(page, "x".repeat(2001));
    await shows(page, "[role=alert]", "2,000 characters");
    await say(page, "𝒳".repeat(2000));
    await sees(page, "𝒳".repeat(2000));
  });

  test("another room begins with its own messages", async () => {
    const page = await open();
    await enter(page, "Ada", "first");
    await say(page, "In the first");
    await sees(page, "In the first");
    await press(page, "Change room");
    await fill(page, "Room", "second");
    await page.keyboard.press("Enter");
    await shows(page, "#title", "second");
    await say(page, "In the second");
    await sees(page, "In the second");
    assert.deepEqual(await messages(page), ["In the second"]);
  });

  test("a page that is not connected says so, and when it connects again", async () => {
    const gone = await stage.server(language, "gone");
    const page = await open(gone);
    await enter(page, "Ada", "gone");
    gone.child.kill("SIGKILL");
    await shows(page, "#state", "Connection lost");
    await shows(page, "#wait", `127.0.0.1:${gone.port} in`);
    await say(page, "Later");
    await shows(page, "#pending .message", "waiting");
    await press(page, "Reconnect now");
    await shows(page, "#state", "Connect");
  });

  test("nothing overflows, however narrow the page", async () => {
    const page = await open();
    await enter(page, "Grace Hopper-with-a-name-that-is", "looks");
    const long = `A long word: ${"wide".repeat(60)}`;
    await say(page, long);
    await sees(page, long);
    for (const width of [1280, 768, 360]) {
      await page.setViewport({ width, height: 640 });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= width, `${wide} px of ${width} px`);
    }
  });
}
