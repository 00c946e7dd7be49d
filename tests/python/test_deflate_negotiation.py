"""The parameters that both sides agree on (RFC 7692, 7.1): tables, and websockets as peer."""

from __future__ import annotations

import itertools
import os
import random
from collections import Counter

import needs
import pytest
import wscodec
from echo_checks import PLAIN_ANSWER, PLAIN_REQUEST
from websockets.datastructures import Headers
from websockets.exceptions import InvalidHeaderFormat, NegotiationError
from websockets.extensions.permessage_deflate import (
    ClientPerMessageDeflateFactory,
    PerMessageDeflate,
    ServerPerMessageDeflateFactory,
)
from websockets.headers import build_extension, parse_extension
from websockets.server import ServerProtocol
from wscodec import (
    Connection,
    Deflate,
    deflate_accept,
    deflate_accept_value,
    deflate_confirm,
    deflate_confirm_value,
    deflate_offer,
    errors,
)

pytestmark = needs.compression

LISTS = int(os.environ.get("WSCODEC_EXTENSION_LISTS", "20000"))
PMD = "permessage-deflate"
SNCT, CNCT = "; server_no_context_takeover", "; client_no_context_takeover"
SMWB, CMWB = "; server_max_window_bits", "; client_max_window_bits"


def with_fields(head: bytes, *values: str) -> bytes:
    """The head, with a field for each list of extensions."""
    lines = "".join(f"Sec-WebSocket-Extensions: {value}\r\n" for value in values)
    return head[:-2] + lines.encode("latin-1") + b"\r\n"


def request(*values: str) -> bytes:
    return with_fields(PLAIN_REQUEST, *values)


def response(*values: str) -> bytes:
    return with_fields(PLAIN_ANSWER, *values)


# A server that accepts everything

ACCEPTED = {
    PMD: (PMD, Deflate()),
    PMD + SNCT: (PMD + SNCT, Deflate(server_no_context_takeover=True)),
    PMD + CNCT: (PMD + CNCT, Deflate(client_no_context_takeover=True)),
    PMD + CNCT + SNCT: (PMD + SNCT + CNCT, Deflate(True, True)),
    PMD + CMWB: (PMD, Deflate()),
    PMD + SMWB + "=15": (PMD + SMWB + "=15", Deflate()),
    PMD + CMWB + "=15": (PMD, Deflate()),
    PMD + CMWB + "=9" + SNCT + SMWB + "=8" + CNCT: (
        PMD + SNCT + CNCT + SMWB + "=8" + CMWB + "=9",
        Deflate(True, True, 8, 9),
    ),
    PMD + SMWB + '="10"': (PMD + SMWB + "=10", Deflate(server_max_window_bits=10)),
    PMD + SMWB + r'="\1\0"': (PMD + SMWB + "=10", Deflate(server_max_window_bits=10)),
    PMD + CMWB + ' = "9" ': (PMD + CMWB + "=9", Deflate(client_max_window_bits=9)),
    f" \t{PMD}\t;\tserver_no_context_takeover ": (PMD + SNCT, Deflate(True)),
    # The first acceptable one of several, with anything between them.
    f"{PMD}{SNCT}, {PMD}": (PMD + SNCT, Deflate(True)),
    f"{PMD}; unknown, {PMD}{SNCT}": (PMD + SNCT, Deflate(True)),
    f"{PMD}{SMWB}=16,,{PMD}{SMWB}=7 , {PMD}{SMWB}=9,": (
        PMD + SMWB + "=9",
        Deflate(server_max_window_bits=9),
    ),
    f'x-webkit-deflate-frame; a="b", x;y=z, {PMD}': (PMD, Deflate()),
    f" , ,{PMD}": (PMD, Deflate()),
    f"{PMD} , ,": (PMD, Deflate()),
}


