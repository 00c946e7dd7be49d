"""A library that was built without compression, by `make library DEFLATE=no`."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import wire
import wscodec
from echo_checks import PLAIN_ANSWER, PLAIN_REQUEST
from wscodec import CLIENT, SERVER, Connection, Deflate, errors

pytestmark = pytest.mark.skipif(
    wscodec.library_can_deflate(), reason="the library can compress"
)

CALLS: dict[str, Callable[[], object]] = {
    "deflate_offer": lambda: wscodec.deflate_offer(),
    "deflate_accept": lambda: wscodec.deflate_accept(PLAIN_REQUEST),
    "deflate_confirm": lambda: wscodec.deflate_confirm(PLAIN_ANSWER),
    "deflate_accept_value": lambda: wscodec.deflate_accept_value("permessage-deflate"),
    "deflate_confirm_value": lambda: wscodec.deflate_confirm_value("permessage-deflate"),
    "Deflater": lambda: wscodec.Deflater(SERVER),
    "Connection.confirm": lambda: Connection.confirm(
        PLAIN_ANSWER, PLAIN_REQUEST, deflate=Deflate()
    ),
    "Connection": lambda: Connection(CLIENT, deflate=Deflate()),
    "Connection.accept": lambda: Connection.accept(PLAIN_REQUEST, deflate=Deflate()),
}


@pytest.mark.parametrize("name", CALLS)
def test_functions_of_compression_are_unsupported(name: str) -> None:
    with pytest.raises(errors.Unsupported) as caught:
        CALLS[name]()
    assert isinstance(caught.value, wscodec.UsageError)
    assert caught.value.name == "WS_ERR_UNSUPPORTED"


def test_connections_work_without_compression() -> None:
    conn, reply = Connection.accept(PLAIN_REQUEST, compress_from=0)
    assert conn and conn.deflate is None and reply == PLAIN_ANSWER
    conn.send_text("hi", compress=True)
    conn.send_text("yo", compress=False)
    assert conn.data_to_send() == b"\x81\x02hi\x81\x02yo"
    with pytest.raises(errors.ReservedBits):
        list(Connection(SERVER).receive_data(wire.frame(0xC1, b"\x00")))
