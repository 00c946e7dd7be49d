// WebSockets and pages on one port: node:http parses the requests.
//
//   node http_server.js [PORT]

import { createServer } from "node:http";
import { acceptUpgrade } from "wscodec";

const server = createServer((request, response) => {
    response.end("Hello, World!\n");
});

server.on("upgrade", async (request, socket, head) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const refuse = () => (pathname === "/echo" ? undefined : 404);
    const webSocket = await acceptUpgrade(request, socket, head, { refuse, deflate: true });
    webSocket?.on("message", (data, isBinary) => webSocket.send(data, { binary: isBinary }));
});

server.listen(Number(process.argv[2] ?? 8080), "127.0.0.1", () => {
    console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
