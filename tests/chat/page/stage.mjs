// Redis, servers of the chat in C and in Python, Chromium and Firefox.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
// The copy of tests/node beside which the npm packages are installed.
import { startChromium, startFirefox } from "../../../target/node/tests/browsers.js";

const START = { chromium: startChromium, firefox: startFirefox };
const example = (path) => fileURLToPath(new URL(`../../../examples-chat/${path}`, import.meta.url));
const SERVERS = {
  C: [example("c/chat_server"), "--page", example("page/index.html")],
  Python: [process.env.CHAT_PYTHON ?? "python3", example("python")],
};
// Firefox takes it for an error of the page that a WebSocket fails.
const LOST_CONNECTION = /connection to (the server at )?ws:/;

export class Stage {
  folder = mkdtempSync(join(tmpdir(), "chat-"));
  socket = join(this.folder, "redis");
  processes = [];
  browsers = {};
  hasPage = false;
  errors = []; // of all pages

  static async open(...browsers) {
    const stage = new Stage();
    const starts = [stage.startRedis(), ...browsers.map((name) => stage.startBrowser(name))];
    const failed = (await Promise.allSettled(starts)).find(({ reason }) => reason);
    if (!failed) return stage;
    await stage.close();
    throw failed.reason;
  }

  async startRedis() {
    const options = ["--port", "0", "--unixsocket", this.socket, "--save", ""];
    this.redis = this.spawn("redis-server", [...options, "--dir", this.folder]);
    await lineWith(this.redis, /ready to accept connections/i);
  }

  async startBrowser(name) {
    this.browsers[name] = await START[name]();
  }

  spawn(command, args) {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
    this.processes.push(child);
    return child;
  }

  async server(language, name, ...options) {
    const [command, ...args] = SERVERS[language];
    const usual = ["--listen", "127.0.0.1:0", "--redis", this.socket, "--name", name];
    const child = this.spawn(command, [...args, ...usual, ...options]);
    const [, port] = await lineWith(child, /listening on http:\/\/127\.0\.0\.1:(\d+)/);
    return { name, port, child };
  }

  /** A page that tries the servers in this order. */
  async page(browser, ...servers) {
    // A second tab would hide the first, and hidden pages are slow.
    const type = this.hasPage ? "window" : "tab";
    this.hasPage = true;
    const page = await this.browsers[browser].newPage({ type });
    page.on("pageerror", (error) => {
      if (!LOST_CONNECTION.test(error.message)) this.errors.push(error.message);
    });
    const ports = servers.map(({ port }) => port);
    await page.goto(`http://127.0.0.1:${ports[0]}/?servers=${ports}`);
    return page;
  }

  /** Closes all pages, which must have been without errors. */
  async closePages() {
    for (const browser of Object.values(this.browsers)) {
      const [, ...pages] = await browser.pages(); // without the first, the browser would end
      await Promise.all(pages.map((page) => page.close()));
    }
    this.hasPage = false;
    assert.deepEqual(this.errors.splice(0), []);
  }

  async close() {
    await Promise.all(Object.values(this.browsers).map((browser) => browser.close()));
    for (const child of this.processes.reverse()) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGKILL");
        await once(child, "exit");
      }
    }
    rmSync(this.folder, { recursive: true });
  }
}

/** Runs this while a process is stopped. */
export async function without(child, action) {
  await stop(child);
  try {
    await action();
  } finally {
    child.kill("SIGCONT");
  }
}

/** Stops a process: on a busy machine its threads run on for a while after the signal. */
export async function stop(child) {
  child.kill("SIGSTOP");
  const folder = `/proc/${child.pid}/task`;
  const isStopped = (thread) => /\) T/.test(readFileSync(`${folder}/${thread}/stat`, "latin1"));
  while (!readdirSync(folder).every(isStopped)) await sleep(1);
}

async function lineWith(child, pattern) {
  for await (const line of createInterface({ input: child.stdout })) {
    const found = line.match(pattern);
    if (found) {
      child.stdout.resume();
      return found;
    }
  }
  throw new Error(`ended without ${pattern}`);
}
