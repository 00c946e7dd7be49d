"""wscodec.sync and the package websockets, each as the server and as the client."""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import client_peers
import needs
import pytest
from sync_peers import (  # noqa: F401
    PATIENCE,
    in_background,
    nothing_is_left,
    serving,
    uri_of,
)
from websockets.exceptions import ConnectionClosedOK
from websockets.extensions.permessage_deflate import (
    ClientPerMessageDeflateFactory,
    ServerPerMessageDeflateFactory,
)
from websockets.sync import client as client_of_websockets
from websockets.sync import server as server_of_websockets
from wscodec import Deflate
from wscodec.sync import ConnectionClosedOK as OurConnectionClosedOK
from wscodec.sync import State, connect

pytestmark = pytest.mark.filterwarnings("error")


def messages(seed: int = 1) -> list[str | bytes]:
    chance = random.Random(seed)
    found: list[str | bytes] = ["", b"", "ä€🎉" * 2000, bytes(70_000)]
    for _ in range(30):
        size = chance.choice([1, 10, 125, 126, 1000, 5000, 65535, 65536])
        found.append(chance.choice(["text ", "ü"]) * (size // 5) if size % 2 else
                     chance.randbytes(size))  # fmt: skip
    return found


@contextlib.contextmanager
def serving_with_websockets(**options: Any) -> Iterator[str]:
    def echo(connection: server_of_websockets.ServerConnection) -> None:
        for message in connection:
            connection.send(message)

    with server_of_websockets.serve(echo, "127.0.0.1", 0, **options) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}/"
        server.shutdown()
        thread.join(PATIENCE)


OFFERS = [
    None,
    {},
    {"client_no_context_takeover": True},
    {"server_no_context_takeover": True},
    {"client_max_window_bits": 9, "server_max_window_bits": 9},
]


@needs.compression
@pytest.mark.parametrize("offer", OFFERS)
def test_their_client_gets_echoes_of_our_server(offer: dict[str, Any] | None) -> None:
    extensions = None if offer is None else [ClientPerMessageDeflateFactory(**offer)]
    ours = Deflate() if offer is not None else None
    with serving(compression=ours, compress_from=0) as server:
        with client_of_websockets.connect(
            uri_of(server), compression=None, extensions=extensions, proxy=None
        ) as client:
            for message in messages():
                client.send(message)
                assert client.recv(PATIENCE) == message
            client.send(["frag", "ments"])
            assert client.recv(PATIENCE) == "fragments"
            assert client.ping("x").wait(PATIENCE)
            assert bool(client.protocol.extensions) == (offer is not None)
        assert client.close_code == 1000


@needs.compression
@pytest.mark.parametrize("offer", OFFERS)
def test_our_client_gets_echoes_of_their_server(offer: dict[str, Any] | None) -> None:
    extensions = None if offer is None else [ServerPerMessageDeflateFactory(**offer)]
    ours = Deflate() if offer is not None else None
    with serving_with_websockets(compression=None, extensions=extensions) as uri:
        with connect(uri, compression=ours, compress_from=0) as client:
            for message in messages():
                client.send(message)
                assert client.recv(PATIENCE) == message
            client.send(["frag", "ments"])
            assert client.recv(PATIENCE) == "fragments"
            assert client.ping("x").wait(PATIENCE)
            assert (client.deflate is not None) == (offer is not None)
        assert client.close_code == 1000


def test_our_client_talks_to_their_asyncio_server() -> None:
    with in_background(client_peers.serving()) as port:
        with connect(f"ws://127.0.0.1:{port}/") as client:
            for message in messages(2):
                client.send(message)
                assert client.recv(PATIENCE) == message
        assert (client.state, client.close_code) == (State.CLOSED, 1000)


def test_many_clients_and_threads_at_once() -> None:
    with serving() as server, ThreadPoolExecutor(12) as threads:
        uri = uri_of(server)

        def talk_with_ours(seed: int) -> None:
            with connect(uri) as client:
                for message in messages(seed):
                    client.send(message)
                    assert client.recv(PATIENCE) == message

        def talk_with_theirs(seed: int) -> None:
            with client_of_websockets.connect(uri, proxy=None) as client:
                for message in messages(seed):
                    client.send(message)
                    assert client.recv(PATIENCE) == message

        talks = [threads.submit(talk_with_ours, i) for i in range(6)]
        talks += [threads.submit(talk_with_theirs, i) for i in range(6)]
        for talk in talks:
            talk.result(30)


def test_each_understands_the_close_of_the_other() -> None:
    with serving() as server:
        with client_of_websockets.connect(uri_of(server), proxy=None) as client:
            server.shutdown(reason="bye")
            with pytest.raises(ConnectionClosedOK, match="1001.*bye; then sent 1001"):
                client.recv(PATIENCE)
    with serving_with_websockets() as uri, connect(uri) as client_:
        client_.close(1001, "bye")
        with pytest.raises(OurConnectionClosedOK, match="sent 1001.*bye; then received 1001"):
            client_.recv()


def test_their_sends_of_parts_are_ours_to_stream() -> None:
    got: list[list[Any]] = []

    def handler(connection: Any) -> None:
        got.append(list(connection.recv_streaming()))
        connection.send(str(len(got[0])))

    with serving(handler, stream=True) as server:
        with client_of_websockets.connect(
            uri_of(server), compression=None, proxy=None
        ) as client:
            client.send(iter(["ä" * 50_000, "b", "c"]))
            client.recv(PATIENCE)
    assert "".join(got[0]) == "ä" * 50_000 + "bc"
