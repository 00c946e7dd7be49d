// Redis, servers of the chat, and Chromium, for one test file.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const top = new URL("../../../", import.meta.url);
const { chromium } = createRequire(new URL("target/node/package.json", top))("playwright-core");
const python = process.env.CHAT_PYTHON ?? "python3";

export class Stage {
  folder = mkdtempSync(join(tmpdir(), "chat-"));
  socket = join(this.folder, "redis");
  processes = [];

  static async open() {
    const stage = new Stage();
    const options = ["--port", "0", "--unixsocket", stage.socket, "--save", ""];
    stage.redis = stage.spawn("redis-server", [...options, "--dir", stage.folder]);
    await lineWith(stage.redis, /ready to accept connections/i);
    const args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"];
    const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
    stage.browser = await chromium.launch({ executablePath, args });
    return stage;
  }

  spawn(command, args) {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
    this.processes.push(child);
    return child;
  }

  async server(name, ...options) {
    const program = fileURLToPath(new URL("examples-chat/python", top));
    const usual = ["--listen", "127.0.0.1:0", "--redis", this.socket, "--name", name];
    const child = this.spawn(python, [program, ...usual, ...options]);
    const [, port] = await lineWith(child, /listening on http:\/\/127\.0\.0\.1:(\d+)/);
    return { port, child };
  }

  /** A page in a session of its own, which tries the servers in this order. */
  async page(servers, size = { width: 1280, height: 800 }, scheme = "light") {
    const context = await this.browser.newContext({ viewport: size, colorScheme: scheme });
    const page = await context.newPage();
    page.on("pageerror", (error) => { throw error; });
    const [{ port }] = servers;
    await page.goto(`http://127.0.0.1:${port}/?servers=${servers.map((each) => each.port)}`);
    return page;
  }

  async close() {
    await this.browser.close();
    for (const child of this.processes.reverse()) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGKILL");
        await once(child, "exit");
      }
    }
    rmSync(this.folder, { recursive: true });
  }
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

export async function enter(page, name, room) {
  await page.getByLabel("Your name").fill(name);
  await page.getByLabel("Room").fill(room);
  await page.getByRole("button", { name: "Enter" }).click();
  await joined(page);
}

export async function joined(page, server = "") {
  await page.locator("#state", { hasText: `Connected to ${server}` }).waitFor();
  await page.locator("#status.joined").waitFor();
}

export async function say(page, text) {
  await page.getByLabel("Message", { exact: true }).fill(text);
  await page.keyboard.press("Enter");
}

/** Waits until the log has this message. */
export async function sees(page, text) {
  await page.locator("#log .message p").getByText(text, { exact: true }).waitFor();
}

export function texts(page) {
  return page.locator("#log .message p").allTextContents();
}
