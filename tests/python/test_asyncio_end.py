"""What connections, tasks and event loops of wscodec.asyncio leave behind: nothing."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import textwrap
import tracemalloc
import weakref
from typing import Any

import pytest
from asyncio_peer import FIN, TEXT, RawPeer, close, echo, frame, request, run, until, uri_of
from websockets.asyncio.client import connect as websockets_connect
from wire import ROOT
from wscodec.asyncio import ConnectionClosed, serve
from wscodec.asyncio.testing import pair


def output_of(program: str, *flags: str) -> str:
    """What a program writes to stdout and stderr, in the development mode of Python, in which
    asyncio reports what is wrong."""
    done = subprocess.run(
        [sys.executable, "-X", "dev", *flags, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


PRELUDE = """
import asyncio, gc, sys
from asyncio_peer import RawPeer, echo, frame, request
from wscodec.asyncio import serve
from wscodec.asyncio.testing import pair

def go(main):
    async def patient():
        asyncio.get_running_loop().slow_callback_duration = 60  # the machine may be busy
        await main()

    asyncio.run(patient())
"""


@pytest.mark.parametrize(
    "end",
    [
        "",
        "await asyncio.sleep(0.01)",
        "server.close()",
        "server.close(); await asyncio.sleep(0)",
        "peer.reset()",
        "await connection.send('a'); asyncio.ensure_future(connection.send(endless()))",
        "await connection.ping(); asyncio.ensure_future(connection.close())",
        "asyncio.ensure_future(connection.wait_closed())",
        "connection.transport.abort()",
    ],
)
def test_a_loop_that_ends_early_leaves_no_report_of_asyncio(end: str) -> None:
    program = f"""
    {textwrap.indent(PRELUDE, "    ")}
    async def endless():
        while True:
            yield "a"
            await asyncio.sleep(0.001)

    async def main():
        async def slow(connection, request):
            await asyncio.sleep(60 if request.path == "/slow" else 0)

        server = await serve(echo, "127.0.0.1", 0, process_request=slow)
        peer = await RawPeer.open(server)
        (connection,) = server.connections
        waiting = await RawPeer.connect(server)
        waiting.write(request(target="/slow"))
        half = await RawPeer.connect(server)
        half.write(b"GET")
        await asyncio.sleep(0.01)
        {end}

    go(main)
    gc.collect()
    print("done")
    """
    # The sockets were not closed, which Python may warn about; nothing else is reported.
    assert output_of(program, "-W", "ignore::ResourceWarning") == "done\n"


def test_a_server_that_is_closed_leaves_no_warning_at_all() -> None:
    program = f"""
    {textwrap.indent(PRELUDE, "    ")}
    async def main():
        async with serve(echo, "127.0.0.1", 0) as server:
            peers = [await RawPeer.open(server) for _ in range(3)]
            peers[0].reset()
            peers[1].writer.write_eof()
            for peer in peers[1:]:
                await peer.end()
            stranger = await RawPeer.connect(server)
            stranger.write(b"nonsense\\r\\n\\r\\n")
            await stranger.rest()
            await stranger.end()
        async with pair(echo) as (server, client):
            await client.send("a")
            assert await client.recv() == "a"

    go(main)
    gc.collect()
    print("done")
    """
    assert output_of(program, "-W", "error") == "done\n"


def test_a_handler_that_stops_everything_by_an_interrupt_ends_the_program() -> None:
    program = f"""
    {textwrap.indent(PRELUDE, "    ")}
    async def main():
        async def handler(connection):
            raise KeyboardInterrupt

        async with serve(handler, "127.0.0.1", 0, close_timeout=0.1) as server:
            peer = await RawPeer.open(server)
            await peer.rest()
            await asyncio.sleep(60)

    try:
        go(main)
    except KeyboardInterrupt:
        print("interrupted")
    """
    assert "interrupted\n" in output_of(program, "-W", "ignore::ResourceWarning")


def test_eager_tasks_work() -> None:
    if sys.version_info < (3, 12):
        pytest.skip("this Python has none")
    program = f"""
    {textwrap.indent(PRELUDE, "    ")}
    async def main():
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)

        async def hello(connection):
            await connection.send("hello")

        async def fails(connection):
            raise ValueError

        async with serve(hello, "127.0.0.1", 0) as server:
            peer = await RawPeer.connect(server)
            peer.write(request() + frame(0x81, b"early"))
            await peer.head()
            assert await peer.frame() == (0x81, b"hello")
            assert await peer.closed_with() == (1000, "")
            await peer.end()
        async with serve(fails, "127.0.0.1", 0) as server:
            peer = await RawPeer.open(server)
            assert await peer.closed_with() == (1011, "")
            await peer.end()
        async with pair(echo) as (server, client):
            for i in range(100):
                client.send_nowait(str(i))
            assert [await client.recv() for _ in range(100)] == [str(i) for i in range(100)]

    go(main)
    print("done")
    """
    output = output_of(program, "-W", "error")
    assert output.startswith("done\n") and "ValueError" in output


@run
async def test_a_connection_is_freed_without_the_garbage_collector() -> None:
    kept: list[Any] = []

    async def handler(connection: Any) -> None:
        kept.append(weakref.ref(connection))
        async for message in connection:
            await connection.send(message)
            await connection.ping()

    def on_message(connection: Any, message: Any) -> None:
        kept.append(weakref.ref(connection))
        connection.send_nowait(message)

    choices: list[Any] = [{"handler": handler}, {"on_message": on_message}]
    gc.disable()
    try:
        for arguments in choices:
            async with serve(host="127.0.0.1", port=0, **arguments) as server:
                for leave in ("close", "reset", "wrong"):
                    peer = await RawPeer.open(server)
                    peer.write(frame(FIN | TEXT, b"a"))
                    await peer.frame()
                    if leave == "close":
                        peer.write(close(1000))
                        await asyncio.sleep(0.01)
                        await peer.end()
                    elif leave == "wrong":
                        peer.write(b"\xff" * 10)
                        await asyncio.sleep(0.01)
                        await peer.end()
                    else:
                        peer.reset()
                    await until(lambda: not server._all)
                    await asyncio.sleep(0.01)
                    assert kept and not any(each() for each in kept), (arguments, leave)
    finally:
        gc.enable()


@run
async def test_connections_that_come_and_go_take_no_memory() -> None:
    async with serve(echo, "127.0.0.1", 0) as server:

        async def come_and_go(count: int) -> None:
            for i in range(count):
                peer = await RawPeer.connect(server)
                if i % 4:
                    peer.write(request())
                    await peer.head()
                    peer.write(frame(FIN | TEXT, b"a" * 10_000))
                    await peer.frame()
                    peer.write(frame(TEXT, b"half"))
                if i % 2:
                    peer.reset()
                else:
                    await peer.end()
            await until(lambda: not server._all)

        await come_and_go(100)
        tracemalloc.start()
        try:
            gc.collect()
            before = tracemalloc.get_traced_memory()[0]
            await come_and_go(300)
            gc.collect()
            grown = tracemalloc.get_traced_memory()[0] - before
        finally:
            tracemalloc.stop()
    assert grown < 300 * 200, grown


@run
async def test_a_handler_that_ignores_the_end_delays_only_wait_closed() -> None:
    gate = asyncio.Event()

    async def stubborn(connection: Any) -> None:
        while not gate.is_set():
            try:
                await gate.wait()
            except asyncio.CancelledError:
                pass

    server = await serve(stubborn, "127.0.0.1", 0)
    async with websockets_connect(uri_of(server)) as peer:
        server.close()
        await peer.wait_closed()
        assert peer.close_code == 1001
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(server.wait_closed(), 0.05)
    gate.set()
    await server.wait_closed()


@run
async def test_the_loops_of_two_threads_do_not_disturb_each_other() -> None:
    async def busy() -> int:
        total = 0
        async with pair(echo) as (_, client):
            for i in range(300):
                await client.send(f"{i}" * 100)
                assert await client.recv() == f"{i}" * 100
                total += 1
        return total

    loop = asyncio.get_running_loop()
    others = [loop.run_in_executor(None, lambda: asyncio.run(busy())) for _ in range(3)]
    assert await busy() == 300
    assert await asyncio.gather(*others) == [300] * 3


@run
async def test_a_peer_of_random_bytes_always_gets_an_end() -> None:
    import random

    source = random.Random(7)
    async with serve(echo, "127.0.0.1", 0, close_timeout=1, max_size=100_000) as server:
        for _ in range(60):
            peer = await RawPeer.open(server)
            data = bytearray()
            for _ in range(source.randrange(1, 6)):
                data += frame(
                    source.choice((0x81, 0x82, 0x89, 0x01, 0x80)), source.randbytes(9)
                )
            for _ in range(source.randrange(3)):
                data[source.randrange(len(data))] ^= 1 << source.randrange(8)
            peer.write(bytes(data))
            peer.writer.write_eof()
            await peer.rest()
            await peer.end()
        await until(lambda: not server._all)


@run
async def test_pings_and_closes_in_the_middle_of_everything_raise_only_connection_closed() -> (
    None
):
    async def chaos(connection: Any) -> None:
        async def forever(call: Any) -> None:
            try:
                while True:
                    await call()
                    await asyncio.sleep(0)
            except ConnectionClosed:
                pass

        await asyncio.gather(
            forever(lambda: connection.send("a" * 1000)),
            forever(lambda: connection.send(["a", "b"])),
            forever(connection.ping),
            forever(connection.recv),
        )

    for last in (close(1000), close(4000), b"\xff\xff", b"", None):
        async with serve(chaos, "127.0.0.1", 0) as server:
            peers = [await RawPeer.open(server) for _ in range(10)]
            reading = [asyncio.ensure_future(peer.rest()) for peer in peers]
            await asyncio.sleep(0.05)
            for peer in peers:
                if last is None:
                    peer.reset()
                else:
                    peer.write(last)
                    peer.writer.write_eof()
            await asyncio.gather(*reading, return_exceptions=True)
            for peer in peers:
                await peer.end()
            await until(lambda: not server._all)
