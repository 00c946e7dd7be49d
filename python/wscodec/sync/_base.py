"""What a connection is made of, and its facts.

Three locks, in the order in which they may be taken:

    _receiver  Held by the one thread that is in recv().
    _writer    Held by the thread that writes to the socket, which may wait for the peer.
    _lock      Protects everything else. Nobody waits while holding it. It decides the order of
               the frames: each is encoded and added to what is due under it.

The threads that wait for another thread's reading are woken through _news.
"""

from __future__ import annotations

import logging
import math
import ssl
import threading
import time
import uuid
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .._callbacks import LoggerLike
from .._checks import MaxQueue, MaxSize, queue_marks, sizes
from .._common_properties import CommonProperties
from .._defaults import CLOSE_TIMEOUT, MAX_QUEUE, MAX_SIZE, PING_INTERVAL, PING_TIMEOUT
from .._ending import Ending, State
from ..connection import Connection as Engine
from ..deflate import Deflate
from ..events import Event
from ..frame import Side
from ._watcher import Watched, Watcher

if TYPE_CHECKING:
    from ._channel import Channel
    from ._keepalive import Keepalive
    from ._tls import Tls

LOGGER = logging.getLogger("wscodec")

LEAST, MOST = 4096, 1 << 18
"""Sizes of a read: doubled when a read is full, halved when it is nearly empty."""


class PongEvent(threading.Event):
    """An event that is set when the pong to a ping has arrived."""

    latency: float = 0.0
    """Seconds from the ping to the pong; 0.0 before."""

    def __init__(self, payload: bytes, ack_on_close: bool) -> None:
        super().__init__()
        self.payload = payload
        """The payload of the ping."""
        self.sent_at = time.perf_counter()
        """When the ping was sent."""
        self.ack_on_close = ack_on_close
        """Whether the event is also set when the connection is closed."""


class Base(CommonProperties, Watched):
    """The memory of a connection, and its facts."""

    side: Side

    def __init__(
        self,
        channel: Channel,
        *,
        ping_interval: float | None = PING_INTERVAL,
        ping_timeout: float | None = PING_TIMEOUT,
        close_timeout: float | None = CLOSE_TIMEOUT,
        max_queue: MaxQueue = MAX_QUEUE,
        max_size: MaxSize = MAX_SIZE,
        logger: LoggerLike = LOGGER,
    ) -> None:
        """For serve() and connect(), which describe the options. It is CONNECTING."""
        self.socket = channel.socket
        """The socket. Do not read or write it; under TLS it carries TLS."""
        self.latency = 0.0
        """Seconds between the last ping and its pong; 0.0 before the first. By default the
        keepalive measures it every ping_interval."""
        self._turns = 0  # how many times a thread has begun to read
        self._channel = channel
        self._ping_interval, self._ping_timeout = ping_interval, ping_timeout
        self._close_timeout = close_timeout
        self._high, self._low = queue_marks(max_queue)
        self._most = sizes(max_size)[0] or math.inf  # bytes in the queue, like _high
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

        self._last_frames: bytes | None = None  # wait for the replies to what is in the queue
        self._left = 0  # messages in the queue when that was looked at last
        self._look_at = 0.0  # when it is looked at again

        self._queue: deque[Any] = deque()  # messages, or parts of them
        self._queued = 0  # bytes in it, or characters
        self._parts: list[Any] = []  # of the message that recv() is collecting
        self._is_reading = False  # a thread reads
        self._is_paused = False  # the queue was full, and has not been drained
        self._events: Iterator[Event] = iter(())  # not handled yet
        self._has_more = False  # there may be some
        self._inbox: deque[bytes] = deque()  # what was read and not handled
        self._discards = False  # messages: after close() the queue was full
        self._size = LEAST  # of the next read
        self._speaks = False  # the engine may have something to send of its own

        self._due: deque[bytes | memoryview] = deque()  # what is to be written, in order
        self._owed = 0  # bytes of replies among it
        self._is_sending = False  # a message in fragments
        self._wants_eof = self._has_eof = False  # the end of our data is due, was sent
        self._added = self._sent = 0  # bytes that were due so far, and were written
        self._pings: dict[bytes, PongEvent] = {}

        self._keepalive: Keepalive | None = None  # there is none without ping_interval
        self._keepalive_ping: PongEvent | None = None

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
    def close_code(self) -> int | None:
        """The code of the peer's close frame; CloseCode.NO_STATUS (1005) if it has none, and
        CloseCode.ABNORMAL (1006) if none has arrived. After close() it is the code that the
        peer replied. None until the connection is closed."""
        return self._ending.exception().code if self._state is State.CLOSED else None

    @property
    def close_reason(self) -> str | None:
        """The reason of the peer's close, "" if there was none; None before the connection is
        CLOSED."""
        return self._ending.exception().reason if self._state is State.CLOSED else None

    @property
    def local_address(self) -> Any:
        """Our address, as socket.getsockname() gives it. Raises OSError once it is closed."""
        return self.socket.getsockname()

    @property
    def remote_address(self) -> Any:
        """The peer's address, as socket.getpeername() gives it. Raises OSError once it is
        closed."""
        return self.socket.getpeername()

    def fileno(self) -> int:
        """The descriptor of the socket; negative once it is closed."""
        return self.socket.fileno()

    def _wait_for_news(self, deadline: float | None = None) -> bool:
        """Waits for the thread that reads, at most until the deadline. Returns whether there
        is news. Needs the lock."""
        self._waiting += 1
        try:
            left = None if deadline is None else deadline - time.monotonic()
            return self._news.wait(left)
        finally:
            self._waiting -= 1
