module WSCodec
  # One frame, or a chunk of one from a Decoder: then `first` and `last` tell whether the chunk
  # starts and ends the payload, and `payload_length` is the length of the whole payload.
  Frame = Struct.new(:opcode, :payload, :fin, :rsv, :mask_key, :payload_length, :first, :last,
                     :message_opcode, :size, keyword_init: true)

  class Frame
    RSV = RSV1 | RSV2 | RSV3
    SWITCHES = { deflate: DEFLATE, any_mask: ANY_MASK, keep_masked: KEEP_MASKED,
                 any_rsv: ANY_RSV }.freeze

    class << self
      # Decodes the frame at the start of `data`; nil if it is incomplete. Switches: deflate,
      # any_mask, keep_masked, any_rsv.
      def decode(data, side, **switches)
        input = Native.writable(data)
        entry = "\0".b * Native::FRAME.size
        flags = flags_of(side, switches)
        size = Errors.check(Native.ws_frame_decode(input, input.bytesize, flags, entry))
        size.zero? ? nil : from_c(entry, input, size)
      end

      # Encodes a frame, masked if there is a masking key of 4 bytes.
      def encode(opcode, payload = "", fin: true, rsv: 0, mask_key: nil)
        Errors.check_string("payload", payload)
        key = key_of(mask_key)
        size = Native.ws_frame_size(payload.bytesize, key ? 1 : 0)
        Native.written(size) do |out, cap|
          Native.ws_frame_encode(opcode, bits(fin, rsv), key, payload, payload.bytesize, out, cap)
        end
      end

      # Encodes only the header of a frame.
      def header(opcode, payload_length, fin: true, rsv: 0, mask_key: nil)
        Errors.check_integer("payload_length", payload_length, 0...2**63)
        Native.written(MAX_HEADER) do |out, cap|
          Native.ws_frame_header(opcode, bits(fin, rsv), key_of(mask_key), payload_length, out, cap)
        end
      end

      # The length of a frame with its header.
      def size(payload_length, masked: false)
        Errors.check_integer("payload_length", payload_length, 0...2**63)
        Native.ws_frame_size(payload_length, masked ? 1 : 0)
      end

      def flags_of(side, switches)
        switches.reduce(WSCodec.side(side)) do |flags, (name, on)|
          bit = SWITCHES.fetch(name) { raise ArgumentError, "unknown keyword: #{name.inspect}" }
          on ? flags | bit : flags
        end
      end

      # A frame from a ws_frame whose payload is in `input`, from `start` on.
      def from_c(entry, input, size = nil, start = 0)
        length, _, offset, chunk, key, opcode, flags, _, message = entry.unpack(Native::FRAME.format)
        new(opcode: opcode, payload: input.byteslice(start + offset, chunk), fin: flags.anybits?(FIN),
            rsv: flags & RSV, mask_key: flags.anybits?(MASKED) ? key : nil, payload_length: length,
            first: flags.anybits?(CHUNK_BEGIN), last: flags.anybits?(CHUNK_END), message_opcode: message,
            size: size)
      end

      private

      def bits(fin, rsv)
        (fin ? FIN : 0) | Errors.check_bits("rsv", rsv)
      end

      def key_of(mask_key)
        return mask_key if mask_key.nil? || (mask_key.is_a?(String) && mask_key.bytesize == 4)

        raise ArgumentError, "mask_key must be 4 bytes, not #{mask_key.inspect}"
      end
    end
  end
end
