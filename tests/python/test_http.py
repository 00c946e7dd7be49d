"""Header fields as a multi-dict, and the properties of requests and responses."""

from __future__ import annotations

import copy
import email.message
import pickle
import random
from typing import Any

import pytest
import wscodec
from echo_checks import PLAIN_ANSWER, PLAIN_REQUEST, RFC_ANSWER, RFC_REQUEST
from test_fields import KEY
from websockets.datastructures import Headers as Theirs
from websockets.datastructures import MultipleValuesError as TheirError
from wscodec import errors, http11
from wscodec.datastructures import Headers, MultipleValuesError

FIELDS = [("Host", "a"), ("Set-Cookie", "x=1"), ("set-cookie", "y=2"), ("X-Empty", "")]


def both(fields: Any = ()) -> tuple[Headers, Theirs]:
    return Headers(fields), Theirs(fields)


def test_names_are_case_insensitive_and_may_repeat() -> None:
    for headers in both(FIELDS):
        assert headers["HOST"] == headers["host"] == "a"
        assert headers.get_all("SET-COOKIE") == ["x=1", "y=2"]
        assert headers.get_all("missing") == []
        assert "Set-cookie" in headers and "X-EMPTY" in headers and "missing" not in headers
        assert 5 not in headers  # type: ignore[comparison-overlap]
        assert list(headers) == ["host", "set-cookie", "x-empty"]
        assert len(headers) == 3
        assert list(headers.raw_items()) == FIELDS
        with pytest.raises(KeyError, match="missing"):
            headers["missing"]


def test_assignment_adds_and_deletion_removes_all() -> None:
    for headers in both(FIELDS):
        headers["Host"] = "b"
        assert headers.get_all("host") == ["a", "b"]
        del headers["SET-COOKIE"]
        assert list(headers.raw_items()) == [("Host", "a"), ("X-Empty", ""), ("Host", "b")]
        with pytest.raises(KeyError):
            del headers["Set-Cookie"]


def test_a_name_with_several_values_has_no_single_one() -> None:
    """An error that is no KeyError: get() would take it for a missing name."""
    ours, theirs = both(FIELDS)
    for headers, error in ((ours, MultipleValuesError), (theirs, TheirError)):
        for read in (
            lambda h: h["Set-Cookie"],
            lambda h: h.get("Set-Cookie"),
            lambda h: h.get("Set-Cookie", "default"),
            lambda h: h.pop("Set-Cookie"),
            lambda h: h.pop("Set-Cookie", "default"),
            lambda h: h.setdefault("Set-Cookie", "default"),
            lambda h: dict(h),
            lambda h: list(h.items()),
            lambda h: list(h.values()),
        ):
            with pytest.raises(error, match=r"(?i)set-cookie"):
                read(headers)
        assert list(headers.raw_items()) == FIELDS


def test_it_is_a_mapping_while_no_name_repeats() -> None:
    for headers in both([("A", "1"), ("b", "2")]):
        assert dict(headers) == {"a": "1", "b": "2"}
        assert list(headers.items()) == [("a", "1"), ("b", "2")]
        assert headers.pop("A") == "1"
        assert headers.setdefault("b", "3") == "2"
        assert headers.setdefault("c", "3") == "3"
        assert headers.get("d") is None and headers.get("d", "x") == "x"
        assert list(headers.raw_items()) == [("b", "2"), ("c", "3")]


def test_clear_removes_everything() -> None:
    for headers in both(FIELDS):
        headers.clear()
        assert len(headers) == 0 and list(headers.raw_items()) == []


