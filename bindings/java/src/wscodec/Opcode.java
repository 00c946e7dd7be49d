package wscodec;

/** What a frame is (RFC 6455, 5.2). */
public enum Opcode {
    CONTINUATION(0x0),
    TEXT(0x1),
    BINARY(0x2),
    CLOSE(0x8),
    PING(0x9),
    PONG(0xA);

    private static final Opcode[] BY_VALUE = new Opcode[16];

    static {
        for (var opcode : values()) {
            BY_VALUE[opcode.value] = opcode;
        }
    }

    final int value;

    Opcode(int value) {
        this.value = value;
    }

    /** The opcode of the library, which reports no other. */
    static Opcode of(int value) {
        return BY_VALUE[value];
    }

    public int value() {
        return value;
    }

    public boolean isControl() {
        return value >= CLOSE.value;
    }
}
