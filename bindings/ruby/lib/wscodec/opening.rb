module WSCodec
  # What a client has after the opening handshake: the connection, the server's response, and the
  # bytes after it.
  Confirmed = Struct.new(:connection, :response, :rest)

  # The opening handshake of a client: send `request`, then pass what arrives to confirm.
  class Opening
    # The bytes to send first.
    attr_reader :request

    # `host` is "example.com:8080" for instance. `deflate` is the compression to offer. The options
    # are those of Connection.
    def initialize(host, target = "/", origin: "", protocols: [], headers: {}, deflate: nil, **options)
      @deflate = deflate
      @options = options
      @request = build(host: host, target: target, key: Opening.make_key, origin: origin,
                       protocols: Array(protocols).join(", "),
                       extensions: deflate ? deflate.offer : "", headers: Acceptor.lines(headers))
    end

    # A new value for Sec-WebSocket-Key.
    def self.make_key
      Native.written(KEY_LEN) { |out, size| Native.ws_make_key(out, size) }
    end

    # Returns a Confirmed; nil if the response at the start of `data` is incomplete. Raises
    # HandshakeError: its `head` is the Response if the server has not accepted.
    def confirm(data)
      Errors.check_string("data", data)
      handle = [0].pack("J")
      response = Response.read(data, Native::RESPONSE) do |filled|
        Native.ws_conn_confirm(data, data.bytesize, @request, @request.bytesize, @deflate&.to_c, nil,
                               handle, filled, filled.bytesize)
      end
      return nil unless response

      connection = Connection.from_c(handle.unpack1("J"), response.protocol, @options)
      Confirmed.new(connection, response, data.byteslice(response.text.bytesize..))
    end

    private

    def build(texts)
      copies = texts.to_h { |name, text| [name, Native.copied(Errors.check_string(name, text))] }
      spec = Native::REQUEST_SPEC.write(
        copies.to_h { |name, copy| [name, [copy.to_i, texts[name].bytesize]] }
      )
      Native.written(MAX_HEAD) { |out, size| Native.ws_build_request(spec, spec.bytesize, out, size) }
    end
  end
end
