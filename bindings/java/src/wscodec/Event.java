package wscodec;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * A message, a chunk of one (with {@link Option#STREAM}), or a control frame.
 *
 * @param opcode never CONTINUATION
 * @param flags the WS_EVENT_* and WS_RSV* of wscodec.h
 * @param closeCode of a close: its code, or 1005; else 0
 * @param data the payload, of a close the reason: a view of the input of {@link
 *     Connection#receive}, to be used before that is filled again; or, if the library had collected
 *     the message, a copy
 */
public record Event(Opcode opcode, int flags, int closeCode, ByteBuffer data) {
    static final int FIRST = 0x1;
    static final int LAST = 0x2;
    static final int COLLECTED = 0x4;
    static final int FRAME_END = 0x8;

    /** Whether it starts its message. */
    public boolean first() {
        return (flags & FIRST) != 0;
    }

    /** Whether it ends its message. */
    public boolean last() {
        return (flags & LAST) != 0;
    }

    /** Whether it ends a frame. */
    public boolean endsFrame() {
        return (flags & FRAME_END) != 0;
    }

    /** Whether it is, or belongs to, a message. */
    public boolean isData() {
        return !opcode.isControl();
    }

    /** The reserved bits of the message, which {@link Option#ALLOW_RSV} accepted. */
    public int reservedBits() {
        return flags & Frame.RSV;
    }

    /** A copy of the data. */
    public byte[] bytes() {
        return Buffers.copy(data);
    }

    /** The data of a whole text, which the library has checked, or the reason of a close. */
    public String text() {
        return new String(bytes(), StandardCharsets.UTF_8);
    }
}
