# Runs the vectors: ruby test/vectors.rb FOLDER
require "json"
require "wscodec"

# Reads the files.
module Vectors
  BYTES = %w[accept extensions header host input key message method offers origin payload payloads
             protocol reason request response responses target text wire].freeze
  MANY = %w[offers responses payloads].freeze
  TEXT = { "policies" => ["protocol"], "deflate_accept" => ["response"] }.freeze

  def self.load(path)
    file = JSON.parse(File.read(path, encoding: "UTF-8"))
    names = BYTES - TEXT.fetch(File.basename(path, ".json"), [])
    file["vectors"]&.map { |vector| resolve(vector, names, file.fetch("parts", {})) }
  end

  def self.resolve(value, names, parts)
    case value
    when Array then value.map { |each| resolve(each, names, parts) }
    when Hash
      value.to_h { |name, member| [name, member_of(name, member, names, parts)] }
    else value
    end
  end

  def self.member_of(name, value, names, parts)
    return resolve(value, names, parts) if !names.include?(name) || value.nil?

    MANY.include?(name) ? value.map { |each| bytes(each, parts) } : bytes(value, parts)
  end

  def self.bytes(value, parts)
    case value
    when String then value.b
    when Array then value.map { |each| bytes(each, parts) }.join.b
    else
      return [value["hex"].delete(" ")].pack("H*") if value.key?("hex")
      return bytes(value["repeat"], parts) * value["times"] if value.key?("repeat")

      bytes(parts.fetch(value["part"]), parts)
    end
  end
end

