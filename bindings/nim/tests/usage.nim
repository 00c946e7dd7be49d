## What the vectors do not show: ownership, order, wrong arguments.

import std/[monotimes, random, strutils, times, unittest]
import wscodec, values

proc wireOf(texts: varargs[string]): string =
  let client = newConnection(Role.client)
  for text in texts: client.send(text)
  client.drain()

proc received(connection: Connection, wire: string): seq[Event] =
  var
    input = wire
    events: seq[Event]
  connection.receive(input.bytes) do (event: Event): events.add event
  events

proc ignore(event: Event) = discard

proc resident(): int = parseInt(readFile("/proc/self/statm").splitWhitespace[1]) * 4096

suite "connections":
  setup:
    let
      server = newConnection(Role.server)
      client = newConnection(Role.client)

  test "text and binary data are told apart":
    client.send("ü")
    client.send([byte 255])
    let events = server.received(client.drain())
    check (events[0].opcode, events[0].data) == (opText, "ü")
    check (events[1].opcode, events[1].data) == (opBinary, "\xff")

  test "text that is not UTF-8 is refused":
    for text in ["\xff", "\xe2\x82"]:
      expect ValueError: client.send(text)
    check client.drain() == ""

  test "fragments may end inside a character":
    client.send(opText, "\xc3", {SendFlag.more})
    client.send(opText, "\xbc")
    check server.received(client.drain())[0].data == "ü"

  test "a message survives what follows it, and its connection":
    var events: seq[Event]
    block:
      let other = newConnection(Role.server)
      client.send(opText, "first ".repeat(20000), {SendFlag.more})
      client.send("end")
      events = other.received(client.drain())
      client.send("second ".repeat(20000))
      discard other.received(client.drain())
    check events[0].data == "first ".repeat(20000) & "end"

  test "output is in the order of the wire":
    client.send("hi")
    client.send(opPing, "p")
    var input = client.drain()
    server.receive(input.bytes) do (event: Event):
      if event.opcode == opText: server.send("yo")
    check server.drain() == "\x81\x02yo\x8A\x01p"

  test "many pings in one read take linear time":
    client.send(opPing, "")
    let wire = client.drain().repeat(100_000)
    let start = getMonoTime()
    check server.received(wire).len == 100_000
    check server.drain().len == 200_000
    check getMonoTime() - start < initDuration(seconds = 10)

  test "an error comes after the events before it":
    var
      input = wireOf("good") & encodeFrame(opText, "not masked")
      count = 0
    try:
      server.receive(input.bytes) do (event: Event): inc count
      fail()
    except ProtocolError as error:
      check (error.constant, error.closeCode, count) == ("WS_ERR_MASK", 1002'u16, 1)
    check server.drain() == "\x88\x02\x03\xEA"
    check server.state == State.failed

  test "an exception of a handler passes, and the output is there":
    client.send(opPing, "p")
    var input = client.drain()
    expect IOError:
      server.receive(input.bytes) do (event: Event): raise newException(IOError, "mine")
    check server.drain() == "\x8A\x01p"
    check server.received(wireOf("next"))[0].data == "next"

  test "a handler may let another connection receive, but not its own":
    let other = newConnection(Role.server)
    var
      outer = wireOf("a", "b")
      seen = ""
    server.receive(outer.bytes) do (event: Event):
      seen.add event.data & other.received(wireOf("inner"))[0].data
      expect ValueError: discard server.received(wireOf("own"))
    check seen == "ainnerbinner"

  test "a handler may drop its connection":
    var
      dropped = newConnection(Role.server)
      input = wireOf("a", "b")
      seen = ""
    dropped.receive(input.bytes) do (event: Event):
      dropped = nil
      seen.add event.data
    check seen == "ab"

  test "what may not be sent is not in the output":
    refuses("WS_ERR_INVALID_ARGUMENT"): server.send(opPing, "x".repeat(126))
    server.close(3000, "bye")
    refuses("WS_ERR_INVALID_STATE"): server.send("late")
    check server.drain() == "\x88\x05\x0B\xB8bye"

  test "incompressible messages fit":
    let options = initOptions(deflate = some(initDeflateParams()))
    let compressing = newConnection(Role.server, options)
    var noise = ""
    for i in 0 ..< 70_000: noise.add char(rand(255))
    compressing.send(opBinary, noise)
    check newConnection(Role.client, options).received(compressing.drain())[0].data == noise

  test "connections without references are freed":
    let before = resident()
    for i in 0 ..< 400:
      var part = encodeFrame(opBinary, "x".repeat(1024 * 1024), fin = false,
        maskKey = some([byte 1, 2, 3, 4]))
      newConnection(Role.server, initOptions(maxMessage = 0)).receive(part.bytes, ignore)
    check resident() - before < 100 * 1024 * 1024 # 400 MiB were held

suite "handshakes":
  test "a client and a server agree on a subprotocol and on compression":
    let
      options = initOptions(deflate = some(initDeflateParams()))
      policy = initPolicy(["chat"], headers = [("X-A", "b")], options = options)
      opening = initOpening("localhost", protocols = ["other", "chat"], options = options)
      accepted = policy.accept(opening.request & "rest").get
      confirmed = opening.confirm(accepted.reply).get
    check accepted.headLen == opening.request.len
    check "X-A: b\r\n" in accepted.reply
    for connection in [accepted.connection, confirmed.connection]:
      check connection.protocol == "chat"
      check connection.deflate.isSome

  test "a refused client gets the response":
    let
      opening = initOpening("localhost")
      accepted = initPolicy(["chat"], needProtocol = true).accept(opening.request).get
    check accepted.error of HandshakeError
    try:
      discard opening.confirm(accepted.reply)
      fail()
    except StatusError as error:
      check error.response.status == 400

  test "a head that arrives byte by byte is complete at its end":
    let head = initOpening("localhost").request
    var scanner: HeadScanner
    for size in 0 .. head.len:
      check scanner.isComplete(head[0 ..< size]) == (size == head.len)

  test "an invalid policy is refused at the start":
    refuses("WS_ERR_INVALID_ARGUMENT"): discard initPolicy(origins = ["https://a.example/"])
    expect ValueError: discard initPolicy(headers = [("a", "b\r\nc: d")])
    expect ValueError: discard initOpening("localhost", headers = [("a\n", "b")])
