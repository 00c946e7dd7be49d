module WSCodec
  # What a server does with a request: the reply to send; the connection, nil if the request was
  # rejected; then the error; and the bytes after the request.
  Accepted = Struct.new(:connection, :reply, :error, :rest)

  # Accepts clients, all in the same way. Threads may share one.
  class Acceptor
    # `protocols` are subprotocols, the most preferred first; with `need_protocol` a client without
    # any of them is rejected. `origins` are those allowed; nil: all. `headers` is a Hash, added to
    # the response. `deflate` is the compression to agree to. The options are those of Connection.
    def initialize(protocols: [], need_protocol: false, origins: nil, headers: {}, deflate: nil, **options)
      @protocols = Array(protocols).join(", ")
      @options = options
      @lines = Acceptor.lines(headers)
      @texts = { protocols: @protocols, headers: @lines, origins: origins && Array(origins).join(" ") }
      @memory = @texts.compact.transform_values { |text| Native.copied(text) }
      @pmd = Native.copied(deflate.to_c) if deflate
      @spec = spec(need_protocol)
      accept("") # checks the arguments
    end

    # Header fields as lines.
    def self.lines(headers)
      headers.map { |name, value| line(name, value) }.join
    end

    # The library checks whole lines, so it cannot see that one has become two.
    def self.line(name, value)
      text = "#{name}: #{value}"
      return "#{text}\r\n" unless text.b.match?(/[\r\n\0]/)

      raise ArgumentError, "headers: #{name.to_s.inspect} must not contain CR, LF or NUL"
    end
    private_class_method :line

    # Accepts or rejects the request at the start of `data`; nil if it is incomplete.
    def accept(data)
      Errors.check_string("data", data)
      accepted = "\0".b * Native::ACCEPTED.size
      reply = Native.written(MAX_REPLY + @lines.bytesize + @protocols.bytesize) do |out, size|
        Native.ws_conn_accept(data, data.bytesize, @spec, @spec.bytesize,
                              accepted, accepted.bytesize, out, size)
      end
      reply.empty? ? nil : result(data, Native::ACCEPTED.read(accepted), reply)
    end

    private

    def spec(need_protocol)
      given = @memory.to_h { |name, memory| [name, [memory.to_i, @texts[name].bytesize]] }
      given[:pmd] = @pmd.to_i if @pmd
      given[:flags] = ACCEPT_NEED_PROTOCOL if need_protocol
      Native::ACCEPT_SPEC.write(given)
    end

    def result(data, accepted, reply)
      rest = data.byteslice(accepted[:head_len]..)
      return Accepted.new(nil, reply, Errors.of(accepted[:error]), rest) if accepted[:conn].zero?

      offset, length = accepted[:protocol]
      protocol = @protocols.byteslice(offset, length) if length.positive?
      Accepted.new(Connection.from_c(accepted[:conn], protocol, @options), reply, nil, rest)
    end
  end
end
