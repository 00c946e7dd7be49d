package wscodec;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The payload of a close frame (RFC 6455, 5.5.1). An empty payload is code 1005. */
public record Close(int code, String reason) {
    public static final int NO_STATUS = 1005;
    private static final int MAX_REASON = Frame.MAX_CONTROL - 2;

    public static Close parse(byte[] payload) throws WebSocketException {
        var code = new short[1];
        int length = (int) ErrorCode.check(
                Native.ws_close_parse(payload, payload.length, code), "payload");
        return new Close(code[0] & 0xffff, new String(
                payload, payload.length - length, length, StandardCharsets.UTF_8));
    }

    /** The payload with this code and reason, which must be UTF-8. */
    public static byte[] build(int code, byte[] reason) {
        check(code, reason);
        var out = new byte[Frame.MAX_CONTROL];
        long length = Native.ws_close_build(code, reason, reason.length, out, out.length);
        return Arrays.copyOf(out, (int) ErrorCode.checkLocal(length, "code or reason"));
    }

    public byte[] payload() {
        return build(code, reason.getBytes(StandardCharsets.UTF_8));
    }

    static void check(int code, byte[] reason) {
        boolean valid = code >= 0 && code <= 0xffff && Native.ws_close_code_valid(code) != 0;
        if (!valid && code != NO_STATUS) {
            throw new IllegalArgumentException("code: " + code + " cannot be sent");
        }
        if (reason.length > MAX_REASON) {
            throw new IllegalArgumentException("reason: longer than 123 bytes");
        }
    }
}
