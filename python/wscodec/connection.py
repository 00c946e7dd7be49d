"""A connection after its opening handshake: messages, pings, the closing handshake, limits,
compression.

Pass the bytes that arrived to receive_data(), which yields events. data_to_send() returns the
bytes to send, yours and the connection's own, in the order of the wire:

    for event in conn.receive_data(data):
        if isinstance(event, Message):
            conn.send(event.opcode, event.data)
    socket.sendall(conn.data_to_send())

Iterate over the events: nothing is processed before. A pong and the reply to a close are due
when you have taken the messages before them, so that what you send for a message precedes them.
If there is no message before them, they are due without iteration.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ctypes import byref, c_void_p, create_string_buffer, pointer, sizeof
from typing import TYPE_CHECKING, NamedTuple

from . import _fast_calls, _ffi
from ._buffers import Data, bytes_of, optional, readable, span, text
from ._invalid_argument import blamed
from ._receiving import Receiver
from ._side import side_of
from .deflate import Deflate, deflate_of, pmd_params
from .errors import InvalidArgument, InvalidState, NoMemory, WsError, check
from .events import State
from .frame import Side
from .handshake import (
    Headers,
    Response,
    header_lines,
    is_request,
    refused_request,
    refused_response,
    response_of,
    unmatched,
)
from .options import Options as Options

if TYPE_CHECKING:
    from typing_extensions import Unpack


_new = _fast_calls.declared("ws_conn_new")
_set_pmd = _fast_calls.declared("ws_conn_set_pmd")
_get_pmd = _fast_calls.declared("ws_conn_get_pmd")
_state = _fast_calls.declared("ws_conn_state")
_accept = _fast_calls.declared("ws_conn_accept")
_confirm = _fast_calls.declared("ws_conn_confirm")


class _Accepted(NamedTuple):
    connection: Connection | None
    reply: bytes


class Accepted(_Accepted):
    """The result of Connection.accept(), a pair: the connection, or None; and the bytes to send
    first, b"" if the head is incomplete. It also has two attributes:"""

    error: WsError | None = None
    """Why the request was rejected. Its `request` is the request, if it could be parsed."""
    head_len: int = 0
    """Length of the head: the first frames start there. 0 if it is incomplete, and with
    HttpSyntax and HttpTooLarge."""


class Connection(Receiver):
    """One connection, of either side. For one thread at a time.

    Bytes are processed when you iterate over the result of receive_data(), not before. What the
    connection sends of its own accord, a pong or the reply to a close, is due when you have
    taken the messages before the ping or the close, so that your replies to them precede it.
    If there are none, data_to_send() returns it even if you have not iterated.

    The library's memory for it is freed when the object is garbage-collected, or at once by
    free() or at the end of a `with`; after that, every method raises InvalidState.

    The options, also of accept() and confirm():

    compress_from  Shorter messages are sent uncompressed. A message sent in fragments is always
                   compressed. Default: 1024 bytes.
    max_message    A longer message, after decompression, is TooBig; 0 for no limit. Default:
                   1 MiB.
    max_frame      A data frame whose header announces more bytes, before decompression, is
                   TooBig; 0 for no limit. Default: 0.
    stream         Yield a MessagePart as it arrives, collect nothing. Default: False.
    decode_text    Which texts are yielded as str. None: those of a Message. True: those of a
                   MessagePart, too, which then end between characters; needs check_utf8. False:
                   none; they are bytes, which are UTF-8 if check_utf8 is on. Default: None.
    auto_pong      Reply to pings. Default: True.
    auto_close     Send a close frame in reply to the peer's, or to report an error. Default:
                   True. If False, you send it, once, with close(), and data_to_send() returns
                   only pongs besides what you send. Until then send() works.
    check_utf8     Incoming text must be valid UTF-8: InvalidUtf8 at the first invalid byte.
                   Default: True.
    any_mask       Accept masked and unmasked frames. A client still masks. Default: False.
    allow_rsv      Those of RSV1, RSV2, RSV3 that may be set on the first frame of a message,
                   for an extension of your own. Such a message is yielded unchanged, and send()
                   accepts the same bits. Excludes compression. Default: 0.
    keep_buffer    Most bytes of message memory to keep between messages. Default: 0.
    random         The source of a client's masking keys, instead of the operating system:
                   called with a number of bytes (256), it returns as many unpredictable ones.
                   If it raises, send() raises NoRandomness.

    A number that is not in 0 ... 2**64 - 1 is InvalidArgument; an option of another type is a
    TypeError.
    """

    __slots__ = ("_protocol",)

    def __init__(
        self, side: Side, *, deflate: Deflate | None = None, **options: Unpack[Options]
    ) -> None:
        """
        side     Which side you are.
        deflate  The compression that was agreed, from deflate_confirm() or deflate_accept();
                 None for none.

        Raises InvalidArgument for another side; Unsupported for `deflate` if the library
        cannot compress; InvalidState for `deflate` and `allow_rsv` together; NoMemory;
        TypeError for an argument of a wrong type.
        """
        side = side_of(side)
        _check_together(deflate, options)
        handle = _new(side, None)
        if handle is None:
            raise NoMemory()
        self._start(handle, side, options)
        if deflate is not None:
            check(_set_pmd(handle, byref(pmd_params(deflate))))
            self._agree(deflate)

    @classmethod
    def accept(
        cls,
        data: Data,
        *,
        protocols: str | Iterable[str] = (),
        need_protocol: bool = False,
        origins: str | Iterable[str] | None = None,
        headers: Headers = (),
        deflate: Deflate | None = None,
        **options: Unpack[Options],
    ) -> Accepted:
        """Server: accepts or rejects a request. Returns a connection, and the bytes to send
        first. Pass the bytes after the head to receive_data():

            accepted = Connection.accept(data)
            if accepted.connection:
                accepted.connection.receive_data(data[accepted.head_len :])

        (None, b"")    The head is incomplete; call again with more. If a head arrives in many
                       reads, call head_length() first.
        (None, reply)  The request was rejected, and accepted.error is the reason: send the
                       reply, then close. If you serve ordinary requests too, send your own
                       response instead when the error is a NotUpgrade.

        data           The head; other bytes may follow it.
        protocols      The subprotocols that you speak, most preferred first, as an iterable or
                       as "chat, superchat". conn.protocol is the one that was chosen.
        need_protocol  Reject a client that offers none of them.
        origins        The origins of the pages that may connect, as an iterable or as for
                       origin_allowed(). A request without Origin is not from a browser and is
                       accepted. None: pages of every origin, which is safe only where nothing
                       depends on cookies or on the network that the browser is in.
        headers        Additional header fields of the response.
        deflate        The compression that you are willing to use: see deflate_accept(). None:
                       none. conn.deflate is what was agreed.

        The other arguments are the options of Connection.

        Raises InvalidArgument as build_response() does, for `protocols` that are not distinct
        tokens, for `need_protocol` without protocols, and for `origins` that are empty or have
        an entry that can never match; Unsupported, InvalidState and NoMemory as Connection()
        does. These are raised whatever the request is: accept(b"", ...) checks the other
        arguments. TypeError for an argument of a wrong type.
        """
        _check_together(deflate, options)
        data, lines = readable(data), header_lines(headers)
        list_ = text(_list("protocols", protocols, ", "), "protocols")
        allowed = None if origins is None else _list("origins", origins, " ")
        if need_protocol and not list_:
            raise InvalidArgument.of("need_protocol", "there are no protocols")
        spec = _ffi.AcceptSpec(
            protocols=bytes_of(list_),
            headers=bytes_of(lines),
            origins=optional(allowed, "origins"),
            flags=_ffi.ACCEPT_NEED_PROTOCOL if need_protocol else 0,
        )
        if deflate is not None:
            spec.pmd = pointer(pmd_params(deflate))
        found = _ffi.Accepted()
        out = create_string_buffer(_ffi.MAX_REPLY + len(list_) + len(lines))
        result = _accept(
            data,
            len(data),
            byref(spec),
            sizeof(spec),
            byref(found),
            sizeof(found),
            out,
            sizeof(out),
        )
        if result == _ffi.ERR_INVALID_ARGUMENT:
            raise _blamed(list_, lines, text(allowed or "", "origins"))
        size = check(result)
        conn = None
        if found.conn is not None:
            conn = cls._of(found.conn, Side.SERVER, deflate, options)
            conn._protocol = span(list_, found.protocol)
        accepted = Accepted(conn, out.raw[:size])
        accepted.head_len = found.head_len
        if found.error:
            accepted.error = refused_request(data, found.error)
        return accepted

    @classmethod
    def confirm(
        cls,
        data: Data,
        request: Data,
        *,
        deflate: Deflate | None = None,
        **options: Unpack[Options],
    ) -> tuple[Connection, Response] | None:
        """Client: parses the server's response. Returns a connection, and the response. Pass
        the bytes after the head to receive_data():

            conn, response = Connection.confirm(data, request)
            conn.receive_data(data[len(response.head) :])

        Returns None if the head is incomplete; call again with more. If a head arrives in many
        reads, call head_length() first.

        request  The request that build_request() returned.
        deflate  What was passed to deflate_offer(); None if the request offers no
                 permessage-deflate. conn.deflate is what was agreed.

        The other arguments are the options of Connection.

        Raises as parse_response() does (the `response` of the exception is the response, if it
        could be parsed), ExtensionError also as deflate_confirm() does, and
        InvalidArgument if `deflate` does not match the request; Unsupported, InvalidState and
        NoMemory as Connection() does.
        """
        _check_together(deflate, options)
        data, request = readable(data), readable(request, "request")
        offered = None if deflate is None else byref(pmd_params(deflate))
        handle, answer = c_void_p(), _ffi.Response()
        result = _confirm(
            data,
            len(data),
            request,
            len(request),
            offered,
            None,
            byref(handle),
            byref(answer),
            sizeof(answer),
        )
        if result == _ffi.ERR_INVALID_ARGUMENT and is_request(request):
            why = "not what the request offers: pass what deflate_offer() got, or None"
            raise InvalidArgument.of("deflate", why)
        if result < 0:
            raise refused_response(data, request, result)
        if handle.value is None:
            return None
        conn = cls._of(handle.value, Side.CLIENT, deflate, options)
        response = response_of(data, answer)
        conn._protocol = response.protocol
        return conn, response

    @classmethod
    def _of(
        cls, handle: int, side: Side, deflate: Deflate | None, options: Options
    ) -> Connection:
        """The owner of a new handle, after a handshake with these arguments."""
        conn = cls.__new__(cls)
        conn._start(handle, side, options)
        if deflate is not None:
            conn._agree(_agreed(handle))
        return conn

    def _start(self, handle: int, side: Side, options: Options) -> None:
        self._configure(handle, **options)
        self._protocol: str | None = None
        self._start_sending(side)
        self._start_receiving()

    def _release(self) -> int:
        """Gives the handle to the caller, who frees it with ws_conn_free(). The object is then
        as if it had been freed.

        Raises InvalidState if that would lose input, events or output, or with a `random` of
        its own, which must live as long as the handle.
        """
        handle = self._handle or self._freed()
        if self._input is not None or self._events or self._out or self._random is not None:
            raise InvalidState("the connection is in use")
        self._finalizer.detach()
        self.free()
        return handle

    # State

    @property
    def protocol(self) -> str | None:
        """The subprotocol that was agreed in accept() or confirm(); None if there is none."""
        return self._protocol

    @property
    def state(self) -> State:
        """The state of the connection: FAILED once an error was raised, CLOSED only after
        data_to_send()."""
        if self._is_open:
            return State.OPEN
        return State(_state(self._handle or self._freed()) - self._is_ahead)

    @property
    def _is_ahead(self) -> bool:
        """Whether the library has reported a Close that was not yielded yet."""
        return self._is_over and not self._error and bool(self._events)

    @property
    def close_sent(self) -> int | None:
        """The code of the close frame that close() wrote or data_to_send() returned;
        CloseCode.NO_STATUS if it has none. None: none was sent."""
        return None if self._is_open else self._get(_ffi.INFO_CLOSE_SENT) or None

    @property
    def close_received(self) -> int | None:
        """The code of the peer's close, once its Close was yielded; CloseCode.NO_STATUS if it
        has none. None: none was received."""
        if self._is_open:
            return None
        code = self._get(_ffi.INFO_CLOSE_RECEIVED)
        return None if self._is_ahead else code or None

    @property
    def closed_by_peer(self) -> bool:
        """Whether the peer's close arrived before yours was sent."""
        if self._is_open:
            return False
        return bool(self._get(_ffi.INFO_CLOSED_BY_PEER)) and not self._is_ahead

    def data_to_send(self) -> bytes:
        """Returns all bytes to send, in their order, and forgets them; b"" if there are none.

        Input over which you have not iterated is processed up to its first message: what is
        due is then included, and the events are yielded later.

        Raises NoRandomness if a client cannot mask a pong; it is due as before.
        """
        if self._may_speak or self._input is not None:
            self._look_ahead()
        out = self._out
        if len(out) == 1:
            return out.pop()
        if not out and not self._handle:
            self._freed()
        data = b"".join(out)
        out.clear()
        return data


