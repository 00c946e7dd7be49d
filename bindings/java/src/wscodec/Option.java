package wscodec;

/** The options of a connection: WS_OPT_* in wscodec.h, which describes them. A switch is 0 or 1. */
public enum Option {
    /** Most bytes of an incoming message; 0: no limit; 1 MiB by default. */
    MAX_MESSAGE(1),
    /** Switch: report messages in chunks as they arrive. */
    STREAM(2),
    /** Switch: reply to pings; 1 by default. */
    AUTO_PONG(3),
    /** Switch: incoming text must be UTF-8; 1 by default. */
    CHECK_UTF8(4),
    /** Most bytes of message memory to keep between messages. */
    KEEP_BUFFER(5),
    /** Most bytes of payload that one data frame may announce; 0: no limit. */
    MAX_FRAME(6),
    /** Switch: accept masked and unmasked frames. */
    ANY_MASK(7),
    /** Switch: reply to a close, and report errors with one; 1 by default. */
    AUTO_CLOSE(8),
    /** Those of the reserved bits that messages may have, for an extension of your own. */
    ALLOW_RSV(9),
    /** Bytes: shorter messages are sent uncompressed. */
    COMPRESS_FROM(10);

    final int value;

    Option(int value) {
        this.value = value;
    }
}
