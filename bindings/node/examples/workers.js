// An echo server in each of several threads, on a port of its own. Each thread loads the library
// and owns its connections, so nothing is shared.
//
//   node workers.js [THREADS]

import { availableParallelism } from "node:os";
import { isMainThread, Worker } from "node:worker_threads";
import { createServer } from "wscodec";

function startThreads(count) {
    for (let i = 0; i < count; i++) new Worker(new URL(import.meta.url));
}

function serve() {
    const server = createServer((socket) => {
        socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
    });
    server.listen(0, "127.0.0.1", () => {
        console.log(`listening on http://127.0.0.1:${server.address().port}`);
    });
}

if (isMainThread) startThreads(Number(process.argv[2] ?? availableParallelism()));
else serve();
