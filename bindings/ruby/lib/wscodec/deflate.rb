module WSCodec
  # Whether this build of the library can compress.
  def self.deflate?
    Native.ws_features.anybits?(FEATURE_DEFLATE)
  end

  VALUE_ROOM = 256 # bytes for a value of Sec-WebSocket-Extensions with all parameters

  # Parameters of permessage-deflate (RFC 7692, 7.1). `level` and `mem_level` are local; 0 is the
  # default.
  Deflate = Struct.new(:server_no_context_takeover, :client_no_context_takeover,
                       :server_max_window_bits, :client_max_window_bits, :level, :mem_level,
                       keyword_init: true) do
    def initialize(server_no_context_takeover: false, client_no_context_takeover: false,
                   server_max_window_bits: 15, client_max_window_bits: 15, level: 0, mem_level: 0)
      super
    end

    def self.from_c(bytes)
      values = Native::PMD_PARAMS.read(bytes)
      new(server_no_context_takeover: values[:server_no_context_takeover] == 1,
          client_no_context_takeover: values[:client_no_context_takeover] == 1,
          **values.slice(:server_max_window_bits, :client_max_window_bits))
    end

    # A ws_pmd_params.
    def to_c
      numbers = to_h.to_h do |name, value|
        [name, Errors.check_integer(name, { true => 1, false => 0 }.fetch(value, value), 0..255)]
      end
      Native::PMD_PARAMS.write(numbers.merge(reserved: ""))
    end

    # The value of Sec-WebSocket-Extensions that offers it.
    def offer
      Native.written(VALUE_ROOM) { |out, size| Native.ws_pmd_offer(to_c, out, size) }
    end

    # Server: accepts one of the offers in `value`, that of Sec-WebSocket-Extensions. Returns what
    # was agreed and the value of the response; nil if no offer is acceptable.
    def accept(value)
      Errors.check_string("value", value)
      params = to_c
      response = Native.written(VALUE_ROOM) do |out, size|
        Native.ws_pmd_accept_value(value, value.bytesize, params, out, size)
      end
      response.empty? ? nil : [Deflate.from_c(params), response]
    end

    # Client: what the server has agreed to according to `value`; nil if it has declined.
    def confirm(value)
      Errors.check_string("value", value)
      params = to_c
      confirmed = Errors.check(Native.ws_pmd_confirm_value(value, value.bytesize, params))
      confirmed == 1 ? Deflate.from_c(params) : nil
    end
  end
end
