## The heads of the opening handshake: reading and building them.

import std/[options, strutils]
import declarations, errors, memory

type
  Header* = tuple[name, value: string]
  Request* = object ## What is absent is "".
    `method`*, target*, host*, origin*, key*: string
    httpVersion*: int ## 11 is HTTP/1.1.
    headLen*: int
  Response* = object
    status*: int
    reason*, protocol*, extensions*: string
    httpVersion*: int
    headLen*: int
  HeadScanner* = object ## Finds the end of a head that arrives in parts, in linear time.
    scanned: csize_t
  NotUpgradeError* = object of HandshakeError ## An ordinary request of HTTP.
    request*: Request
  StatusError* = object of HandshakeError     ## A response other than 101.
    response*: Response

proc lines*(headers: openArray[Header]): string =
  for (name, value) in headers:
    if (name & value).contains({'\r', '\n'}):
      raise newException(ValueError, "headers must not contain line breaks")
    result.add name & ": " & value & "\r\n"

proc isComplete*(scanner: var HeadScanner, head: string): bool =
  ## Whether `head`, to which the caller appends what arrives, can be parsed: because it is complete
  ## or has an error.
  wsHeadLength(head.address, head.size, addr scanner.scanned) != 0

proc acceptKey*(key: string): string =
  ## Sec-WebSocket-Accept for a Sec-WebSocket-Key (RFC 6455, 4.2.2).
  result = newString(int(WS_ACCEPT_LEN))
  discard wsAcceptKey(key.address, key.size, result.address, result.size).checked

proc makeKey*(): string =
  ## A new random Sec-WebSocket-Key.
  result = newString(int(WS_KEY_LEN))
  discard wsMakeKey(result.address, result.size).checked

proc describe(head: string, found: WsHandshake): Request =
  Request(
    `method`: head.part(found.`method`), target: head.part(found.target),
    host: head.part(found.host), origin: head.part(found.origin), key: head.part(found.key),
    httpVersion: int(found.httpVersion), headLen: int(found.headLen))

proc parseRequest*(head: string): Option[Request] =
  ## Server: none while the head is incomplete.
  var found: WsHandshake
  let length = wsParseHandshake(head.address, head.size, addr found, csize_t(sizeof(found)))
  if length == WS_ERR_NOT_UPGRADE:
    raise (ref NotUpgradeError)(request: head.describe(found)).filled(length)
  if length.checked > 0: some(head.describe(found)) else: none(Request)

proc describe*(head: string, found: WsResponse): Response =
  Response(
    status: int(found.status), reason: head.part(found.reason),
    protocol: head.part(found.protocol), extensions: head.part(found.extensions),
    httpVersion: int(found.httpVersion), headLen: int(found.headLen))

proc checkedResponse*(length: int, head: string, found: WsResponse): int =
  if length == WS_ERR_HANDSHAKE_STATUS:
    raise (ref StatusError)(response: head.describe(found)).filled(length)
  length.checked

proc parseResponse*(head, request: string): Option[Response] =
  ## Client: checks the response to a request. None while the head is incomplete.
  var found: WsResponse
  let length = wsParseResponse(head.address, head.size, request.address, request.size,
    addr found, csize_t(sizeof(found)))
  if length.checkedResponse(head, found) > 0: some(head.describe(found)) else: none(Response)

proc buildRequest*(host: string, target = "/", key = makeKey(), origin = "",
    protocols: openArray[string] = [], extensions = "", headers: openArray[Header] = []): string =
  ## Client: the opening request.
  let
    protocols = protocols.join(", ")
    headers = headers.lines
    spec = WsRequestSpec(host: host.view, target: target.view, key: key.view, origin: origin.view,
      protocols: protocols.view, extensions: extensions.view, headers: headers.view)
  result = newString(int(WS_MAX_HEAD))
  result.setLen wsBuildRequest(unsafeAddr spec, csize_t(sizeof(spec)), result.address,
    result.size).checked

proc buildReply*(status: uint16, body = ""): string =
  ## Server: a complete response other than 101.
  result = newString(int(WS_MAX_REPLY) + body.len)
  result.setLen wsBuildReply(status, nil, 0, body.address, body.size, result.address,
    result.size).checked
