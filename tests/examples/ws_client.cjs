// The conversation of conversation.py with the client of the npm package ws.
const { once } = require("node:events");
const fs = require("node:fs");
const WebSocket = require("ws");

const told = JSON.parse(fs.readFileSync(0));

async function main() {
  const socket = new WebSocket(told.url, told.offered, {
    perMessageDeflate: told.compression,
    ca: told.cafile ? fs.readFileSync(told.cafile) : undefined,
  });
  await once(socket, "open");
  const echoes = [];
  const receive = async (send) => {
    const received = once(socket, "message");
    send();
    const [data, isBinary] = await received;
    echoes.push(isBinary ? { base64: data.toString("base64") } : { text: data.toString() });
  };
  for (const { text, base64 } of told.messages)
    await receive(() => socket.send(text ?? Buffer.from(base64, "base64")));
  await receive(() =>
    told.fragments.forEach((part, i) =>
      socket.send(part, { fin: i === told.fragments.length - 1 }),
    ),
  );
  const pong = once(socket, "pong");
  socket.ping("payload");
  await pong;
  const closed = once(socket, "close");
  socket.close(told.code, told.reason);
  const [code] = await closed;
  const { protocol, extensions } = socket;
  console.log(JSON.stringify({ protocol, extensions, echoes, code }));
}

main();
