"""An echo server that changes a message, for the test of the soak."""

from __future__ import annotations

import argparse
import asyncio
import signal

from wscodec.asyncio import ServerConnection, serve


async def lie(connection: ServerConnection) -> None:
    number = 0
    async for message in connection:
        number += 1
        await connection.send(message[:-1] if number == 100 else message)


async def main(port: int) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with serve(lie, "127.0.0.1", port) as server:
        port = server.sockets[0].getsockname()[1]
        print(f"listening on http://127.0.0.1:{port}", flush=True)
        await stop.wait()


parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int)
asyncio.run(main(parser.parse_args().port))
