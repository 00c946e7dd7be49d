// An echo server with the npm package ws: ws_server.cjs MAX_SIZE [CERT KEY]. It agrees to compression
// and to the subprotocol chat, and prints its port and the code of each close that it receives.
const fs = require("node:fs");
const http = require("node:http");
const https = require("node:https");
const { WebSocketServer } = require("ws");

const [size, cert, key] = process.argv.slice(2);
const server = cert
  ? https.createServer({ cert: fs.readFileSync(cert), key: fs.readFileSync(key) })
  : http.createServer();
new WebSocketServer({
  server,
  maxPayload: Number(size),
  perMessageDeflate: true,
  handleProtocols: (offered) => (offered.has("chat") ? "chat" : false),
}).on("connection", (socket) => {
  socket.on("message", (data, binary) => socket.send(data, { binary }));
  socket.on("error", () => {});
  socket.on("close", (code) => console.log(code));
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
