package wscodec;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Set;

/**
 * A frame (RFC 6455, 5.2), or, from a {@link Decoder}, the part of one that has arrived.
 *
 * @param opcode the frame's own
 * @param flags the WS_FIN, WS_RSV*, WS_MASKED, WS_BEGIN and WS_END of wscodec.h
 * @param maskingKey null if the frame is not masked
 * @param payloadLength the length that the header announced
 * @param position where in the whole payload this part starts
 * @param payload a view of the input, unmasked
 * @param headerLength the length of the header
 * @param messageOpcode of the message that it belongs to; from a decoder also for a continuation
 */
public record Frame(
        Opcode opcode,
        int flags,
        byte[] maskingKey,
        long payloadLength,
        long position,
        ByteBuffer payload,
        int headerLength,
        Opcode messageOpcode) {

    public static final int FIN = 0x80;
    public static final int RSV1 = 0x40;
    public static final int RSV2 = 0x20;
    public static final int RSV3 = 0x10;
    public static final int MAX_CONTROL = 125;
    static final int RSV = RSV1 | RSV2 | RSV3;
    private static final int MASKED = 0x01;
    private static final int BEGIN = 0x02;
    private static final int END = 0x04;
    private static final int MAX_HEADER = 14;

    /** What a reader accepts: WS_DEFLATE and so on in wscodec.h. */
    public enum Accept {
        /** RSV1 on the first frame of a message. */
        DEFLATE(0x02),
        /** Masked and unmasked frames. */
        ANY_MASK(0x04),
        /** Do not unmask. */
        KEEP_MASKED(0x08),
        /** All reserved bits of data frames. */
        ANY_RSV(0x10);

        final int value;

        Accept(int value) {
            this.value = value;
        }
    }

    static int flags(Role role, Set<Accept> options) {
        return options.stream().mapToInt(each -> each.value).reduce(role.value, (a, b) -> a | b);
    }

    public boolean fin() {
        return (flags & FIN) != 0;
    }

    public int reservedBits() {
        return flags & RSV;
    }

    /** Whether this part starts the payload. */
    public boolean begins() {
        return (flags & BEGIN) != 0;
    }

    /** Whether this part ends the payload. */
    public boolean ends() {
        return (flags & END) != 0;
    }

    /**
     * Decodes the frame at the position of a direct buffer, unmasks it in place, and moves the
     * position behind it. Returns null, and changes nothing, while the frame is incomplete.
     *
     * @param role the side that reads
     */
    public static Frame decode(ByteBuffer input, Role role, Set<Accept> options)
            throws WebSocketException {
        var scratch = Scratch.get();
        var view = Buffers.writable(input, "input");
        long result = Native.ws_frame_decode(Buffers.address(view), view.remaining(),
                flags(role, options), scratch.entriesAddress);
        if (ErrorCode.check(result, "input") == 0) {
            return null;
        }
        var frame = read(scratch.entries, 0, view);
        input.position(input.position() + (int) result);
        return frame;
    }

    /** Reads a ws_frame whose positions are those in a view of the input. */
    static Frame read(ByteBuffer entries, int at, ByteBuffer view) {
        int flags = entries.get(at + Layout.Frame.FLAGS) & 0xff;
        var key = new byte[4];
        entries.get(at + Layout.Frame.MASK_KEY, key);
        int off = (int) entries.getLong(at + Layout.Frame.CHUNK_OFF);
        int len = (int) entries.getLong(at + Layout.Frame.CHUNK_LEN);
        return new Frame(
                Opcode.of(entries.get(at + Layout.Frame.OPCODE)),
                flags,
                (flags & MASKED) == 0 ? null : key,
                entries.getLong(at + Layout.Frame.PAYLOAD_LEN),
                entries.getLong(at + Layout.Frame.CHUNK_POS),
                view.slice(off, len),
                entries.get(at + Layout.Frame.HEADER_LEN),
                Opcode.of(entries.get(at + Layout.Frame.MESSAGE_OPCODE)));
    }

    /**
     * Appends a frame.
     *
     * @param flags FIN and RSV1 to RSV3
     * @param maskingKey 4 unpredictable bytes, or null for an unmasked frame
     * @param payload a direct buffer, which stays as it is
     */
    public static void encode(
            Opcode opcode, int flags, byte[] maskingKey, ByteBuffer payload, Output output) {
        var view = Buffers.view(payload, "payload");
        int len = view.remaining();
        check(opcode, flags, maskingKey, len);
        synchronized (output) {
            long size = Native.ws_frame_size(len, maskingKey == null ? 0 : 1);
            long result = Native.ws_frame_encode(opcode.value, flags, maskingKey,
                    Buffers.address(view), len, output.reserve(size), size);
            Reference.reachabilityFence(view);
            output.written(ErrorCode.checkLocal(result, "frame"));
        }
    }

    /** The header of a frame whose payload is sent apart; mask that yourself. */
    public static byte[] header(Opcode opcode, int flags, byte[] maskingKey, long payloadLength) {
        check(opcode, flags, maskingKey, payloadLength);
        var out = new byte[MAX_HEADER];
        long length = Native.ws_frame_header(
                opcode.value, flags, maskingKey, payloadLength, out, out.length);
        return Arrays.copyOf(out, (int) ErrorCode.checkLocal(length, "header"));
    }

    private static void check(Opcode opcode, int flags, byte[] maskingKey, long payloadLength) {
        if ((flags & ~(FIN | RSV)) != 0) {
            throw new IllegalArgumentException("flags: others than FIN and RSV1 to RSV3");
        }
        if (maskingKey != null && maskingKey.length != 4) {
            throw new IllegalArgumentException("maskingKey: not 4 bytes");
        }
        if (payloadLength < 0) {
            throw new IllegalArgumentException("payloadLength: negative");
        }
        if (opcode.isControl() && ((flags & FIN) == 0 || payloadLength > MAX_CONTROL)) {
            throw new IllegalArgumentException("opcode: a " + opcode
                    + " needs FIN and at most 125 bytes of payload");
        }
    }
}
