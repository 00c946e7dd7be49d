## The vectors of permessage-deflate.

import std/[sequtils, strutils]
import wscodec, values

proc joined(fields, parts: JsonNode): string =
  ## The values of several fields as one.
  fields.getElems.mapIt(it.data(parts)).join(",")

proc hasMember(vector: JsonNode, name: string): bool =
  name in vector and vector[name].kind != JNull

proc deflateAccept*(vector, parts: JsonNode) =
  expect(vector):
    let agreed = acceptDeflate(vector["offers"].joined(parts), vector{"willing"}.params)
    same(agreed.isSome, vector.hasMember("response"))
    if agreed.isSome:
      same(agreed.get.response, vector["response"].getStr)
      same(agreed.get.params.negotiated, vector["agreed"].params)

proc deflateOffer*(vector, parts: JsonNode) =
  same(offerDeflate(vector{"offered"}.params), vector["offer"].getStr)

proc deflateConfirm*(vector, parts: JsonNode) =
  expect(vector):
    let agreed = confirmDeflate(vector["responses"].joined(parts), vector{"offered"}.params)
    same(agreed.isSome, vector.hasMember("agreed"))
    if agreed.isSome: same(agreed.get.negotiated, vector["agreed"].params)

proc framed(payloads: JsonNode, role: Role, parts: JsonNode): string =
  ## The frames of a compressed message.
  for i, payload in payloads.getElems:
    result.add encodeFrame(
      if i == 0: opBinary else: opContinuation, payload.data(parts), i == payloads.len - 1,
      if i == 0: {rsv1} else: {},
      if role == Role.server: some([byte 7, 15, 10, 2]) else: none(MaskKey))

proc deflateMessages*(vector, parts: JsonNode) =
  let connection = newConnection(vector.role,
    initOptions(maxMessage = 0, deflate = some(vector{"parameters"}.params)))
  for message in vector["messages"]:
    var received: seq[string]
    var input = message["payloads"].framed(vector.role, parts)
    expect(message):
      connection.receive(input.bytes) do (event: Event): received.add event.data
      same(received, @[message["message"].data(parts)])
