"""accept() fails."""

from __future__ import annotations

import contextlib
import errno
import time

import pytest
from echo_checks import PLAIN_ANSWER, PLAIN_REQUEST, echo
from faulty import faults, serving
from test_echo_c_load import cpu_seconds
from wire import FIN, TEXT, frame

PROGRAMS = ["echo_server", "broadcast"]

# What the loops of others do with such errors is theirs; io_uring accepts in the kernel.
OWN_ACCEPT = [*PROGRAMS, "h2_server --no-tls", "loops/glib_server"]

both = pytest.mark.parametrize("program", PROGRAMS)


@both
@pytest.mark.parametrize("name", ["ECONNABORTED", "EINTR", "EAGAIN", "EPROTO", "EPERM"])
def test_after_a_failed_accept_the_client_is_accepted(program: str, name: str) -> None:
    """Errors of one client, or of the moment."""
    with faults(accept=70, error=getattr(errno, name)) as some:
        with serving((*some.prefix, f"./examples-c/{program}")) as server:
            assert all(server.is_well() for _ in range(30))


@both
@pytest.mark.parametrize("name", ["EMFILE", "ENFILE"])
def test_without_descriptors_a_client_is_refused_or_served(program: str, name: str) -> None:
    with faults(accept=40, error=getattr(errno, name)) as some:
        with serving((*some.prefix, f"./examples-c/{program}")) as server:
            served = 0
            for _ in range(40):
                with server.raw() as peer, contextlib.suppress(ConnectionError):
                    peer.send(PLAIN_REQUEST, frame(FIN | TEXT, b"hi"))
                    got = peer.read(len(PLAIN_ANSWER) + 4)
                    assert got in (b"", PLAIN_ANSWER + echo(FIN | TEXT, b"hi"))
                    served += got != b""
            assert 5 < served < 40
            some.set()
            assert server.is_well()


@pytest.mark.parametrize("program", OWN_ACCEPT)
@pytest.mark.parametrize("name", ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"])
def test_a_server_that_cannot_accept_does_not_spin_and_serves_others(
    program: str, name: str
) -> None:
    command = f"./examples-c/{program}".split()
    with faults() as some, serving((*some.prefix, *command)) as server:
        with server.opened() as before, contextlib.ExitStack() as stack:
            some.set(accept=100, error=getattr(errno, name))
            peers = [stack.enter_context(server.raw()) for _ in range(10)]
            time.sleep(0.2)
            spent = cpu_seconds(server)
            time.sleep(1.5)
            assert cpu_seconds(server) - spent < 0.05
            before.send(frame(FIN | TEXT, b"hi"))
            assert before.read(4) == echo(FIN | TEXT, b"hi")
            some.set()
            for peer in peers:  # is accepted now, if it still waits
                peer.send(PLAIN_REQUEST)
                assert peer.read(len(PLAIN_ANSWER)) == PLAIN_ANSWER
        assert server.is_well()
