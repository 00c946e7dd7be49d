package wscodec;

/**
 * A server's response to the opening request. What is absent is null.
 *
 * @param protocol the subprotocol that the server chose
 * @param extensions the first Sec-WebSocket-Extensions
 * @param httpVersion the digits of the version: 11 is HTTP/1.1
 * @param length the length of the head in bytes; the first frames follow it
 */
public record ResponseHead(
        int status,
        String reason,
        String protocol,
        String extensions,
        int httpVersion,
        int length) {

    /**
     * Parses the response at the start of a buffer and checks it against the request (RFC 6455,
     * 4.1). Returns null while it is incomplete. Throws {@link StatusException} unless it is a 101.
     */
    public static ResponseHead parse(byte[] input, byte[] request) throws WebSocketException {
        var struct = new byte[Layout.Response.SIZE];
        long result = Native.ws_parse_response(
                input, input.length, request, request.length, struct, struct.length);
        return checked(result, input, struct);
    }

    /** The result of a function that fills a ws_response. */
    static ResponseHead checked(long result, byte[] head, byte[] struct)
            throws WebSocketException {
        if (result == ErrorCode.HANDSHAKE_STATUS.value) {
            throw new StatusException(read(head, struct));
        }
        return ErrorCode.check(result, "request") == 0 ? null : read(head, struct);
    }

    private static ResponseHead read(byte[] head, byte[] struct) {
        var fields = Buffers.struct(struct);
        return new ResponseHead(
                fields.getShort(Layout.Response.STATUS) & 0xffff,
                Buffers.text(head, fields, Layout.Response.REASON),
                Buffers.text(head, fields, Layout.Response.PROTOCOL),
                Buffers.text(head, fields, Layout.Response.EXTENSIONS),
                fields.getShort(Layout.Response.HTTP_VERSION),
                fields.getInt(Layout.Response.HEAD_LEN));
    }
}