# The checks: one method for each file.
module Checks
  module_function

  Failure = Class.new(StandardError)

  def same(expected, actual, what = nil)
    raise Failure, "#{what}: expected #{expected.inspect}, not #{actual.inspect}" if expected != actual
  end

  # The block has the error of the vector, if there is one.
  def expected(vector)
    result = yield
  rescue WSCodec::Error => e
    same(vector["error"], e.name)
  else
    same(nil, vector["error"], "no error")
    result
  end

  def refused(error)
    yield
  rescue WSCodec::Error => e
    same(error, e.name)
  else
    raise Failure, "no #{error}"
  end

  def side(vector)
    vector["role"].to_sym
  end

  def symbols(hash)
    (hash || {}).transform_keys(&:to_sym)
  end

  def deflate(parameters)
    WSCodec::Deflate.new(**symbols(parameters))
  end

  def accept_keys(vector)
    expected(vector) { same(vector["accept"], WSCodec.accept_key(vector["key"]).b) }
  end

  def close_payloads(vector)
    if vector.key?("payload")
      expected(vector) do
        code, reason = WSCodec::ClosePayload.parse(vector["payload"])
        same([vector["code"], vector["reason"]], [code, reason.b])
      end
    end
    return unless vector.key?("code")

    expected(vector) do
      same(vector["payload"], WSCodec::ClosePayload.build(vector["code"], vector["reason"]))
    end
  end

  def utf8(vector)
    text = vector["text"]
    (0..text.bytesize).each do |cut|
      validator = WSCodec::UTF8Validator.new
      expected(vector) { validator << text.byteslice(0, cut) << text.byteslice(cut..) }
      same(!vector.key?("incomplete") && !vector.key?("error"), validator.complete?)
    end
    at = vector["error_at"] or return
    WSCodec::UTF8Validator.new << text.byteslice(0, at)
    refused(vector["error"]) { WSCodec::UTF8Validator.new << text.byteslice(0, at + 1) }
  end

  # Lengths of prefixes: all, of long inputs those near the ends and near `at`.
  def ends(size, at)
    [*0...[size, 400].min, *[0, at - 3].max...[size, at + 4].min, size].uniq.sort
  end

  def frames(vector)
    wire = vector["wire"]
    switches = symbols(vector["options"])
    at = vector.fetch("error_at", wire.bytesize - 1)
    ends(wire.bytesize, at).each do |size|
      read = -> { WSCodec::Frame.decode(wire.byteslice(0, size), side(vector), **switches) }
      next same(nil, read.call) if size <= at

      expected(vector) do
        frame = read.call
        same(vector["frame"], described(frame))
        same([true, true, wire.bytesize], [frame.first, frame.last, frame.size])
      end
    end
    return alike(vector) if vector.key?("error")

    same(wire, encoded(vector["frame"]))
  end

  # The decoder and the connection have the same error at the same byte.
  def alike(vector)
    wire, at = vector.values_at("wire", "error_at")
    return if vector.key?("options") || wire.getbyte(0).nobits?(15)

    [Decoded.new(vector), Received.new(vector)].each do |reader|
      reader.feed(wire.byteslice(0, at))
      refused(vector["error"]) { reader.feed(wire.byteslice(at, 1)) }
    end
  end

  # A frame, a chunk or a message as a vector describes it.
  def described(frame)
    found = { "opcode" => frame.opcode, "fin" => frame.fin }.merge(bits(frame.rsv))
    found["mask_key"] = frame.mask_key.unpack1("H*") if frame.mask_key
    found.merge("payload" => frame.payload)
  end

  def bits(rsv)
    { "rsv1" => 0x40, "rsv2" => 0x20, "rsv3" => 0x10 }.select { |_, bit| rsv.anybits?(bit) }
                                                     .transform_values { true }
  end

  def rsv(frame)
    { "rsv1" => 0x40, "rsv2" => 0x20, "rsv3" => 0x10 }.sum { |name, bit| frame[name] ? bit : 0 }
  end

  def mask_key(frame)
    [frame["mask_key"]].pack("H*") if frame.key?("mask_key")
  end

  def encoded(frame)
    WSCodec::Frame.encode(frame["opcode"], frame["payload"], fin: frame["fin"], rsv: rsv(frame),
                                                             mask_key: mask_key(frame))
  end

  def frame_headers(vector)
    header = vector["header"]
    length = Integer(vector["payload_length"])
    made = WSCodec::Frame.header(vector["opcode"], length, fin: vector["fin"], mask_key: mask_key(vector))
    same(header, made)
    same(header.bytesize + length, WSCodec::Frame.size(length, masked: vector.key?("mask_key")))
    start = length.zero? ? header : header + "\0".b # a frame is reported with its first byte
    seen = WSCodec::Decoder.new(side(vector)).feed(start).first
    same([vector["opcode"], vector["fin"], length], [seen.opcode, seen.fin, seen.payload_length])
  end

  # Every prefix of a head is incomplete before the byte that completes it or proves the error, and
  # has one result from there on. Returns the head of the whole.
  def at_last_byte(vector, head)
    at = vector.fetch("error_at", head.bytesize - 1)
    read = nil
    ends(head.bytesize, at).each do |size|
      part = head.byteslice(0, size)
      next same(nil, yield(part), size) if size <= at

      expected(vector) { same(false, (read = yield(part)).nil?, size) }
    end
    read
  end

  def fields(vector, read)
    vector.fetch("fields", {}).each do |name, value|
      actual = read.public_send(name)
      actual = actual.b if actual.is_a?(String)
      same(value, actual, name)
    end
  end

  # The head that an error has.
  def head_of
    yield
  rescue WSCodec::HandshakeError => e
    e.head
  end

  def requests(vector)
    request = vector["request"]
    read = at_last_byte(vector, request) { |part| WSCodec::Request.parse(part) }
    read ||= head_of { WSCodec::Request.parse(request) }
    fields(vector, read)
    same(request, read.text) unless vector.key?("error")
  end

  def responses(vector)
    response, request = vector.values_at("response", "request")
    read = at_last_byte(vector, response) { |part| WSCodec::Response.parse(part, request) }
    read ||= head_of { WSCodec::Response.parse(response, request) }
    fields(vector, read)
    same(response, read.text) unless vector.key?("error")
  end

  def policies(vector)
    policy = symbols(vector["policy"])
    accepted = WSCodec::Acceptor.new(**policy).accept(vector["request"])
    if vector.key?("error")
      same(vector["error"], accepted.error.name)
      same(vector["status"], accepted.error.http_status)
      same("HTTP/1.1 #{vector["status"]} ", accepted.reply[0, 13])
    else
      same(nil, accepted.error)
      same(vector["protocol"], accepted.connection.protocol)
    end
  end

  REQUEST = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" \
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n".freeze

  def lines(values)
    values.map { |value| "Sec-WebSocket-Extensions: #{value}\r\n" }.join
  end

  def deflate_accept(vector)
    willing = deflate(vector["willing"])
    agreed = vector["response"] && deflate(vector["agreed"])
    expected(vector) do
      same(agreed && [agreed, vector["response"].b], willing.accept(vector["offers"].join(", ")))
    end
    acceptor = WSCodec::Acceptor.new(deflate: willing)
    accepted = acceptor.accept("#{REQUEST}#{lines(vector["offers"])}\r\n".b)
    return same(vector["error"], accepted.error.name) if vector.key?("error")

    same(nil, accepted.error)
    same(vector["response"], accepted.reply[/^Sec-WebSocket-Extensions: (.*)\r$/, 1])
    same(agreed, accepted.connection.deflate)
  end

  def deflate_offer(vector)
    offer = deflate(vector["offered"])
    same(vector["offer"], offer.offer.b)
    request = WSCodec::Request.parse(WSCodec::Opening.new("localhost", deflate: offer).request)
    same(vector["offer"], request["Sec-WebSocket-Extensions"].b)
  end

  def deflate_confirm(vector)
    agreed = vector["agreed"] && deflate(vector["agreed"])
    expected(vector) do
      same(agreed, deflate(vector["offered"]).confirm(vector["responses"].join(", ")))
    end
    opening(vector) { |confirmed| same(agreed, confirmed.connection.deflate) }
  end

  # The same in an opening handshake, where an extension that was not offered is an error.
  def opening(vector)
    opening = WSCodec::Opening.new("localhost", deflate: deflate(vector["offered"]))
    accept = WSCodec.accept_key(WSCodec::Request.parse(opening.request).key)
    response = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" \
               "Sec-WebSocket-Accept: #{accept}\r\n#{lines(vector["responses"])}\r\n".b
    yield opening.confirm(response)
  rescue WSCodec::HandshakeError => e
    others = vector["responses"].join(",").split(",").any? { |each| !each.include?("permessage-deflate") }
    same([true, "WS_ERR_EXTENSION"], [vector.key?("error") || others, e.name])
  end

  # The messages in whole and byte by byte, collected and in parts.
  def deflate_messages(vector)
    [1, 1000].product([false, true]).each do |step, stream|
      connection = WSCodec::Connection.new(side(vector), deflate: deflate(vector["parameters"]), stream: stream)
      vector["messages"].each do |message|
        wire = compressed(message["payloads"], side(vector) == :server ? "\1\2\3\4" : nil)
        expected(message) do
          data = pieces(wire, (0..wire.bytesize).step(step).to_a.drop(1) | [wire.bytesize]).map do |piece|
            connection.receive(piece).map(&:data).join
          end
          same(message["message"], data.join.b)
        end
      end
    end
  end

  def compressed(payloads, mask_key)
    payloads.each_with_index.map do |payload, i|
      WSCodec::Frame.encode(i.zero? ? 2 : 0, payload, fin: i == payloads.size - 1, rsv: i.zero? ? 0x40 : 0,
                                                      mask_key: mask_key)
    end.join
  end

  # The ends of pieces: whole, in two at each place, and byte by byte.
  def cuts(size)
    places = size <= 500 ? (1...size).to_a : [1, 3, 14, 15, size / 2, size - 1]
    single = size <= 500 ? (1..size).to_a : [*1...40, size]
    [[size], *places.map { |place| [place, size] }, single]
  end

  def pieces(data, ends)
    [0, *ends].zip(ends).filter_map { |from, to| data.byteslice(from...to) if to }
  end

  # A decoder and what it has reported.
  class Decoded
    attr_reader :decoder, :frames

    def initialize(vector)
      @decoder = WSCodec::Decoder.new(Checks.side(vector), **Checks.symbols(vector["options"]))
      @frames = []
    end

    def feed(data)
      @decoder.feed(data) { |chunk| take(chunk) }
    end

    private

    def take(chunk)
      @frames << first(chunk) if chunk.first
      @frames.last["payload"] += chunk.payload unless chunk.first
      @frames.last.delete("payload_length") if chunk.last
    end

    def first(chunk)
      found = Checks.described(chunk)
      found["message_opcode"] = chunk.message_opcode if chunk.opcode.zero?
      found.merge("payload_length" => chunk.payload_length.to_s)
    end
  end

  # A connection and what it has reported and sent.
  class Received
    attr_reader :connection, :events, :sent

    def initialize(vector)
      deflate = vector.key?("parameters") ? Checks.deflate(vector["parameters"]) : nil
      @stream = vector.dig("options", "stream") == 1
      options = Checks.symbols(vector["options"])
      @connection = WSCodec::Connection.new(Checks.side(vector), deflate: deflate, **options)
      @events = []
      @sent = "".b
    end

    def feed(data)
      @connection.receive(data) { |event| take(event) }
    ensure
      @sent << @connection.drain
    end

    private

    def take(event)
      case event
      in WSCodec::Part then part(event)
      in WSCodec::Message(data)
        @events << { "opcode" => event.text? ? 1 : 2, "payload" => data.b }.merge(Checks.bits(event.rsv))
      in WSCodec::Ping(data) then @events << { "opcode" => 9, "payload" => data }
      in WSCodec::Pong(data) then @events << { "opcode" => 10, "payload" => data }
      in WSCodec::Close(code, reason)
        @events << { "opcode" => 8, "close_code" => code, "payload" => reason.b }
      end
    end

    def part(event)
      @events << { "opcode" => event.opcode, "payload" => "".b, "last" => false } if event.first
      message = @events.reverse.find { |each| each.key?("last") }
      message["payload"] += event.data
      message.delete("last") if event.last
    end
  end

  def decoder_streams(vector)
    streams(vector, Decoded) do |reader, where|
      same(vector["frames"], reader.frames, where)
      finishes(vector, reader.decoder)
    end
  end

  def connection_streams(vector)
    streams(vector, Received) do |reader, where|
      same(vector["events"], reader.events, where)
      same(vector["output"], output(reader.sent, side(vector)), where)
      finishes(vector, reader.connection)
    end
  end

  # Feeds the input to a reader, cut in all ways; then the bytes up to the error.
  def streams(vector, kind)
    data, at = vector.values_at("input", "error_at")
    cuts(data.bytesize).each do |ends|
      reader = kind.new(vector)
      expected(vector) { pieces(data, ends).each { |piece| reader.feed(piece) } }
      yield reader, ends
    end
    return unless at

    reader = kind.new(vector)
    reader.feed(data.byteslice(0, at))
    refused(vector["error"]) { reader.feed(data.byteslice(at, 1)) }
  end

  def finishes(vector, reader)
    error = vector["error"] || vector["end"]
    error ? refused(error) { reader.finish } : reader.finish
  end

  # The frames that were sent, as a vector describes them.
  def output(sent, side)
    other = side == :server ? :client : :server
    WSCodec::Decoder.new(other).feed(sent).map do |frame|
      { "opcode" => frame.opcode, "payload" => frame.payload }
    end
  end
end

passed = 0
failed = 0
Dir[File.join(ARGV.fetch(0), "*.json")].sort.each do |path|
  kind = File.basename(path, ".json")
  Vectors.load(path)&.each do |vector|
    Checks.public_send(kind, vector)
    passed += 1
  rescue StandardError => e
    failed += 1
    warn "#{kind}: #{vector["name"]}: #{e.class}: #{e.message}", e.backtrace.first(3)
  end
end
abort "ruby: #{failed} vectors failed" if failed.positive?
puts "ruby: #{passed} vectors passed"
