"""The iterator that connects again and again."""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import Iterator
from typing import Any

import pytest
from client_peers import accepting, reply, run, scripted, serving
from websockets.asyncio.server import ServerConnection
from wscodec.asyncio.client import connect
from wscodec.exceptions import ConnectionClosed, InvalidStatus


def quick() -> Iterator[float]:
    return itertools.repeat(0.001)


def test_it_connects_again_after_each_connection() -> None:
    async def once(connection: ServerConnection) -> None:
        await connection.send(f"number {next(numbers)}")

    numbers = itertools.count()
    received: list[Any] = []

    async def main() -> None:
        async with serving(once) as port:
            async for connection in connect(f"ws://127.0.0.1:{port}/"):
                try:
                    while True:
                        received.append(await connection.recv())
                except ConnectionClosed:
                    if len(received) == 3:
                        break

    run(main())
    assert received == ["number 0", "number 1", "number 2"]


def test_each_connection_is_closed_at_the_end_of_its_turn() -> None:
    closes: list[int | None] = []

    async def watch(connection: ServerConnection) -> None:
        await connection.wait_closed()
        closes.append(connection.close_code)

    async def main() -> None:
        async with serving(watch) as port:
            count = 0
            async for _ in connect(f"ws://127.0.0.1:{port}/"):
                assert closes == [1000] * count
                count += 1
                if count == 3:
                    break

    run(main())


def test_transient_errors_are_tried_again_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    responses = [reply(f"{status} No") for status in (500, 502, 503, 504)]

    async def main() -> int:
        async with scripted(*responses, b"", accepting) as raw:
            connecting = connect(
                raw.uri, reconnect_delays=quick, open_timeout=1, close_timeout=0.1
            )
            async for _ in connecting:
                return len(raw.requests)
        return 0

    with caplog.at_level(logging.INFO, "wscodec.client"):
        assert run(main()) == 6
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == 5
    assert all(
        text.startswith("connect failed; reconnecting in 0.0 seconds: ") for text in messages
    )
    assert "TimeoutError" in messages[4]


def test_other_errors_are_raised() -> None:
    async def main() -> None:
        async with scripted(reply("404 No")) as raw:
            with pytest.raises(InvalidStatus):
                async for _ in connect(raw.uri, reconnect_delays=quick):
                    pass
            assert len(raw.requests) == 1

    run(main())


def test_a_function_decides_what_is_transient() -> None:
    class Mine(Exception):
        pass

    def decide(error: Exception) -> Exception | None:
        assert isinstance(error, InvalidStatus)
        return None if error.response.status == 404 else Mine()

    async def main() -> None:
        async with scripted(reply("404 No"), reply("500 No")) as raw:
            with pytest.raises(Mine) as caught:
                async for _ in connect(
                    raw.uri, reconnect_delays=quick, process_exception=decide
                ):
                    pass
            assert isinstance(caught.value.__cause__, InvalidStatus)
            assert len(raw.requests) == 2

    run(main())


def test_that_function_may_also_raise() -> None:
    def decide(error: Exception) -> None:
        raise KeyError from error

    async def main() -> None:
        async with scripted(reply("404 No")) as raw:
            with pytest.raises(KeyError):
                async for _ in connect(raw.uri, process_exception=decide):
                    pass

    run(main())


def test_the_delays_start_again_after_a_connection_that_was_made() -> None:
    starts = []

    def delays() -> Iterator[float]:
        starts.append(True)
        return itertools.repeat(0.001)

    no = reply("503 No")

    async def main() -> None:
        async with scripted(no, no, accepting, no, no, accepting) as raw:
            made = 0
            async for _ in connect(raw.uri, reconnect_delays=delays, close_timeout=0.05):
                made += 1
                if made == 2:
                    break
            assert len(raw.requests) == 6

    run(main())
    assert len(starts) == 2


def test_the_error_is_raised_when_the_delays_end() -> None:
    async def main() -> None:
        async with scripted(reply("503 No")) as raw:
            with pytest.raises(InvalidStatus):
                async for _ in connect(raw.uri, reconnect_delays=lambda: iter([0.0, 0.0])):
                    pass
            assert len(raw.requests) == 3

    run(main())


def test_the_server_says_when_to_come_back() -> None:
    async def main() -> float:
        async with scripted(reply("503 No", b"", "Retry-After: 1"), accepting) as raw:
            began = time.monotonic()
            async for _ in connect(raw.uri, reconnect_delays=quick, close_timeout=0.1):
                return time.monotonic() - began
        return 0

    assert 1 <= run(main()) < 5


def test_an_exception_in_the_body_is_not_tried_again() -> None:
    async def main() -> None:
        async with serving() as port:
            with pytest.raises(OSError):
                async for _ in connect(f"ws://127.0.0.1:{port}/"):
                    raise OSError

    run(main())


def test_it_can_be_cancelled_while_it_waits() -> None:
    async def main() -> None:
        async with scripted(reply("503 No")) as raw:

            async def work() -> None:
                async for _ in connect(raw.uri, reconnect_delays=lambda: iter([100])):
                    pass

            task = asyncio.ensure_future(work())
            await raw.ended.get()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    run(main())
