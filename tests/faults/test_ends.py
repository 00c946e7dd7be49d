"""Connections and servers that end at any time."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import sys
import time

import pytest
from echo_checks import (
    MIB,
    PLAIN_REQUEST,
    Server,
    echo,
    goodbye,
    is_dropped,
)
from faulty import descriptors, serving, settled
from wire import BINARY, FIN, PING, TEXT, close, frame
from wscodec.asyncio import connect
from wscodec.exceptions import ConnectionClosed

ECHO = ("./examples-c/echo_server",)
BROADCAST = ("./examples-c/broadcast",)
PYTHON = (sys.executable, "python/examples/echo_server.py")

SERVERS = {"echo": ECHO, "broadcast": BROADCAST, "asyncio": PYTHON}

CONVERSATION = b"".join(
    [
        PLAIN_REQUEST,
        frame(FIN | TEXT, b"Hello"),
        frame(BINARY, bytes(300)),
        frame(FIN | PING, b"ping"),
        frame(FIN, bytes(70_000)),
        close(1000),
    ]
)


def cuts(dice: random.Random) -> list[int]:
    """Where the conversation is cut: in each byte of the frames' headers, and elsewhere."""
    end = len(CONVERSATION)
    near = range(len(PLAIN_REQUEST) - 4, len(PLAIN_REQUEST) + 360)
    return [*near, *dice.sample(range(end), 100), *range(end - 12, end + 1)]


@pytest.mark.parametrize("how", ["reset", "half-close", "close"])
@pytest.mark.parametrize("name", SERVERS)
def test_a_connection_may_end_at_any_byte(name: str, how: str) -> None:
    with serving(SERVERS[name]) as server:
        assert server.is_well()
        before = descriptors(server.process.pid)
        for cut in cuts(random.Random(1)):
            peer = server.raw()
            peer.send(CONVERSATION[:cut])
            if how == "reset":
                peer.reset()
            elif how == "half-close":
                peer.half_close()
                with contextlib.suppress(ConnectionResetError):
                    peer.rest()
            peer.socket.close()
        assert settled(server, before)
        assert server.is_well()


@pytest.mark.parametrize("name", ["echo", "broadcast"])
def test_sigterm_within_messages_says_goodbye_to_each(name: str) -> None:
    started = frame(FIN | TEXT, b"Hello" * 100)
    with contextlib.ExitStack() as stack:
        server = Server(SERVERS[name])
        peers = [stack.enter_context(server.opened()) for _ in range(5)]
        sent = [started[:1], started[:3], started[:50], frame(TEXT, b"Hel"), b""]
        for peer, part in zip(peers, sent, strict=True):
            peer.send(part)
        incomplete = stack.enter_context(server.raw())
        incomplete.send(PLAIN_REQUEST[:-1])
        time.sleep(0.1)
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        for peer in peers:
            assert peer.read(4) == goodbye(1001)
        assert is_dropped(incomplete, 5)
        # They never reply, and are given 2 s.
        assert server.process.wait(10) == 0
        assert time.monotonic() - began < 6
        server.stop()


def test_sigterm_while_output_waits_does_not_hold_up_the_end() -> None:
    server = Server(ECHO)
    with server.opened() as peer:
        peer.send(frame(FIN | BINARY, bytes(16 * MIB), bytes(4)))
        time.sleep(0.3)
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < 6


def test_a_slow_sender_of_a_message_holds_nobody_up_and_is_not_dropped() -> None:
    """It is alive: each byte is a sign of that."""
    with serving(ECHO, "--ping-interval", "1") as server:
        with server.opened() as slow, server.opened() as other:
            message = frame(FIN | TEXT, b"slowly and surely")
            for i in range(len(message)):
                slow.send(message[i : i + 1])
                other.send(frame(FIN | TEXT, b"hi"))
                assert other.read(4) == echo(FIN | TEXT, b"hi")
                time.sleep(0.2)
            reply = echo(FIN | TEXT, b"slowly and surely")
            assert slow.read(len(reply)) == reply


def on_port(port: int) -> Server:
    """Another server on the port of one that has ended."""
    return Server(("sh", "-c", f'exec ./examples-c/echo_server "$@" --port {port}', "sh"))


def test_after_sigkill_a_server_starts_again_on_its_port_at_once() -> None:
    with contextlib.ExitStack() as stack:
        server = Server(ECHO)
        peers = [stack.enter_context(server.opened()) for _ in range(20)]
        for peer in peers:
            peer.send(frame(FIN | TEXT, b"Hello")[:-1])
        server.stop(signal.SIGKILL)
        again = on_port(server.port)
        assert again.port == server.port
        for peer in peers:  # none of which reaches the new server
            with contextlib.suppress(ConnectionError):
                assert peer.rest() == b""
        assert again.is_well()
        assert again.stop() == 0


def test_clients_come_back_after_sigkill_and_get_every_echo_of_theirs() -> None:
    async def client(port: int, name: int, echoed: list[int]) -> None:
        async for connection in connect(f"ws://127.0.0.1:{port}/", proxy=None):
            try:
                while True:
                    message = f"{name} {echoed[name]}"
                    await connection.send(message)
                    assert await connection.recv() == message
                    echoed[name] += 1
            except ConnectionClosed:
                continue

    async def run() -> None:
        echoed = [0] * 5
        server = Server(ECHO)
        tasks = [asyncio.create_task(client(server.port, i, echoed)) for i in range(5)]
        for _ in range(3):
            before = list(echoed)
            while any(now < then + 20 for now, then in zip(echoed, before, strict=True)):
                assert not any(task.done() for task in tasks)
                await asyncio.sleep(0.02)
            server.stop(signal.SIGKILL)
            server = on_port(server.port)
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(result, asyncio.CancelledError) for result in results), results
        assert server.stop() == 0

    asyncio.run(asyncio.wait_for(run(), 60))
