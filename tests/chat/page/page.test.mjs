// The page in Chromium, from the server in C, and in Firefox, from the one in Python.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import {
  enter, fill, joined, messages, press, say, sees, shows, textsOf, until, write,
} from "./acts.mjs";
import { Stage, without } from "./stage.mjs";

describe("The page", { concurrency: true }, () => {
  const options = { concurrency: false, timeout: 240_000 }; // of all tests in a browser
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

  const withoutRedis = (action) => without(stage.redis, action);

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

  test("thousands of messages and members are shown in time, the last of them", async () => {
    const page = await open();
    await enter(page, "Ada", "many");
    const seconds = await page.evaluate(async () => {
      const log = document.getElementById("log");
      const start = performance.now();
      const members = new Map();
      for (let n = 1; n <= 5000; n++) {
        const detail = { id: `${n}-0`, client: `client-${n}`, seq: 1, name: "Bob", text: `${n}` };
        members.set(detail.client, `Bob ${n}`);
        chat.dispatchEvent(new CustomEvent("message", { detail }));
        chat.dispatchEvent(new CustomEvent("members", { detail: members }));
      }
      while (!log.lastElementChild?.textContent.endsWith("5000"))
        await new Promise((done) => { setTimeout(done, 10); });
      return (performance.now() - start) / 1000;
    });
    assert.ok(seconds < 10, `${seconds} s`);
    assert.equal((await messages(page)).length, 2000);
    assert.equal((await textsOf(page, "#members li")).at(-1), "and 4800 others");
    assert.deepEqual(await textsOf(page, "#count"), ["5000"]);
  });

  test("names and texts of any direction stay where they are", async () => {
    const page = await open();
    await enter(page, "\u202eAda", "bidi");
    await say(page, "\u202etext");
    await sees(page, "\u202etext");
    for (const selector of ["#log .message b", "#log .message p", "#members li"]) {
      const bidi = await page.$eval(selector, (node) => getComputedStyle(node).unicodeBidi);
      assert.equal(bidi, "plaintext");
    }
  });

  test("messages that wait have a limit", async () => {
    const page = await open();
    await enter(page, "Ada", "waiting");
    const refused = await page.evaluate(() => {
      ChatClient.MOST_PENDING = 3;
      try {
        for (let n = 1; n < 10; n++) chat.say(`${n}`);
      } catch (error) {
        return [error.name, chat.pending.length];
      }
    });
    assert.deepEqual(refused, ["RangeError", 3]);
  });

  test("only ports of its own host are servers of a page", async () => {
    const page = await open();
    for (const servers of ["evil.example", "1,evil.example:2", "wss://evil.example/chat", ""]) {
      const own = `http://127.0.0.1:${server.port}/?servers=${encodeURIComponent(servers)}`;
      const found = await page.evaluate((own) => serversOf(new URL(own)), own);
      assert.deepEqual(found, [`ws://127.0.0.1:${server.port}/chat`]);
    }
  });

  test("a page that is online again stays if its server answers, or else goes on", async () => {
    const other = await stage.server(language, "other");
    const page = await stage.page(browser, server, other);
    await enter(page, "Ada", "online");
    await say(page, "Before");
    await sees(page, "Before");
    await page.evaluate(() => { dispatchEvent(new Event("online")); });
    await joined(page, server);
    await without(server.child, async () => {
      await page.evaluate(() => {
        ChatClient.PATIENCE = 1;
        dispatchEvent(new Event("online"));
      });
      await joined(page, other);
    });
    await say(page, "After");
    await sees(page, "After");
    assert.deepEqual(await messages(page), ["Before", "After"]);
  });
}
