## How strings and arrays are passed to C.

import declarations

type Octet* = byte | char

proc address*[T: Octet](data: openArray[T]): pointer =
  ## NULL if there are no data.
  if data.len > 0: unsafeAddr data[0] else: nil

proc address*(text: var string): pointer =
  if text.len > 0: addr text[0] else: nil

proc size*[T](data: openArray[T]): csize_t = csize_t(data.len)

proc view*(text: string): WsBytes =
  ## The caller keeps the string for as long as C uses it.
  WsBytes(data: text.address, len: text.size)

proc copied*(data: pointer, len: SomeInteger): string =
  result = newString(int(len))
  if len > 0: copyMem(addr result[0], data, int(len))

proc part*(text: string, range: WsSpan): string =
  text[int(range.off) ..< int(range.off + range.len)]
