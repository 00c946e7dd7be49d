// Starts an example server in C on a free port, for one test file.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const examples = new URL("../../../examples-c/", import.meta.url);

export function startServer(...options) {
  return start("echo_server", options);
}

// With --verbose, `log` collects what the server writes.
export async function start(name, options) {
  const program = fileURLToPath(new URL(name, examples));
  const verbose = options.includes("--verbose");
  const child = spawn(program, ["--port", "0", ...options], {
    stdio: ["ignore", "pipe", verbose ? "pipe" : "inherit"],
  });
  const log = [];
  if (verbose) createInterface({ input: child.stderr }).on("line", (line) => log.push(line));
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  const http = line.match(/https?:\/\/\S+/)[0];
  return {
    http,
    ws: http.replace("http", "ws"),
    log,
    async stop() {
      child.kill("SIGTERM");
      const [code] = await once(child, "exit");
      return code;
    },
  };
}
