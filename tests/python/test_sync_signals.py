"""wscodec.sync: servers that signals end, whenever the signal comes."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
from echo_checks import PLAIN_ANSWER, PLAIN_REQUEST, Peer, goodbye
from sync_peers import PATIENCE

START = """if True:
    import faulthandler, signal, threading, time
    from wscodec.sync import serve

    faulthandler.dump_traceback_later(8)

    def echo(connection):
        for message in connection:
            connection.send(message)

    def announce(server):
        print(server.socket.getsockname()[1], flush=True)

"""


def started(program: str) -> tuple[subprocess.Popen[str], int]:
    """A server in a process of its own, and its port."""
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-X", "dev", "-c", START + program],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def opened(port: int) -> Peer:
    peer = Peer(port)
    peer.send(PLAIN_REQUEST)
    assert peer.read(len(PLAIN_ANSWER)) == PLAIN_ANSWER
    return peer


def ends(process: subprocess.Popen[str]) -> None:
    """The process ends by itself, without a complaint."""
    assert process.stdout is not None
    try:
        process.wait(PATIENCE)
    finally:
        process.kill()
        with process.stdout:
            assert process.stdout.read() == "done\n"
    assert process.returncode == 0


def test_a_signal_that_another_thread_gets_ends_serve_forever() -> None:
    """Then the system call in which the main thread waits is not interrupted; nor is it if the
    signal comes just before the call."""
    program = """
    with serve(echo, "127.0.0.1", 0) as server:
        signal.signal(signal.SIGTERM, lambda *_: server.shutdown())

        def kill():
            while not server.connections:
                time.sleep(0.01)
            time.sleep(0.3)
            signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

        threading.Thread(target=kill).start()
        announce(server)
        server.serve_forever()
    print("done")
    """
    process, port = started(program)
    with opened(port) as peer:
        assert peer.read(4) == goodbye(1001)
        peer.socket.close()
        ends(process)


@pytest.mark.parametrize("place", ["accept", "start", "select"])
def test_a_signal_in_the_middle_of_accepting_ends_serve_forever(place: str) -> None:
    """The handler of the signal runs wherever the main thread is: before a connection is
    accepted, after that but before its thread has started, and before the next one."""
    program = f"""
    place = "{place}"

    class Interrupted:
        def __init__(self, function):
            self.function = function

        def __call__(self, *arguments, **options):
            if threading.current_thread() is threading.main_thread() and count[0]:
                count[0] -= 1
                signal.raise_signal(signal.SIGTERM)
            return self.function(*arguments, **options)

    count = [0]
    with serve(echo, "127.0.0.1", 0) as server:
        signal.signal(signal.SIGTERM, lambda *_: server.shutdown())
        if place == "accept":
            server._accept = Interrupted(server._accept)
        elif place == "start":
            start = threading.Thread.start
            interrupted = Interrupted(start)
            threading.Thread.start = lambda thread: interrupted(thread)
        else:
            import selectors
            select = selectors.DefaultSelector.select
            interrupted = Interrupted(select)
            selectors.DefaultSelector.select = lambda *arguments: interrupted(*arguments)
        count[0] = 1 if place != "select" else 2
        announce(server)
        server.serve_forever()
    print("done")
    """
    process, port = started(program)
    if place == "select":
        ends(process)
        return
    with Peer(port) as peer:
        peer.send(PLAIN_REQUEST)
        peer.half_close()
        try:
            peer.rest()
        except ConnectionResetError:
            pass
        ends(process)


def test_signals_that_follow_the_first_do_not_disturb_the_end() -> None:
    program = """
    with serve(echo, "127.0.0.1", 0, close_timeout=1) as server:
        for number in (signal.SIGTERM, signal.SIGALRM):
            signal.signal(number, lambda *_: server.shutdown())

        def interrupt():
            while len(server.connections) < 2:
                time.sleep(0.01)
            signal.setitimer(signal.ITIMER_REAL, 0.3, 0.001)

        threading.Thread(target=interrupt).start()
        announce(server)
        server.serve_forever()
        signal.setitimer(signal.ITIMER_REAL, 0)
    print("done")
    """
    process, port = started(program)
    with opened(port) as silent, opened(port) as polite:
        assert polite.read(4) == goodbye(1001)
        polite.socket.close()
        assert silent.rest() == goodbye(1001)
        ends(process)


def test_a_signal_can_close_the_connections_that_an_earlier_one_has_let_go_on() -> None:
    program = """
    def first(*_):
        server.shutdown(close_connections=False)
        print("first", flush=True)

    with serve(echo, "127.0.0.1", 0) as server:
        signal.signal(signal.SIGUSR1, first)
        signal.signal(signal.SIGTERM, lambda *_: server.shutdown(code=1012))
        announce(server)
        server.serve_forever()
    print("done")
    """
    process, port = started(program)
    with opened(port) as peer:
        process.send_signal(signal.SIGUSR1)
        assert process.stdout is not None and process.stdout.readline() == "first\n"
        assert peer.is_silent()
        process.send_signal(signal.SIGTERM)
        assert peer.read(4) == goodbye(1012)
        peer.socket.close()
        ends(process)


def test_the_wakeup_descriptor_of_a_program_is_kept() -> None:
    program = """
    import socket
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    signal.set_wakeup_fd(theirs.fileno())
    with serve(echo, "127.0.0.1", 0) as server:
        signal.signal(signal.SIGTERM, lambda *_: server.shutdown())
        announce(server)
        server.serve_forever()
    assert signal.set_wakeup_fd(-1) == theirs.fileno()
    assert ours.recv(9) == bytes([signal.SIGTERM])
    ours.close()
    theirs.close()
    with serve(echo, "127.0.0.1", 0) as server:
        server.shutdown()
        server.serve_forever()
    assert signal.set_wakeup_fd(-1) == -1
    print("done")
    """
    process, _ = started(program)
    process.send_signal(signal.SIGTERM)
    ends(process)
