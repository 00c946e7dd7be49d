package wscodec;

import com.sun.jna.NativeLibrary;

/**
 * The functions of wscodec.h that this package calls. A size_t and a pointer are a long; a pointer
 * to a few bytes, for which a copy does not matter, is an array. A uint16_t argument is an int,
 * since JNA would extend the sign of a short.
 */
final class Native {
    static final int EVENTS = 64;

    private Native() {}

    static {
        if (com.sun.jna.Native.SIZE_T_SIZE != Long.BYTES) {
            throw new UnsatisfiedLinkError("wscodec: a JVM of 64 bits is needed");
        }
        var path = System.getenv("WSCODEC_LIBRARY");
        var library = NativeLibrary.getInstance(path == null ? "wscodec" : path);
        com.sun.jna.Native.register(Native.class, library);
        Layout.check();
    }

    static native long ws_sizeof(int type);

    static native String ws_strerror(long result);

    static native short ws_close_code_for(long error);

    static native short ws_http_status(long error);

    static native long ws_accept_key(byte[] key, long keyLen, byte[] out, long outCap);

    static native long ws_parse_handshake(byte[] buf, long len, byte[] hs, long hsSize);

    static native long ws_head_length(long buf, long len, long[] scanned);

    static native long ws_make_key(byte[] out, long outCap);

    static native long ws_build_request(long spec, long specSize, byte[] out, long outCap);

    static native long ws_parse_response(byte[] buf, long len, byte[] request, long requestLen,
            byte[] response, long responseSize);

    static native long ws_frame_decode(long buf, long len, int flags, long frame);

    static native long ws_frame_size(long payloadLen, int masked);

    static native long ws_frame_encode(int opcode, int flags, byte[] maskKey, long payload,
            long payloadLen, long out, long outCap);

    static native long ws_frame_header(int opcode, int flags, byte[] maskKey, long payloadLen,
            byte[] out, long outCap);

    static native long ws_decoder_init(long decoder, int flags, long maxPayload);

    static native long ws_decoder_feed(long decoder, long buf, long len, long frames,
            long framesCap, long consumed);

    static native long ws_decoder_finish(long decoder);

    static native long ws_utf8_validate(int[] state, byte[] buf, long len);

    static native long ws_utf8_validate(int[] state, long buf, long len);

    static native long ws_close_parse(byte[] payload, long len, short[] code);

    static native long ws_close_build(int code, byte[] reason, long reasonLen, byte[] out,
            long outCap);

    static native int ws_close_code_valid(int code);

    static native long ws_pmd_accept_value(byte[] offers, long offersLen, byte[] params,
            byte[] out, long outCap);

    static native long ws_pmd_offer(byte[] params, byte[] out, long outCap);

    static native long ws_pmd_confirm_value(byte[] response, long responseLen, byte[] params);

    static native long ws_conn_new(int side, long allocator);

    static native void ws_conn_free(long conn);

    static native long ws_conn_set_pmd(long conn, byte[] params);

    static native long ws_conn_get_pmd(long conn, byte[] params);

    static native long ws_conn_set(long conn, int option, long value);

    static native long ws_conn_get(long conn, int option, long[] value);

    static native long ws_event_data(long conn, long buf, long event);

    static native long ws_conn_recv(long conn, long buf, long len, long events, long eventsCap,
            long consumed);

    static native long ws_conn_output(long conn, long out, long outCap);

    static native long ws_conn_send(long conn, int opcode, int flags, long payload,
            long payloadLen, long out, long outCap);

    static native long ws_conn_send_bound(long conn, long payloadLen);

    static native long ws_conn_close(long conn, int code, byte[] reason, long reasonLen,
            long out, long outCap);

    static native long ws_conn_finish(long conn);

    static native int ws_conn_state(long conn);

    static native long ws_conn_accept(long buf, long len, long spec, long specSize,
            byte[] accepted, long acceptedSize, long out, long outCap);

    static native long ws_conn_confirm(long buf, long len, byte[] request, long requestLen,
            byte[] offered, long allocator, long[] conn, byte[] response, long responseSize);
}
