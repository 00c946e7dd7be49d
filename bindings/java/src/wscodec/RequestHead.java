package wscodec;

import java.nio.charset.StandardCharsets;

/**
 * A client's opening request. What is absent is null; each character is a byte, as usual for HTTP.
 *
 * @param httpVersion the digits of the version: 11 is HTTP/1.1
 * @param length the length of the head in bytes; the first frames follow it
 */
public record RequestHead(
        String method,
        String target,
        String host,
        String origin,
        String key,
        int httpVersion,
        int length) {

    /**
     * Parses the request at the start of a buffer and checks it (RFC 6455, 4.2.1). Returns null
     * while it is incomplete. Throws {@link NotUpgradeException} for an ordinary request.
     */
    public static RequestHead parse(byte[] input) throws WebSocketException {
        var struct = new byte[Layout.Handshake.SIZE];
        long result = Native.ws_parse_handshake(input, input.length, struct, struct.length);
        if (result == ErrorCode.NOT_UPGRADE.value) {
            throw new NotUpgradeException(read(input, struct));
        }
        return ErrorCode.check(result, "input") == 0 ? null : read(input, struct);
    }

    private static RequestHead read(byte[] head, byte[] struct) {
        var fields = Buffers.struct(struct);
        return new RequestHead(
                Buffers.text(head, fields, Layout.Handshake.METHOD),
                Buffers.text(head, fields, Layout.Handshake.TARGET),
                Buffers.text(head, fields, Layout.Handshake.HOST),
                Buffers.text(head, fields, Layout.Handshake.ORIGIN),
                Buffers.text(head, fields, Layout.Handshake.KEY),
                fields.getInt(Layout.Handshake.HTTP_VERSION),
                fields.getInt(Layout.Handshake.HEAD_LEN));
    }

    /** The Sec-WebSocket-Accept of a Sec-WebSocket-Key (RFC 6455, 4.2.2). */
    public static String acceptKey(String key) throws WebSocketException {
        var bytes = Buffers.latin1(key, "key");
        var out = new byte[28];
        ErrorCode.check(Native.ws_accept_key(bytes, bytes.length, out, out.length), "key");
        return new String(out, StandardCharsets.US_ASCII);
    }
}
