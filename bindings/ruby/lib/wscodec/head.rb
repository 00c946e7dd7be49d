module WSCodec
  # A head of HTTP/1.1: its text and the header fields in it.
  class Head
    attr_reader :text, :http_version

    def initialize(text, values)
      @text = text
      @http_version = values[:http_version]
    end

    # The value of the first header field with this name, nil if there is none.
    def [](name)
      Errors.check_string("name", name)
      value = "\0".b * 8
      found = Errors.check(
        Native.ws_find_header(@text, @text.bytesize, name, name.bytesize, value)
      )
      found == 1 ? at(value.unpack("L2")) : nil
    end

    # Parses the start of `data`: nil if the head is incomplete. The block calls the library with a
    # struct to fill.
    def self.read(data, layout)
      Errors.check_string("data", data)
      filled = "\0".b * layout.size
      length = yield filled
      return nil if length.zero?

      values = layout.read(filled)
      head = new(data.byteslice(0, values[:head_len]), values) if values[:head_len].positive?
      raise Errors.of(length).tap { |error| error.head = head if head } if length.negative?

      head
    end

    private

    # A range of the text; nil if it is absent.
    def at((offset, length))
      @text.byteslice(offset, length).force_encoding(Encoding::UTF_8) unless offset.zero? && length.zero?
    end
  end

  # A client's opening request.
  class Request < Head
    attr_reader :method, :target, :host, :origin, :key

    def initialize(text, values)
      super
      @method, @target, @host, @origin, @key =
        values.values_at(:method, :target, :host, :origin, :key).map { |span| at(span) }
      @method = text[/\A(?:\r\n)?(\S+)/n, 1] if @method.nil?
    end

    # Reads the request at the start of `data`; nil if it is incomplete. Raises HandshakeError; with
    # WS_ERR_NOT_UPGRADE its `head` is the request.
    def self.parse(data)
      read(data, Native::HANDSHAKE) do |hs|
        Native.ws_parse_handshake(data, data.bytesize, hs, hs.bytesize)
      end
    end
  end

  # A server's response.
  class Response < Head
    attr_reader :protocol, :extensions, :status, :reason

    def initialize(text, values)
      super
      @protocol, @extensions, @reason =
        values.values_at(:protocol, :extensions, :reason).map { |span| at(span) }
      @status = values[:status]
    end

    # Reads the response to `request` at the start of `data`; nil if it is incomplete. Raises
    # HandshakeError; with WS_ERR_HANDSHAKE_STATUS its `head` is the response.
    def self.parse(data, request)
      Errors.check_string("request", request)
      read(data, Native::RESPONSE) do |response|
        Native.ws_parse_response(data, data.bytesize, request, request.bytesize, response, response.bytesize)
      end
    end
  end
end
