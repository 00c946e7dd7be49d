"""Every argument of every public function: a value that it cannot be is a TypeError, ValueError
or WsError in the words of the package, at once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest
import wire
import wscodec
from echo_checks import PLAIN_ANSWER, PLAIN_REQUEST, RFC_REQUEST
from test_fields import KEY, REQUEST, RESPONSE
from wscodec import Decoder, Frame, Opcode, OutFrame, WsError
from wscodec.errors import InvalidArgument

VALUES: dict[str, Any] = {
    "None": None,
    "an int": 4,
    "a bool": True,
    "a negative int": -1,
    "a huge int": 10**5000,
    "a negative huge int": -(10**5000),
    "a float": 4.0,
    "nan": float("nan"),
    "a str": "abcd",
    "an empty str": "",
    "a lone surrogate": "\ud800",
    "an escaped byte": "\udcff",
    "bytes": b"abcd",
    "a list of ints": [1, 2, 3, 4],
    "a list of str": ["ab", "cd"],
    "a tuple": (0, 0, 0, 0),
    "a range": range(4),
    "a dict": {"a": "b"},
    "a dict of ints": {1: 2},
    "an object": object(),
    "a class": int,
    "a released view": None,  # a new one for each call
}


class Kind:
    """What an argument can be."""

    def __init__(self, *types: type, none: bool = False) -> None:
        self.types, self.none = types, none

    def refuses(self, value: object) -> bool:
        """Whether the type of the value must be an error."""
        if value is None:
            return not self.none
        return not isinstance(value, self.types)


DATA = Kind(bytes, memoryview)
TEXT = Kind(str, bytes, memoryview)
TEXT_OR_NONE = Kind(str, bytes, memoryview, none=True)
STR = Kind(str)
INT = Kind(int)
SIDE = Kind(int)
FLAG = Kind(object, none=True)
KEY_OR_NONE = Kind(bytes, memoryview, none=True)
FIELDS = Kind(dict)
FRAMES = Kind()
FRAME = Kind(Frame)
FUNCTION = Kind(type, none=True)
WRITABLE = Kind(bytearray, memoryview)
DEFLATE = Kind(wscodec.Deflate)


def frame() -> Frame:
    (found,) = Decoder().feed(wire.frame(0x89, b"ab"))
    return found


Call = tuple[Callable[..., object], dict[str, tuple[Any, Kind]]]
FRAME_OPTIONS = {
    "fin": (True, FLAG),
    "rsv": (0, INT),
    "mask_key": (None, KEY_OR_NONE),
}
DECODER_OPTIONS = {
    "deflate": (False, FLAG),
    "any_mask": (False, FLAG),
    "keep_masked": (False, FLAG),
    "any_rsv": (False, FLAG),
}
CALLS: dict[str, Call] = {
    "accept_key": (wscodec.accept_key, {"key": (KEY, TEXT)}),
    "build_reply": (
        wscodec.build_reply,
        {"status": (200, INT), "headers": ((), FIELDS), "body": (b"", DATA)},
    ),
    "build_request": (
        wscodec.build_request,
        {
            "host": ("a", TEXT),
            "target": ("/", TEXT),
            "key": (None, TEXT_OR_NONE),
            "origin": (None, TEXT_OR_NONE),
            "protocols": (None, TEXT_OR_NONE),
            "extensions": (None, TEXT_OR_NONE),
            "headers": ((), FIELDS),
        },
    ),
    "build_response": (
        wscodec.build_response,
        {
            "key": (KEY, TEXT_OR_NONE),
            "protocol": (None, TEXT_OR_NONE),
            "extensions": (None, TEXT_OR_NONE),
            "headers": ((), FIELDS),
        },
    ),
    "check_request": (
        wscodec.check_request,
        {
            "method": ("GET", TEXT),
            "fields": (REQUEST, FIELDS),
            "http_version": (11, INT),
            "authority": (None, TEXT_OR_NONE),
            "connect_protocol": (None, TEXT_OR_NONE),
            "origins": (None, TEXT_OR_NONE),
        },
    ),
    "check_response": (
        wscodec.check_response,
        {
            "status": (101, INT),
            "fields": (RESPONSE, FIELDS),
            "key": (KEY, TEXT_OR_NONE),
            "offered_protocols": (None, TEXT_OR_NONE),
            "offered_extensions": (None, TEXT_OR_NONE),
            "http_version": (11, INT),
        },
    ),
    "close_build": (wscodec.close_build, {"code": (1000, INT), "reason": ("", STR)}),
    "close_code_valid": (wscodec.close_code_valid, {"code": (1000, INT)}),
    "close_parse": (wscodec.close_parse, {"payload": (b"", DATA)}),
    "field_value": (wscodec.field_value, {"fields": (REQUEST, FIELDS), "name": ("a", TEXT)}),
    "find_header": (
        wscodec.find_header,
        {"head": (RFC_REQUEST, DATA), "name": ("a", TEXT)},
    ),
    "frame_decode": (
        wscodec.frame_decode,
        {"data": (b"", DATA), "client": (False, FLAG), **DECODER_OPTIONS},
    ),
    "frame_encode": (
        wscodec.frame_encode,
        {"opcode": (2, INT), "payload": (b"", DATA), **FRAME_OPTIONS},
    ),
    "frame_header": (
        wscodec.frame_header,
        {"opcode": (2, INT), "payload_len": (0, INT), **FRAME_OPTIONS},
    ),
    "frame_missing": (wscodec.frame_missing, {"data": (b"", DATA)}),
    "frame_size": (wscodec.frame_size, {"payload_len": (0, INT), "masked": (False, FLAG)}),
    "frames_encode": (wscodec.frames_encode, {"frames": ([OutFrame(2)], FRAMES)}),
    "head_length": (wscodec.head_length, {"data": (b"", DATA), "scanned": (0, INT)}),
    "headers": (lambda head: list(wscodec.headers(head)), {"head": (RFC_REQUEST, DATA)}),
    "library_can_deflate": (wscodec.library_can_deflate, {}),
    "library_path": (wscodec.library_path, {}),
    "library_version": (wscodec.library_version, {}),
    "make_key": (wscodec.make_key, {}),
    "mask": (
        wscodec.mask,
        {"data": (b"ab", DATA), "key": (wire.KEY, DATA), "pos": (0, INT)},
    ),
    "mask_in_place": (
        wscodec.mask_in_place,
        {"data": (bytearray(2), WRITABLE), "key": (wire.KEY, DATA), "pos": (0, INT)},
    ),
    "next_header": (wscodec.next_header, {"head": (RFC_REQUEST, DATA), "pos": (0, INT)}),
    "origin_allowed": (
        wscodec.origin_allowed,
        {"origin": ("http://a", TEXT_OR_NONE), "allowed": ("http://a", TEXT)},
    ),
    "parse_handshake": (wscodec.parse_handshake, {"data": (RFC_REQUEST, DATA)}),
    "parse_response": (
        wscodec.parse_response,
        {"data": (PLAIN_ANSWER, DATA), "request": (PLAIN_REQUEST, DATA)},
    ),
    "select_protocol": (
        wscodec.select_protocol,
        {"head": (RFC_REQUEST, DATA), "supported": ("a", TEXT)},
    ),
    "select_protocol_value": (
        wscodec.select_protocol_value,
        {"offered": ("a", TEXT_OR_NONE), "supported": ("a", TEXT)},
    ),
    "Decoder": (
        Decoder,
        {"side": (wscodec.SERVER, SIDE), **DECODER_OPTIONS, "max_payload": (0, INT)},
    ),
    "Decoder.feed": (
        lambda data, in_place: list(Decoder().feed(data, in_place=in_place)),
        {"data": (b"", DATA), "in_place": (False, FLAG)},
    ),
    "Decoder.feed_tuples": (
        lambda data: list(Decoder().feed_tuples(data)),
        {"data": (b"", DATA)},
    ),
    "Control": (
        wscodec.Control,
        {"side": (wscodec.SERVER, SIDE), "random": (None, FUNCTION)},
    ),
    "Control.feed": (lambda frame: wscodec.Control().feed(frame), {"frame": (frame(), FRAME)}),
    "Control.close": (
        lambda code, reason: wscodec.Control().close(code, reason),
        {"code": (1000, INT), "reason": ("", STR)},
    ),
    "Utf8Validator": (wscodec.Utf8Validator, {}),
    "Utf8Validator.push": (
        lambda data: wscodec.Utf8Validator().push(data),
        {"data": (b"", DATA)},
    ),
    "OutFrame.opcode": (
        lambda opcode: wscodec.frames_encode([OutFrame(opcode)]),
        {"opcode": (2, INT)},
    ),
    "OutFrame.payload": (
        lambda payload: wscodec.frames_encode([OutFrame(2, payload)]),
        {"payload": (b"", DATA)},
    ),
    "OutFrame.rsv": (
        lambda rsv: wscodec.frames_encode([OutFrame(2, rsv=rsv)]),
        {"rsv": (0, INT)},
    ),
    "OutFrame.mask_key": (
        lambda mask_key: wscodec.frames_encode([OutFrame(2, mask_key=mask_key)]),
        {"mask_key": (None, KEY_OR_NONE)},
    ),
    "a frame among others": (
        lambda frames: wscodec.frames_encode([OutFrame(2), frames]),
        {"frames": (OutFrame(2), Kind(tuple, list, dict, str, bytes, range, memoryview))},
    ),
    "a field among others": (
        lambda headers: wscodec.build_reply(200, [("X", "y"), headers]),
        {"headers": (("a", "b"), Kind(tuple, list, dict, range))},
    ),
    "the name of a field": (
        lambda headers: wscodec.build_reply(200, [(headers, "x")]),
        {"headers": ("a", TEXT)},
    ),
    "the value of a field": (
        lambda headers: wscodec.build_reply(200, {"X": headers}),
        {"headers": ("a", TEXT)},
    ),
}
if wscodec.library_can_deflate():
    CALLS |= {
        "deflate_accept": (
            wscodec.deflate_accept,
            {"head": (RFC_REQUEST, DATA), "willing": (wscodec.Deflate(), DEFLATE)},
        ),
        "deflate_accept_value": (
            wscodec.deflate_accept_value,
            {"offers": (None, TEXT_OR_NONE), "willing": (wscodec.Deflate(), DEFLATE)},
        ),
        "deflate_confirm": (
            wscodec.deflate_confirm,
            {"head": (PLAIN_ANSWER, DATA), "offered": (wscodec.Deflate(), DEFLATE)},
        ),
        "deflate_confirm_value": (
            wscodec.deflate_confirm_value,
            {"answer": (None, TEXT_OR_NONE), "offered": (wscodec.Deflate(), DEFLATE)},
        ),
        "deflate_offer": (wscodec.deflate_offer, {"offered": (wscodec.Deflate(), DEFLATE)}),
    }
BY_OTHERS = {"Accepted", "Connection", "Deflate", "Deflater", "Options"}
"""Of the classes that own memory: see the tests of a connection and of a deflater."""


def value_of(name: str) -> Any:
    if name != "a released view":
        return VALUES[name]
    view = memoryview(b"abcd")
    view.release()
    return view


@pytest.mark.parametrize("name", CALLS)
def test_valid_arguments_are_accepted(name: str) -> None:
    function, arguments = CALLS[name]
    function(**{argument: value for argument, (value, _) in arguments.items()})


CASES = [
    (name, argument, value)
    for name, (_, arguments) in CALLS.items()
    for argument in arguments
    for value in VALUES
]


@pytest.mark.parametrize(("name", "argument", "value"), CASES)
def test_a_wrong_argument_is_an_error_that_names_it(
    name: str, argument: str, value: str
) -> None:
    function, arguments = CALLS[name]
    given = {other: good for other, (good, _) in arguments.items()}
    given[argument] = wrong = value_of(value)
    names = [argument]
    if argument == "frames":
        names += OutFrame._fields
    if argument == "in_place":
        names.append("data")  # which is then to be modified
    if arguments[argument][1] is FLAG and value == "a released view":
        return  # it has no truth value
    try:
        function(**given)
    except (TypeError, ValueError) as error:
        if isinstance(error, WsError) and not isinstance(error, InvalidArgument):
            return
        assert any(word in str(error) for word in names), (type(error), str(error))
        assert "ctypes" not in str(error)
        return
    except WsError:
        return
    assert not arguments[argument][1].refuses(wrong), f"{argument} was accepted"


def test_every_public_function_is_called() -> None:
    called = {name.partition(".")[0] for name in CALLS}
    for name in wscodec.__all__:
        item = getattr(wscodec, name)
        if inspect.isfunction(item) or (
            inspect.isclass(item) and not issubclass(item, (tuple, int, Exception))
        ):
            if not name.startswith("deflate_") or wscodec.library_can_deflate():
                assert (name in called) != (name in BY_OTHERS), name


def test_every_parameter_is_tried() -> None:
    for name, (function, arguments) in CALLS.items():
        if name in wscodec.__all__ and name != "headers":
            assert set(inspect.signature(function).parameters) == set(arguments), name


@pytest.mark.parametrize("field", Frame._fields)
@pytest.mark.parametrize("value", VALUES)
def test_a_frame_with_a_wrong_field_is_refused_or_ignored(field: str, value: str) -> None:
    wrong = frame()._replace(**{field: value_of(value)})
    try:
        wscodec.Control().feed(wrong)
    except WsError:
        pass
    except (TypeError, ValueError) as error:
        assert field in str(error) or "frame" in str(error)


def test_what_random_returns_is_checked() -> None:
    for wrong in ("abcd", None, 4, [1, 2, 3, 4], b"abc"):
        with pytest.raises((TypeError, ValueError), match="random"):
            wscodec.Control(wscodec.CLIENT, random=lambda _, wrong=wrong: wrong).close()  # type: ignore[misc]


def test_sides_are_not_other_numbers() -> None:
    for side in (0, 1, wscodec.SERVER, wscodec.CLIENT):
        Decoder(side)  # type: ignore[arg-type]
        wscodec.Control(side)  # type: ignore[arg-type]
    for wrong in (2, 7, -1, True, False, 1.0, "server", None, Opcode.TEXT + 1):
        with pytest.raises(wscodec.errors.InvalidArgument, match="side"):
            Decoder(wrong)  # type: ignore[arg-type]
        with pytest.raises(wscodec.errors.InvalidArgument, match="side"):
            wscodec.Control(wrong)  # type: ignore[arg-type]
