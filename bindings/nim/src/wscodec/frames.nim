## Single frames, and a decoder of a stream of them.

import std/options
import declarations, errors, memory

type
  Role* {.pure.} = enum server, client
  Opcode* = enum
    opContinuation = 0, opText = 1, opBinary = 2, opClose = 8, opPing = 9, opPong = 10
  ReservedBit* = enum rsv3, rsv2, rsv1
  ReservedBits* = set[ReservedBit]
  Leniency* {.pure.} = enum
    compressed ## RSV1 may be set on the first frame of a message.
    anyMask    ## Masked and unmasked frames are accepted.
    keepMasked ## Payloads are reported as they are on the wire.
    anyRsv     ## The reserved bits of data frames are reported.
  MaskKey* = array[4, byte]
  Frame* = object ## A frame, or a part of one.
    opcode*: Opcode
    messageOpcode*: Opcode ## `opText` or `opBinary` in a continuation, too.
    fin*: bool
    rsv*: ReservedBits
    maskKey*: Option[MaskKey]
    headerLen*: int
    payloadLen*: uint64  ## The length that the header has announced.
    first*, last*: bool  ## Whether this part starts or ends the frame.
    payload*: string
  Decoder* = object
    state: WsDecoder

const FramesPerCall = 16

proc toOpcode*(number: uint8 | uint16): Opcode =
  ## Of a frame or an event, where it is always one of these.
  {.warning[HoleEnumConv]: off.}
  Opcode(number)

proc bits*(rsv: ReservedBits): uint32 = cast[uint8](rsv).uint32 shl 4

proc reserved*(flags: SomeUnsignedInt): ReservedBits =
  cast[ReservedBits](uint8((flags shr 4) and 7))

proc flags(role: Role, leniency: set[Leniency]): uint32 =
  uint32(ord(role)) or (cast[uint8](leniency).uint32 shl 1)

proc describe(found: WsFrame): Frame =
  let flags = uint32(found.flags)
  result = Frame(
    opcode: found.opcode.toOpcode, messageOpcode: found.messageOpcode.toOpcode,
    fin: (flags and WS_FIN) != 0, rsv: flags.reserved, headerLen: int(found.headerLen),
    payloadLen: found.payloadLen,
    first: (flags and WS_BEGIN) != 0, last: (flags and WS_END) != 0)
  if (flags and WS_MASKED) != 0: result.maskKey = some(MaskKey(found.maskKey))

proc withPayload(found: WsFrame, data: pointer): Frame =
  result = found.describe
  result.payload = copied(cast[pointer](cast[uint64](data) + found.chunkOff), found.chunkLen)

proc decodeFrame*(frame: var Frame, data: var openArray[byte], role: Role,
    leniency: set[Leniency] = {}): int =
  ## Decodes the frame at the start of `data`, and unmasks it there. Returns its length; or 0 while
  ## it is incomplete: then `frame` has a `headerLen` if its header is complete.
  var found: WsFrame
  let role = role.flags(leniency)
  result = wsFrameDecode(data.address, data.size, role, addr found).checked
  frame = if result > 0: found.withPayload(data.address) else: found.describe

proc encoding(fin: bool, rsv: ReservedBits): uint32 =
  (if fin: WS_FIN else: 0) or rsv.bits

proc keyed(key: Option[MaskKey], bytes: var MaskKey): pointer =
  if key.isNone: return nil
  bytes = key.get
  addr bytes

proc encodeFrame*[T: Octet](opcode: Opcode, payload: openArray[T], fin = true,
    rsv: ReservedBits = {}, maskKey = none(MaskKey)): string =
  var key: MaskKey
  result = newString(payload.len + int(WS_MAX_HEADER))
  result.setLen wsFrameEncode(cint(ord(opcode)), encoding(fin, rsv), maskKey.keyed(key),
    payload.address, payload.size, result.address, result.size).checked

proc encodeHeader*(opcode: Opcode, payloadLen: uint64, fin = true, rsv: ReservedBits = {},
    maskKey = none(MaskKey)): string =
  ## The header of a frame whose payload is sent from elsewhere.
  var key: MaskKey
  result = newString(int(WS_MAX_HEADER))
  result.setLen wsFrameHeader(cint(ord(opcode)), encoding(fin, rsv), maskKey.keyed(key),
    payloadLen, result.address, result.size).checked

proc initDecoder*(role: Role, leniency: set[Leniency] = {}, maxPayload = 0'u64): Decoder =
  ## `maxPayload`: the longest payload of a frame; 0: no limit.
  discard wsDecoderInit(addr result.state, role.flags(leniency), maxPayload).checked

proc feed*(decoder: var Decoder, data: var openArray[byte], handle: proc (part: Frame)) =
  ## Calls `handle` with each frame of the next bytes of a stream, or the parts that have arrived.
  var
    frames {.noinit.}: array[FramesPerCall, WsFrame]
    at, used = csize_t(0)
  while at < data.size:
    let start = addr data[at]
    let count = wsDecoderFeed(addr decoder.state, start, data.size - at, addr frames[0],
      FramesPerCall, addr used).checked
    for i in 0 ..< count: handle(frames[i].withPayload(start))
    at += used

proc finish*(decoder: Decoder) =
  ## The stream has ended. Raises an error if it must not end here.
  discard wsDecoderFinish(unsafeAddr decoder.state).checked
