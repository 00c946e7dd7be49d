## UTF-8, and the payloads of close frames.

import declarations, errors, memory

type
  Utf8Validator* = object ## Text that arrives in parts.
    state: uint32
  ClosePayload* = object
    code*: uint16
    reason*: string

proc push*[T: Octet](validator: var Utf8Validator, part: openArray[T]) =
  ## Raises an error at the first invalid byte.
  discard wsUtf8Validate(addr validator.state, part.address, part.size).checked

proc isComplete*(validator: Utf8Validator): bool =
  ## Whether the text ends on a character boundary.
  validator.state == 0

proc parseClose*[T: Octet](payload: openArray[T]): ClosePayload =
  let length = wsCloseParse(payload.address, payload.size, addr result.code).checked
  if length > 0: result.reason = copied(unsafeAddr payload[2], length)

proc buildClose*(code: uint16, reason = ""): string =
  result = newString(int(WS_MAX_CONTROL))
  result.setLen wsCloseBuild(code, reason.address, reason.size, result.address, result.size).checked