def test_every_form_of_fields_is_accepted() -> None:
    message = email.message.Message()
    message["A"], message["B"] = "1", "2"
    pairs = [("A", "1"), ("B", "2")]
    for given in (pairs, iter(pairs), dict(pairs), Headers(pairs), message, tuple(pairs)):
        assert list(Headers(given).raw_items()) == pairs
    message["a"] = "3"  # that of http.client, too
    repeated = [*pairs, ("a", "3")]
    for theirs in (message, Theirs(repeated)):
        assert list(Headers(theirs).raw_items()) == repeated
    assert list(Headers(pairs, c="3").raw_items()) == [*pairs, ("c", "3")]
    assert list(Headers(fields="x", self="y").raw_items()) == [("fields", "x"), ("self", "y")]
    headers = Headers(FIELDS)
    headers.update(Headers(FIELDS), Other="z")
    headers.update({"Host": "c"})
    headers.update()
    assert list(headers.raw_items()) == [*FIELDS, *FIELDS, ("Other", "z"), ("Host", "c")]
    headers.update(headers)
    assert len(list(headers.raw_items())) == 20


def test_copies_are_independent() -> None:
    class Named(Headers):
        pass

    for kind in (Headers, Named):
        original = kind(FIELDS)
        duplicates = [original.copy(), copy.copy(original), copy.deepcopy(original)]
        if kind is Headers:
            duplicates.append(pickle.loads(pickle.dumps(original)))
        for duplicate in duplicates:
            assert type(duplicate) is kind and duplicate == original
            duplicate["New"] = "x"
            duplicate.update({"More": "y"})
            del duplicate["Host"]
            assert list(original.raw_items()) == FIELDS


def test_headers_are_equal_if_each_name_has_the_same_values_in_order() -> None:
    same = [("HOST", "a"), ("x-empty", ""), ("Set-Cookie", "x=1"), ("Set-Cookie", "y=2")]
    swapped = [("Host", "a"), ("Set-Cookie", "y=2"), ("set-cookie", "x=1"), ("X-Empty", "")]
    for kind in (Headers, Theirs):
        assert kind(FIELDS) == kind(same)
        assert kind(FIELDS) != kind(swapped)
        assert kind(FIELDS) != kind(FIELDS[:-1])
        assert kind(FIELDS) != FIELDS
        assert kind({"A": "1"}) != {"a": "1"}
    with pytest.raises(TypeError, match="unhashable"):
        hash(Headers())


def test_random_changes_have_the_same_effect_as_in_websockets() -> None:
    dice = random.Random(7230)
    names = ["A", "a", "B", "b", "Other"]

    def one_change(headers: Any, kind: int, name: str, value: str) -> object:
        try:
            if kind == 0:
                headers[name] = value
            elif kind == 1:
                del headers[name]
            elif kind == 2:
                return headers.pop(name, value)
            elif kind == 3:
                return headers.setdefault(name, value)
            elif kind == 4:
                headers.update([(name, value), (name, "again")])
            elif kind == 5:
                return headers.get(name, value)
            else:
                headers.update({name: value}, other=value)
        except LookupError as error:
            return isinstance(error, KeyError)
        return None

    for _ in range(300):
        ours, theirs = both()
        for _ in range(20):
            change = dice.randrange(7), dice.choice(names), str(dice.random())
            assert one_change(ours, *change) == one_change(theirs, *change)
            assert list(ours.raw_items()) == list(theirs.raw_items())
            assert list(ours) == list(theirs) and len(ours) == len(theirs)


def test_what_is_no_header_field_is_refused_at_once() -> None:
    headers = Headers()
    for name, value in (("A", 1), ("A", None), ("A", b"x"), (1, "x"), (b"A", "x"), (None, "x")):
        for add in (
            lambda name, value: headers.__setitem__(name, value),
            lambda name, value: headers.update([(name, value)]),
            lambda name, value: headers.update({name: value}),
            lambda name, value: Headers({name: value}),
        ):
            with pytest.raises(TypeError, match="header field"):
                add(name, value)
    for name, value in (("A", "x\r\nB: y"), ("A", "x\ny"), ("A", "x\0"), ("A\r\nB", "x")):
        with pytest.raises(errors.InvalidArgument, match="header field"):
            headers[name] = value
        with pytest.raises(errors.InvalidArgument, match="header field"):
            Headers([(name, value)])
    wrong: Any
    for wrong in (5, None, "ab", ["ab"], [("a", "b", "c")], b"ab", object(), [5]):
        with pytest.raises(TypeError, match="header fields"):
            Headers(wrong)
    with pytest.raises(TypeError):
        headers[5]  # type: ignore[index]
    assert list(headers.raw_items()) == []


