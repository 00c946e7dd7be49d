import { once } from "node:events";
import { createServer } from "wscodec";

/** Listens on a free port until the test ends. Returns the URL. */
export async function listening(t, server) {
    const sockets = new Set();
    server.on("connection", (socket) => sockets.add(socket));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => {
        for (const socket of sockets) socket.destroy();
        server.close();
    });
    return `ws://127.0.0.1:${server.address().port}/`;
}

export function echo(socket) {
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
}

export function echoServer(t, options = {}) {
    return listening(t, createServer(options, echo));
}
