// The conversation of conversation.py with headless Chromium, which cannot choose fragments, send
// pings or offer no compression.
const fs = require("node:fs");
const puppeteer = require("puppeteer-core");

const told = JSON.parse(fs.readFileSync(0));

// Runs in the page.
async function talk(told) {
  const socket = new WebSocket(told.url, told.offered);
  socket.binaryType = "arraybuffer";
  const next = (type) =>
    new Promise((done, fail) => {
      socket.addEventListener(type, done, { once: true });
      socket.addEventListener("error", () => fail(new Error("it failed")), { once: true });
    });
  await next("open");
  const echoes = [];
  for (const { text, base64 } of [...told.messages, { text: told.fragments.join("") }]) {
    const received = next("message");
    socket.send(text ?? Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)));
    const { data } = await received;
    const letters = (bytes) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
    echoes.push(
      typeof data === "string" ? { text: data } : { base64: btoa(letters(new Uint8Array(data))) },
    );
  }
  const closed = next("close");
  socket.close(told.code, told.reason);
  const { code, wasClean } = await closed;
  if (!wasClean) throw new Error("it did not close cleanly");
  const { protocol, extensions } = socket;
  return { protocol, extensions, echoes, code };
}

async function main() {
  const browser = await puppeteer.launch({
    acceptInsecureCerts: true,
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
  try {
    const page = await browser.newPage();
    await page.goto(told.url.replace("ws", "http")); // so that the page has an origin
    console.log(JSON.stringify(await page.evaluate(talk, told)));
  } finally {
    await browser.close();
  }
}

main();
