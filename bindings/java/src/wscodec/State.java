package wscodec;

/** The state of a connection. After CLOSED or FAILED: send all output, then end it. */
public enum State {
    OPEN,
    CLOSING,
    CLOSED,
    FAILED;

    private static final State[] VALUES = values();

    static State of(int value) {
        return VALUES[value];
    }

    /** Whether the connection reads nothing more. */
    public boolean isEnded() {
        return this == CLOSED || this == FAILED;
    }
}
