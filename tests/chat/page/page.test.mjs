// The page in headless Chromium, with two processes of the server in Python.
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { Stage, enter, joined, say, sees, texts } from "./stage.mjs";

const FAST = ["--drain-delay", "0", "--drain-seconds", "0"];

let stage, one, two;
before(async () => {
  stage = await Stage.open();
  one = await stage.server("one");
  two = await stage.server("two");
});
after(() => stage.close());

test("what a page says, a page on another process sees", async () => {
  const ada = await stage.page([one, two]);
  const bob = await stage.page([two, one]);
  await enter(ada, "Ada", "both");
  await enter(bob, "Bob", "both");
  await joined(ada, "one");
  await joined(bob, "two");
  await say(ada, "Hello, Bob");
  await sees(bob, "Hello, Bob");
  await say(bob, "Hello, Ada");
  await sees(ada, "Hello, Ada");
  assert.deepEqual(await texts(ada), await texts(bob));
  assert.deepEqual(await ada.locator("#members li").allTextContents(), ["Ada (you)", "Bob"]);
  await bob.close();
  await ada.locator("#count", { hasText: /^1$/ }).waitFor();
});

test("a message is pending until it is stored", async () => {
  const page = await stage.page([one]);
  await enter(page, "Ada", "pending");
  stage.redis.kill("SIGSTOP");
  try {
    await say(page, "Soon");
    await page.locator("#pending .message", { hasText: "sending" }).waitFor();
    await page.locator("#pending .message", { hasText: "waiting" }).waitFor();
    assert.deepEqual(await texts(page), []);
  } finally {
    stage.redis.kill("SIGCONT");
  }
  await sees(page, "Soon");
  assert.equal(await page.locator("#pending li").count(), 0);
});

test("a page whose process is killed goes on elsewhere; nothing is lost or repeated", async () => {
  const mortal = await stage.server("mortal");
  const ada = await stage.page([mortal, two]);
  const bob = await stage.page([two]);
  await enter(ada, "Ada", "killed");
  await enter(bob, "Bob", "killed");
  const said = [];
  for (let number = 0; number < 12; number++) {
    for (const page of [ada, bob]) {
      said.push(`${number} of ${page === ada ? "Ada" : "Bob"}`);
      await say(page, said.at(-1));
    }
    if (number === 6) mortal.child.kill("SIGKILL");
  }
  await joined(ada, "two");
  for (const text of said) await Promise.all([sees(ada, text), sees(bob, text)]);
  const seen = await texts(ada);
  assert.deepEqual(seen, await texts(bob));
  assert.deepEqual([...seen].sort(), [...said].sort());
  const ofAda = (text) => text.endsWith("Ada");
  assert.deepEqual(seen.filter(ofAda), said.filter(ofAda));
});

test("a page whose process is drained goes on elsewhere at once", async () => {
  const leaving = await stage.server("leaving", ...FAST);
  const page = await stage.page([leaving, two]);
  await enter(page, "Ada", "drained");
  leaving.child.kill("SIGTERM");
  await joined(page, "two");
  const [code] = await once(leaving.child, "exit");
  assert.equal(code, 0);
});

test("more messages than the rate allows arrive in order", async () => {
  const page = await stage.page([one]);
  await enter(page, "Ada", "rate");
  const said = Array.from({ length: 30 }, (_, number) => `Message ${number}`);
  for (const text of said) await say(page, text);
  await sees(page, said.at(-1));
  assert.deepEqual(await texts(page), said);
});

test("text and names are never read as HTML", async () => {
  const page = await stage.page([one]);
  const html = '<img src="data:," onerror="document.title = 1">';
  await enter(page, "<b>Ada</b>", "html");
  await say(page, html);
  await sees(page, html);
  assert.equal(await page.locator("#room img, #room b b, #members b").count(), 0);
  assert.deepEqual(await page.locator("#members li").allTextContents(), ["<b>Ada</b> (you)"]);
});

