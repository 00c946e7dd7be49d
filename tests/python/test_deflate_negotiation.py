"""The parameters that both sides agree on (RFC 7692, 7.1), with websockets as peer. The vectors
have the rules."""

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
