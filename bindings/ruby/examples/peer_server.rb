# An echo server with websocket-driver, as its README shows it, for comparison:
#
#   ruby peer_server.rb --port 8080
require "optparse"
require "socket"
require "websocket/driver"

# A socket with the write method that websocket-driver calls.
class Peer
  def initialize(socket)
    @socket = socket
    @driver = WebSocket::Driver.server(self)
    @driver.on(:connect) { @driver.start if WebSocket::Driver.websocket?(@driver.env) }
    @driver.on(:message) { |event| reply(event.data) }
    @driver.on(:close) { @socket.close_write }
  end

  def write(data)
    @socket.write(data)
  end

  def serve
    @socket.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1)
    loop { @driver.parse(@socket.readpartial(64 * 1024)) }
  rescue SystemCallError, IOError
    # The peer has gone.
  ensure
    @socket.close
  end

  private

  # Text is a String, binary data an Array of numbers.
  def reply(data)
    data.is_a?(String) ? @driver.text(data) : @driver.binary(data)
  end
end

port = 8080
OptionParser.new do |options|
  options.on("--port PORT", Integer, "0: a free one (8080)") { |number| port = number }
end.parse!
server = TCPServer.new("127.0.0.1", port)
server.listen(1024)
puts "listening on http://127.0.0.1:#{server.addr[1]}"
$stdout.flush
loop { Thread.new(server.accept) { |socket| Peer.new(socket).serve } }
