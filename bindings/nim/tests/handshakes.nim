## The vectors of heads and policies.

import std/[sequtils, strutils]
import wscodec, values

proc sameFields(found: Request | Response, fields, parts: JsonNode) =
  if fields == nil: return
  for name, value in fields:
    var isKnown = false
    for member, content in found.fieldPairs:
      if cmpIgnoreStyle(member, name) == 0:
        isKnown = true
        when content is string: same(content, value.data(parts), name)
        else: same(content, value.getInt, name)
    same(isKnown, true, name)

template testedHead(vector, parts, text: JsonNode, parse, NotAccepted, member: untyped) =
  # A head is incomplete before the byte that completes it or proves its error.
  let
    head = text.data(parts)
    at = vector{"error_at"}.getInt(head.len - 1)
  for size in prefixes(head.len, at):
    if size <= at:
      same(parse(head[0 ..< size]).isNone, true, "incomplete at " & $size)
    else:
      expect(vector):
        try:
          let found = parse(head[0 ..< size]).get
          found.sameFields(vector{"fields"}, parts)
          same(found.headLen, head.len)
        except NotAccepted as error:
          if size == head.len: error.member.sameFields(vector{"fields"}, parts)
          raise

proc requests*(vector, parts: JsonNode) =
  testedHead(vector, parts, vector["request"], parseRequest, NotUpgradeError, request)

proc responses*(vector, parts: JsonNode) =
  let request = vector["request"].data(parts)
  proc parse(head: string): Option[Response] = parseResponse(head, request)
  testedHead(vector, parts, vector["response"], parse, StatusError, response)

proc policies*(vector, parts: JsonNode) =
  let
    given = vector{"policy"}
    policy = initPolicy(
      given{"protocols"}.getStr.split({',', ' '}).filterIt(it != ""),
      given{"origins"}.getStr.splitWhitespace,
      needProtocol = given{"need_protocol"}.getBool)
    accepted = policy.accept(vector["request"].data(parts)).get
  if "error" in vector:
    same(accepted.connection == nil, true)
    same(accepted.error.constant, vector["error"].getStr)
    same(int(accepted.error.httpStatus), vector["status"].getInt)
    same(accepted.reply[0 ..< 13], "HTTP/1.1 " & $vector["status"].getInt & " ")
  else:
    same(accepted.connection.protocol, vector{"protocol"}.getStr)
