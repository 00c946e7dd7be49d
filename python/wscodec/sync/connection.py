"""A WebSocket connection whose methods wait.

    recv()    reads the socket in the calling thread (see _take)
    send()    adds a frame to what is due, and writes that (see _write_due)
    close()   adds the close frame, and reads until the end (see _await_end)

While no thread reads, the watcher does, without waiting (see serve).

Three locks, in the order in which they may be taken:

    _receiver  Held by the one thread that is in recv().
    _writer    Held by the thread that writes to the socket, which may wait for the peer.
    _lock      Protects everything else. Nobody waits while holding it. What it protects decides
               what the order of the frames is: a frame is encoded and added to what is due
               under it.

The threads that wait for another thread's reading are woken through _news.
"""

from __future__ import annotations

import builtins
import contextlib
import logging
import secrets
import socket
import ssl
import threading
import time
import uuid
from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Union, cast, overload

from .._ending import Ending, State
from .._limits import MaxQueue, queue_marks
from .._messages import Data, encoded, is_fragments, ping_payload
from ..connection import Connection as Engine
from ..deflate import Deflate
from ..errors import InvalidArgument, InvalidState, WsError
from ..events import Event, Message, MessagePart, Pong
from ..exceptions import ConcurrencyError, ConnectionClosed, ConnectionClosedOK
from ..frame import Side
from ..text import Close, CloseCode
from ._io import is_readable, is_writable, receive_now, reset_on_close, send_now, shut_down
from ._keepalive import Keepalive, Verdict
from ._watcher import READ, WRITE, Watcher, watch

if TYPE_CHECKING:
    from typing import Literal

    from typing_extensions import Self

    from ._channel import Channel
    from ._tls import Tls

LoggerLike = Union[logging.Logger, "logging.LoggerAdapter[Any]"]
"""A logger, or an adapter of one."""

_LEAST, _MOST = 4096, 1 << 18
"""Sizes of a read: doubled when a read is full, halved when it is nearly empty."""

_JOIN = 1 << 16
"""Bytes from which what is due is not joined any more before it is written."""

_MAX_OWED = 1 << 16
"""Bytes of the connection's own replies, e.g. pongs, that may be due before reading stops."""


class PongEvent(threading.Event):
    """An event that is set when the pong to a ping has arrived."""

    latency: float = 0.0
    """Seconds from the ping to the pong; 0.0 before."""

    def __init__(self, payload: bytes, ack_on_close: bool) -> None:
        super().__init__()
        self.payload = payload
        """The payload of the ping."""
        self.sent_at = time.monotonic()
        """When the ping was sent, by the monotonic clock."""
        self.ack_on_close = ack_on_close
        """Whether the event is also set when the connection is closed."""


