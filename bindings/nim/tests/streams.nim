## The vectors of streams.

import std/[sequtils, strutils]
import wscodec, values, pieces

proc ending(vector: JsonNode): JsonNode =
  %*{"error": vector{"error"}.getStr(vector{"end"}.getStr)}

proc newDecoder(vector: JsonNode): Decoder =
  let options = vector{"options"}
  initDecoder(vector.role, options.leniency, uint64(options{"max_payload"}.getInt))

proc decode(decoder: var Decoder, frames: var seq[Frame], piece: string) =
  var parts: seq[Frame]
  var input = piece
  defer:
    for part in parts:
      if part.first:
        frames.add part
      else:
        frames[^1].payload.add part.payload
        frames[^1].last = part.last
  decoder.feed(input.bytes) do (part: Frame): parts.add part

proc sameDecoded(found: Frame, expected, parts: JsonNode) =
  found.sameFrame(expected, parts)
  same(found.last, "payload_length" notin expected, "last")
  if not found.last:
    same(found.payloadLen, expected["payload_length"].getStr.parseBiggestUInt)
  if found.opcode == opContinuation:
    same(ord(found.messageOpcode), expected["message_opcode"].getInt)

proc decoderStreams*(vector, parts: JsonNode) =
  let input = vector["input"].data(parts)
  for pieces in input.cuts:
    var decoder = newDecoder(vector)
    var frames: seq[Frame]
    expect(vector):
      for piece in pieces: decoder.decode(frames, piece)
    same(frames.len, vector["frames"].len, "number of frames")
    for i, frame in frames: frame.sameDecoded(vector["frames"][i], parts)
    expect(vector.ending): decoder.finish()
  if "error" in vector:
    let at = vector["error_at"].getInt
    var decoder = newDecoder(vector)
    var frames: seq[Frame]
    decoder.decode(frames, input[0 ..< at])
    expect(vector): decoder.decode(frames, input[at .. at])

proc newConnection(vector: JsonNode): Connection =
  let options = vector{"options"}
  var deflate = none(DeflateParams)
  if "parameters" in vector: deflate = some(vector["parameters"].params)
  newConnection(vector.role, initOptions(
    maxMessage = options{"max_message"}.getInt(MaxMessage),
    maxFrame = options{"max_frame"}.getInt, stream = options{"stream"}.getInt == 1,
    anyMask = options{"any_mask"}.getInt == 1, autoPong = options{"auto_pong"}.getInt(1) == 1,
    checkUtf8 = options{"check_utf8"}.getInt(1) == 1,
    autoClose = options{"auto_close"}.getInt(1) == 1,
    allowRsv = uint8(options{"allow_rsv"}.getInt).reserved, deflate = deflate))

proc take(events: var seq[Event], event: Event) =
  ## Appends an event; or joins it with the message that it belongs to.
  if event.opcode >= opClose or event.first:
    events.add event
    return
  for i in countdown(events.high, 0):
    if events[i].opcode < opClose:
      events[i].data.add event.data
      events[i].last = event.last
      return

proc sameEvent(found: Event, expected, parts: JsonNode) =
  same(ord(found.opcode), expected["opcode"].getInt, "opcode")
  same(found.data, expected["payload"].data(parts), "data")
  same(found.rsv, expected.rsv, "rsv")
  same(found.last, expected{"last"}.getBool(true), "last")
  same(int(found.closeCode), expected{"close_code"}.getInt, "close_code")

proc feed(connection: Connection, events: var seq[Event], piece: string) =
  var arrived: seq[Event]
  var input = piece
  defer:
    for event in arrived: events.take(event)
  connection.receive(input.bytes) do (event: Event): arrived.add event

proc sameOutput(sent: string, vector, parts: JsonNode) =
  let peer = if vector.role == Role.server: Role.client else: Role.server
  var frames: seq[(int, string)]
  var rest = sent
  while rest.len > 0:
    var frame: Frame
    let length = frame.decodeFrame(rest.bytes, peer)
    frames.add (ord(frame.opcode), frame.payload)
    rest = rest[length .. ^1]
  same(frames, vector["output"].mapIt((it["opcode"].getInt, it["payload"].data(parts))), "output")

proc connectionStreams*(vector, parts: JsonNode) =
  let input = vector["input"].data(parts)
  for pieces in input.cuts:
    let connection = newConnection(vector)
    var events: seq[Event]
    expect(vector):
      for piece in pieces: connection.feed(events, piece)
    same(events.len, vector["events"].len, "number of events")
    for i, event in events: event.sameEvent(vector["events"][i], parts)
    connection.drain().sameOutput(vector, parts)
    expect(vector.ending): connection.finish()
  if "error_at" in vector:
    let
      at = vector["error_at"].getInt
      connection = newConnection(vector)
    var events: seq[Event]
    connection.feed(events, input[0 ..< at])
    expect(vector): connection.feed(events, input[at .. at])
