module WSCodec
  # Decodes frames from input that is split anywhere. For one thread at a time.
  class Decoder
    # `max_payload`: a frame that announces more is an error; 0: no limit. Switches as for
    # Frame.decode.
    def initialize(side, max_payload: 0, **switches)
      Errors.check_integer("max_payload", max_payload, 0...2**64)
      @state = Native.memory(Native::DECODER.size)
      Errors.check(Native.ws_decoder_init(@state, Frame.flags_of(side, switches), max_payload))
    end

    # Yields a Frame for each chunk. Raises ProtocolError after the chunks before the error. A block
    # that is left early loses the rest of `data`.
    def feed(data)
      return to_enum(:feed, data) unless block_given?

      input = Native.writable(data)
      start = 0
      while start < input.bytesize
        entries, used = decoded(input, start)
        entries.each { |entry| yield Frame.from_c(entry, input, nil, start) }
        start += used
      end
    end

    # Raises an Error unless the stream may end here.
    def finish
      Errors.check(Native.ws_decoder_finish(@state))
      nil
    end

    private

    # The entries of one call, and how many bytes it consumed.
    def decoded(input, start)
      scratch = Native.scratch
      at = Fiddle::Pointer[input] + start
      count = Errors.check(Native.ws_decoder_feed(@state, at, input.bytesize - start,
                                                  scratch.entries, Native::Scratch::ENTRIES, scratch.used))
      size = Native::FRAME.size
      [Array.new(count) { |i| scratch.entries[i * size, size] }, scratch.consumed]
    end
  end
end
