// Starts the C echo server on a free port, for one test file.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../../../examples-c/echo_server", import.meta.url));

export async function startServer(...options) {
  const child = spawn(program, ["--port", "0", ...options], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  const http = line.match(/http:\/\/\S+/)[0];
  return {
    http,
    ws: http.replace("http", "ws"),
    async stop() {
      child.kill("SIGTERM");
      const [code] = await once(child, "exit");
      return code;
    },
  };
}
