package wscodec;

/** A valid HTTP request that is not a WebSocket upgrade. */
public final class NotUpgradeException extends WebSocketException {
    private static final long serialVersionUID = 1;

    private final transient RequestHead request;

    NotUpgradeException(RequestHead request) {
        super(ErrorCode.NOT_UPGRADE);
        this.request = request;
    }

    public RequestHead request() {
        return request;
    }
}