@pytest.mark.parametrize("offer", ACCEPTED)
def test_an_acceptable_offer_is_accepted(offer: str) -> None:
    value, agreed = ACCEPTED[offer]
    assert deflate_accept(request(offer)) == (agreed, value)
    assert deflate_accept_value(offer) == (agreed, value)
    conn, reply = Connection.accept(request(offer), deflate=Deflate())
    assert conn and conn.deflate == agreed
    assert reply == response(value)
    assert deflate_confirm(reply, offered=Deflate()) == agreed
    assert deflate_confirm_value(value, offered=Deflate()) == agreed
    plain, reply = Connection.accept(request(offer))
    assert plain and plain.deflate is None and reply == PLAIN_ANSWER


@pytest.mark.parametrize("bits", range(8, 16))
def test_the_window_offered_is_accepted(bits: int) -> None:
    agreed, value = deflate_accept(request(f"{PMD}{SMWB}={bits}")) or (None, "")
    assert value == f"{PMD}{SMWB}={bits}"
    assert agreed == Deflate(server_max_window_bits=bits)
    agreed, value = deflate_accept(request(f"{PMD}{CMWB}={bits}")) or (None, "")
    assert value == PMD + (f"{CMWB}={bits}" if bits < 15 else "")
    assert agreed == Deflate(client_max_window_bits=bits)


NO_BITS = ["7", "16", "0", "08", "010", "256", "264", "1000", "4294967304",
           "99999999999999999999", "-8", "+8", "0x8", "8.0", "8e0", "1O", "'10'", '"7"',
           '"010"', "true", '""', '" 10"', '"10 "', '"1 0"', '"8,9"', '"8;9"', r'"8\""',
           '"\xb2"']  # fmt: skip
NO_TOKENS = ["", '"10', '"1"0', "10=10", "10 10", "\xb2", "(10)", '"10\\']
DECLINED = [
    *[PMD + SMWB + "=" + value for value in NO_BITS],
    *[PMD + CMWB + "=" + value for value in NO_BITS],
    *[PMD + name + value for name in (SNCT, CNCT) for value in ("=1", '="1"', "=true", "=15")],
    *[PMD + name + name for name in (SNCT, CNCT, SMWB + "=9", CMWB, CMWB + "=9")],
    PMD + SMWB,
    PMD + CMWB + CMWB + "=9",
    PMD + SMWB + "=9" + SMWB + "=10",
    PMD + "; unknown",
    PMD + "; unknown=1" + SNCT,
    PMD + SNCT.upper(),
]
OTHERS = [PMD.upper(), PMD + "2", "x-webkit-deflate-frame"]
MALFORMED = [
    *[PMD + SMWB + "=" + value for value in NO_TOKENS],
    *[PMD + CMWB + "=" + value for value in NO_TOKENS],
    PMD + ";",
    PMD + ";;",
    PMD + "=8",
    PMD + " " + PMD,
    PMD + "; =",
    PMD + "; =8",
    PMD + "/1",
    ";" + PMD,
    f'"{PMD}"',
    f"({PMD})",
    PMD + SNCT + ";",
    PMD + SNCT + "=",
    PMD + SNCT + " client_no_context_takeover",
    "not good",
]
NOTHING = [",", ", ,"]
"""Malformed alone, and ignored next to another element."""


@pytest.mark.parametrize("offer", [*DECLINED, *OTHERS, ""])
def test_an_unacceptable_offer_is_declined(offer: str) -> None:
    assert deflate_accept(request(offer)) is None
    assert deflate_accept_value(offer) is None
    conn, reply = Connection.accept(request(offer), deflate=Deflate())
    assert conn and conn.deflate is None and reply == PLAIN_ANSWER
    check_next_to_a_good_one(offer)


@pytest.mark.parametrize("offer", NOTHING)
def test_empty_elements_are_skipped(offer: str) -> None:
    check_next_to_a_good_one(offer)


def check_next_to_a_good_one(offer: str) -> None:
    good = PMD + SNCT
    for fields in ((offer, good), (good, offer), (f"{good}, {offer}",), (f"{offer}, {good}",)):
        assert deflate_accept(request(*fields)) == (Deflate(True), good)
        assert deflate_accept_value(", ".join(fields)) == (Deflate(True), good)


