package wscodec;

/** The errors of wscodec.h, WS_ERR_* there. */
public enum ErrorCode {
    INVALID_ARGUMENT(-1),
    BUFFER_TOO_SMALL(-2),
    INVALID_STATE(-3),
    NO_MEMORY(-4),
    UNSUPPORTED(-5),
    RANDOM(-6),
    HTTP_SYNTAX(-20),
    HTTP_TOO_LARGE(-21),
    NOT_UPGRADE(-22),
    HTTP_METHOD(-23),
    HTTP_VERSION(-24),
    HANDSHAKE_HOST(-25),
    HANDSHAKE_KEY(-26),
    HANDSHAKE_VERSION(-27),
    HANDSHAKE_STATUS(-28),
    HANDSHAKE_ACCEPT(-29),
    HANDSHAKE_PROTOCOL(-30),
    EXTENSION(-31),
    HANDSHAKE_ORIGIN(-32),
    RESERVED_BITS(-40),
    OPCODE(-41),
    LENGTH(-42),
    MASK(-43),
    CONTROL_FRAME(-44),
    FRAGMENTATION(-45),
    CLOSE_PAYLOAD(-46),
    UTF8(-47),
    TOO_BIG(-48),
    COMPRESSION(-49),
    EOF(-50),
    /** An error of a newer library. */
    UNKNOWN(Integer.MIN_VALUE);

    final int value;

    ErrorCode(int value) {
        this.value = value;
    }

    static ErrorCode of(long result) {
        for (var code : values()) {
            if (code.value == result) {
                return code;
            }
        }
        return UNKNOWN;
    }

    /** The close code that reports this error to the peer (RFC 6455, 7.4.1). */
    public int closeCode() {
        return Native.ws_close_code_for(value) & 0xffff;
    }

    /** The HTTP status that rejects a request with this error. */
    public int httpStatus() {
        return Native.ws_http_status(value) & 0xffff;
    }

    /** A short phrase in English. */
    public String description() {
        return Native.ws_strerror(value);
    }

    /**
     * Returns a count, or throws what Java programs expect for this error: {@link
     * WebSocketException} for what a peer or the system can cause.
     */
    static long check(long result, String what) throws WebSocketException {
        if (result >= 0) {
            return result;
        }
        var code = of(result);
        switch (code) {
            case INVALID_ARGUMENT:
                throw new IllegalArgumentException(what + ": " + code.description());
            case INVALID_STATE:
                throw new IllegalStateException(what + ": " + code.description());
            case UNSUPPORTED:
                throw new UnsupportedOperationException(what + ": " + code.description());
            case NO_MEMORY:
                throw new OutOfMemoryError(what + ": " + code.description());
            default:
                throw new WebSocketException(code);
        }
    }

    /** {@link #check} for calls that no peer can make fail. */
    static long checkLocal(long result, String what) {
        try {
            return check(result, what);
        } catch (WebSocketException e) {
            throw new IllegalStateException(what + ": " + e.getMessage(), e);
        }
    }
}
