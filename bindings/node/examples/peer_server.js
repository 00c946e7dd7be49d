// The echo server with npm's ws, for comparison.
//
//   node peer_server.js [--port N]

import { parseArgs } from "node:util";
import { WebSocketServer } from "ws";

const { values } = parseArgs({ options: { port: { type: "string", default: "8080" } } });

const server = new WebSocketServer({ host: "127.0.0.1", port: Number(values.port) });

server.on("connection", (socket) => {
    socket.on("error", console.error);
    socket.on("message", (data, isBinary) => {
        socket.send(data, { binary: isBinary });
    });
});

server.on("listening", () => {
    console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