@pytest.mark.parametrize("offer", [*MALFORMED, *NOTHING])
def test_a_malformed_offer_fails(offer: str) -> None:
    """RFC 6455, 9.1: the connection MUST fail."""
    check_malformed(offer)
    for more in (PMD, "x"):
        if offer in MALFORMED:
            check_malformed(offer, more)
            check_malformed(more, offer)


def check_malformed(*values: str) -> None:
    head = request(*values)
    for judge in (
        lambda: deflate_accept(head),
        lambda: deflate_accept_value(", ".join(values)),
        lambda: wscodec.parse_handshake(head),
        lambda: wscodec.check_request("GET", wscodec.headers(head)),
    ):
        with pytest.raises(errors.ExtensionError):
            judge()
    accepted = Connection.accept(head, deflate=Deflate())
    assert accepted.connection is None and type(accepted.error) is errors.ExtensionError
    assert accepted.reply.startswith(b"HTTP/1.1 400 ")
    assert accepted.head_len == len(head)


def test_nothing_is_agreed_on_without_an_offer() -> None:
    assert deflate_accept(PLAIN_REQUEST) is None
    assert deflate_confirm(PLAIN_ANSWER) is None
    assert deflate_accept_value(None) is None
    assert deflate_confirm_value(None) is None
    with pytest.raises(errors.InvalidArgument):
        deflate_accept(PLAIN_REQUEST[:-2])
    with pytest.raises(errors.InvalidArgument):
        deflate_confirm(PLAIN_ANSWER[:-2])
    with pytest.raises(errors.HttpSyntax):
        deflate_confirm(b"HTTP/1.1 101 X\r\nbad\r\n\r\n")


# A server with requirements

WILLING = [
    (Deflate(True), PMD, PMD + SNCT, Deflate(True)),
    (Deflate(False, True), PMD, PMD + CNCT, Deflate(False, True)),
    (Deflate(True, True), PMD + SNCT, PMD + SNCT + CNCT, Deflate(True, True)),
    (Deflate(False, False, 10), PMD, PMD + SMWB + "=10", Deflate(False, False, 10)),
    (
        Deflate(False, False, 10),
        PMD + SMWB + "=15",
        PMD + SMWB + "=10",
        Deflate(False, False, 10),
    ),
    (
        Deflate(False, False, 10),
        PMD + SMWB + "=9",
        PMD + SMWB + "=9",
        Deflate(False, False, 9),
    ),
    # A client that does not offer the parameter need not know it (7.1.2.2).
    (Deflate(False, False, 15, 10), PMD, PMD, Deflate()),
    (
        Deflate(False, False, 15, 10),
        PMD + CMWB,
        PMD + CMWB + "=10",
        Deflate(False, False, 15, 10),
    ),
    (
        Deflate(False, False, 15, 10),
        PMD + CMWB + "=9",
        PMD + CMWB + "=9",
        Deflate(False, False, 15, 9),
    ),
    (
        Deflate(False, False, 15, 10),
        PMD + CMWB + "=12",
        PMD + CMWB + "=10",
        Deflate(False, False, 15, 10),
    ),
    (Deflate(level=9, mem_level=1), PMD, PMD, Deflate(level=9, mem_level=1)),
]


@pytest.mark.parametrize(("willing", "offer", "value", "agreed"), WILLING)
def test_requirements_of_a_server_are_in_its_response(
    willing: Deflate, offer: str, value: str, agreed: Deflate
) -> None:
    assert deflate_accept(request(offer), willing) == (agreed, value)
    assert deflate_accept_value(offer, willing) == (agreed, value)
    conn, reply = Connection.accept(request(offer), deflate=willing)
    assert conn and conn.deflate == agreed
    assert reply == response(value)


# A client

OFFERED = [
    (Deflate(), PMD + CMWB),
    (Deflate(True, True), PMD + SNCT + CNCT + CMWB),
    (Deflate(False, False, 8, 8), PMD + SMWB + "=8" + CMWB + "=8"),
    (Deflate(False, True, 14, 10), PMD + CNCT + SMWB + "=14" + CMWB + "=10"),
    (Deflate(level=1, mem_level=9), PMD + CMWB),
]


