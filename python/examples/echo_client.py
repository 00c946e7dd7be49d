#!/usr/bin/env python3
"""A WebSocket client on asyncio: sends the given messages, prints the ones it receives."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import threading
from collections.abc import AsyncIterator, Awaitable
from typing import TypeVar
from urllib.parse import quote

import wscodec
from wscodec.asyncio import ClientConnection, connect
from wscodec.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from wscodec.uri import parse_uri

T = TypeVar("T")

MAX_MESSAGE = 64 * 1024 * 1024


class Failure(Exception):
    """An error to report to the user."""


async def in_time(seconds: float, what: str, awaited: Awaitable[T]) -> T:
    """The result of `awaited`. Raises Failure if it takes longer than `seconds`."""
    try:
        return await asyncio.wait_for(awaited, seconds)
    except asyncio.TimeoutError:
        raise Failure(f"{what} within {seconds:g} seconds") from None


@contextlib.asynccontextmanager
async def connected(url: str, options: argparse.Namespace) -> AsyncIterator[ClientConnection]:
    """An open connection, which is closed at the end of the block. Raises Failure, also if the
    server ends it in a way that is not normal."""
    plain = options.no_compression or not wscodec.library_can_deflate()
    protocols = options.subprotocol.replace(",", " ").split() if options.subprotocol else None
    try:
        async with connect(
            url,
            subprotocols=protocols,
            compression=None if plain else wscodec.Deflate(),
            compress_from=options.compress_from,
            max_size=MAX_MESSAGE,
            open_timeout=options.timeout,
            close_timeout=options.timeout,
        ) as connection:
            yield connection
    except (ConnectionClosed, InvalidHandshake, TimeoutError, asyncio.TimeoutError) as error:
        raise Failure(explained(error, options)) from error


def explained(error: Exception, options: argparse.Namespace) -> str:
    if isinstance(error, InvalidStatus):
        return f"the server answers {error.response.status}"
    if isinstance(error, InvalidHandshake):
        if isinstance(error.__cause__, EOFError):
            return "the server hung up without an answer"
        return f"the server's answer is wrong: {error}"
    if not isinstance(error, ConnectionClosed):
        return f"no opening handshake within {options.timeout:g} seconds"
    if error.rcvd:
        return f"the server closed with {error.rcvd.code} {escaped(error.rcvd.reason)}".rstrip()
    if isinstance(error.__cause__, wscodec.ProtocolError):
        return f"the server broke the protocol: {error.__cause__}"
    return "the server hung up without a closing handshake"


# Sending and printing


async def talk(options: argparse.Namespace) -> None:
    """Sends all messages, and closes when as many were received: then an echo server has
    returned them all."""
    missing = 0

    async def send() -> None:
        nonlocal missing
        with contextlib.suppress(ConnectionClosed):  # which receive() reports
            async for message in given(options.messages):
                missing += 1
                await connection.send(message if options.binary else checked(message))

    async def receive() -> None:
        nonlocal missing
        async for message in connection:
            missing -= 1
            write_line(message)
            if sending.done() and missing <= 0:
                await connection.close()

    async with connected(options.url, options) as connection:
        if options.subprotocol:
            print(f"subprotocol: {connection.subprotocol}", file=sys.stderr)
        sending = asyncio.create_task(send())
        receiving = asyncio.create_task(receive())
        try:
            await asyncio.wait({sending, receiving}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                if missing <= 0 or sending.exception():
                    await connection.close()
                await in_time(options.timeout, "no answer to all of it", receiving)
                await sending
            else:
                await receiving
        finally:
            sending.cancel()
            receiving.cancel()


async def given(messages: list[str]) -> AsyncIterator[bytes]:
    """The messages of the command line, else the lines of stdin as they arrive."""
    for message in messages:
        yield message.encode("utf-8", "surrogateescape")
    if messages:
        return
    loop = asyncio.get_running_loop()
    stdin = open(0, "rb", closefd=False)  # never closed: that would wait for the thread below
    while True:
        line: asyncio.Future[bytes] = loop.create_future()

        def found(line: asyncio.Future[bytes], text: bytes) -> None:
            if not line.done():
                line.set_result(text)

        def read(line: asyncio.Future[bytes] = line) -> None:
            text = stdin.readline()
            with contextlib.suppress(RuntimeError):  # the loop is gone already
                loop.call_soon_threadsafe(found, line, text)

        # A daemon thread: the server may end the connection before the user ends the input.
        threading.Thread(target=read, daemon=True).start()
        text = await line
        if not text:
            return
        yield text[:-1] if text.endswith(b"\n") else text


def checked(message: bytes) -> str:
    try:
        return message.decode()
    except UnicodeDecodeError:
        raise Failure("the message is not UTF-8: send it with --binary") from None


def write_line(message: str | bytes) -> None:
    data = message.encode() if isinstance(message, str) else message
    if sys.stdout.isatty():
        data = escaped(data.decode("utf-8", "backslashreplace")).encode()
    sys.stdout.buffer.write(data + b"\n")
    sys.stdout.buffer.flush()


def escaped(text: str) -> str:
    r"""The text as a terminal may show it: with \x1b for a character that it would obey."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


