module WSCodec
  # A connection after its opening handshake. For one thread at a time.
  #
  # Its memory in C is freed by free, or with the object.
  class Connection
    OPTIONS = {
      max_message: OPT_MAX_MESSAGE, max_frame: OPT_MAX_FRAME, stream: OPT_STREAM,
      auto_pong: OPT_AUTO_PONG, auto_close: OPT_AUTO_CLOSE, check_utf8: OPT_CHECK_UTF8,
      any_mask: OPT_ANY_MASK, allow_rsv: OPT_ALLOW_RSV, compress_from: OPT_COMPRESS_FROM,
      keep_buffer: OPT_KEEP_BUFFER
    }.freeze
    STATES = { STATE_OPEN => :open, STATE_CLOSING => :closing, STATE_CLOSED => :closed,
               STATE_FAILED => :failed }.freeze
    FORMATS = Array.new(Native::Scratch::ENTRIES + 1) { |n| (Native::EVENT.format * n).freeze }.freeze
    BINARY = Encoding::BINARY
    UTF_8 = Encoding::UTF_8

    # The subprotocol that was agreed, or nil.
    attr_reader :protocol

    # `side` is :server or :client. `deflate` is the compression that was agreed. The options are
    # those of ws_conn_set(), in lower case; a switch is true or false.
    def initialize(side, deflate: nil, **options)
      adopt(Native.ws_conn_new(WSCodec.side(side), nil), nil, options)
      Errors.check(Native.ws_conn_set_pmd(handle, deflate.to_c)) if deflate
    end

    # Takes over a connection that the library has made.
    def self.from_c(address, protocol, options)
      allocate.tap { |connection| connection.send(:adopt, address, protocol, options) }
    end

    # Yields an event for each message, ping, pong and close in `data`, which is not changed. Raises
    # a ProtocolError after the events before it. Afterwards send what drain returns, also after an
    # error. A block that is left early loses the rest of `data`.
    def receive(data)
      return to_enum(:receive, data) unless block_given?

      input = Native.writable(data)
      start = received(input, 0) { |event| yield event }
      start += received(input, start) { |event| yield event } while start < input.bytesize
    end

    # Sends a message: binary if the encoding of `data` is BINARY, else text.
    def message(data)
      Errors.check_string("data", data)
      data.encoding == BINARY ? write(OPCODE_BINARY, data, 0) : text(data)
    end

    # Sends text, or with `more` a fragment of one. `plain` leaves it uncompressed.
    def text(data, more: false, plain: false, rsv: 0)
      Errors.check_string("data", data)
      data = data.encode(UTF_8)
      raise ArgumentError, "data is not valid UTF-8" unless more || data.valid_encoding?

      write(OPCODE_TEXT, data, flags(more, plain, rsv))
    end

    # Sends binary data, or with `more` a fragment of it.
    def binary(data, more: false, plain: false, rsv: 0)
      Errors.check_string("data", data)
      write(OPCODE_BINARY, data, flags(more, plain, rsv))
    end

    def ping(data = "")
      write(OPCODE_PING, Errors.check_string("data", data), 0)
    end

    def pong(data = "")
      write(OPCODE_PONG, Errors.check_string("data", data), 0)
    end

    # Starts the closing handshake.
    def close(code = 1000, reason = "")
      Errors.check_integer("code", code, 0..0xFFFF)
      Errors.check_string("reason", reason)
      @output.write(MAX_OUTPUT) do |out, size|
        Native.ws_conn_close(handle, code, reason, reason.bytesize, out, size)
      end
    end

    # The bytes to send now.
    def drain
      @output.take
    end

    # Tells that the peer's stream has ended. Raises an Error unless it may end here.
    def finish
      Errors.check(Native.ws_conn_finish(handle))
      nil
    end

    # :open, :closing, :closed or :failed.
    def state
      STATES.fetch(Native.ws_conn_state(handle))
    end

    # Whether to send what drain returns, shut down, and read no more.
    def ended?
      Native.ws_conn_state(handle) >= STATE_CLOSED
    end

    # The code of the close frame that was sent, or received; nil if there is none.
    def close_sent
      fact(INFO_CLOSE_SENT)
    end

    def close_received
      fact(INFO_CLOSE_RECEIVED)
    end

    # The compression that was agreed, or nil.
    def deflate
      params = "\0".b * Native::PMD_PARAMS.size
      Deflate.from_c(params) if Native.ws_conn_get_pmd(handle, params) == 1
    end

    # Frees the memory in C at once. The connection cannot be used any more.
    def free
      @handle&.call_free
      @handle = nil
    end

    private

    def adopt(address, protocol, options)
      raise NoMemoryError, "ws_conn_new" if address.to_i.zero?

      @handle = Fiddle::Pointer.new(address.to_i, 0, Native::WS_CONN_FREE)
      @protocol = protocol
      @output = Output.new
      options.each { |name, value| set(name, value) }
      @parts = options.fetch(:stream, false)
    end

    def set(name, value)
      option = OPTIONS.fetch(name) { raise ArgumentError, "unknown keyword: #{name.inspect}" }
      number = { true => 1, false => 0 }.fetch(value, value)
      Errors.check_integer(name, number, 0...2**64)
      Errors.check(Native.ws_conn_set(handle, option, number))
    end

    def handle
      @handle || raise(UsageError.new(ERR_INVALID_STATE, "the connection was freed"))
    end

    def fact(number)
      value = [0].pack("Q")
      Errors.check(Native.ws_conn_get(handle, number, value))
      code = value.unpack1("Q")
      code.zero? ? nil : code
    end

    def flags(more, plain, rsv)
      (more ? SEND_MORE : 0) | (plain ? SEND_PLAIN : 0) | Errors.check_bits("rsv", rsv)
    end

    def write(opcode, data, flags)
      length = data.bytesize
      @output.write(Native.ws_conn_send_bound(handle, length)) do |out, size|
        Native.ws_conn_send(handle, opcode, flags, data, length, out, size)
      end
    end

    # Yields the events of one call, then takes the connection's own output, which is due after a
    # ping, a close and an error. Returns how many bytes the call consumed.
    def received(input, start, &block)
      events, used = decoded(input, start)
      events.each(&block)
      used
    ensure
      @output.write(MAX_OUTPUT) { |out, size| Native.ws_conn_output(@handle, out, size) } if @handle && @due
    end

    # The events of one call, and how many bytes it consumed. Their data is copied: nothing of them
    # is in the memory of the library.
    def decoded(input, start)
      @due = true
      scratch = Native.scratch
      address = Fiddle::Pointer[input] + start
      count = Errors.check(
        Native.ws_conn_recv(handle, address, input.bytesize - start, scratch.entries,
                            Native::Scratch::ENTRIES, scratch.used)
      )
      @due = false
      used = scratch.consumed
      fields = scratch.entries[0, count * Native::EVENT.size].unpack(FORMATS[count])
      [fields.each_slice(6).map { |each| event(each, address, scratch, count) }, used]
    end

    # The data of the last event, which is in the connection's memory.
    def lent(scratch, count, length)
      entry = scratch.entries + (count - 1) * Native::EVENT.size
      Native.ws_event_data(handle, nil, entry)[0, length]
    end

    def event((offset, length, opcode, flags, close_code), address, scratch, count)
      collected = flags.anybits?(EVENT_COLLECTED)
      data = collected ? lent(scratch, count, length) : address[offset, length]
      return data_event(opcode, data, flags) if opcode < OPCODE_CLOSE

      @due = true
      case opcode
      when OPCODE_PING then Ping.new(data)
      when OPCODE_PONG then Pong.new(data)
      else Close.new(close_code, data.force_encoding(UTF_8))
      end
    end

    def data_event(opcode, data, flags)
      rsv = flags & Frame::RSV
      return Part.new(data, opcode, flags.anybits?(EVENT_FIRST), flags.anybits?(EVENT_LAST), rsv) if @parts

      data.force_encoding(UTF_8) if opcode == OPCODE_TEXT
      message = Message.new(data)
      message.rsv = rsv unless rsv.zero?
      message
    end
  end
end
