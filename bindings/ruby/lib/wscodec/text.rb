module WSCodec
  # The value of Sec-WebSocket-Accept for a Sec-WebSocket-Key.
  def self.accept_key(key)
    Errors.check_string("key", key)
    Native.written(28) { |out, size| Native.ws_accept_key(key, key.bytesize, out, size) }
          .force_encoding(Encoding::UTF_8)
  end

  # Checks text that arrives in parts.
  class UTF8Validator
    def initialize
      @state = [0].pack("L")
    end

    # Raises ProtocolError at the first invalid byte.
    def <<(part)
      Errors.check_string("part", part)
      Errors.check(Native.ws_utf8_validate(@state, part, part.bytesize))
      self
    end

    # Whether the text so far ends between two characters.
    def complete?
      @state.unpack1("L").zero?
    end
  end

  # The payload of a close frame.
  module ClosePayload
    # Returns the code, 1005 for an empty payload, and the reason.
    def self.parse(payload)
      Errors.check_string("payload", payload)
      code = [0].pack("S")
      length = Errors.check(Native.ws_close_parse(payload, payload.bytesize, code))
      reason = payload.byteslice(payload.bytesize - length, length)
      [code.unpack1("S"), reason.force_encoding(Encoding::UTF_8)]
    end

    def self.build(code, reason = "")
      Errors.check_integer("code", code, 0..0xFFFF)
      Errors.check_string("reason", reason)
      Native.written(MAX_CONTROL) do |out, size|
        Native.ws_close_build(code, reason, reason.bytesize, out, size)
      end
    end
  end
end
