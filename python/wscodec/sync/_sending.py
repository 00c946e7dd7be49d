"""Sending messages, pings and pongs."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator
from typing import cast

from .._ending import State
from .._messages import Data, encoded, is_fragments, ping_payload
from ..errors import InvalidState
from ..exceptions import ConcurrencyError, ConnectionClosed
from ..frame import OPCODES, Side, frame_encode
from ..text import CloseCode
from ._base import PongEvent
from ._reading import Reader


class Sender(Reader):
    """send(), ping() and pong()."""

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
        kind = message.__class__
        if kind is str or kind is bytes or not is_fragments(message):
            self._send(*encoded(cast("Data", message), text))
        else:
            self._send_fragments(iter(message), text)

    def _send(
        self, opcode: int, payload: bytes, *, more: bool = False, first: bool = True
    ) -> None:
        with self._lock:
            if more:
                self._send_last_frames()
            is_open = self._state is State.OPEN
            if is_open:
                if first and self._is_sending:
                    raise ConcurrencyError("a message is being sent in fragments")
                self._is_sending = more
                self._add(self._message(opcode, payload, more))
        self._finish_sending(is_open)

    def _message(self, opcode: int, payload: bytes, more: bool = False) -> bytes:
        """The bytes of a message or fragment. Needs the lock."""
        if self._last_frames is not None:  # the engine has closed
            mask_key = os.urandom(4) if self.side is Side.CLIENT else None
            return frame_encode(opcode, payload, mask_key=mask_key)
        self._engine.send(OPCODES[opcode] or opcode, payload, more=more)
        return self._engine.data_to_send()

    def _send_soon(self, opcode: int, payload: bytes) -> None:
        """Sends a message without waiting, if the connection is open; see broadcast()."""
        with self._lock:
            if self._state is State.OPEN:
                if self._is_sending:
                    raise ConcurrencyError("a message is being sent in fragments")
                self._add(self._message(opcode, payload))
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
                self._fail(CloseCode.INTERNAL_ERROR, "a message was not completed", error)
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
        event = None
        with self._lock:
            self._send_last_frames()
            if self._state is State.OPEN:
                if payload in self._pings:
                    raise ConcurrencyError("already waiting for a pong with the same data")
                event = self._add_ping(payload, ack_on_close)
        self._finish_sending(event is not None)
        assert event is not None
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
            self._send_last_frames()
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
