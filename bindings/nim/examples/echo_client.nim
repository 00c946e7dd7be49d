## A client that sends messages and prints the replies:
##
##   echo_client ws://HOST:PORT/PATH [MESSAGE ...]     (without any: the lines of its input)

import std/[deques, net, options, os, strutils, uri]
import wscodec

const ReadSize = 64 * 1024

type Client = ref object # waits for each message
  socket: Socket
  connection: Connection
  messages: Deque[string]

proc read(client: Client): string =
  result = client.socket.recv(ReadSize)
  if result == "": raise newException(IOError, "the server has ended the stream")

proc flush(client: Client) =
  client.socket.send(client.connection.drain())

proc take(client: Client, data: string) =
  var input = data
  try:
    client.connection.receive(input.toOpenArrayByte(0, input.high)) do (event: Event):
      if event.opcode < opClose: client.messages.addLast event.data
  finally:
    client.flush()

proc connect(url: string): Client =
  let
    target = parseUri(url)
    port = if target.port == "": "80" else: target.port
    query = if target.query == "": "" else: "?" & target.query
    path = if target.path == "": "/" else: target.path
    opening = initOpening(target.hostname & ":" & port, path & query,
      options = initOptions(maxMessage = 0))
  result = Client(socket: newSocket(buffered = false))
  result.socket.connect(target.hostname, Port(parseInt(port)))
  result.socket.send(opening.request)
  var response = ""
  var confirmed = none(Confirmed)
  while confirmed.isNone:
    response.add result.read()
    confirmed = opening.confirm(response)
  result.connection = confirmed.get.connection
  result.take(response[confirmed.get.response.headLen .. ^1])

proc send(client: Client, text: string) =
  client.connection.send(text)
  client.flush()

proc receive(client: Client): string =
  while client.messages.len == 0:
    if client.connection.hasEnded:
      raise newException(IOError, "the server has closed with " & $client.connection.closeReceived)
    client.take(client.read())
  client.messages.popFirst()

proc close(client: Client) =
  client.connection.close()
  client.flush()
  while not client.connection.hasEnded: client.take(client.read())
  client.socket.close()

iterator messages(): string =
  if paramCount() > 1:
    for message in commandLineParams()[1 .. ^1]: yield message
  else:
    for line in stdin.lines: yield line

if paramCount() == 0: quit "usage: echo_client ws://HOST:PORT/PATH [MESSAGE ...]"
try:
  let client = connect(paramStr(1))
  for message in messages():
    client.send(message)
    echo client.receive()
  client.close()
except CatchableError as error:
  quit $error.name & ": " & error.msg
