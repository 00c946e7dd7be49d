module WSCodec
  # An error of the library.
  class Error < StandardError
    attr_reader :code # the number, one of WSCodec::ERR_...

    def initialize(code, message = Native.ws_strerror(code).to_s)
      @code = code
      super(message)
    end

    # The name in wscodec.h, e.g. "WS_ERR_UTF8".
    def name
      Native.ws_errname(code).to_s
    end

    # The close code that reports it to the peer.
    def close_code
      Native.ws_close_code_for(code)
    end

    # The HTTP status that rejects a request because of it.
    def http_status
      Native.ws_http_status(code)
    end
  end

  # The caller or the system is at fault.
  class UsageError < Error; end

  # The opening handshake failed. `head` is what could be read of it: nil, a Request or a Response.
  class HandshakeError < Error
    attr_accessor :head
  end

  # The peer violated the protocol of frames.
  class ProtocolError < Error; end

  # From results to exceptions.
  module Errors
    def self.class_of(code)
      return ProtocolError if code <= ERR_RESERVED_BITS

      code <= ERR_HTTP_SYNTAX ? HandshakeError : UsageError
    end

    def self.of(code)
      class_of(code).new(code)
    end

    # Returns a count; raises an error.
    def self.check(result)
      raise of(result) if result.negative?

      result
    end

    # Raises an error that names the argument unless it is an Integer in the range.
    def self.check_integer(name, value, range)
      return value if value.is_a?(Integer) && range.cover?(value)

      raise ArgumentError, "#{name} must be an Integer in #{range}, not #{value.inspect}"
    end

    # Raises an error that names the argument unless it is made of RSV1, RSV2 and RSV3.
    def self.check_bits(name, value)
      all = RSV1 | RSV2 | RSV3
      return value if check_integer(name, value, 0..all).nobits?(~all)

      raise ArgumentError, "#{name} must be made of RSV1, RSV2 and RSV3, not #{value}"
    end

    # Raises an error that names the argument unless it is a String.
    def self.check_string(name, value)
      return value if value.is_a?(String)

      raise TypeError, "#{name} must be a String, not #{value.inspect}"
    end
  end
end
