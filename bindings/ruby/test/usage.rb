# What the vectors do not show: ownership, wrong arguments, encodings.
require "minitest/autorun"
require "socket"
require "wscodec"

class UsageTest < Minitest::Test
  def setup
    @server = WSCodec::Connection.new(:server)
    @client = WSCodec::Connection.new(:client)
  end

  # The events that the server reports for what the client has sent.
  def arrived
    @server.receive(@client.drain).to_a
  end

  def test_the_encoding_of_a_string_decides_the_opcode
    @client.message("ü")
    @client.message("ü".b)
    assert_equal [Encoding::UTF_8, Encoding::BINARY], arrived.map { |event| event.data.encoding }
  end

  def test_text_is_sent_as_utf_8
    @client.text("ü".encode(Encoding::ISO_8859_1))
    assert_equal "ü", arrived.first.data
  end

  def test_text_that_is_not_valid_is_refused
    assert_raises(ArgumentError) { @client.text("\xff") }
    assert_empty @client.drain
  end

  def test_fragments_make_one_message
    @client.text("Hel", more: true)
    @client.text("lo")
    assert_equal ["Hello"], arrived.map(&:data)
  end

  def test_the_input_is_not_changed
    @client.message("x" * 100)
    wire = @client.drain.freeze
    copy = wire.dup
    @server.receive(wire).to_a
    assert_equal copy, wire
  end

  def test_a_message_survives_what_follows_it
    @client.text("first " * 10_000, more: true)
    @client.text("end")
    first = arrived.first.data
    @client.text("second " * 10_000, more: true)
    @client.text("end")
    arrived
    @server.free
    GC.start
    assert_equal "#{"first " * 10_000}end", first
  end

  def test_a_freed_connection_refuses_everything
    @server.free
    @server.free
    [-> { @server.text("a") }, -> { @server.receive("a").to_a }, -> { @server.state }].each do |use|
      assert_equal "WS_ERR_INVALID_STATE", assert_raises(WSCodec::UsageError, &use).name
    end
  end

  def test_a_connection_may_be_freed_while_its_events_are_handled
    3.times { @client.text("a") }
    seen = 0
    assert_raises(WSCodec::UsageError) do
      @server.receive(@client.drain + "\x81".b) do
        seen += 1
        @server.free
        @server.text("a")
      end
    end
    assert_equal 1, seen
  end

  def test_output_is_drained_in_the_order_of_the_wire
    @client.text("hi")
    @client.ping("p")
    @server.receive(@client.drain) { |event| @server.text("yo") if event.is_a?(WSCodec::Message) }
    assert_equal "\x81\x02yo\x8A\x01p".b, @server.drain
  end

  def test_connections_without_references_are_collected
    before = resident
    20_000.times { WSCodec::Connection.new(:server).tap { |each| each.text("x" * 100) } }
    GC.start
    assert_operator resident - before, :<, 64 * 1024
  end

  def resident # in KiB
    File.read("/proc/self/status")[/^VmRSS:\s+(\d+)/, 1].to_i
  end

  # The server of README.md, run on what its client sends.
  def answered(sent)
    server = File.read("#{__dir__}/../README.md")[/^A server.*?^```ruby\n(.*?)^```/m, 1]
    near, far = UNIXSocket.pair
    near.write(WSCodec::Opening.new("localhost").request + sent)
    near.close_write
    yield server, far
    far.close
    near.read.split("\r\n\r\n", 2).last
  end

  def test_the_server_of_the_readme_reports_a_violation
    wire = answered("\x83".b) do |server, socket|
      assert_raises(WSCodec::ProtocolError) { eval(server, binding) }
    end
    assert_equal 1002, wire.unpack1("x2n")
  end

  def test_a_header_that_would_inject_a_line_is_refused
    ["\r\nSet-Cookie: admin=1\r\nX: ", "\r", "\n", "\0", "\xff\n"].each do |bad|
      [{ "X-User" => "bob#{bad}" }, { "X-User#{bad}" => "bob" }].each do |headers|
        [-> { WSCodec::Acceptor.new(headers: headers) },
         -> { WSCodec::Opening.new("localhost", headers: headers) }].each do |use|
          assert_match(/\Aheaders: .*X-User/, assert_raises(ArgumentError, &use).message)
        end
      end
    end
  end

  WRONG = {
    "side" => -> { WSCodec::Connection.new(:other) },
    "data" => -> { WSCodec::Connection.new(:server).text(1) },
    "code" => -> { WSCodec::Connection.new(:server).close(70_000) },
    "reason" => -> { WSCodec::Connection.new(:server).close(1000, nil) },
    "max_message" => -> { WSCodec::Connection.new(:server, max_message: -1) },
    "max_mesage" => -> { WSCodec::Connection.new(:server, max_mesage: 1) },
    "server_max_window_bits" => -> { WSCodec::Deflate.new(server_max_window_bits: 300).offer },
    "rsv" => -> { WSCodec::Connection.new(:server).text("a", rsv: 1) },
    "mask_key" => -> { WSCodec::Frame.encode(1, "a", mask_key: "abc") },
    "payload_length" => -> { WSCodec::Frame.header(1, 2**63) },
    "max_payload" => -> { WSCodec::Decoder.new(:server, max_payload: nil) },
    "host" => -> { WSCodec::Opening.new(nil) },
    "key" => -> { WSCodec.accept_key(nil) }
  }.freeze

  WRONG.each do |name, use|
    define_method("test_a_wrong_#{name}_is_named") do
      error = assert_raises(ArgumentError, TypeError, &use)
      assert_includes error.message, name
    end
  end
end
