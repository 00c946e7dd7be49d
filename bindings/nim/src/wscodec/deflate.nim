## The parameters of permessage-deflate (RFC 7692), and their negotiation.

import std/options
import declarations, errors, memory

type
  WindowBits* = range[8 .. 15]
  Level* = range[1 .. 9]
  DeflateParams* = object
    serverNoContextTakeover*, clientNoContextTakeover*: bool
    serverMaxWindowBits*, clientMaxWindowBits*: WindowBits
    level*, memLevel*: Level ## Not negotiated.
  DeflateAgreement* = object
    response*: string ## The value of Sec-WebSocket-Extensions to reply with.
    params*: DeflateParams

const MaxValue = 256

proc initDeflateParams*(serverNoContextTakeover, clientNoContextTakeover = false,
    serverMaxWindowBits, clientMaxWindowBits = WindowBits(15), level = Level(6),
    memLevel = Level(8)): DeflateParams =
  DeflateParams(
    serverNoContextTakeover: serverNoContextTakeover,
    clientNoContextTakeover: clientNoContextTakeover,
    serverMaxWindowBits: serverMaxWindowBits, clientMaxWindowBits: clientMaxWindowBits,
    level: level, memLevel: memLevel)

proc toC*(params: DeflateParams): WsPmdParams =
  WsPmdParams(
    serverNoContextTakeover: uint8(params.serverNoContextTakeover),
    clientNoContextTakeover: uint8(params.clientNoContextTakeover),
    serverMaxWindowBits: uint8(params.serverMaxWindowBits),
    clientMaxWindowBits: uint8(params.clientMaxWindowBits),
    level: uint8(params.level), memLevel: uint8(params.memLevel))

proc toNim*(params: WsPmdParams): DeflateParams =
  initDeflateParams(
    params.serverNoContextTakeover != 0, params.clientNoContextTakeover != 0,
    params.serverMaxWindowBits, params.clientMaxWindowBits, params.level, params.memLevel)

proc acceptDeflate*(offers: string, willing = initDeflateParams()): Option[DeflateAgreement] =
  ## Server: accepts one of the offers in the values of Sec-WebSocket-Extensions, joined with
  ## commas; none: declines.
  var
    params = willing.toC
    response = newString(MaxValue)
  response.setLen wsPmdAcceptValue(offers.address, offers.size, addr params, response.address,
    response.size).checked
  if response.len > 0: some(DeflateAgreement(response: response, params: params.toNim))
  else: none(DeflateAgreement)

proc offerDeflate*(params = initDeflateParams()): string =
  ## Client: the value of Sec-WebSocket-Extensions.
  var params = params.toC
  result = newString(MaxValue)
  result.setLen wsPmdOffer(addr params, result.address, result.size).checked

proc confirmDeflate*(response: string, offered = initDeflateParams()): Option[DeflateParams] =
  ## Client: what the server has agreed on; none: no compression.
  var params = offered.toC
  let isAgreed = wsPmdConfirmValue(response.address, response.size, addr params).checked
  if isAgreed == 1: some(params.toNim) else: none(DeflateParams)