@pytest.mark.parametrize(("offered", "offer"), OFFERED)
def test_an_offer_has_the_parameters_of_the_client(offered: Deflate, offer: str) -> None:
    assert deflate_offer(offered) == offer
    head = wscodec.build_request("localhost", extensions=offer)
    accepted = deflate_accept(head)
    assert accepted
    assert deflate_confirm(response(accepted[1]), offered) == Deflate(
        offered.server_no_context_takeover,
        offered.client_no_context_takeover,
        offered.server_max_window_bits,
        offered.client_max_window_bits,
        offered.level,
        offered.mem_level,
    )


CONFIRMED = [
    (Deflate(), PMD, Deflate()),
    (Deflate(), PMD + SNCT + CNCT + SMWB + "=8" + CMWB + '="9"', Deflate(True, True, 8, 9)),
    (Deflate(level=9), PMD + CNCT, Deflate(False, True, level=9)),
    # The client keeps its own limits even if they are not confirmed (7.1.1.2, 7.1.2.2).
    (Deflate(False, True), PMD, Deflate(False, True)),
    (Deflate(False, False, 15, 10), PMD, Deflate(False, False, 15, 10)),
    (Deflate(False, False, 15, 10), PMD + CMWB + "=9", Deflate(False, False, 15, 9)),
    (Deflate(True, False, 10), PMD + SNCT + SMWB + "=10", Deflate(True, False, 10)),
    (Deflate(True, False, 10), PMD + SNCT + SMWB + "=8", Deflate(True, False, 8)),
]


@pytest.mark.parametrize(("offered", "value", "agreed"), CONFIRMED)
def test_a_valid_response_is_confirmed(offered: Deflate, value: str, agreed: Deflate) -> None:
    assert deflate_confirm(response(value), offered) == agreed
    assert deflate_confirm_value(value, offered) == agreed
    conn = Connection(wscodec.CLIENT, deflate=agreed)
    assert conn.deflate == agreed


WRONG_ANSWERS = [
    *[(Deflate(), value) for value in (*DECLINED, *MALFORMED)],
    # The parameter of an offer, without the value that a response must have (7.1.2.2).
    (Deflate(), PMD + CMWB),
    (Deflate(), f"{PMD}, {PMD}"),
    # Limits for the server must be confirmed (7.1.1.1, 7.1.2.1).
    (Deflate(True), PMD),
    (Deflate(False, False, 10), PMD),
    # More than was offered.
    (Deflate(False, False, 10), PMD + SMWB + "=11"),
    (Deflate(False, False, 15, 10), PMD + CMWB + "=11"),
]


@pytest.mark.parametrize(("offered", "value"), WRONG_ANSWERS)
def test_an_invalid_response_fails(offered: Deflate, value: str) -> None:
    with pytest.raises(errors.ExtensionError) as caught:
        deflate_confirm(response(value), offered)
    with pytest.raises(errors.ExtensionError):
        deflate_confirm_value(value, offered)
    assert caught.value.name == "WS_ERR_EXTENSION"


def test_a_response_may_have_two_fields() -> None:
    with pytest.raises(errors.ExtensionError):
        deflate_confirm(response(PMD, PMD))
    assert deflate_confirm(response("x", PMD)) == Deflate()  # parse_response() refuses x


def test_a_response_without_an_offer_fails() -> None:
    with pytest.raises(errors.ExtensionError):
        wscodec.parse_response(response(PMD), PLAIN_REQUEST)
    parsed = wscodec.parse_response(response(PMD + SNCT), request(deflate_offer()))
    assert parsed and parsed.extensions == PMD + SNCT


@pytest.mark.parametrize(
    "wrong",
    [
        {"server_max_window_bits": 7},
        {"server_max_window_bits": 16},
        {"client_max_window_bits": 0},
        {"client_max_window_bits": 256 + 8},
        {"client_max_window_bits": -8},
        {"level": 0},
        {"level": 10},
        {"mem_level": 0},
        {"mem_level": 10},
    ],
)
def test_parameters_out_of_range_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(errors.InvalidArgument):
        Deflate(**wrong)  # type: ignore[arg-type]


