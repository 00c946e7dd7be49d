## The vectors of single frames, text and close payloads.

import std/strutils
import wscodec, values

proc acceptKeys*(vector, parts: JsonNode) =
  expect(vector): same(acceptKey(vector["key"].getStr), vector["accept"].getStr)

proc closePayloads*(vector, parts: JsonNode) =
  let
    code = uint16(vector{"code"}.getInt)
    reason = vector{"reason"}.data(parts)
  if "payload" in vector:
    expect(vector):
      same(parseClose(vector["payload"].data(parts)), ClosePayload(code: code, reason: reason))
  if "code" in vector:
    expect(vector): same(buildClose(code, reason), vector["payload"].data(parts))

proc utf8*(vector, parts: JsonNode) =
  let text = vector["text"].data(parts)
  for pieces in text.cuts:
    var validator: Utf8Validator
    expect(vector):
      for piece in pieces: validator.push(piece)
      same(validator.isComplete, not vector{"incomplete"}.getBool, "complete")
  if "error" in vector:
    let at = vector["error_at"].getInt
    var validator: Utf8Validator
    validator.push(text[0 ..< at])
    expect(vector): validator.push(text[at .. at])

proc sameFrame*(found: Frame, expected, parts: JsonNode) =
  same(ord(found.opcode), expected["opcode"].getInt, "opcode")
  same(found.fin, expected["fin"].getBool, "fin")
  same(found.rsv, expected.rsv, "rsv")
  same(found.maskKey, expected.maskKey, "mask_key")
  same(found.payload, expected["payload"].data(parts), "payload")

proc toOpcode(frame: JsonNode): Opcode = uint8(frame["opcode"].getInt).toOpcode

proc frames*(vector, parts: JsonNode) =
  let
    wire = vector["wire"].data(parts)
    at = vector{"error_at"}.getInt(wire.len - 1)
  for size in prefixes(wire.len, at):
    var frame: Frame
    var input = wire[0 ..< size]
    let leniency = vector{"options"}.leniency
    if size <= at:
      same(frame.decodeFrame(input.bytes, vector.role, leniency), 0)
    else:
      expect(vector):
        same(frame.decodeFrame(input.bytes, vector.role, leniency), wire.len, "length")
        frame.sameFrame(vector["frame"], parts)
  if "frame" in vector:
    let frame = vector["frame"]
    same(encodeFrame(frame.toOpcode, frame["payload"].data(parts), frame["fin"].getBool, frame.rsv,
      frame.maskKey), wire)

proc frameHeaders*(vector, parts: JsonNode) =
  let
    header = vector["header"].data(parts)
    length = vector["payload_length"].getStr.parseBiggestUInt
  same(encodeHeader(vector.toOpcode, length, vector{"fin"}.getBool(true), vector.rsv,
    vector.maskKey), header)
  for size in 0 .. header.len:
    var frame: Frame
    var input = header[0 ..< size]
    let found = frame.decodeFrame(input.bytes, vector.role)
    if size < header.len:
      same((found, frame.headerLen), (0, 0))
    else:
      same(found == 0, length > 0, "incomplete")
      same((frame.headerLen, frame.payloadLen), (size, length))