def _agreed(handle: int) -> Deflate | None:
    params = _ffi.PmdParams()
    return deflate_of(params) if check(_get_pmd(handle, byref(params))) else None


def _blamed(protocols: bytes, lines: bytes, origins: bytes) -> InvalidArgument:
    """The exception for arguments of accept() that the library refuses."""
    found = _ffi.Accepted()

    def refuses(given: Mapping[str, bytes]) -> bool:
        spec = _ffi.AcceptSpec(
            protocols=bytes_of(given["protocols"]),
            headers=bytes_of(given["headers"]),
        )
        arguments = byref(spec), sizeof(spec), byref(found), sizeof(found)
        return _accept(b"", 0, *arguments, b"", 0) == _ffi.ERR_INVALID_ARGUMENT

    given = {"protocols": protocols, "headers": lines}
    return blamed(refuses, given, {}) if refuses(given) else unmatched(origins)


def _list(name: str, values: str | Iterable[str], separator: str) -> str:
    """A list as one str. Raises TypeError for anything but a str or an iterable of str."""
    if isinstance(values, str):
        return values
    try:
        return separator.join(values)
    except TypeError:
        raise TypeError(f"{name} must be a str or an iterable of str") from None


def _check_together(deflate: Deflate | None, options: Options) -> None:
    """Raises InvalidState at every call, not only if the peer compresses."""
    if deflate is not None and options.get("allow_rsv"):
        raise InvalidState("either compression or reserved bits of your own")
