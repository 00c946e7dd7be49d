"""Arguments of Connection and Deflater that are wrong, or not what they say."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from ctypes import create_string_buffer
from typing import Any

import needs
import pytest
import wire
import wscodec
from echo_checks import PLAIN_ANSWER, PLAIN_REQUEST, REFUSED, RFC_REQUEST, echo
from test_connection import client, feed, server, text
from wire import BINARY, FIN, TEXT, frame
from wscodec import CLIENT, SERVER, Connection, Deflate, Deflater, Opcode, State, _ffi, errors

HI = frame(FIN | TEXT, b"hi")


class Liar(bytes):
    """Bytes that overstate their number."""

    def __len__(self) -> int:
        return 1 << 20

    def __bool__(self) -> bool:
        return False


class LiarText(str):
    """A str with an encoding of its own."""

    def encode(self, *_: object) -> bytes:
        return Liar(b"lie")


def test_only_bytes_that_exist_are_used() -> None:
    conn = server()
    assert feed(conn, Liar(HI)) == ([text("hi")], "")
    conn.send_bytes(Liar(b"a"))
    conn.send_text(Liar(b"b"))
    conn.send_text(LiarText("c"))
    conn.ping(Liar(b"d"))
    expected = echo(FIN | BINARY, b"a") + echo(FIN | TEXT, b"b") + echo(FIN | TEXT, b"c")
    assert conn.data_to_send() == expected + echo(FIN | wire.PING, b"d")
    assert Connection.accept(Liar(PLAIN_REQUEST))[1] == PLAIN_ANSWER
    assert Connection.confirm(Liar(PLAIN_ANSWER), Liar(PLAIN_REQUEST))
    conn.close(1000, LiarText("bye"))
    assert conn.data_to_send() == wire.close(1000, b"bye", None)
    masking = client(random=lambda size: Liar(bytes(size)))
    masking.send_bytes(b"x")
    assert masking.data_to_send() == frame(FIN | BINARY, b"x", bytes(4))


@needs.compression
def test_a_deflater_uses_only_bytes_that_exist() -> None:
    ours, theirs = Deflater(SERVER), Deflater(CLIENT)
    payload = ours.compress(Liar(b"Hello"))
    assert theirs.decompress(Liar(payload), max_size=9) == b"Hello"


SIDES: list[Any] = [2, 7, -1, 2**32, True, False, 1.0, None, "server", b"", object()]


@pytest.mark.parametrize("side", SIDES)
def test_only_a_side_is_a_side(side: Any) -> None:
    """In particular, no bool."""
    with pytest.raises(errors.InvalidArgument, match="side"):
        Connection(side)
    if wscodec.library_can_deflate():
        with pytest.raises(errors.InvalidArgument, match="side"):
            Deflater(side)


NUMBERS = ("compress_from", "max_message", "max_frame", "allow_rsv", "keep_buffer")
NO_NUMBERS: list[Any] = [1.5, 1.0, "1", b"1", None, [1]]

WRONG: dict[str, tuple[str, Callable[[Any], object], list[Any]]] = {
    "opcode": ("opcode", lambda wrong: server().send(wrong, b"x"), NO_NUMBERS),
    "rsv": ("rsv", lambda wrong: server().send(1, b"x", rsv=wrong), [1.5, "1", b"1", [1]]),
    "code": ("code", lambda wrong: server().close(wrong), NO_NUMBERS),
    "reason": ("reason", lambda wrong: server().close(1000, wrong), [b"x", None, 5, ["x"]]),
    "random": ("random", lambda wrong: client(random=wrong), [5, b"x", "x"]),
    "deflate": ("deflate", lambda wrong: server(deflate=wrong), [True, 5, "x", {}]),
    "an option": ("max_size", lambda wrong: server(max_size=wrong), [5]),
    "payload": ("data", lambda wrong: server().send_bytes(wrong), [5, None, [1], 1.5]),
    "text": ("data", lambda wrong: server().send_text(wrong), [5, None, [1], 1.5]),
    "input": ("data", lambda wrong: server().receive_data(wrong), [5, None, "x", [1]]),
    "head": ("data", lambda wrong: Connection.accept(wrong), [5, None, "x", [1]]),
    "response": (
        "data",
        lambda wrong: Connection.confirm(wrong, PLAIN_REQUEST),
        [5, None, "x", [1]],
    ),
    "request": (
        "request",
        lambda wrong: Connection.confirm(PLAIN_ANSWER, wrong),
        [5, None, "x", [1]],
    ),
    "protocols": (
        "protocols",
        lambda wrong: Connection.accept(RFC_REQUEST, protocols=wrong),
        [5, [b"chat"], [5]],
    ),
    "origins": (
        "origins",
        lambda wrong: Connection.accept(RFC_REQUEST, origins=wrong),
        [5, [b"http://a"], [5]],
    ),
    "agreed to": ("deflate", lambda wrong: Connection.accept(b"", deflate=wrong), [True, 5]),
}


def with_option(name: str) -> Callable[[Any], object]:
    return lambda wrong: server(**{name: wrong})


WRONG |= {name: (name, with_option(name), NO_NUMBERS) for name in NUMBERS}

if wscodec.library_can_deflate():
    WRONG |= {
        "terms": ("deflate", lambda wrong: Deflater(SERVER, wrong), [True, 5, "x"]),
        "level": ("level", lambda wrong: Deflate(level=wrong), NO_NUMBERS),
        "compress": ("data", lambda wrong: Deflater(SERVER).compress(wrong), [5, None, "x"]),
        "decompress": (
            "payload",
            lambda wrong: Deflater(SERVER).decompress(wrong, max_size=9),
            [5, None, "x"],
        ),
        "decompressed": (
            "payload",
            lambda wrong: Deflater(SERVER).decompressed(wrong),
            [5, None, "x"],
        ),
        "max_size": (
            "max_size",
            lambda wrong: Deflater(SERVER).decompress(b"", max_size=wrong),
            NO_NUMBERS,
        ),
    }


@pytest.mark.parametrize("name", WRONG)
def test_an_argument_of_a_wrong_type_is_named(name: str) -> None:
    argument, use, values = WRONG[name]
    for wrong in values:
        with pytest.raises(TypeError, match=argument):
            use(wrong)


def test_wrong_arguments_change_nothing() -> None:
    conn = server()
    for use in (
        lambda: conn.send(1.5, b"x"),  # type: ignore[arg-type]
        lambda: conn.send(1, b"x", rsv="1"),  # type: ignore[arg-type]
        lambda: conn.close(1000, b"x"),  # type: ignore[arg-type]
        lambda: conn.receive_data("x"),  # type: ignore[arg-type]
        lambda: setattr(conn, "compress_from", None),
    ):
        with pytest.raises(TypeError):
            use()
    assert (conn.state, conn.data_to_send(), list(conn.events())) == (State.OPEN, b"", [])
    assert conn.compress_from == wscodec.COMPRESS_FROM


def test_numbers_of_other_types_are_numbers() -> None:
    class Two:
        def __index__(self) -> int:
            return 2

    number: Any = Two()
    conn = server(max_message=number)
    assert conn.max_message == 2
    conn.send(number, b"x")
    assert conn.data_to_send() == echo(FIN | BINARY, b"x")


def test_a_number_is_as_good_as_an_opcode() -> None:
    ours, theirs = server(), server()
    for opcode in Opcode.TEXT, Opcode.BINARY, Opcode.PING, Opcode.PONG:
        for more in (False, True) if opcode < 8 else (False,):
            ours.send(opcode, b"x", more=more)
            theirs.send(int(opcode), b"x", more=more)
            assert ours.sending is theirs.sending
        if opcode < 8:
            ours.send(opcode, b"")
            theirs.send(int(opcode), b"")
    assert ours.data_to_send() == theirs.data_to_send()


# The handle


def test_a_released_handle_belongs_to_the_caller() -> None:
    conn, _ = Connection.accept(PLAIN_REQUEST)
    assert conn
    there = conn._handle
    handle = conn._release()
    assert handle == there != 0
    assert not conn._finalizer.alive  # nobody else frees it
    assert _ffi.lib.ws_conn_state(handle) == State.OPEN
    assert _ffi.lib.ws_conn_close(handle, 1000, b"", 0, create_string_buffer(9), 9) == 4
    _ffi.lib.ws_conn_free(handle)
    for use in (conn._release, conn.data_to_send, conn.events, lambda: conn.state):
        with pytest.raises(errors.InvalidState):
            use()
    conn.free()


def test_a_connection_in_use_is_not_released() -> None:
    """Nothing may be lost."""
    conns = [server() for _ in range(3)]
    conns[0].receive_data(HI)
    iterator = conns[1].receive_data(HI * 2)
    next(iterator)
    conns[2].send_text("x")
    conns.append(client(random=bytes))
    for conn in conns:
        with pytest.raises(errors.InvalidState):
            conn._release()
        assert conn.state == State.OPEN


@needs.compression
def test_neither_is_copied() -> None:
    for owner in (server(), Deflater(SERVER)):
        for copy_ in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError, match="cannot be copied"):
                copy_(owner)


# Errors of the opening handshake


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_request_is_in_the_error(name: str) -> None:
    old, new, _ = REFUSED[name]
    data = RFC_REQUEST.replace(old, new, 1)
    error = Connection.accept(data, protocols="chat").error
    assert isinstance(error, errors.HandshakeError) and error.response is None
    try:
        known = wscodec.parse_handshake(data)
    except errors.HandshakeError as same:
        known = same.request
    assert error.request == known
    if known:
        assert known.target == data.split(b" ", 2)[1].decode()


def test_a_request_that_is_valid_but_refused_is_in_the_error() -> None:
    for error in (
        Connection.accept(RFC_REQUEST, origins="https://other.example").error,
        Connection.accept(RFC_REQUEST, protocols="other", need_protocol=True).error,
    ):
        assert isinstance(error, (errors.HandshakeOrigin, errors.HandshakeProtocol))
        assert error.request == wscodec.parse_handshake(RFC_REQUEST)


def test_a_refused_response_is_in_the_error() -> None:
    refused = {
        PLAIN_ANSWER.replace(b" 101 ", b" 404 ", 1): errors.HandshakeStatus,
        PLAIN_ANSWER.replace(b"Upgrade: websocket", b"Upgrade: h2c", 1): errors.HandshakeAccept,
        PLAIN_ANSWER.replace(b"\r\n\r\n", b"\r\nSec-WebSocket-Protocol: x\r\n\r\n"): (
            errors.HandshakeProtocol
        ),
        PLAIN_ANSWER.replace(b"\r\n\r\n", b"\r\nSec-WebSocket-Extensions: x\r\n\r\n"): (
            errors.ExtensionError
        ),
    }
    for data, kind in refused.items():
        with pytest.raises(errors.HandshakeError) as caught:
            Connection.confirm(data, PLAIN_REQUEST)
        assert isinstance(caught.value, kind) and caught.value.request is None
        response = caught.value.response
        assert response and response.head == data
        assert response.status == (404 if b" 404 " in data else 101)
    with pytest.raises(errors.HttpSyntax) as malformed:
        Connection.confirm(b"HTTP/1.1 101\x00\r\n\r\n", PLAIN_REQUEST)
    assert malformed.value.response is None