# websockets as the peer

EIGHT = "7.1.2: a window of 8 bits may be required; websockets cannot compress with one"
TOLERATED = {
    EIGHT: "7.1.2.1 and 7.1.2.2: the value is 'between 8 and 15, inclusive'. The compressor of"
    " zlib has no window of 8 bits, so websockets refuses one for itself; we accept it,"
    " and compress without back-references.",
    "quoted": "RFC 6455, 9.1, wants a token between the quotes, but extensions that are in use"
    " have more (RFC 9110, 5.6.4). For websockets the list is malformed; we decline the offer,"
    " and read the next one.",
}

BOTH = (False, True)
OUR_BITS = range(8, 16)


def as_deflate(them: PerMessageDeflate, side: wscodec.Side) -> Deflate:
    """The parameters as websockets has them; `side` is that of websockets."""
    local = them.local_no_context_takeover, them.local_max_window_bits
    remote = them.remote_no_context_takeover, them.remote_max_window_bits
    server, client = (local, remote) if side is wscodec.SERVER else (remote, local)
    return Deflate(server[0], client[0], server[1], client[1])


def test_our_server_and_a_client_of_websockets_agree() -> None:
    offers = itertools.product(BOTH, BOTH, (None, *range(8, 16)), (None, True, *range(9, 16)))
    refused = 0
    for wanted in offers:
        factory = ClientPerMessageDeflateFactory(*wanted)
        head = request(build_extension([(factory.name, factory.get_request_params())]))
        for willing in itertools.starmap(
            Deflate, itertools.product(BOTH, BOTH, OUR_BITS, OUR_BITS)
        ):
            agreed, value = deflate_accept(head, willing) or (None, "")
            assert agreed
            ((name, params),) = parse_extension(value)
            assert name == PMD
            try:
                theirs = factory.process_response_params(params, [])
            except NegotiationError:
                assert agreed.client_max_window_bits == 8, (wanted, willing, EIGHT)
                refused += 1
                continue
            assert agreed == as_deflate(theirs, wscodec.CLIENT), (wanted, willing)
    assert refused == 2 * 2 * 9 * 8 * (
        2 * 2 * 8
    )  # each offer that allows it, with 8 bits required


def test_our_client_and_a_server_of_websockets_agree() -> None:
    ours = list(itertools.starmap(Deflate, itertools.product(BOTH, BOTH, OUR_BITS, OUR_BITS)))
    heads = [(offered, parse_extension(deflate_offer(offered))) for offered in ours]
    configs = itertools.product(BOTH, BOTH, (None, *range(9, 16)), (None, *range(8, 16)))
    declined = 0
    for config in configs:
        factory = ServerPerMessageDeflateFactory(*config)
        for offered, ((_, params),) in heads:
            try:
                value, theirs = factory.process_request_params(params, [])
            except NegotiationError:
                assert offered.server_max_window_bits == 8, (offered, config, EIGHT)
                declined += 1
                continue
            head = response(build_extension([(factory.name, value)]))
            assert deflate_confirm(head, offered) == as_deflate(theirs, wscodec.SERVER), (
                offered,
                config,
            )
    assert declined == 2 * 2 * 8 * 9 * (2 * 2 * 8)


def their_client(text: str, factory: ClientPerMessageDeflateFactory) -> Deflate | None:
    """The parameters that it reads in a response. None: it fails."""
    try:
        ((name, params),) = parse_extension(text.strip(" \t"))
        if name == PMD:
            return as_deflate(factory.process_response_params(params, []), wscodec.CLIENT)
    except (InvalidHeaderFormat, NegotiationError, ValueError):
        pass
    return None


def random_parameter(dice: random.Random) -> str:
    name = dice.choice((SNCT, CNCT, SMWB, CMWB, "; x"))[2:]
    if dice.random() < 0.15 or "bits" not in name and dice.random() < 0.85:
        return name
    value = dice.choice((*map(str, range(8, 16)), "9", "10", "15", "7", "16", "010", "8a"))
    return f'{name}="{value}"' if dice.random() < 0.2 else f"{name}={value}"