# Autobahn


async def autobahn(options: argparse.Namespace) -> None:
    """The client's side of Autobahn's test suite, whose server checks the client."""
    base, agent = options.autobahn.rstrip("/"), f"agent={quote(options.agent, safe='')}"
    async with connected(f"{base}/getCaseCount", options) as connection:
        count = int(await connection.recv())
    for case in range(1, count + 1):
        print(f"case {case} of {count}", flush=True)
        with contextlib.suppress(Failure, OSError):  # many cases provoke them
            await echo(f"{base}/runCase?case={case}&{agent}", options)
    await echo(f"{base}/updateReports?{agent}", options)


async def echo(url: str, options: argparse.Namespace) -> None:
    """Sends every message back until the server closes."""
    async with connected(url, options) as connection:
        async for message in connection:
            await connection.send(message)


# The command line


def web_socket_url(text: str) -> str:
    try:
        parse_uri(text)
    except InvalidURI as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def size(text: str) -> int:
    if int(text) not in range(2**64):
        raise ValueError
    return int(text)


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Sends messages to a WebSocket server, prints what comes, and closes when "
        "as many have come as were sent. At the end of --autobahn the reports are written.",
    )
    parser.add_argument("url", nargs="?", metavar="URL", type=web_socket_url, help="ws:// ...")
    parser.add_argument(
        "messages", nargs="*", metavar="MESSAGE", help="default: the lines of stdin"
    )
    parser.add_argument("--subprotocol", metavar="LIST", help='to offer: "chat, superchat"')
    parser.add_argument("--binary", action="store_true", help="send binary, not text")
    parser.add_argument("--no-compression", action="store_true", help="offer none")
    parser.add_argument(
        "--compress-from",
        default=wscodec.COMPRESS_FROM,
        type=size,
        metavar="BYTES",
        help=f"send shorter messages uncompressed (default: {wscodec.COMPRESS_FROM})",
    )
    parser.add_argument(
        "--timeout",
        default=10.0,
        type=float,
        metavar="SECONDS",
        help="for the handshakes, and for the rest once all was sent (default: 10)",
    )
    parser.add_argument(
        "--autobahn",
        metavar="URL",
        type=web_socket_url,
        help="be tested by the fuzzing server of Autobahn's test suite",
    )
    parser.add_argument("--agent", default="wscodec", metavar="NAME", help="in its reports")
    options = parser.parse_intermixed_args()
    if (options.url is None) == (options.autobahn is None):
        parser.error("give a URL, or --autobahn URL")
    if options.subprotocol is not None:
        try:
            wscodec.build_request("localhost", protocols=options.subprotocol)
        except wscodec.WsError:
            parser.error(f"--subprotocol {options.subprotocol!r} is no list of tokens")
    try:
        asyncio.run(autobahn(options) if options.autobahn else talk(options))
    except (Failure, OSError) as error:
        sys.exit(f"{parser.prog}: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
