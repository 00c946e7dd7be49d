package wscodec;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A client's opening request, and what is needed to read the response to it. */
public final class Request {
    private static final int MAX_HEAD = 65536;
    private static final int KEY_LEN = 24;

    private final byte[] head;
    private final byte[] offered;

    /** A request that was written before; deflate: what it offers, or null. */
    public Request(byte[] head, Deflate deflate) {
        this.head = head.clone();
        this.offered = deflate == null ? null : deflate.pack();
    }

    private Request(Builder builder) {
        this(builder.write(), builder.deflate);
    }

    /** Chooses what a request says. */
    public static final class Builder {
        private final String host;
        private final String target;
        private String origin;
        private String protocols;
        private String headers;
        private Deflate deflate;

        /** For example ("example.com:8080", "/chat"). */
        public Builder(String host, String target) {
            this.host = host;
            this.target = target;
        }

        public Builder origin(String value) {
            origin = value;
            return this;
        }

        /** The subprotocols, the most preferred first. */
        public Builder protocols(String... values) {
            protocols = String.join(", ", values);
            return this;
        }

        /** Additional complete lines, "Name: value\r\n". */
        public Builder headers(String lines) {
            headers = lines;
            return this;
        }

        /** Offers compression with these parameters. */
        public Builder deflate(Deflate offered) {
            deflate = offered;
            return this;
        }

        public Request build() {
            return new Request(this);
        }

        private byte[] write() {
            var key = new byte[KEY_LEN];
            ErrorCode.checkLocal(Native.ws_make_key(key, key.length), "key");
            var names = new String[] {"host", "target", "origin", "protocols", "headers"};
            var texts = new String[] {host, target, origin, protocols, headers};
            int[] fields = {Layout.RequestSpec.HOST, Layout.RequestSpec.TARGET,
                Layout.RequestSpec.ORIGIN, Layout.RequestSpec.PROTOCOLS,
                Layout.RequestSpec.HEADERS};
            var values = new byte[texts.length][];
            for (int i = 0; i < texts.length; i++) {
                values[i] = texts[i] == null ? null : Buffers.latin1(texts[i], names[i]);
            }
            var extensions = deflate == null ? null : Buffers.latin1(deflate.offer(), "deflate");
            var spec = new Spec(Layout.RequestSpec.SIZE,
                    Spec.room(values) + Spec.room(key, extensions));
            for (int i = 0; i < fields.length; i++) {
                spec.bytes(fields[i], values[i]);
            }
            spec.bytes(Layout.RequestSpec.KEY, key);
            spec.bytes(Layout.RequestSpec.EXTENSIONS, extensions);
            var out = new byte[MAX_HEAD];
            long length = Native.ws_build_request(spec.address(), spec.size(), out, out.length);
            spec.keepAlive();
            ErrorCode.checkLocal(length, "host, target, origin, protocols or headers");
            return Arrays.copyOf(out, (int) length);
        }
    }

    /** The bytes to send. */
    public byte[] head() {
        return head.clone();
    }

    /** An open connection, and the response that opened it. */
    public record Confirmed(Connection connection, ResponseHead response) {}

    /**
     * Reads the response at the position of a direct buffer (RFC 6455, 4.1), and moves the position
     * behind the head: the first frames are there. Returns null, and does nothing, while the head
     * is incomplete.
     */
    public Confirmed confirm(ByteBuffer input) throws WebSocketException {
        var conn = new long[1];
        var struct = new byte[Layout.Response.SIZE];
        var view = Buffers.view(input, "input");
        long result = Native.ws_conn_confirm(Buffers.address(view), view.remaining(),
                head, head.length, offered, 0, conn, struct, struct.length);
        var response = ResponseHead.checked(result, Buffers.copy(view), struct);
        if (response == null) {
            return null;
        }
        input.position(input.position() + response.length());
        return new Confirmed(new Connection(conn[0]), response);
    }

    @Override
    public String toString() {
        return new String(head, StandardCharsets.ISO_8859_1);
    }
}