def random_list(dice: random.Random) -> str:
    extensions = []
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        parts = [PMD if dice.random() < 0.9 else "x-other"]
        parts += [random_parameter(dice) for _ in range(dice.choice((0, 1, 1, 2, 2, 3, 4)))]
        extensions.append(dice.choice(("; ", ";", " ;\t")).join(parts))
    text = dice.choice((", ", ",", " ,,")).join(extensions)
    if dice.random() < 0.25:  # an error
        at = dice.randrange(len(text))
        text = text[:at] + dice.choice(',;=" \\\t()/\xb2') + text[at + dice.randrange(2) :]
    return text


def test_random_offers_are_judged_as_by_websockets() -> None:
    """Both servers accept the same offers, with the same parameters."""
    dice = random.Random(7692)
    seen: Counter[str] = Counter()
    for _ in range(LISTS):
        text = random_list(dice)
        ours, theirs = our_server(text), their_server(text)
        if ours == theirs:
            kind = "malformed" if ours == MALFORMED_LIST else "accepted" if ours else "declined"
            seen[kind] += 1
        elif theirs == MALFORMED_LIST:
            assert '"' in text, (text, ours)
            seen["quoted"] += 1
        else:
            assert isinstance(ours, Deflate), (text, ours, theirs)
            assert ours.server_max_window_bits == 8, (text, ours, theirs)
            seen[EIGHT] += 1
    assert set(seen) == {*TOLERATED, "accepted", "declined", "malformed"}
    assert all(count > LISTS / 1000 for count in seen.values()), seen


MALFORMED_LIST = "malformed"


def our_server(text: str) -> Deflate | str | None:
    """The parameters that it accepts; MALFORMED_LIST if the list is malformed."""
    try:
        found = deflate_accept(request(text))
    except errors.ExtensionError:
        with pytest.raises(errors.ExtensionError):
            deflate_accept_value(text)
        return MALFORMED_LIST
    assert deflate_accept_value(text) == found
    return found[0] if found else None


def their_server(text: str) -> Deflate | str | None:
    protocol = ServerProtocol(extensions=[ServerPerMessageDeflateFactory()])
    headers = Headers({"Sec-WebSocket-Extensions": text.strip(" \t")})
    try:
        _, accepted = protocol.process_extensions(headers)
    except InvalidHeaderFormat:
        return MALFORMED_LIST
    return as_deflate(accepted[0], wscodec.SERVER) if accepted else None  # type: ignore[arg-type]


def test_random_responses_are_judged_as_by_websockets() -> None:
    """Both clients accept the same responses, with the same parameters."""
    dice = random.Random(7692)
    seen: Counter[str] = Counter()
    for _ in range(LISTS):
        offered = Deflate(
            dice.random() < 0.3,
            dice.random() < 0.5,
            dice.choice((15, 15, 15, 9, 12)),
            dice.choice((15, 9, 12)),
        )
        factory = ClientPerMessageDeflateFactory(
            offered.server_no_context_takeover,
            offered.client_no_context_takeover,
            None if offered.server_max_window_bits == 15 else offered.server_max_window_bits,
            True if offered.client_max_window_bits == 15 else offered.client_max_window_bits,
        )
        text = random_list(dice)
        ours: Deflate | None
        try:
            assert wscodec.parse_response(response(text), request(deflate_offer(offered)))
            ours = deflate_confirm(response(text), offered)
            assert deflate_confirm_value(text, offered) == ours
        except errors.ExtensionError:
            ours = None
        theirs = their_client(text, factory)
        if ours != theirs:
            assert ours and ours.client_max_window_bits == 8, (text, offered, ours, theirs)
            seen[EIGHT] += 1
        else:
            seen["confirmed" if ours else "wrong"] += 1
    assert set(seen) == {EIGHT, "confirmed", "wrong"}
    assert all(count > LISTS / 1000 for count in seen.values()), seen
