#!/usr/bin/env python3
"""A WebSocket client on asyncio: sends the given messages, prints the ones it receives.

The package turns bytes into messages and messages into bytes; this file adds the socket and the
time limits.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ssl
import sys
import threading
from collections.abc import AsyncIterator, Awaitable
from typing import TypeVar
from urllib.parse import SplitResult, quote, urlsplit

import wscodec
from wscodec import Close, CloseCode, Deflate, Message, State

T = TypeVar("T")

MAX_MESSAGE = 64 * 1024 * 1024
READ_SIZE = 65536
GOODBYE_SECONDS = 1  # for the server to close its socket first


class Failure(Exception):
    """An error to report to the user."""


async def in_time(seconds: float, what: str, awaited: Awaitable[T]) -> T:
    """The result of `awaited`. Raises Failure if it takes longer than `seconds`."""
    try:
        return await asyncio.wait_for(awaited, seconds)
    except asyncio.TimeoutError:
        raise Failure(f"{what} within {seconds:g} seconds") from None


class Client:
    """A connection, open after shake_hands().

    `connection.send()` and similar methods may be called at any time; the next flush() sends
    what they queued, or the next read at the latest.
    """

    goodbye: Close | None = None  # the server's
    connection: wscodec.Connection

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.received = bytearray()

    async def shake_hands(self, url: SplitResult, options: argparse.Namespace) -> None:
        """The opening handshake."""
        plain = options.no_compression or not wscodec.library_can_deflate()
        offered = None if plain else Deflate()
        request = opening_request(url, options.subprotocol, offered)
        self.writer.write(request)
        await self.read_head()
        try:
            confirmed = wscodec.Connection.confirm(
                self.received,
                request,
                deflate=offered,
                compress_from=options.compress_from,
                max_message=MAX_MESSAGE,
            )
        except wscodec.errors.HandshakeStatus as error:
            raise Failure(f"the server answers {error.response.status}") from error
        except wscodec.WsError as error:
            raise Failure(f"the server's answer is wrong: {error}") from error
        assert confirmed  # since the head is complete
        self.connection, response = confirmed
        del self.received[: len(response.head)]  # the first frames remain

    async def read_head(self) -> None:
        length, scanned = 0, 0
        while not length:
            data = await self.reader.read(READ_SIZE)
            if not data:
                raise Failure("the server hung up without an answer")
            self.received += data
            try:
                length, scanned = wscodec.head_length(self.received, scanned)
            except wscodec.WsError as error:
                raise Failure(f"the server's answer is wrong: {error}") from error

    async def messages(self) -> AsyncIterator[Message]:
        """The messages received, up to the end of the closing handshake. Raises Failure if the
        connection ends otherwise."""
        while self.connection.state < State.CLOSED:
            try:
                for event in self.connection.receive_data(self.received):
                    if isinstance(event, Message):
                        yield event
                    elif isinstance(event, Close):
                        self.goodbye = event
            except wscodec.WsError as error:
                await self.flush()
                raise Failure(f"the server broke the protocol: {error}") from error
            await self.flush()
            if self.goodbye is None:
                self.received[:] = await self.reader.read(READ_SIZE)
                if not self.received:
                    raise Failure("the server hung up without a closing handshake")

    async def close(self) -> None:
        """Starts the closing handshake."""
        self.connection.close(CloseCode.NORMAL)
        await self.flush()

    async def flush(self) -> None:
        """Sends all queued bytes, and waits while the server reads too slowly."""
        try:
            self.writer.write(self.connection.data_to_send())
            await self.writer.drain()
        except OSError:
            if self.goodbye is None:  # else the server has closed its socket already
                raise

    async def hang_up(self) -> None:
        """Gives the server a moment to close its socket first (RFC 6455, 7.1.1)."""
        with contextlib.suppress(OSError, asyncio.TimeoutError):
            await asyncio.wait_for(self.reader.read(), GOODBYE_SECONDS)
        self.writer.close()
        with contextlib.suppress(OSError, asyncio.TimeoutError):
            await asyncio.wait_for(self.writer.wait_closed(), GOODBYE_SECONDS)


def opening_request(
    url: SplitResult, protocols: str | None = None, deflate: Deflate | None = None
) -> bytes:
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    extensions = wscodec.deflate_offer(deflate) if deflate else None
    return wscodec.build_request(url.netloc, target, protocols=protocols, extensions=extensions)


@contextlib.asynccontextmanager
async def connected(url: SplitResult, options: argparse.Namespace) -> AsyncIterator[Client]:
    """An open connection, which is closed at the end of the block."""
    context = ssl.create_default_context() if url.scheme == "wss" else None
    port = url.port or (443 if context else 80)
    opening = asyncio.open_connection(url.hostname, port, ssl=context)
    reader, writer = await in_time(options.timeout, "no connection", opening)
    try:
        client = Client(reader, writer)
        shaking = client.shake_hands(url, options)
        await in_time(options.timeout, "no opening handshake", shaking)
        yield client
        await client.hang_up()
    finally:
        writer.close()


# Sending and printing


async def talk(options: argparse.Namespace) -> None:
    """Sends all messages, and closes when as many were received: then an echo server has
    returned them all."""
    async with connected(options.url, options) as client:
        if options.subprotocol:
            print(f"subprotocol: {client.connection.protocol}", file=sys.stderr)
        missing = 0

        async def send() -> None:
            nonlocal missing
            async for message in given(options.messages):
                if client.connection.state != State.OPEN:
                    return
                missing += 1
                if options.binary:
                    client.connection.send_bytes(message)
                else:
                    client.connection.send_text(checked(message))
                await client.flush()

        async def receive() -> None:
            nonlocal missing
            async for message in client.messages():
                missing -= 1
                write_line(message)
                if sending.done() and missing <= 0:
                    await client.close()

        sending = asyncio.create_task(send())
        receiving = asyncio.create_task(receive())
        try:
            await asyncio.wait({sending, receiving}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done() and (missing <= 0 or sending.exception()):
                await client.close()
            if sending.done():
                await in_time(options.timeout, "no answer to all of it", receiving)
                await sending
            else:
                await receiving
        finally:
            sending.cancel()
            receiving.cancel()
    code, reason = client.goodbye or Close(CloseCode.ABNORMAL, "")
    if code not in (CloseCode.NORMAL, CloseCode.NO_STATUS):
        raise Failure(f"the server closed with {code} {reason}".rstrip())


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


def write_line(message: Message) -> None:
    data = message.data
    sys.stdout.buffer.write((data.encode() if isinstance(data, str) else data) + b"\n")
    sys.stdout.buffer.flush()


# Autobahn


async def autobahn(options: argparse.Namespace) -> None:
    """The client's side of Autobahn's test suite, whose server checks the client."""
    agent = f"agent={quote(options.agent, safe='')}"

    def place(path: str, query: str = "") -> SplitResult:
        base: SplitResult = options.autobahn
        return base._replace(path=f"{base.path.rstrip('/')}/{path}", query=query)

    count = 0
    async with connected(place("getCaseCount"), options) as client:
        async for message in client.messages():
            count = int(message.data)
    for case in range(1, count + 1):
        print(f"case {case} of {count}", flush=True)
        with contextlib.suppress(Failure, OSError):  # many cases provoke them
            await echo(place("runCase", f"case={case}&{agent}"), options)
    await echo(place("updateReports", agent), options)


async def echo(url: SplitResult, options: argparse.Namespace) -> None:
    """Sends every message back until the server closes."""
    async with connected(url, options) as client:
        messages = client.messages()
        with contextlib.suppress(StopAsyncIteration):
            while True:
                message = await in_time(options.timeout, "nothing came", messages.__anext__())
                client.connection.send(message.opcode, message.data)


# The command line


def web_socket_url(text: str) -> SplitResult:
    try:
        url = urlsplit(text)
        good = url.scheme in ("ws", "wss") and url.hostname and url.port != 0
        if good and not url.fragment and "@" not in url.netloc and opening_request(url):
            return url
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{text!r} is no ws:// or wss:// URL")


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
            opening_request(urlsplit("ws://localhost"), options.subprotocol)
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
