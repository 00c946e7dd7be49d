## A connection without a socket.

import std/[options, strutils, unicode]
import declarations, deflate, errors, frames, heads, memory

const
  EventsPerCall = 64
  MaxMessage* = 1024 * 1024

type
  Handle = object # of the library; freed with its connection
    conn: ptr WsConn
  State* {.pure.} = enum open, closing, closed, failed
  SendFlag* {.pure.} = enum
    more  ## Fragments of this message follow.
    plain ## Do not compress it.
  Options* = object
    maxMessage*, maxFrame*, keepBuffer*, compressFrom*: Natural
    stream*, anyMask*, autoPong*, checkUtf8*, autoClose*: bool
    allowRsv*: ReservedBits
    deflate*: Option[DeflateParams]
  Event* = object
    opcode*: Opcode
    data*: string        ## Of a close: the reason.
    first*, last*: bool  ## Always, without the option `stream`.
    rsv*: ReservedBits   ## Those that the option `allowRsv` permits.
    closeCode*: uint16   ## Of a close.
  Connection* = ref object
    handle: Handle
    output: string
    isReceiving: bool
    protocol*: string ## The subprotocol; "" without one.
  Policy* = object ## What a server accepts.
    protocols*: seq[string] ## The most preferred first.
    origins*: seq[string]   ## Of pages; none: any.
    headers*: seq[Header]   ## To add to the response 101.
    needProtocol*: bool     ## Rejects clients without any of the protocols.
    options*: Options
  Accepted* = object
    reply*: string
    connection*: Connection ## nil if the request was rejected.
    error*: ref WsError     ## Why; else nil.
    headLen*: int           ## The first frames start there.
  Opening* = object ## What a client has asked for.
    request*: string
    options: Options
  Confirmed* = object
    connection*: Connection
    response*: Response ## Its `headLen` is where the first frames start.

proc `=destroy`(handle: var Handle) =
  wsConnFree(handle.conn) # NULL, too
  handle.conn = nil

proc `=copy`(target: var Handle, source: Handle) {.error.}

proc initOptions*(maxMessage = Natural(MaxMessage), maxFrame, keepBuffer, compressFrom = Natural(0),
    stream, anyMask = false, autoPong, checkUtf8, autoClose = true, allowRsv: ReservedBits = {},
    deflate = none(DeflateParams)): Options =
  ## The options WS_OPT_* of wscodec.h, with their defaults.
  Options(
    maxMessage: maxMessage, maxFrame: maxFrame, keepBuffer: keepBuffer,
    compressFrom: compressFrom, stream: stream, anyMask: anyMask, autoPong: autoPong,
    checkUtf8: checkUtf8, autoClose: autoClose, allowRsv: allowRsv, deflate: deflate)

proc own(conn: ptr WsConn, options: Options): Connection =
  if conn == nil: raise newWsError(WS_ERR_NO_MEMORY)
  result = Connection()
  result.handle.conn = conn
  for (option, value) in {
    WS_OPT_MAX_MESSAGE: uint64(options.maxMessage), WS_OPT_STREAM: uint64(options.stream),
    WS_OPT_AUTO_PONG: uint64(options.autoPong), WS_OPT_CHECK_UTF8: uint64(options.checkUtf8),
    WS_OPT_KEEP_BUFFER: uint64(options.keepBuffer), WS_OPT_MAX_FRAME: uint64(options.maxFrame),
    WS_OPT_ANY_MASK: uint64(options.anyMask), WS_OPT_AUTO_CLOSE: uint64(options.autoClose),
    WS_OPT_COMPRESS_FROM: uint64(options.compressFrom)}:
    discard wsConnSet(conn, option, value).checked
  if options.allowRsv != {}:
    discard wsConnSet(conn, WS_OPT_ALLOW_RSV, options.allowRsv.bits).checked

proc newConnection*(role: Role, options = initOptions()): Connection =
  ## A connection whose opening handshake was done elsewhere.
  result = wsConnNew(uint32(ord(role)), nil).own(options)
  if options.deflate.isSome:
    var params = options.deflate.get.toC
    discard wsConnSetPmd(result.handle.conn, addr params).checked

proc accept*(policy: Policy, head: string): Option[Accepted] =
  ## Server: replies to a request. None while the head is incomplete.
  let
    protocols = policy.protocols.join(", ")
    origins = policy.origins.join(" ")
    headers = policy.headers.lines
    deflate = policy.options.deflate
  var
    params = deflate.get(initDeflateParams()).toC
    spec = WsAcceptSpec(
      protocols: protocols.view, headers: headers.view, origins: origins.view,
      pmd: if deflate.isSome: addr params else: nil,
      flags: if policy.needProtocol: WS_ACCEPT_NEED_PROTOCOL else: 0)
    found: WsAccepted
    reply = newString(int(WS_MAX_REPLY) + headers.len + protocols.len)
  reply.setLen wsConnAccept(head.address, head.size, addr spec, csize_t(sizeof(spec)),
    addr found, csize_t(sizeof(found)), reply.address, reply.size).checked
  if reply.len == 0: return none(Accepted)
  var accepted = Accepted(reply: reply, headLen: int(found.headLen))
  if found.error < 0:
    accepted.error = newWsError(found.error)
  else:
    accepted.connection = found.conn.own(policy.options)
    accepted.connection.protocol = protocols.part(found.protocol)
  some(accepted)

proc initPolicy*(protocols, origins: openArray[string] = [], headers: openArray[Header] = [],
    needProtocol = false, options = initOptions()): Policy =
  ## Raises an error if the policy is invalid.
  result = Policy(protocols: @protocols, origins: @origins, headers: @headers,
    needProtocol: needProtocol, options: options)
  discard result.accept("")

