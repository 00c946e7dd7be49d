// Pages in two browsers, on servers in two languages: what is said on one is seen on the other, and
// a page whose server ends goes on with the other.
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, afterEach, before, test } from "node:test";
import { enter, joined, messages, say, sees, textsOf, until } from "./acts.mjs";
import { Stage } from "./stage.mjs";

const AT_ONCE = ["--drain-delay", "0", "--drain-seconds", "0"];
const PATIENCE = { timeout: 60_000 };

let stage, inC, inPython;
before(async () => {
  stage = await Stage.open("chromium", "firefox");
  inC = await stage.server("C", "c-1");
  inPython = await stage.server("Python", "python-1");
}, PATIENCE);
afterEach(() => stage?.closePages());
after(() => stage?.close());

test("what a page says, a page on another server in another browser sees", PATIENCE, async () => {
  const ada = await stage.page("chromium", inC);
  const bob = await stage.page("firefox", inPython);
  await enter(ada, "Ada", "both");
  await enter(bob, "Bob", "both");
  await joined(ada, inC);
  await joined(bob, inPython);
  await say(ada, "Hello, Bob");
  await sees(bob, "Hello, Bob");
  await say(bob, "Hello, Ada");
  await sees(ada, "Hello, Ada");
  assert.deepEqual(await messages(ada), await messages(bob));
  assert.deepEqual(await textsOf(ada, "#members li"), ["Ada (you)", "Bob"]);
  assert.deepEqual(await textsOf(bob, "#members li"), ["Ada", "Bob (you)"]);
  await bob.close();
  await until(ada, () => document.querySelector("#count").textContent === "1");
});

// The languages of the server that ends and of the one that remains.
for (const [from, to] of [["C", "Python"], ["Python", "C"]]) {
  const [browser, otherBrowser] =
    from === "C" ? ["chromium", "firefox"] : ["firefox", "chromium"];
  const remaining = () => (to === "C" ? inC : inPython);

  test(`a page whose server in ${from} is killed goes on in ${to}; nothing is lost or repeated`,
    PATIENCE, async () => {
      const other = remaining();
      const mortal = await stage.server(from, "mortal");
      const room = `killed-in-${from.toLowerCase()}`;
      const ada = await stage.page(browser, mortal, other);
      const bob = await stage.page(otherBrowser, other);
      await enter(ada, "Ada", room);
      await enter(bob, "Bob", room);
      await joined(ada, mortal);
      const said = [];
      for (let number = 0; number < 12; number++) {
        for (const page of [ada, bob]) {
          said.push(`${number} of ${page === ada ? "Ada" : "Bob"}`);
          await say(page, said.at(-1));
        }
        if (number === 6) mortal.child.kill("SIGKILL");
      }
      await joined(ada, other);
      for (const text of said) await Promise.all([sees(ada, text), sees(bob, text)]);
      const seen = await messages(ada);
      assert.deepEqual(seen, await messages(bob));
      assert.deepEqual([...seen].sort(), [...said].sort());
      const ofAda = (text) => text.endsWith("Ada");
      assert.deepEqual(seen.filter(ofAda), said.filter(ofAda));
    });

  test(`a page whose server in ${from} is drained goes on in ${to} at once`, PATIENCE, async () => {
    const other = remaining();
    const leaving = await stage.server(from, "leaving", ...AT_ONCE);
    const page = await stage.page(browser, leaving, other);
    await enter(page, "Ada", `drained-in-${from.toLowerCase()}`);
    await joined(page, leaving);
    const exit = once(leaving.child, "exit");
    leaving.child.kill("SIGTERM");
    await joined(page, other);
    assert.equal((await exit)[0], 0);
  });
}
