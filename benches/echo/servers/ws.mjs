// An echo server on npm's ws: node ws.mjs [--deflate | --context] PORT. Both compress, without
// and with context takeover.
import { WebSocketServer } from "ws";

const noContext = { serverNoContextTakeover: true, clientNoContextTakeover: true };
const compression = { "--deflate": noContext, "--context": true };
const server = new WebSocketServer({
    host: "127.0.0.1",
    port: Number(process.argv.at(-1)),
    backlog: 1024,
    perMessageDeflate: compression[process.argv[2]] ?? false,
});
server.on("connection", (ws) => {
    ws.on("message", (data, isBinary) => ws.send(data, { binary: isBinary }));
});
