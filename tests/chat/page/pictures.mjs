// Draws the pictures of the page in the documents: node tests/chat/page/pictures.mjs FOLDER
// It needs pngquant, which makes them small.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { enter, joined, say, sees, shows } from "./acts.mjs";
import { Stage, stop } from "./stage.mjs";

const PICTURES = [
  { name: "chat-light", width: 900, height: 660, scheme: "light" },
  { name: "chat-dark", width: 900, height: 660, scheme: "dark" },
  { name: "chat-phone", width: 360, height: 640, scheme: "light" },
];

// Who said what, how many minutes ago.
const HISTORY = [
  [41, "Grace", "Good morning! Is the release still planned for today?"],
  [39, "Ada", "Yes, at noon. Two checks are left."],
  [38, "Grace", "I can take one of them."],
  [36, "Ada", "Thanks! Could you read the notes on upgrading?\nThe draft is in the usual place."],
  [9, "Grace", "Done. Two links were wrong, the rest reads well."],
];
const LATEST = "Can I help with anything else before lunch?";
const PENDING = "That was all, I am starting the build now.";

const ROOM = "release";

const [folder] = process.argv.slice(2);
for (const picture of PICTURES) {
  const stage = await Stage.open("chromium");
  try {
    writeFileSync(join(folder, `${picture.name}.png`), smaller(await draw(stage, picture)));
  } finally {
    await stage.close();
  }
}

async function draw(stage, { width, height, scheme }) {
  const server = await stage.server("C", "chat-1");
  const ada = await stage.page("chromium", server);
  const grace = await stage.page("chromium", await stage.server("Python", "chat-2"));
  await ada.setViewport({ width, height, deviceScaleFactor: 2 });
  await ada.reload(); // it starts otherwise on a narrow screen
  await ada.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  store(stage.socket, { Ada: await ada.evaluate("chat.client"), Grace: "grace-hopper" });
  await enter(grace, "Grace", ROOM);
  await enter(ada, "Ada", ROOM);
  await joined(ada, server);
  await say(grace, LATEST);
  await sees(ada, LATEST);
  await stop(stage.redis); // so that it stays pending
  await say(ada, PENDING);
  await shows(ada, "#pending .message", PENDING);
  return ada.screenshot();
}

/** Stores the history in Redis, as PROTOCOL.md describes it. */
function store(socket, clients) {
  for (const [seq, [minutes, name, text]] of HISTORY.entries()) {
    const id = `${Date.now() - minutes * 60_000}-0`;
    const message = JSON.stringify({ client: clients[name], seq: seq + 1, name, text }).slice(1);
    const add = ["XADD", `chat:{${ROOM}}:log`, id, "message", message];
    execFileSync("redis-cli", ["-s", socket, ...add]);
  }
}

function smaller(png) {
  return execFileSync("pngquant", ["--nofs", "--speed", "1", "-"], { input: png });
}
