package wscodec;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Parameters of permessage-deflate (RFC 7692, 7.1).
 *
 * @param serverNoContextTakeover the server compresses each message independently
 * @param clientNoContextTakeover the client compresses each message independently
 * @param serverMaxWindowBits 8 to 15
 * @param clientMaxWindowBits 8 to 15
 * @param level 1 to 9; not negotiated
 * @param memLevel 1 to 9; not negotiated
 */
public record Deflate(
        boolean serverNoContextTakeover,
        boolean clientNoContextTakeover,
        int serverMaxWindowBits,
        int clientMaxWindowBits,
        int level,
        int memLevel) {

    private static final int MAX_VALUE = 256;

    /** Both sides keep their context, and have windows of 15 bits. */
    public static final Deflate DEFAULT = new Deflate(false, false, 15, 15, 6, 8);

    public Deflate {
        inRange("serverMaxWindowBits", serverMaxWindowBits, 8, 15);
        inRange("clientMaxWindowBits", clientMaxWindowBits, 8, 15);
        inRange("level", level, 1, 9);
        inRange("memLevel", memLevel, 1, 9);
    }

    private static void inRange(String name, int value, int least, int most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(
                    name + ": " + value + " is not from " + least + " to " + most);
        }
    }

    /** What was agreed on, and the value of the server's Sec-WebSocket-Extensions. */
    public record Agreement(Deflate deflate, String response) {}

    /**
     * Server: accepts the first acceptable offer (RFC 7692, 5.1). These are the parameters that it
     * is willing to use.
     *
     * @param offers all values of Sec-WebSocket-Extensions, joined with commas
     * @return null if none is acceptable
     */
    public Agreement accept(String offers) throws WebSocketException {
        var values = Buffers.latin1(offers, "offers");
        var params = pack();
        var out = new byte[MAX_VALUE];
        int length = (int) ErrorCode.check(
                Native.ws_pmd_accept_value(values, values.length, params, out, out.length),
                "offers");
        return length == 0 ? null : new Agreement(unpack(params), ascii(out, length));
    }

    /** Client: the value of Sec-WebSocket-Extensions that offers these parameters. */
    public String offer() {
        var out = new byte[MAX_VALUE];
        long length = Native.ws_pmd_offer(pack(), out, out.length);
        return ascii(out, (int) ErrorCode.checkLocal(length, "offer"));
    }

    /**
     * Client: what was agreed on, after these parameters were offered.
     *
     * @param response all values of the server's Sec-WebSocket-Extensions, joined with commas
     * @return null: no compression
     */
    public Deflate confirm(String response) throws WebSocketException {
        var values = Buffers.latin1(response, "response");
        var params = pack();
        long result = Native.ws_pmd_confirm_value(values, values.length, params);
        return ErrorCode.check(result, "response") == 0 ? null : unpack(params);
    }

    private static String ascii(byte[] bytes, int length) {
        return new String(Arrays.copyOf(bytes, length), StandardCharsets.US_ASCII);
    }

    byte[] pack() {
        var params = new byte[Layout.PmdParams.SIZE];
        params[Layout.PmdParams.SERVER_NO_CONTEXT_TAKEOVER] = flag(serverNoContextTakeover);
        params[Layout.PmdParams.CLIENT_NO_CONTEXT_TAKEOVER] = flag(clientNoContextTakeover);
        params[Layout.PmdParams.SERVER_MAX_WINDOW_BITS] = (byte) serverMaxWindowBits;
        params[Layout.PmdParams.CLIENT_MAX_WINDOW_BITS] = (byte) clientMaxWindowBits;
        params[Layout.PmdParams.LEVEL] = (byte) level;
        params[Layout.PmdParams.MEM_LEVEL] = (byte) memLevel;
        return params;
    }

    private static byte flag(boolean value) {
        return (byte) (value ? 1 : 0);
    }

    static Deflate unpack(byte[] params) {
        return new Deflate(
                params[Layout.PmdParams.SERVER_NO_CONTEXT_TAKEOVER] != 0,
                params[Layout.PmdParams.CLIENT_NO_CONTEXT_TAKEOVER] != 0,
                params[Layout.PmdParams.SERVER_MAX_WINDOW_BITS],
                params[Layout.PmdParams.CLIENT_MAX_WINDOW_BITS],
                params[Layout.PmdParams.LEVEL],
                params[Layout.PmdParams.MEM_LEVEL]);
    }
}
