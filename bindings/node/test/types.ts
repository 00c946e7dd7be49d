// Programs that the declarations must allow, and some that they must not.

import { createServer as createHttpServer } from "node:http";
import { acceptUpgrade, attach, connect, Connection, createServer, WscodecError } from "wscodec";

createServer((socket, request) => {
    const target: string = request.target;
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
    socket.on("close", (code, reason, error) => console.log(target, code + 1, reason, error));
    // @ts-expect-error there is no event "error"
    socket.on("error", () => {});
}).listen(0);

const http = createHttpServer();
attach(http, { refuse: (request) => (request.url === "/" ? undefined : 404) }, (socket) => {
    socket.close(1000, "bye");
});
http.on("upgrade", async (request, socket, head) => {
    const refuse = async () => (request.headers.cookie ? undefined : 401);
    const webSocket = await acceptUpgrade(request, socket, head, { protocols: ["chat"], refuse });
    webSocket?.ping();
});

export async function talk(): Promise<string | null> {
    const socket = await connect("wss://a.example/", { deflate: { level: 9 }, tls: { ca: "" } });
    // @ts-expect-error a misspelt option
    await connect("wss://a.example/", { maxmessage: 1 });
    return socket.protocol;
}

const accepted = Connection.accept("");
if (accepted?.connection) accepted.connection.receive(Buffer.alloc(0), (event) => event.last);
else if (accepted) console.log(accepted.error instanceof WscodecError, accepted.error.httpStatus);
