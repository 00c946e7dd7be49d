# An echo server with a thread for each connection:
#
#   ruby echo_server.rb --port 8080
require "optparse"
require "socket"
require "wscodec"

READ = 64 * 1024
PATIENCE = 2 # seconds that a peer may take to close the connection
ACCEPTOR = WSCodec::Acceptor.new(protocols: %w[chat superchat], max_message: 16 * 1024 * 1024)

# Returns the connection and the bytes after the request; nil if the request was rejected.
def accept(socket)
  request = "".b
  until (accepted = ACCEPTOR.accept(request))
    request << socket.readpartial(READ)
  end
  socket.write(accepted.reply)
  accepted.connection && [accepted.connection, accepted.rest]
end

# Handles what has arrived. Afterwards the connection may have ended.
def echo(socket, connection, data)
  connection.receive(data) do |event|
    connection.message(event.data) if event.is_a?(WSCodec::Message)
  end
rescue WSCodec::ProtocolError
  # The output has the close frame that reports it.
ensure
  socket.write(connection.drain)
end

# Ends our side, then waits for the peer to end its own: closing the socket at once could destroy
# the close frame in transit (RFC 6455, 7.1.1).
def shut_down(socket)
  socket.close_write
  deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + PATIENCE
  while (left = deadline - Process.clock_gettime(Process::CLOCK_MONOTONIC)).positive?
    break unless socket.wait_readable(left)

    socket.readpartial(READ)
  end
end

def serve(socket)
  socket.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1)
  connection, data = accept(socket)
  buffer = "".b
  while connection
    echo(socket, connection, data)
    break if connection.ended?

    data = socket.readpartial(READ, buffer)
  end
  shut_down(socket)
rescue SystemCallError, IOError
  # The peer has gone.
ensure
  connection&.free
  socket.close
end

port = 8080
OptionParser.new do |options|
  options.on("--port PORT", Integer, "0: a free one (8080)") { |number| port = number }
end.parse!
server = TCPServer.new("127.0.0.1", port)
server.listen(1024)
puts "listening on http://127.0.0.1:#{server.addr[1]}"
$stdout.flush
loop { Thread.new(server.accept) { |socket| serve(socket) } }
