// An echo server on npm's ws.
import { WebSocketServer } from "ws";

const port = Number(process.argv[2]);
const server = new WebSocketServer({
    host: "127.0.0.1",
    port,
    backlog: 1024,
    perMessageDeflate: false,
});
server.on("connection", (ws) => {
    ws.on("message", (data, isBinary) => ws.send(data, { binary: isBinary }));
});
