// Sends messages, and prints the replies.
//
//   node echo_client.js ws://HOST:PORT/PATH [MESSAGE ...]
//
// Without a message it sends each line of its input.

import { once } from "node:events";
import { createInterface } from "node:readline";
import { connect } from "wscodec";

const [url, ...messages] = process.argv.slice(2);

async function main() {
    const socket = await connect(url, { maxMessage: 16 * 1024 * 1024 });
    const closed = once(socket, "close");
    const input = messages.length > 0 ? messages : createInterface({ input: process.stdin });
    for await (const message of input) {
        socket.send(message);
        const [reply] = await Promise.race([once(socket, "message"), closed.then(refuse)]);
        console.log(reply.toString());
    }
    socket.close(1000);
    const [code, , error] = await closed;
    if (code !== 1000) throw error ?? new Error(`closed with ${code}`);
}

/** The server closed although a reply is due. */
function refuse([code, reason, error]) {
    throw error ?? new Error(`closed with ${code} ${reason}`);
}

main().catch((error) => {
    console.error(`echo_client: ${error.message}`);
    process.exit(1);
});