test("a page that is loaded again is the same client, and says what was pending", async () => {
  const page = await stage.page([one]);
  await enter(page, "Ada", "reload");
  const client = await page.evaluate(() => chat.client);
  stage.redis.kill("SIGSTOP");
  try {
    await say(page, "Before");
    await page.reload();
    await page.locator("#pending .message", { hasText: "Before" }).waitFor();
  } finally {
    stage.redis.kill("SIGCONT");
  }
  await sees(page, "Before");
  assert.equal(await page.evaluate(() => chat.client), client);
  assert.deepEqual(await texts(page), ["Before"]);
});

test("a tab that is duplicated is another client", async () => {
  const page = await stage.page([one]);
  await enter(page, "Ada", "copy");
  const opened = page.waitForEvent("popup");
  await page.evaluate(() => { window.open(location.href); }); // copies the storage
  const copy = await opened;
  await copy.waitForFunction(() => typeof chat === "object");
  assert.notEqual(await copy.evaluate(() => chat.client), await page.evaluate(() => chat.client));
});

test("messages that arrive while one reads earlier ones are counted", async () => {
  const ada = await stage.page([one]);
  const bob = await stage.page([one]);
  await enter(ada, "Ada", "unread");
  await enter(bob, "Bob", "unread");
  await ada.waitForTimeout(1100); // the history is over
  await say(bob, "line\n".repeat(80));
  await ada.locator("#log .message").first().waitFor();
  await ada.locator("#scroll").evaluate((each) => { each.scrollTop = 0; });
  await say(bob, "Below");
  await ada.getByRole("button", { name: "1 new message" }).click();
  await ada.locator("#unread").waitFor({ state: "hidden" });
  assert.equal(await ada.title(), "unread – Chat");
});

test("a message that is too long is not sent, and the page says why", async () => {
  const page = await stage.page([one]);
  await enter(page, "Ada", "long");
  await say(page, "x".repeat(2001));
  await page.getByRole("alert").getByText("2,000 characters").waitFor();
  await say(page, "𝒳".repeat(2000));
  await sees(page, "𝒳".repeat(2000));
});

test("another room begins with its own messages", async () => {
  const page = await stage.page([one]);
  await enter(page, "Ada", "first");
  await say(page, "In the first");
  await sees(page, "In the first");
  await page.getByRole("button", { name: "Change room" }).click();
  await page.getByLabel("Room").fill("second");
  await page.keyboard.press("Enter");
  await page.locator("#title", { hasText: "second" }).waitFor();
  await say(page, "In the second");
  await sees(page, "In the second");
  assert.deepEqual(await texts(page), ["In the second"]);
});

async function screenshot(page, name) {
  const folder = process.env.CHAT_SCREENSHOTS;
  if (folder) await page.screenshot({ path: `${folder}/${name}.png` });
}

test("a page that is not connected says so, and when it connects again", async () => {
  const gone = await stage.server("gone");
  const page = await stage.page([gone], { width: 360, height: 640 });
  await enter(page, "Ada", "gone");
  gone.child.kill("SIGKILL");
  await page.locator("#state", { hasText: "Connection lost" }).waitFor();
  await page.locator("#wait", { hasText: `127.0.0.1:${gone.port} in` }).waitFor();
  await say(page, "Later");
  await page.locator("#pending .message", { hasText: "waiting" }).waitFor();
  await screenshot(page, "gone");
  await page.getByRole("button", { name: "Reconnect now" }).click();
  await page.locator("#state", { hasText: "Connect" }).waitFor();
});

for (const [width, height] of [[1280, 800], [360, 640]]) {
  for (const scheme of ["light", "dark"]) {
    test(`nothing overflows at ${width} px, ${scheme}`, async () => {
      const room = `looks-${width}-${scheme}`;
      const page = await stage.page([one, two], { width, height }, scheme);
      const shot = (name) => screenshot(page, `${name}-${width}-${scheme}`);
      await page.getByLabel("Your name").waitFor();
      await shot("entry");
      const other = await stage.page([two]);
      await enter(other, "Grace Hopper-with-a-name-that-is", room);
      await enter(page, "Ada", room);
      await say(other, "The other process says hello.");
      await say(other, `A long word: ${"wide".repeat(60)}`);
      await sees(page, "The other process says hello.");
      await say(page, "Two lines\nof my own.");
      await sees(page, "Two lines\nof my own.");
      await shot("room");
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= width, `${wide} px`);
    });
  }
}