proc initOpening*(host: string, target = "/", origin = "", protocols: openArray[string] = [],
    headers: openArray[Header] = [], options = initOptions()): Opening =
  ## Client: a request to send. `host` has the port, unless it is 80.
  let extensions = if options.deflate.isSome: options.deflate.get.offerDeflate else: ""
  Opening(
    request: buildRequest(host, target, origin = origin, protocols = protocols,
      extensions = extensions, headers = headers),
    options: options)

proc confirm*(opening: Opening, head: string): Option[Confirmed] =
  ## Client: checks the response. None while the head is incomplete.
  let deflate = opening.options.deflate
  var
    params = deflate.get(initDeflateParams()).toC
    offered = if deflate.isSome: addr params else: nil
    conn: ptr WsConn
    found: WsResponse
  let length = wsConnConfirm(head.address, head.size, opening.request.address,
    opening.request.size, offered, nil, addr conn, addr found, csize_t(sizeof(found)))
  if length.checkedResponse(head, found) == 0: return none(Confirmed)
  let connection = conn.own(opening.options)
  let response = head.describe(found)
  connection.protocol = response.protocol
  some(Confirmed(connection: connection, response: response))

proc state*(connection: Connection): State = State(wsConnState(connection.handle.conn))

proc hasEnded*(connection: Connection): bool =
  ## Whether nothing more will be received.
  connection.state >= State.closed

proc info(connection: Connection, option: cint): uint64 =
  discard wsConnGet(connection.handle.conn, option, addr result).checked

proc closeReceived*(connection: Connection): uint16 =
  ## The code of the peer's close frame; 0 before it has arrived.
  uint16(connection.info(WS_INFO_CLOSE_RECEIVED))

proc deflate*(connection: Connection): Option[DeflateParams] =
  ## What was agreed on about compression.
  var params: WsPmdParams
  if wsConnGetPmd(connection.handle.conn, addr params).checked == 1: some(params.toNim)
  else: none(DeflateParams)

proc room(connection: Connection, size: csize_t): pointer =
  # Where the next `size` bytes of output go. wrote() follows.
  let start = connection.output.len
  connection.output.setLen(start + int(size))
  addr connection.output[start]

proc wrote(connection: Connection, size: csize_t, count: int) =
  connection.output.setLen(connection.output.len - int(size) + max(count, 0))
  discard count.checked

proc collect(connection: Connection) =
  let at = connection.room(WS_MAX_OUTPUT)
  connection.wrote(WS_MAX_OUTPUT, wsConnOutput(connection.handle.conn, at, WS_MAX_OUTPUT))

proc describe(connection: Connection, found: var WsEvent, input: pointer): Event =
  let data = wsEventData(connection.handle.conn, input, addr found)
  Event(
    opcode: found.opcode.toOpcode, data: copied(data, found.len), rsv: found.flags.reserved,
    first: (found.flags and uint16(WS_EVENT_FIRST)) != 0,
    last: (found.flags and uint16(WS_EVENT_LAST)) != 0,
    closeCode: found.closeCode)

proc step(connection: Connection, input: pointer, size: csize_t,
    handle: proc (event: Event)): csize_t =
  # One call of the library. Returns how many bytes it has consumed.
  var events {.noinit.}: array[EventsPerCall, WsEvent]
  let count = wsConnRecv(connection.handle.conn, input, size, addr events[0], EventsPerCall,
    addr result)
  var isReplyDue = count < 0
  defer:
    if isReplyDue: connection.collect()
  for i in 0 ..< count:
    isReplyDue = isReplyDue or events[i].opcode.toOpcode >= opClose
    handle(connection.describe(events[i], input))
  discard count.checked

proc receive*(connection: Connection, data: var openArray[byte], handle: proc (event: Event)) =
  ## Processes bytes from the network, which are unmasked in place. Calls `handle` with each event.
  ## An error is raised after the events before it. In any case, send `drain()` then.
  if connection.isReceiving:
    raise newException(ValueError, "receive() was called by a handler of its events")
  connection.isReceiving = true
  GC_ref(connection) # a handler may drop the last reference
  defer:
    connection.isReceiving = false
    GC_unref(connection)
  var at = csize_t(0)
  while at < data.size:
    at += connection.step(addr data[at], data.size - at, handle)

proc send*[T: Octet](connection: Connection, opcode: Opcode, data: openArray[T],
    flags: set[SendFlag] = {}, rsv: ReservedBits = {}) =
  ## Sends a message, a fragment of one, a ping or a pong.
  let
    bits = cast[uint8](flags).uint32 or rsv.bits
    room = wsConnSendBound(connection.handle.conn, data.size)
    at = connection.room(room)
  connection.wrote(room, wsConnSend(connection.handle.conn, cint(ord(opcode)), bits,
    data.address, data.size, at, room))

proc send*(connection: Connection, text: string) =
  ## Sends a text.
  if validateUtf8(text) >= 0: raise newException(ValueError, "text must be UTF-8")
  connection.send(opText, text)

proc send*(connection: Connection, data: openArray[byte]) =
  ## Sends a binary message.
  connection.send(opBinary, data)

proc close*(connection: Connection, code = uint16(WS_CLOSE_NORMAL), reason = "") =
  ## Starts the closing handshake.
  let at = connection.room(WS_MAX_OUTPUT)
  connection.wrote(WS_MAX_OUTPUT, wsConnClose(connection.handle.conn, code, reason.address,
    reason.size, at, WS_MAX_OUTPUT))

proc finish*(connection: Connection) =
  ## The peer's stream has ended. Raises an error if it must not end here.
  discard wsConnFinish(connection.handle.conn).checked

proc drain*(connection: Connection): string =
  ## Takes the bytes to send.
  swap(result, connection.output)