def test_text_is_one_line_for_each_field() -> None:
    assert str(Headers(FIELDS[:2])) == "Host: a\r\nSet-Cookie: x=1\r\n"
    assert repr(Headers(FIELDS[:1])) == "Headers([('Host', 'a')])"


@pytest.mark.parametrize("form", [list, tuple, iter, dict, Headers])
def test_every_builder_accepts_every_form_of_fields(form: Any) -> None:
    pairs = [("X-A", "1"), ("X-B", "2")]
    lines = b"X-A: 1\r\nX-B: 2\r\n"
    assert lines in wscodec.build_request("a", headers=form(pairs))
    assert lines in wscodec.build_response(KEY, headers=form(pairs))
    assert lines in wscodec.build_reply(200, form(pairs))
    assert wscodec.field_value(form(pairs), "x-b") == "2"
    request = wscodec.parse_handshake(PLAIN_REQUEST)
    assert request is not None
    wscodec.check_request("GET", form(list(request.headers.raw_items())))


def test_repeated_fields_of_headers_are_all_written() -> None:
    head = wscodec.build_reply(200, Headers(FIELDS))
    for name, value in FIELDS:
        assert f"\r\n{name}: {value}\r\n".encode() in head
    assert wscodec.field_value(Headers(FIELDS), "Set-Cookie") == "x=1, y=2"


def test_a_request_has_a_path_and_headers() -> None:
    request = wscodec.parse_handshake(RFC_REQUEST)
    assert request is not None and issubclass(http11.Request, wscodec.Handshake)
    assert request.path == request.target == "/chat"
    assert isinstance(request.headers, Headers)
    assert list(request.headers.raw_items()) == list(wscodec.headers(RFC_REQUEST))
    assert request.headers["host"] == request.host
    with pytest.raises(errors.NotUpgrade) as raised:
        wscodec.check_request("GET", [])
    assert raised.value.request.headers == Headers()


def test_the_headers_of_a_request_of_the_network_layers_keep_what_is_added() -> None:
    request = http11.parse_request(RFC_REQUEST)
    assert request == wscodec.parse_handshake(RFC_REQUEST)
    request.headers["X-User"] = "me"
    assert request.headers["X-User"] == "me" and request.headers["host"] == request.host
    with pytest.raises(errors.HttpSyntax):
        http11.parse_request(b"GET / HTTP/1.1\r\nno colon\r\n\r\n")


def test_a_response_has_the_names_that_servers_send_it_with() -> None:
    response = wscodec.parse_response(RFC_ANSWER, RFC_REQUEST)
    assert response is not None
    assert (response.status_code, response.reason_phrase) == (101, "Switching Protocols")
    assert (response.status_code, response.reason_phrase) == (response.status, response.reason)
    assert list(response.headers.raw_items()) == list(wscodec.headers(RFC_ANSWER))
    assert response.body == b""
    assert wscodec.Response(404, None, None, b"").headers == Headers()


def test_a_response_to_send_has_defaults() -> None:
    response = http11.Response(404)
    assert (response.status_code, response.reason_phrase) == (404, "Not Found")
    assert response.headers == Headers() and response.body == b""
    other = http11.Response(299, headers=[("A", "1")], body=b"x")  # type: ignore[arg-type]
    assert other.reason_phrase == "" and other.headers["a"] == "1"
    response.headers["A"] = "1"
    assert http11.Response(404).headers == Headers()
    assert http11.Response(200, "Fine", Headers(), b"") == http11.Response(200, "Fine")


def test_a_head_without_fields_has_no_headers() -> None:
    with pytest.raises(errors.HandshakeStatus) as raised:
        wscodec.parse_response(b"HTTP/1.1 500\r\n\r\n", PLAIN_REQUEST)
    assert raised.value.response.headers == Headers()
    assert PLAIN_ANSWER  # the request was valid: see test_handshake.py
