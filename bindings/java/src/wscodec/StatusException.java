package wscodec;

/** The server's response is not a 101. */
public final class StatusException extends WebSocketException {
    private static final long serialVersionUID = 1;

    private final transient ResponseHead response;

    StatusException(ResponseHead response) {
        super(ErrorCode.HANDSHAKE_STATUS);
        this.response = response;
    }

    public ResponseHead response() {
        return response;
    }
}
