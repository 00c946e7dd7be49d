# A client that sends messages and prints the replies:
#
#   ruby echo_client.rb ws://HOST:PORT/PATH [MESSAGE ...]     (without any: the lines of stdin)
require "socket"
require "uri"
require "wscodec"

READ = 64 * 1024

# A connection with its socket, for programs that wait for each message.
class Client
  def initialize(uri)
    @socket = TCPSocket.new(uri.host, uri.port || 80)
    @socket.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1)
    @events = []
    open(WSCodec::Opening.new("#{uri.host}:#{uri.port || 80}", uri.request_uri, max_message: 0))
  end

  def send(message)
    @connection.message(message)
    @socket.write(@connection.drain)
  end

  # The next message; nil once the peer has closed.
  def receive
    loop do
      read while @events.empty?
      case @events.shift
      in WSCodec::Message(data) then return data
      in WSCodec::Close then return nil
      else next
      end
    end
  end

  # Closes with a code; returns that of the peer.
  def close(code)
    @connection.close(code)
    @socket.write(@connection.drain)
    receive until @connection.ended?
    @connection.close_received
  ensure
    @socket.close
  end

  def close_code
    @connection.close_received
  end

  private

  def open(opening)
    @socket.write(opening.request)
    response = "".b
    response << @socket.readpartial(READ) until (confirmed = opening.confirm(response))
    @connection = confirmed.connection
    take(confirmed.rest)
  end

  def read
    take(@socket.readpartial(READ))
  rescue EOFError
    @connection.finish
  end

  def take(data)
    @connection.receive(data) { |event| @events << event }
  ensure
    @socket.write(@connection.drain)
  end
end

begin
  abort "usage: echo_client ws://HOST:PORT/PATH [MESSAGE ...]" if ARGV.empty?
  client = Client.new(URI.parse(ARGV.shift))
  messages = ARGV.empty? ? $stdin.each_line(chomp: true) : ARGV
  messages.each do |message|
    client.send(message)
    reply = client.receive or raise "the server has closed with #{client.close_code}"
    puts reply
  end
  client.close(1000)
rescue StandardError => e
  abort "#{e.class}: #{e.message}"
end
