# WebSocket (RFC 6455, RFC 7692) without a socket: bytes go in, events come out.
module WSCodec
  SIDES = { server: 0, client: 1 }.freeze

  # The value of WS_SERVER or WS_CLIENT.
  def self.side(side)
    SIDES.fetch(side) { raise ArgumentError, "side must be :server or :client, not #{side.inspect}" }
  end
end

require_relative "wscodec/declarations"
require_relative "wscodec/native"
require_relative "wscodec/errors"
require_relative "wscodec/text"
require_relative "wscodec/frame"
require_relative "wscodec/decoder"
require_relative "wscodec/deflate"
require_relative "wscodec/head"
require_relative "wscodec/events"
require_relative "wscodec/output"
require_relative "wscodec/connection"
require_relative "wscodec/acceptor"
require_relative "wscodec/opening"