class Connection:
    """What ServerConnection and ClientConnection have in common. Every method may be called by
    any thread, and by several at a time, except that one thread at a time receives.

    Iterating over it yields messages until the connection is closed. It ends normally after
    ConnectionClosedOK, and raises ConnectionClosedError.

    At the end of a `with`, the connection is closed: with the code 1000, or with 1011 if an
    exception leaves it.

    An exception that a signal handler raises, such as KeyboardInterrupt, leaves a method that
    waits, and nothing is lost: a message that send() was writing is still sent. But if it
    interrupts the handling of what has just arrived, or a write itself, nobody knows how much
    was done: then the connection is ended.
    """

    side: Side

    def __init__(
        self,
        channel: Channel,
        *,
        ping_interval: float | None = 20,
        ping_timeout: float | None = 20,
        close_timeout: float | None = 10,
        max_queue: MaxQueue = 16,
        logger: LoggerLike,
    ) -> None:
        """For serve() and connect(), which describe the options. It is CONNECTING."""
        self.socket = channel.socket
        """The socket. Do not read or write it; under TLS it carries TLS."""
        self.request: Any = None
        """The client's request, a Request."""
        self.response: Any = None
        """The server's response."""
        self.latency = 0.0
        """Seconds between the last ping and its pong; 0.0 before the first. By default the
        keepalive measures it every ping_interval."""
        self.turns = 0
        """For the watcher: how many times a thread has begun to read."""
        self._channel = channel
        self._ping_interval, self._ping_timeout = ping_interval, ping_timeout
        self._close_timeout = close_timeout
        self._high, self._low = queue_marks(max_queue)
        self._plain_logger = logger
        self._id: uuid.UUID | None = None

        self._receiver, self._writer = threading.Lock(), threading.Lock()
        self._lock = threading.Lock()
        self._news = threading.Condition(self._lock)
        self._waiting = 0  # threads that wait for _news

        self._state = State.CONNECTING
        self._ending = Ending()
        self._deadline: float | None = None  # of the closing handshake
        self._is_over = False  # no more messages: a close has arrived, or an error
        self._is_lost = False  # nothing can be sent any more
        self._resets = False  # the peer is told that what it sends is lost
        self._is_ended = False  # the stream has ended, in both directions
        self._ends_later = False  # it has, but messages are left that were sent before
        self._fault: OSError | None = None  # of reading
        self._engine: Engine  # both once it is OPEN
        self._watcher: Watcher
        self._tls: Tls | None = None
        self._subprotocol: str | None = None
        self._deflate: Deflate | None = None

        self._queue: deque[Any] = deque()  # messages, or parts of them
        self._parts: list[Any] = []  # of the message that recv() is collecting
        self._is_reading = False  # a thread reads
        self._is_paused = False  # the queue was full, and has not been drained
        self._events: Iterator[Event] = iter(())  # not handled yet
        self._has_more = False  # there may be some
        self._inbox: deque[bytes] = deque()  # what was read and not handled
        self._discards = False  # messages: after close() the queue was full
        self._size = _LEAST  # of the next read
        self._speaks = False  # the engine may have something to send of its own

        self._due: deque[bytes | memoryview] = deque()  # what is to be written, in order
        self._owed = 0  # bytes of replies among it
        self._is_sending = False  # a message in fragments
        self._wants_eof = self._has_eof = False  # the end of our data is due, was sent
        self._added = self._sent = 0  # bytes that were due so far, and were written
        self._pings: dict[bytes, PongEvent] = {}

        self._keepalive: Keepalive | None = None  # there is none without ping_interval
        self._keepalive_ping: PongEvent | None = None

    # Facts

    @property
    def id(self) -> uuid.UUID:
        """A random identifier of the connection, for logs."""
        with self._lock:
            if self._id is None:
                self._id = uuid.uuid4()
            return self._id

    @property
    def logger(self) -> logging.LoggerAdapter[Any]:
        """The logger of the server or client, with this connection as `websocket` of its
        records."""
        return logging.LoggerAdapter(self._plain_logger, {"websocket": self})

    @property
    def tls(self) -> ssl.SSLObject | None:
        """What tells about certificates and ciphers; None without TLS. Do not read or write
        it."""
        return None if self._channel.tls is None else self._channel.tls.object

    @property
    def state(self) -> State:
        """The state of the connection."""
        return self._state

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol that was agreed; None if there is none."""
        return self._subprotocol

    @property
    def deflate(self) -> Deflate | None:
        """The compression that was agreed; None if there is none."""
        return self._deflate

    @property
    def close_code(self) -> int | None:
        """The code of the peer's close, 1006 if there was none; None before the connection is
        CLOSED."""
        return self._ending.code if self._state is State.CLOSED else None

    @property
    def close_reason(self) -> str | None:
        """The reason of the peer's close, "" if there was none; None before the connection is
        CLOSED."""
        return self._ending.reason if self._state is State.CLOSED else None

    @property
    def local_address(self) -> Any:
        """Our address, as socket.getsockname() gives it. Raises OSError once it is closed."""
        return self.socket.getsockname()

    @property
    def remote_address(self) -> Any:
        """The peer's address, as socket.getpeername() gives it. Raises OSError once it is
        closed."""
        return self.socket.getpeername()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, exc_type: type[BaseException] | None, *_: object) -> None:
        self.close(CloseCode.NORMAL if exc_type is None else CloseCode.INTERNAL_ERROR)

    # Receiving

    def __iter__(self) -> Iterator[Any]:
        recv = self.recv
        try:
            while True:
                yield recv()
        except ConnectionClosedOK:
            return

    @overload
    def recv(self, timeout: float | None, decode: Literal[True]) -> str: ...
    @overload
    def recv(self, timeout: float | None, decode: Literal[False]) -> bytes: ...
    @overload
    def recv(self, timeout: float | None = None, *, decode: Literal[True]) -> str: ...
    @overload
    def recv(self, timeout: float | None = None, *, decode: Literal[False]) -> bytes: ...
    @overload
    def recv(self, timeout: float | None = None, decode: bool | None = None) -> str | bytes: ...

    def recv(self, timeout: float | None = None, decode: bool | None = None) -> str | bytes:
        """Waits for the next message and returns it: str for a text (bytes with
        decode_text=False), bytes for a binary message.

        timeout  Seconds to wait at most; None for no limit. With 0 or less, only a message that
                 has arrived is returned. Nothing is lost after a TimeoutError.
        decode   True: a str in any case. False: bytes in any case.

        Raises ConnectionClosed after the last message; TimeoutError; ConcurrencyError if
        another thread is receiving; InvalidState during the opening handshake. If `decode` is
        True and a binary message is not UTF-8, the connection is closed with the code 1007.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        if not self._receiver.acquire(False):
            raise ConcurrencyError("another thread is already receiving")
        try:
            message = self._take(deadline)
            if message.__class__ is MessagePart:
                message = self._joined(message, deadline)
        finally:
            self._receiver.release()
        return message if decode is None else self._converted(message, decode)

    @overload
    def recv_streaming(self, decode: Literal[True]) -> Iterator[str]: ...
    @overload
    def recv_streaming(self, decode: Literal[False]) -> Iterator[bytes]: ...
    @overload
    def recv_streaming(self, decode: bool | None = None) -> Iterator[str | bytes]: ...

    def recv_streaming(self, decode: bool | None = None) -> Iterator[str | bytes]:
        """Waits for the next message, and yields its parts: with stream=True as they arrive,
        else the whole message as one part. The parts of a text are str, cut between characters.

        The iterator must be used up: before that, recv() and other iterators raise
        ConcurrencyError.

        The argument and the exceptions are those of recv().
        """
        if not self._receiver.acquire(False):
            raise ConcurrencyError("another thread is already receiving")
        try:
            is_last = False
            while not is_last:
                data = self._take(None)
                if is_last := data.__class__ is not MessagePart:
                    part = data
                else:
                    part, is_last = data.data, data.last
                if is_last:
                    break
                yield part if decode is None else self._converted(part, decode)
        except ConnectionClosed:
            self._receiver.release()
            raise
        self._receiver.release()
        yield part if decode is None else self._converted(part, decode)

    def _joined(self, part: MessagePart, deadline: float | None) -> str | bytes:
        """The message that this part belongs to. If the time is up, its parts are kept."""
        parts = self._parts
        parts.append(part.data)
        while not part.last:
            part = self._take(deadline)
            parts.append(part.data)
        whole: Any = parts[0][:0].join(parts)
        parts.clear()
        return whole  # type: ignore[no-any-return]

    def _converted(self, message: str | bytes, decode: bool) -> str | bytes:
        if isinstance(message, str):
            return message if decode else message.encode()
        if not decode:
            return message
        try:
            return message.decode()
        except UnicodeDecodeError as error:
            with self._lock:
                self._fail(CloseCode.INVALID_DATA, f"{error.reason} at {error.start}", error)
            self._flush()
            raise self._await_end() from error

    def _take(self, deadline: float | None) -> Any:
        """The next message or part. For the thread that holds _receiver."""
        queue = self._queue
        mine = has_read = is_late = False
        try:
            while True:
                with self._lock:
                    must_flush = False
                    if mine:
                        mine = self._is_reading = False
                        must_flush = self._handle_inbox(0)
                    elif self._has_more and not queue:
                        self.turns += 1
                        must_flush = self._process(0)
                    if queue:
                        item = queue.popleft()
                        if self._is_paused and len(queue) <= self._low:
                            self._resume()
                        break
                    if self._ends_later:
                        self._end()
                    self._check_receiving(is_late)
                    if not must_flush:
                        if self._is_reading or self._is_ended:
                            is_late = not self._wait_for_news(deadline)
                            continue
                        mine = has_read = self._is_reading = True
                        self.turns += 1
                if must_flush:
                    self._flush()
                else:
                    is_late = not self._read(deadline)
        finally:
            if mine:
                self._stop_reading()
        if must_flush:
            self._flush()
        if has_read and not self._watcher.is_ticking:
            self._watcher.tick()
        return item

    def _check_receiving(self, is_late: bool) -> None:
        """Raises what recv() raises now that the queue is empty. Needs the lock."""
        if self._state is not State.OPEN:
            if self._state is State.CONNECTING:
                raise InvalidState("the opening handshake is not complete")
            if self._state is State.CLOSED or (is_late and self._is_over):
                raise self._ending.exception()
        if is_late:
            raise TimeoutError("timed out while waiting for a message")

    def _wait_for_news(self, deadline: float | None = None) -> bool:
        """Waits for the thread that reads, at most until the deadline. Returns whether there
        is news. Needs the lock."""
        self._waiting += 1
        try:
            left = None if deadline is None else deadline - time.monotonic()
            return self._news.wait(left)
        finally:
            self._waiting -= 1

    def _stop_reading(self) -> None:
        """To be called if an exception interrupts the reading."""
        with self._lock:
            self._is_reading = False
            self._handle_inbox(self._high)
            self._news.notify_all()
        self._flush()
        self._watcher.tick()

    def _read(self, deadline: float | None) -> bool:
        """Waits for input, at most until the deadline, and reads it into the inbox. Returns
        whether there was any. For the thread that reads.

        While it waits for a long time it costs one system call; _lost() ends the wait.
        """
        if self._owed > _MAX_OWED and not self._write_all(deadline):
            return False
        try:
            if deadline is not None and not is_readable(
                self.socket, max(deadline - time.monotonic(), 0)
            ):
                return False
            # One call, so that an exception of a signal handler comes before the socket is
            # read, or after what was read is in the inbox.
            self._inbox.extend(map(self.socket.recv, (self._size,)))
        except OSError as error:
            self._fault = error
            self._inbox.append(b"")
        return True

    def _handle_inbox(self, limit: float) -> bool:
        """Handles what was read, as _process() does. Needs the lock."""
        inbox = self._inbox
        try:
            while inbox:
                data = inbox[0]
                self._handle(data, limit)
                del inbox[0]
        except BaseException as error:  # of a signal handler, or a bug: the rest is lost
            inbox.clear()
            self._break(error)
            raise
        if self._waiting:
            self._news.notify_all()
        return bool(self._due) or self._wants_eof

    def _handle(self, data: bytes, limit: float) -> None:
        """Handles the result of one read. Needs the lock."""
        if self._keepalive is not None:
            self._keepalive.was_heard = True
        size = len(data)
        if size == self._size:
            self._size = min(2 * size, _MOST)
        elif size < self._size >> 2:
            self._size = max(self._size >> 1, _LEAST)
        has_ended = not data
        if self._tls is not None and data:
            try:
                data, has_ended = self._tls.decrypt(data)
            except OSError as error:  # ssl.SSLError
                self._fault, has_ended, data = error, True, b""
            if output := self._tls.take_output():
                self._put(output)
        if data and not self._is_over:
            self._events = self._engine.receive_data(data)
            self._process(limit)
        if has_ended:
            if (
                self._state is State.OPEN
                and not self._fault
                and (self._queue or self._has_more)
            ):
                self._ends_later = True  # what has arrived is received before
            else:
                self._end()

    def _process(self, limit: float) -> bool:
        """Handles events until more than `limit` messages wait in the queue. Returns whether
        there is something to flush. Needs the lock.

        A thread that receives handles no more than the next message. So its reply precedes the
        pong to a later ping, and the reply to a later close.
        """
        queue = self._queue
        try:
            for event in self._events:
                kind = event.__class__
                if kind is Message or kind is MessagePart:
                    if self._discards:
                        continue
                    queue.append(event[0] if kind is Message else event)
                    size = len(queue)
                    if size > limit:
                        if size <= self._high or self._state is State.OPEN:
                            self._is_paused = size > self._high
                            self._has_more = True
                            break
                        queue.pop()
                        self._discards = True
                else:
                    self._on_control(event)
            else:
                self._has_more = False
        except WsError as error:
            self._has_more = False
            self._on_error(error)
        if self._speaks:
            self._speaks = False
            self._owed += self._add(self._engine.data_to_send())
        return bool(self._due) or self._wants_eof

    def _on_control(self, event: Event) -> None:
        """Handles a ping, a pong or a close. Needs the lock."""
        if isinstance(event, Pong):
            self._acknowledge(event.data)
            return
        self._speaks = True
        if isinstance(event, Close):
            ending = self._ending
            ending.rcvd, ending.rcvd_then_sent = event, ending.sent is None
            self._is_over = True
            self._add(self._engine.data_to_send())
            self._is_closing(self._engine.close_sent)
            if self.side is Side.SERVER:
                self._end_data()

    def _on_error(self, error: WsError) -> None:
        """The peer broke the protocol, or the library failed. Needs the lock."""
        self._ending.cause = self._ending.cause or error
        self._is_over = True
        with contextlib.suppress(WsError):
            self._add(self._engine.data_to_send())
        self._end_data()
        self._is_closing(self._engine.close_sent)

    def _resume(self) -> None:
        """The queue has room again. Needs the lock."""
        self._is_paused = False
        if self._keepalive is not None:
            self._keepalive.was_heard = True  # what the peer has sent meanwhile was not read
        self._watcher.tick()

    # Sending

    def send(self, message: Data | Iterable[Data], text: bool | None = None) -> None:
        """Sends a message: a str as text, bytes, bytearray or memoryview as binary. Waits while
        the peer does not read and the system's buffers are full.

        An iterable of them is sent as one message in fragments. All must be of one kind.

        text  True: send bytes as text, which must be UTF-8 and are not checked. False: send a
              str as binary.

        Raises ConnectionClosed; TypeError for anything else; ConcurrencyError while a message
        is being sent in fragments; InvalidArgument for a str with surrogates; InvalidState
        during the opening handshake. If the iterable raises an exception, or yields different
        kinds, the message cannot be completed: the connection is closed with the code 1011.
        """
        if is_fragments(message):
            self._send_fragments(iter(cast("Iterable[Data]", message)), text)
        else:
            self._send(*encoded(cast("Data", message), text))

    def _send(
        self, opcode: int, payload: bytes, *, more: bool = False, first: bool = True
    ) -> None:
        with self._lock:
            is_open = self._state is State.OPEN
            if is_open:
                if first and self._is_sending:
                    raise ConcurrencyError("a message is being sent in fragments")
                self._is_sending = more
                self._engine.send(opcode, payload, more=more)
                self._add(self._engine.data_to_send())
        self._finish_sending(is_open)

    def _send_soon(self, opcode: int, payload: bytes) -> None:
        """Sends a message without waiting, if the connection is open; see broadcast()."""
        with self._lock:
            if self._state is State.OPEN:
                if self._is_sending:
                    raise ConcurrencyError("a message is being sent in fragments")
                self._engine.send(opcode, payload)
                self._add(self._engine.data_to_send())
        self._flush()

    def _finish_sending(self, is_open: bool) -> None:
        """Writes what is due. If the connection was not open, or is lost by that, waits until
        it is closed and raises ConnectionClosed."""
        if is_open:
            self._write_all(None)
            if not self._is_lost:
                return
        if self._state is State.CONNECTING:
            raise InvalidState("the opening handshake is not complete")
        raise self._await_end()

    def _send_fragments(self, fragments: Iterator[Data], text: bool | None) -> None:
        try:
            fragment = next(fragments)
        except StopIteration:
            return
        opcode, payload = encoded(fragment, text)
        is_text = isinstance(fragment, str)
        self._send(opcode, payload, more=True)
        try:
            for fragment in fragments:
                if isinstance(fragment, str) is not is_text:
                    raise TypeError("the fragments of a message must be of one kind")
                self._send(opcode, encoded(fragment, text)[1], more=True, first=False)
            self._send(opcode, b"", first=False)
        except ConnectionClosed:
            raise
        except BaseException as error:
            with self._lock:
                self._fail(CloseCode.INTERNAL_ERROR, "error in fragmented message", error)
            self._flush()
            raise

    def ping(self, data: Data | None = None, *, ack_on_close: bool = False) -> PongEvent:
        """Sends a ping. Returns an event that is set when its pong has arrived, or that of a
        later ping, and then has the latency.

        data          At most 125 bytes, or str; None for four random bytes.
        ack_on_close  Whether the event is also set when the connection is closed.

        Raises ConnectionClosed; ConcurrencyError if the pong to a ping with this data has not
        arrived; InvalidArgument if it is too long; TypeError for anything else; InvalidState
        during the opening handshake.
        """
        payload = None if data is None else ping_payload(data)
        with self._lock:
            is_open = self._state is State.OPEN
            if is_open:
                if payload in self._pings:
                    raise ConcurrencyError("already waiting for a pong with the same data")
                event = self._add_ping(payload, ack_on_close)
        self._finish_sending(is_open)
        if not self._is_reading:
            self._watcher.attend(self)
        return event

    def pong(self, data: Data = b"") -> None:
        """Sends a pong that nobody asked for.

        data  At most 125 bytes, or str.

        Raises ConnectionClosed, InvalidArgument, TypeError and InvalidState as ping() does.
        """
        payload = ping_payload(data)
        with self._lock:
            is_open = self._state is State.OPEN
            if is_open:
                self._engine.pong(payload)
                self._add(self._engine.data_to_send())
        self._finish_sending(is_open)

    def _add_ping(self, payload: bytes | None, ack_on_close: bool = False) -> PongEvent:
        """Needs the lock."""
        while payload is None or payload in self._pings:
            payload = secrets.token_bytes(4)
        event = self._pings[payload] = PongEvent(payload, ack_on_close)
        self._engine.ping(payload)
        self._add(self._engine.data_to_send())
        return event

    def _acknowledge(self, payload: bytes) -> None:
        """A pong answers its ping and all before (RFC 6455, 5.5.3). Needs the lock."""
        if payload not in self._pings:
            return
        now = time.monotonic()
        for key in list(self._pings):
            event = self._pings.pop(key)
            event.latency = now - event.sent_at
            event.set()
            if key == payload:
                self.latency = event.latency
                return

    # Writing

    def _add(self, data: bytes) -> int:
        """Adds to what is due. Returns the number of bytes. Needs the lock."""
        if data:
            self._put(data if self._tls is None else self._tls.encrypt(data))
        return len(data)

    def _put(self, data: bytes) -> None:
        """Adds to what is due, without TLS. Needs the lock."""
        self._due.append(data)
        self._added += len(data)

    def _write_all(self, deadline: float | None) -> bool:
        """Writes what is due, and waits while the peer does not read. Returns whether that was
        done before the deadline."""
        if deadline is None:
            self._writer.acquire()
        elif not self._writer.acquire(timeout=max(deadline - time.monotonic(), 0)):
            return False
        try:
            is_done = self._write_due()
            while not is_done:
                left = None if deadline is None else max(deadline - time.monotonic(), 0)
                if not is_writable(self.socket, left):
                    break
                is_done = self._write_due()
        except BaseException:  # of a signal handler: the watcher writes the rest
            self._watcher.attend(self)
            raise
        finally:
            self._writer.release()
        if self._due or self._wants_eof:
            self._flush()
        return is_done

    def _flush(self) -> None:
        """Writes what is due, without waiting: the watcher writes what is left."""
        if not self._try_to_flush():
            self._watcher.attend(self)

    def _try_to_flush(self) -> bool:
        """Writes what is due, without waiting. Returns whether nothing is left to do; if
        another thread writes, it does the rest."""
        while self._due or (self._wants_eof and not self._has_eof):
            if not self._writer.acquire(False):
                return True
            try:
                if not self._write_due():
                    return False
            finally:
                self._writer.release()
        return True

    def _write_due(self) -> bool:
        """Writes what is due as far as is possible without waiting. Returns whether nothing is
        left. Needs _writer, not the lock."""
        due = self._due
        try:
            while due:
                data = due.popleft()
                while due and len(data) < _JOIN:
                    data = b"".join((data, due.popleft()))
                sent = send_now(self.socket, data)
                self._sent += sent
                if sent < len(data):
                    due.appendleft(memoryview(data)[sent:])
                    return False
        except OSError as error:
            self._lost(error)
        except BaseException as error:
            self._lost(error)
            raise
        self._owed = 0
        if self._wants_eof and not self._has_eof:
            self._has_eof = True
            shut_down(self.socket, socket.SHUT_WR)
        return True

    def _end_data(self) -> None:
        """Nothing is sent after what is due. Needs the lock."""
        if not self._wants_eof:
            self._wants_eof = True
            if self._tls is not None:
                self._put(self._tls.finish())

    # Closing

    def close(self, code: int = CloseCode.NORMAL, reason: str = "") -> None:
        """Closes the connection: sends a close frame, waits for the peer's and for the end of
        the TCP connection, at most close_timeout. Meanwhile recv() still returns messages, but
        once the queue is full, all that follow are discarded. Only waits if the connection is
        closing already.

        code    1000 ... 1003, 1007 ... 1014 or 3000 ... 4999.
        reason  At most 123 bytes of UTF-8.

        Raises InvalidArgument for anything else.
        """
        self.start_close(code, reason)
        if self._state is not State.CONNECTING:
            self._await_end()

    def start_close(self, code: int = CloseCode.NORMAL, reason: str = "") -> None:
        """Closes the connection like close(), but does not wait."""
        with self._lock:
            if self._state is State.CONNECTING:
                shut_down(self.socket, socket.SHUT_RDWR)
            elif self._state is State.OPEN:
                if self._is_sending:
                    code, reason = CloseCode.INTERNAL_ERROR, "close during fragmented message"
                self._engine.close(code, reason)
                self._ending.sent = Close(code, reason)
                self._add(self._engine.data_to_send())
                self._is_closing(code)
                if self._ends_later:
                    self._end()
        if self._state is not State.CONNECTING:
            self._flush()
            if not self._is_reading:
                self._watcher.attend(self)

    def wait_closed(self, timeout: float | None = None) -> bool:
        """Waits until the connection is closed, at most `timeout` seconds (None: no limit).
        Returns whether it is closed. Messages are not received meanwhile; if more arrive than
        fit into the queue, the end is behind them."""
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._lock:
            while self._state is not State.CLOSED:
                if not self._wait_for_news(deadline):
                    return False
        return True

    def _await_end(self) -> ConnectionClosed:
        """Waits until a connection that is closing is CLOSED; reads meanwhile, if no other
        thread does. Returns the exception that tells of the end."""
        mine = False
        try:
            while True:
                with self._lock:
                    if mine:
                        mine = self._is_reading = False
                        self._handle_inbox(self._high)
                    if self._has_more:
                        self._process(self._high)
                    if self._state is State.CLOSED:
                        return self._ending.exception()
                    if self._is_reading or self._is_ended:
                        self._wait_for_news()
                        continue
                    mine = self._is_reading = True
                    self.turns += 1
                self._flush()
                self._read(None)
        finally:
            if mine:
                self._stop_reading()

    def _is_closing(self, sent: int | None) -> None:
        """The connection is CLOSING. The timer is started. Needs the lock.

        sent  The code of the close that we have sent; None if none was.
        """
        if sent is not None and self._ending.sent is None:
            self._ending.sent = Close(sent, "")
        self._is_paused = False  # so that the peer's close is not behind what nobody receives
        if self._state is State.OPEN:
            self._state = State.CLOSING
            if self._close_timeout is not None:
                self._deadline = time.monotonic() + self._close_timeout
                self._watcher.call_at(self._deadline, self)

    def _fail(self, code: int, reason: str, cause: BaseException) -> None:
        """Closes the connection because of an error; nothing more is received. Needs the
        lock."""
        if self._state is State.OPEN:
            self._ending.cause = cause
            self._ending.sent = Close(code, reason)
            self._engine.close(code, reason)
            self._add(self._engine.data_to_send())
            self._is_over = True
            self._end_data()
            self._is_closing(code)
            self._watcher.attend(self)

    def _lost(self, error: BaseException) -> None:
        """Nothing can be sent any more: ends the stream, which wakes all that wait for it. What
        has arrived can still be read."""
        with self._lock:
            self._break(error)

    def _break(self, error: BaseException) -> None:
        """The same. Needs the lock."""
        if not self._is_over:
            self._ending.cause = self._ending.cause or error
        self._is_lost = True
        self._due.clear()
        self._owed = 0
        self._is_closing(None)
        shut_down(self.socket, socket.SHUT_RDWR)
        if self._ends_later:
            self._end()

    def _end(self) -> None:
        """The stream has ended. Needs the lock."""
        if self._is_ended:
            return
        if not self._is_over:
            self._ending.cause = self._ending.cause or self._fault
            if self._ending.cause is None:
                try:
                    self._engine.finish()
                except WsError as error:
                    self._ending.cause = error
        self._end_tls()
        self._ends_later = self._has_more = False
        self._is_over = self._is_ended = self._is_lost = True
        self._due.clear()
        self._owed = 0
        self._is_closing(None)
        shut_down(self.socket, socket.SHUT_RDWR)
        self._watcher.forget(self)

    def _end_tls(self) -> None:
        """Ends our data under TLS too, unless it has ended, or something is due before. Needs
        the lock; so _writer must not be waited for."""
        if self._tls is None or self._wants_eof or self._is_lost or self._fault or self._due:
            return
        if self._writer.acquire(False):
            try:
                with contextlib.suppress(OSError):
                    send_now(self.socket, self._tls.finish())
            finally:
                self._writer.release()

    # For the watcher

    @property
    def is_served(self) -> bool:
        """Whether a thread reads, or reading is paused."""
        return self._is_reading or self._is_paused or self._ends_later or self._is_ended

    def fileno(self) -> int:
        """The descriptor of the socket; negative once it is closed."""
        return self.socket.fileno()

    def serve(self, ready: int) -> int:
        """Reads and writes what is possible without waiting; see the watcher."""
        try:
            if ready & READ and self._may_read(begin=True):
                self._read_now()
            elif self._has_more:
                with self._lock:
                    if not self._is_paused:
                        self._process(self._high)
            is_done = self._try_to_flush()
            wanted = READ if self._may_read(begin=False) else 0
            return wanted if is_done else wanted | WRITE
        except Exception as error:
            self._on_bug(error)
            return 0

    def _may_read(self, *, begin: bool) -> bool:
        """Whether the watcher may read: no thread does, and there is room for what comes."""
        with self._lock:
            if self.is_served:
                return False
            if self._owed > _MAX_OWED:
                self._watcher.tick()  # it looks again
                return False
            if begin:
                self._is_reading = True
            return True

    def _read_now(self) -> None:
        data = None
        try:
            data = receive_now(self.socket, self._size)
        except OSError as error:
            self._fault, data = error, b""
        finally:
            with self._lock:
                self._is_reading = False
                if data is not None:
                    self._inbox.append(data)
                    self._handle_inbox(self._high)
                self._news.notify_all()

    def on_timer(self, now: float) -> float | None:
        """Ends a closing handshake that takes too long, and does the keepalive."""
        try:
            if self._state is State.OPEN:
                return self._keep_alive(now)
            with self._lock:
                if self._deadline is not None and now >= self._deadline and not self._is_ended:
                    self._resets = True
                    self._break(TimeoutError("timed out while closing the connection"))
                    self._watcher.attend(self)
        except Exception as error:
            self._on_bug(error)
        return None

    def _keep_alive(self, now: float) -> float | None:
        """Judges the peer and sends the next ping, if it is time. Returns when to do so
        again."""
        keepalive = self._keepalive
        if keepalive is None:
            return None
        with self._lock:
            hears = not (self._is_paused or self._ends_later)
            verdict = keepalive.look(now, self._sent, hears=hears)
            if isinstance(verdict, float) or self._state is not State.OPEN:
                return verdict if isinstance(verdict, float) else None
            error = TimeoutError(f"no pong within {keepalive.timeout} seconds")
            if verdict is Verdict.PING:
                if self._keepalive_ping is not None:
                    self._pings.pop(self._keepalive_ping.payload, None)
                self._keepalive_ping = ping = self._add_ping(None)
                end_of_ping = self._added
                keepalive.was_heard = False
            else:
                self._fail(CloseCode.INTERNAL_ERROR, "keepalive ping timeout", error)
        self._flush()
        if verdict is Verdict.PING:
            return keepalive.pinged(now, ping, self._sent, end_of_ping)
        self._lost(error)
        return None

    def _on_bug(self, error: Exception) -> None:
        """In the watcher, which must go on."""
        self.logger.error("unexpected error", exc_info=error)
        self._lost(error)

    def release(self) -> None:
        """The end: no thread uses the socket any more but one that is about to stop writing."""
        with self._writer, self._lock:
            if self._resets:
                reset_on_close(self.socket)
            self.socket.close()
            self._engine.free()
            self._state = State.CLOSED
            for event in self._pings.values():
                if event.ack_on_close:
                    event.set()
            self._pings.clear()
            self._news.notify_all()

    # For servers and clients

    def _open(self, engine: Engine, rest: bytes) -> None:
        """The opening handshake is complete.

        rest  What has arrived after it.

        Raises RuntimeError if the thread that watches connections cannot be started.
        """
        now = time.monotonic()
        interval = self._ping_interval
        with self._lock:
            self._watcher = watch(self, None if interval is None else now + interval)
            self._engine, self._tls = engine, self._channel.tls
            self._subprotocol, self._deflate = engine.protocol, engine.deflate
            if interval is not None:
                self._keepalive = Keepalive(interval, self._ping_timeout, now)
            self._state = State.OPEN
            self._events = engine.receive_data(rest)
            self._has_more = True
        self._flush()


def broadcast(
    connections: Iterable[Connection],
    message: Data,
    *,
    raise_exceptions: bool = False,
    text: bool | None = None,
) -> None:
    """Sends a message to many connections, and waits for none of them: what a peer does not
    read at once is kept for it, and the keepalive ends a connection whose peer does not read at
    all. Connections that are not open are skipped.

    raise_exceptions  False: if it cannot be sent to a connection, that is logged as a warning.
                      True: the exceptions are raised together in the end, as an
                      ExceptionGroup. This needs Python 3.11.
    text              As for send().

    Raises TypeError for a message that is not str or bytes; InvalidArgument for
    raise_exceptions before Python 3.11.
    """
    group: Any = getattr(builtins, "ExceptionGroup", None)
    if raise_exceptions and group is None:
        raise InvalidArgument("raise_exceptions needs Python 3.11")
    opcode, payload = encoded(message, text)
    errors = []
    for connection in connections:
        try:
            connection._send_soon(opcode, payload)
        except Exception as error:
            if raise_exceptions:
                errors.append(error)
            else:
                connection.logger.warning("skipped broadcast: %s", error)
    if errors:
        raise group("skipped broadcast", errors)
