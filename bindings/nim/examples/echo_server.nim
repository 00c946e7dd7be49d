## An echo server on asyncdispatch:
##
##   echo_server --port 8080

import std/[asyncdispatch, asyncnet, nativesockets, options, parseopt, strutils]
from std/posix import SHUT_WR, shutdown
import wscodec

const
  ReadSize = 64 * 1024
  Patience = 2000 # milliseconds that a peer may take to close the connection

let policy = initPolicy(
  protocols = ["chat", "superchat"], options = initOptions(maxMessage = 16 * 1024 * 1024))

proc readRequest(socket: AsyncSocket): Future[string] {.async.} =
  ## The head, and what came with it; "" if the peer has gone before.
  var scanner: HeadScanner
  while not scanner.isComplete(result):
    let data = await socket.recv(ReadSize)
    if data == "": return ""
    result.add data

proc echo(connection: Connection, data: string): string =
  ## The bytes to send when these have arrived.
  var input = data
  try:
    connection.receive(input.toOpenArrayByte(0, input.high)) do (event: Event):
      if event.opcode < opClose: connection.send(event.opcode, event.data)
  except ProtocolError:
    discard # the output has the close frame that reports it
  connection.drain()

proc talk(socket: AsyncSocket) {.async.} =
  ## Ends when it is our turn to end the stream. It does not read while there is output to send: so
  ## a slow peer needs no memory.
  let request = await socket.readRequest()
  if request == "": return
  let accepted = policy.accept(request).get
  await socket.send(accepted.reply)
  let connection = accepted.connection
  if connection == nil: return
  var data = request[accepted.headLen .. ^1]
  while true:
    await socket.send(connection.echo(data))
    if connection.hasEnded: return
    data = await socket.recv(ReadSize)
    if data == "": return

proc discardRest(socket: AsyncSocket) {.async.} =
  try:
    while await(socket.recv(ReadSize)) != "": discard
  except OSError:
    discard # it was reset

proc serve(socket: AsyncSocket) {.async.} =
  try:
    await socket.talk()
    # Closing the socket at once could destroy the close frame in transit (RFC 6455, 7.1.1).
    discard socket.getFd.shutdown(SHUT_WR)
    discard await socket.discardRest().withTimeout(Patience)
  except OSError:
    discard # it was reset
  finally:
    socket.close()

proc listen(port: Port) {.async.} =
  let listener = newAsyncSocket(buffered = false)
  listener.setSockOpt(OptReuseAddr, true)
  listener.bindAddr(port, "127.0.0.1")
  listener.listen(1024)
  stdout.writeLine "listening on http://127.0.0.1:", listener.getLocalAddr[1]
  stdout.flushFile
  while true:
    let socket = await listener.accept()
    socket.setSockOpt(OptNoDelay, true, level = cint(ord(IPPROTO_TCP)))
    asyncCheck socket.serve()

var port = Port(8080)
for kind, name, value in getopt(shortNoVal = {}, longNoVal = @["help"]):
  case name
  of "port": port = Port(parseInt(value))
  of "help": quit "usage: echo_server [--port PORT]    0: a free port (8080)", QuitSuccess
  else: quit "unknown option: " & name
waitFor listen(port)
