"""Exceptions: their text, their attributes, and that copies keep both."""

from __future__ import annotations

import copy
import inspect
import pickle
from typing import Any

import pytest
import wscodec
from echo_checks import PLAIN_REQUEST, RFC_REQUEST
from test_handshake import edit
from wscodec import Close, WsError, datastructures, errors, exceptions

OK, AWAY = Close(1000, "bye"), Close(1001, "")


def raised(call: Any) -> Exception:
    with pytest.raises(Exception) as info:
        call()
    return info.value


def classes() -> set[type[Exception]]:
    return {
        item
        for module in (errors, exceptions, datastructures)
        for item in vars(module).values()
        if inspect.isclass(item) and issubclass(item, errors.WebSocketException)
    }


request, response = wscodec.parse_handshake(RFC_REQUEST), wscodec.Response(404, None, None, b"")
assert request is not None


def proxied(status: int, reason: str) -> wscodec.Response:
    return wscodec.Response(status, None, None, b"", reason)


# These always have the request or the response.
NEVER_ALONE = (errors.NotUpgrade.CODE, errors.HandshakeStatus.CODE)
MADE: list[Exception] = [
    *(errors.error_for(code) for code in range(-60, 0) if code not in NEVER_ALONE),
    *(
        class_(OK if rcvd else None, AWAY if sent else None, order)
        for class_ in (
            exceptions.ConnectionClosed,
            exceptions.ConnectionClosedOK,
            exceptions.ConnectionClosedError,
        )
        for rcvd, sent, order in (
            (False, False, None),
            (True, False, None),
            (False, True, None),
            (True, True, True),
            (True, True, False),
        )
    ),
    errors.WebSocketException("what"),
    errors.InvalidHandshake("what"),
    errors.WsError("a message of its own", -47),
    errors.UsageError("x", -1),
    errors.HandshakeError("x"),
    errors.ProtocolError("x"),
    errors.InvalidArgument.of("key", "not the base64 of 16 bytes"),
    errors.NotUpgrade(request),
    errors.HandshakeStatus(response),
    exceptions.ConcurrencyError("twice"),
    exceptions.InvalidURI("http://a", "the scheme is not ws or wss"),
    exceptions.InvalidProxy("ftp://a", "of another kind"),
    exceptions.ProxyError("refused"),
    exceptions.InvalidProxyMessage("no HTTP"),
    exceptions.SecurityError(response, "a redirection to ws:"),
    exceptions.InvalidProxyStatus(proxied(407, "Proxy Authentication Required")),
    datastructures.MultipleValuesError("Set-Cookie"),
    raised(lambda: wscodec.parse_handshake(edit(": 13", ": 8"))),
    raised(lambda: wscodec.parse_handshake(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")),
    raised(lambda: wscodec.parse_response(b"HTTP/1.1 404 No\r\n\r\n", PLAIN_REQUEST)),
    raised(lambda: wscodec.mask(b"", b"12")),
    raised(lambda: datastructures.Headers([("A", "1"), ("a", "2")])["A"]),
]


def shown(error: Exception) -> object:
    """All of an exception that is public."""
    names = [name for name in dir(error) if not name.startswith("_") and hasattr(error, name)]
    found = {name: getattr(error, name) for name in names}
    attributes = {name: value for name, value in found.items() if not callable(value)}
    return type(error), str(error), repr(error), error.args, attributes


@pytest.mark.parametrize("number", range(len(MADE)))
def test_copies_and_pickles_keep_everything(number: int) -> None:
    error = MADE[number]
    protocols = range(pickle.HIGHEST_PROTOCOL + 1)
    duplicates = [pickle.loads(pickle.dumps(error, protocol)) for protocol in protocols]
    duplicates += [copy.copy(error), copy.deepcopy(error)]
    for duplicate in duplicates:
        assert shown(duplicate) == shown(error)


def test_every_class_was_made() -> None:
    assert classes() == {type(error) for error in MADE} | {WsError}


def test_every_exception_has_one_base() -> None:
    for class_ in classes():
        assert issubclass(class_, exceptions.WebSocketException)
        assert class_.__doc__
    for name in exceptions.__all__:
        assert getattr(exceptions, name)


def test_a_closed_connection_tells_who_closed_it() -> None:
    closed = exceptions.ConnectionClosed
    for error, text in (
        (closed(None, None), "no close frame received or sent"),
        (closed(OK, None), "received 1000 (normal) bye; no close frame sent"),
        (closed(None, AWAY), "sent 1001 (going away); no close frame received"),
        (closed(OK, AWAY, True), "received 1000 (normal) bye; then sent 1001 (going away)"),
        (closed(OK, AWAY, False), "sent 1001 (going away); then received 1000 (normal) bye"),
        (closed(Close(4000, "x y"), None), "received 4000 x y; no close frame sent"),
    ):
        assert str(error) == text
        assert (error.code, error.reason) == (error.rcvd or Close(1006, ""))


def test_messages_tell_what_is_wrong() -> None:
    for error, text in (
        (
            exceptions.InvalidURI("http://a", "why"),
            "'http://a' is not a valid WebSocket URI: why",
        ),
        (exceptions.InvalidProxy("ftp://a", "why"), "'ftp://a' is not a valid proxy: why"),
        (
            exceptions.InvalidProxyStatus(proxied(407, "")),
            "the proxy rejects the connection: 407",
        ),
        (
            exceptions.InvalidProxyStatus(proxied(500, "No")),
            "the proxy rejects the connection: 500 No",
        ),
        (exceptions.ProxyError("no route"), "no route"),
        (errors.InvalidUtf8("mine"), "mine"),
    ):
        assert str(error) == text
    status = exceptions.InvalidProxyStatus(proxied(407, "x"))
    assert isinstance(status, OSError) and status.errno is None


def test_exceptions_have_the_attributes_that_those_of_websockets_have() -> None:
    import websockets.exceptions as theirs

    uri, proxy = exceptions.InvalidURI("http://a", "x"), exceptions.InvalidProxy("ftp://a", "x")
    assert vars(uri) == vars(theirs.InvalidURI("http://a", "x"))
    assert vars(proxy) == vars(theirs.InvalidProxy("ftp://a", "x"))
    status = exceptions.InvalidProxyStatus(proxied(407, "x"))
    assert status.response.status_code == status.status == 407


def test_what_is_an_invalid_handshake_in_websockets_is_one_here() -> None:
    import websockets.exceptions as theirs

    found = []
    for name in exceptions.__all__:
        if issubclass(getattr(theirs, name, int), theirs.InvalidHandshake):
            assert issubclass(getattr(exceptions, name), exceptions.InvalidHandshake), name
            found.append(name)
    assert {"ProxyError", "InvalidProxyStatus", "SecurityError", "InvalidStatus"} <= set(found)


def test_names_of_websockets_are_the_same_classes() -> None:
    import websockets.exceptions as theirs

    for name in exceptions.__all__:
        if hasattr(theirs, name) and name not in ("WebSocketException",):
            ours = getattr(exceptions, name)
            assert issubclass(ours, exceptions.WebSocketException)
    assert issubclass(errors.HandshakeError, exceptions.InvalidHandshake)
    assert exceptions.InvalidStatus is errors.HandshakeStatus
    assert exceptions.InvalidOrigin is errors.HandshakeOrigin
    assert exceptions.InvalidMessage is errors.HttpSyntax
    assert exceptions.PayloadTooBig is errors.TooBig
    for ok in (True, False):
        class_ = exceptions.ConnectionClosedOK if ok else exceptions.ConnectionClosedError
        assert issubclass(class_, exceptions.ConnectionClosed)
