"""Fixtures for all tests of the chat. PYTHONPATH=tests/chat:tests/python:python."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite(
    "chat_checks", "chat_client", "chat_server", "redis_server", "wire"
)
for group in ("ends", "http", "hostile", "joins", "limits", "outages", "proxies", "says"):
    pytest.register_assert_rewrite(f"check_{group}")

from chat_client import ChatClient, Join  # noqa: E402
from chat_server import ChatServer  # noqa: E402
from redis_server import RedisServer, running_redis  # noqa: E402

Start = Callable[..., ChatServer]


@pytest.fixture(scope="session")
def shared_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with running_redis(tmp_path_factory.mktemp("redis")) as redis:
        yield redis


@pytest.fixture
def redis(shared_redis: RedisServer) -> RedisServer:
    """Empty; for tests that leave it as it is."""
    shared_redis.run("FLUSHALL")
    return shared_redis


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisServer]:
    """For tests that restart it."""
    folder = tmp_path / "redis"
    folder.mkdir()
    with running_redis(folder) as redis:
        yield redis


@pytest.fixture
def start(request: pytest.FixtureRequest) -> Iterator[Start]:
    """Starts servers; they end with the test."""
    with contextlib.ExitStack() as stack:

        def start(*options: str, **more: object) -> ChatServer:
            server = ChatServer(request.instance.command, *options, **more)  # type: ignore[arg-type]
            stack.callback(server.end)
            server.wait_for_redis() if "--proxy-protocol" not in options else None
            return server

        yield start


@pytest.fixture
def server(start: Start, redis: RedisServer) -> ChatServer:
    """One that limits nobody."""
    return start("--redis", redis.address, "--name", "one", "--burst", "100000")


@pytest.fixture(scope="class")
def shared(request: pytest.FixtureRequest, shared_redis: RedisServer) -> Iterator[ChatServer]:
    """The same, for all tests of a class that do not mind what others have left behind."""
    options = ("--redis", shared_redis.address, "--name", "one", "--burst", "100000")
    server = ChatServer(request.cls.command, *options)
    server.wait_for_redis()
    yield server
    server.end()


@pytest.fixture
def join() -> Iterator[Join]:
    """Lets clients join; they are closed with the test."""
    with contextlib.ExitStack() as stack:

        def join(*arguments: object, **more: object) -> ChatClient:
            client = ChatClient(*arguments, **more)  # type: ignore[arg-type]
            stack.callback(client.close)
            return client

        yield join
