module WSCodec
  # A message: a String of UTF-8, or of binary data.
  Message = Struct.new(:data) do
    attr_writer :rsv

    def text?
      data.encoding == Encoding::UTF_8
    end

    # Its reserved bits, of those in the option allow_rsv.
    def rsv
      @rsv || 0
    end
  end

  # With the option stream: a part of a message as it arrived, of any encoding. `opcode` is that of
  # the message.
  Part = Struct.new(:data, :opcode, :first, :last, :rsv)

  Ping = Struct.new(:data)
  Pong = Struct.new(:data)

  # The peer's close: its code, 1005 if it has none, and its reason.
  Close = Struct.new(:code, :reason)
end
