## What went wrong, and what to tell the peer.

import declarations

type
  WsError* = object of CatchableError
    constant*: string   ## Its constant in wscodec.h, such as "WS_ERR_UTF8".
    closeCode*: uint16  ## What the close frame reports.
    httpStatus*: uint16 ## The status of the reply that rejects a request.
  UsageError* = object of WsError     ## A wrong call, or no memory.
  HandshakeError* = object of WsError ## The opening handshake has failed.
  ProtocolError* = object of WsError  ## The peer has violated the protocol.

proc filled*(error: ref WsError, code: int): ref WsError =
  error.constant = $wsErrname(code)
  error.msg = error.constant & ": " & $wsStrerror(code)
  error.closeCode = wsCloseCodeFor(code)
  error.httpStatus = wsHttpStatus(code)
  error

proc newWsError*(code: int): ref WsError =
  if code > WS_ERR_HTTP_SYNTAX: (ref UsageError)().filled(code)
  elif code > WS_ERR_RESERVED_BITS: (ref HandshakeError)().filled(code)
  else: (ref ProtocolError)().filled(code)

proc checked*(code: int): int =
  ## The count that a call returned. Raises its error.
  if code < 0: raise newWsError(code)
  code
