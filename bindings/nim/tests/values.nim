## The values of vectors. See tests/vectors/README.md.

import std/[json, options, sequtils, strutils]
import wscodec

export json, options

proc fromHex*(digits: string): string = parseHexStr(digits.replace(" ", ""))

proc data*(value: JsonNode, parts: JsonNode): string =
  ## The bytes that a value stands for; none if it is absent.
  if value == nil: return ""
  case value.kind
  of JString: value.getStr
  of JArray: value.getElems.mapIt(it.data(parts)).join
  of JObject:
    if "hex" in value: value["hex"].getStr.fromHex
    elif "part" in value: parts[value["part"].getStr].data(parts)
    else: value["repeat"].data(parts).repeat(value["times"].getInt)
  else: ""

proc same*[T](found, expected: T, what = "value") =
  if found != expected:
    raise newException(AssertionDefect, what & " is " & ($found)[0 .. min(300, ($found).high)] &
      ", not " & ($expected)[0 .. min(300, ($expected).high)])

template expect*(vector: JsonNode, body: untyped) =
  ## Fails unless the body has the error of the vector, or none without one.
  var found = ""
  try: body
  except WsError as error: found = error.constant
  same(found, vector{"error"}.getStr, "error")

template refuses*(constant: string, body: untyped) =
  expect(%*{"error": constant}, body)

template bytes*(text: var string): untyped = text.toOpenArrayByte(0, text.high)

proc role*(vector: JsonNode): Role = parseEnum[Role](vector["role"].getStr)

proc rsv*(frame: JsonNode): ReservedBits =
  for bit in ReservedBit:
    if frame{$bit}.getBool: result.incl bit

proc leniency*(options: JsonNode): set[Leniency] =
  for (name, value) in {"deflate": Leniency.compressed, "any_mask": Leniency.anyMask,
      "keep_masked": Leniency.keepMasked, "any_rsv": Leniency.anyRsv}:
    if options{name}.getBool: result.incl value

proc maskKey*(frame: JsonNode): Option[MaskKey] =
  if "mask_key" notin frame: return none(MaskKey)
  var key: MaskKey
  for i, octet in frame["mask_key"].getStr.fromHex: key[i] = byte(octet)
  some(key)

proc params*(given: JsonNode): DeflateParams =
  initDeflateParams(
    given{"server_no_context_takeover"}.getBool, given{"client_no_context_takeover"}.getBool,
    given{"server_max_window_bits"}.getInt(15), given{"client_max_window_bits"}.getInt(15),
    given{"level"}.getInt(6), given{"mem_level"}.getInt(8))

proc negotiated*(params: DeflateParams): DeflateParams =
  ## Without what is not negotiated.
  result = params
  result.level = 6
  result.memLevel = 8

iterator prefixes*(length, at: int): int =
  ## Lengths of prefixes: all; of a long input those at the start, at `at`, and at the end.
  for size in 0 .. length:
    if size < 400 or abs(size - at) < 4 or size == length: yield size

iterator cuts*(input: string): seq[string] =
  ## The input whole, cut in two at each place, and byte by byte.
  yield @[input]
  let length = input.len
  for at in 1 ..< length:
    if length <= 500 or at <= 3 or at in 14 .. 15 or at == length - 1:
      yield @[input[0 ..< at], input[at .. ^1]]
  let single = if length <= 500: length else: 40
  yield input[0 ..< single].mapIt($it) & @[input[single .. ^1]]
