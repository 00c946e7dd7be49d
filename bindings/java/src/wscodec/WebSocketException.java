package wscodec;

import java.io.IOException;

/** The peer violated the protocol, its stream ended too early, or the handshake failed. */
public class WebSocketException extends IOException {
    private static final long serialVersionUID = 1;

    private final ErrorCode error;

    WebSocketException(ErrorCode error) {
        super(error.description());
        this.error = error;
    }

    public ErrorCode error() {
        return error;
    }
}
