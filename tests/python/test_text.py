"""UTF-8 in pieces and close payloads, against Python's own codec."""

from __future__ import annotations

import random

import pytest
import wscodec
from deflated import cut
from wscodec import CloseCode, Utf8Validator, errors


def validate(pieces: list[bytes]) -> str:
    validator = Utf8Validator()
    for piece in pieces:
        try:
            validator.push(piece)
        except errors.InvalidUtf8:
            assert not validator.complete
            with pytest.raises(errors.InvalidUtf8):
                validator.push(b"")
            return "invalid"
    return "complete" if validator.complete else "incomplete"


def is_text(data: bytes) -> bool:
    try:
        data.decode()
        return True
    except UnicodeDecodeError:
        return False


# One of these completes any text that can be completed. (Python's incremental decoder is no
# help: it waits for a third byte after ED A0, although none makes that valid.)
COMPLETIONS = [bytes((b,)) + b"\x80" * n for b in (0x80, 0x90, 0xA0) for n in range(3)]


def expected(data: bytes) -> str:
    if is_text(data):
        return "complete"
    return "incomplete" if any(is_text(data + c) for c in COMPLETIONS) else "invalid"


def test_all_short_sequences_are_judged_as_by_python() -> None:
    edges = [0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF,
             0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF3, 0xF4, 0xFF]  # fmt: skip
    seen = set()
    for first in range(256):
        for second in range(256):
            pair = bytes((first, second))
            seen.add(expected(pair))
            assert validate([pair]) == validate([pair[:1], pair[1:]]) == expected(pair)
    for first in edges:
        for second in edges:
            for third in edges:
                three = bytes((first, second, third))
                assert validate([three]) == expected(three)
    assert seen == {"complete", "incomplete", "invalid"}


def test_every_character_is_valid_in_pieces() -> None:
    for start in range(0, 0x110000, 0x400):
        if 0xD800 <= start < 0xE000:
            continue
        text = "".join(map(chr, range(start, start + 0x400))).encode()
        assert validate([text]) == "complete"
        at = len(text) // 2 + start % 5
        assert validate([text[:at], text[at:]]) == "complete"


def test_random_damage_is_judged_as_by_python() -> None:
    dice = random.Random(3629)
    alphabet = "aé€🎉ÿ\u07ff\u0800\uffff\U0010ffff"
    seen = {"complete": 0, "incomplete": 0, "invalid": 0}
    for _ in range(5000):
        data = bytearray("".join(dice.choices(alphabet, k=dice.randrange(30))).encode())
        if data and dice.random() < 0.6:
            data[dice.randrange(len(data))] = dice.randrange(256)
        data = data[: dice.randrange(len(data) + 1)] if dice.random() < 0.3 else data
        pieces = cut(dice, bytes(data), 4)
        assert validate(pieces) == expected(bytes(data)), pieces
        seen[validate(pieces)] += 1
    assert min(seen.values()) > 100


def test_only_codes_that_may_be_sent_are_valid() -> None:
    valid = {1000, 1001, 1002, 1003, *range(1007, 1015), *range(3000, 5000)}
    for code in range(65536):
        payload = code.to_bytes(2, "big")
        assert wscodec.close_code_valid(code) == (code in valid), code
        if code in valid:
            assert wscodec.close_parse(payload) == (code, "")
            assert wscodec.close_build(code) == payload
        else:
            with pytest.raises(errors.InvalidClosePayload):
                wscodec.close_parse(payload)
            if code != CloseCode.NO_STATUS:
                with pytest.raises(errors.InvalidArgument):
                    wscodec.close_build(code)
    for code in (-1, 65536, 65536 + 1000):
        assert not wscodec.close_code_valid(code)
        with pytest.raises(errors.InvalidArgument):
            wscodec.close_build(code)


def test_close_payloads_are_built_within_125_bytes() -> None:
    assert wscodec.close_build() == b"\x03\xe8"
    assert wscodec.close_build(1001, "ü") == b"\x03\xe9\xc3\xbc"
    assert wscodec.close_build(CloseCode.NO_STATUS) == b""
    assert len(wscodec.close_build(4999, "x" * 123)) == 125
    for code, reason in (
        (1000, "x" * 124),
        (1000, "ü" * 62),
        (1000, "\ud800"),
        (CloseCode.NO_STATUS, "x"),
    ):
        with pytest.raises(errors.InvalidArgument):
            wscodec.close_build(code, reason)
