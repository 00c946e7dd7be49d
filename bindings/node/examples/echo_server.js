// An echo server.
//
//   node echo_server.js [--port N]

import { parseArgs } from "node:util";
import { createServer } from "wscodec";

const { values } = parseArgs({
    options: {
        port: { type: "string", default: "8080" },
        help: { type: "boolean", default: false },
    },
});

if (values.help) {
    console.log("usage: echo_server [--port N]    0: a free port");
    process.exit();
}

const options = { protocols: ["chat", "superchat"], maxMessage: 16 * 1024 * 1024 };

const server = createServer(options, (socket) => {
    socket.on("message", (data, isBinary) => {
        // A client that does not read is not read from.
        if (!socket.send(data, { binary: isBinary })) socket.pause();
    });
    socket.on("drain", () => socket.resume());
});

server.listen(Number(values.port), "127.0.0.1", () => {
    console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
