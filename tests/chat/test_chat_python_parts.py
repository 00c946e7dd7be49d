"""What the checks of all servers do not see in the server in Python."""

from __future__ import annotations

import asyncio
import sys
import time
from types import SimpleNamespace
from typing import Any

import pytest
from chat_server import ROOT

sys.path.insert(0, str(ROOT / "examples-chat" / "python"))

from wschat.draining import say_goodbye  # noqa: E402
from wschat.limits import Bucket, Places, place_of  # noqa: E402
from wschat.protocol import Enter, Id, Leave, Message, event_from, id_from  # noqa: E402


@pytest.mark.parametrize("seconds", [0, 0.5])
def test_a_drain_takes_as_long_as_it_should_with_many_connections(seconds: float) -> None:
    closed = []
    connections: Any = [
        SimpleNamespace(close_nowait=lambda *_: closed.append(time.monotonic()))
        for _ in range(5000)
    ]
    started = time.monotonic()
    asyncio.run(say_goodbye(connections, seconds))
    assert len(closed) == 5000
    assert 0.9 * seconds <= closed[-1] - started < seconds + 3
    assert closed[2500] - started >= 0.4 * seconds


def test_a_bucket_fills_up_to_the_burst() -> None:
    now = 0.0
    bucket = Bucket(2, 3, clock=lambda: now)
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    now = 0.4
    assert not bucket.take()
    now = 0.5
    assert [bucket.take() for _ in range(2)] == [True, False]
    now = 60
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unknown", ""),
        ("", ""),
    ],
)
def test_an_address_has_the_place_of_its_subscriber(address: str, place: str) -> None:
    assert place_of(address) == place


def test_a_place_is_free_again() -> None:
    places = Places(2, 1)
    places.take("a")
    assert places.is_full_for("a")
    assert not places.is_full_for("b")
    places.take("b")
    assert places.is_full()
    places.give_back("a")
    assert not places.is_full()
    assert not places.is_full_for("a")
    assert places.count == 1


def test_what_is_published_is_recognised() -> None:
    member = b'"client":"client-Ann","name":"Ann"}'
    assert event_from(b'{"type":"message","id":"1-2","text":"x"}') == Message(Id(1, 2))
    assert event_from(b'{"type":"enter",' + member) == Enter("client-Ann", member)
    assert event_from(b'{"type":"leave",' + member) == Leave("client-Ann")


@pytest.mark.parametrize(
    "published",
    [
        b"",
        b"{}",
        b'{"type":"message","id":"1","text":"x"}',
        b'{"type":"message","id":"99999999999999999999-1","text":"x"}',
        b'{"type":"enter",',
        b'{"type":"enter","name":"Ann"}',
        b'{"type":"joined"}',
    ],
)
def test_what_no_server_publishes_is_a_value_error(published: bytes) -> None:
    with pytest.raises(ValueError):
        event_from(published)


def test_ids_are_in_the_order_of_their_numbers() -> None:
    texts = ["0-1", "1-0", "1-9", "1-10", "10-0", "18446744073709551615-18446744073709551615"]
    ids = [id_from(text) for text in texts]
    assert ids == sorted(ids)
    assert [str(each) for each in ids] == texts
