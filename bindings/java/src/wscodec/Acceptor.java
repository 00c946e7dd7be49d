package wscodec;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** How a server accepts clients: its policy, checked once. Threads may share it. */
public final class Acceptor {
    private static final int MAX_REPLY = 512;
    private static final int NEED_PROTOCOL = 0x1;

    private final byte[] protocols;
    private final Spec spec;
    private final int replyBound;

    /** Accepts every client, without a subprotocol and without compression. */
    public Acceptor() {
        this(new Builder());
    }

    private Acceptor(Builder builder) {
        protocols = list("protocols", ", ", builder.protocols);
        var origins = list("origins", " ", builder.origins);
        var headers = builder.headers == null ? null : Buffers.latin1(builder.headers, "headers");
        var deflate = builder.deflate == null ? null : builder.deflate.pack();
        spec = new Spec(
                Layout.AcceptSpec.SIZE, Spec.room(protocols, origins, headers, deflate));
        spec.bytes(Layout.AcceptSpec.PROTOCOLS, protocols);
        spec.bytes(Layout.AcceptSpec.ORIGINS, origins);
        spec.bytes(Layout.AcceptSpec.HEADERS, headers);
        spec.pointer(Layout.AcceptSpec.PMD, deflate);
        spec.number(Layout.AcceptSpec.FLAGS, builder.needProtocol ? NEED_PROTOCOL : 0);
        replyBound = MAX_REPLY + Spec.room(protocols, headers);
        var accepted = new byte[Layout.Accepted.SIZE];
        ErrorCode.checkLocal(call(0, 0, accepted, 0, 0),
                "protocols, origins, headers, needProtocol or deflate");
    }

    private static byte[] list(String name, String separator, List<String> values) {
        return values == null ? null : Buffers.latin1(String.join(separator, values), name);
    }

    /** Chooses what an acceptor does. */
    public static final class Builder {
        private List<String> protocols;
        private List<String> origins;
        private String headers;
        private Deflate deflate;
        private boolean needProtocol;

        /** The subprotocols, the most preferred first. */
        public Builder protocols(String... values) {
            protocols = List.of(values);
            return this;
        }

        /** Rejects clients that offer none of the subprotocols. */
        public Builder needProtocol() {
            needProtocol = true;
            return this;
        }

        /** Rejects browsers' pages of other origins, such as "https://example.com". */
        public Builder origins(String... values) {
            origins = List.of(values);
            return this;
        }

        /** Complete lines, "Name: value\r\n", for the 101. */
        public Builder headers(String lines) {
            headers = lines;
            return this;
        }

        /** Compresses, if the client offers that, with these parameters at most. */
        public Builder deflate(Deflate willing) {
            deflate = willing;
            return this;
        }

        public Acceptor build() {
            return new Acceptor(this);
        }
    }

    /**
     * What became of a request.
     *
     * @param connection null if the request was rejected
     * @param error why; null if it was accepted
     * @param protocol the subprotocol that was chosen; null: none
     */
    public record Accepted(Connection connection, ErrorCode error, String protocol) {}

    /**
     * Reads the request at the position of a direct buffer (RFC 6455, 4.2), appends the response,
     * and moves the position behind the head: the first frames are there. Returns null, and does
     * nothing, while the head is incomplete.
     */
    public Accepted accept(ByteBuffer input, Output output) {
        var accepted = new byte[Layout.Accepted.SIZE];
        var view = Buffers.view(input, "input");
        long length;
        synchronized (output) {
            length = call(Buffers.address(view), view.remaining(), accepted,
                    output.reserve(replyBound), replyBound);
            output.written(ErrorCode.checkLocal(length, "accept"));
        }
        if (length == 0) {
            return null;
        }
        var fields = Buffers.struct(accepted);
        input.position(input.position() + fields.getInt(Layout.Accepted.HEAD_LEN));
        long error = fields.getLong(Layout.Accepted.ERROR);
        if (error < 0) {
            return new Accepted(null, ErrorCode.of(error), null);
        }
        return new Accepted(
                new Connection(fields.getLong(Layout.Accepted.CONN)), null, protocol(fields));
    }

    private long call(long buf, long len, byte[] accepted, long out, long cap) {
        long result = Native.ws_conn_accept(buf, len, spec.address(), spec.size(),
                accepted, accepted.length, out, cap);
        spec.keepAlive();
        return result;
    }

    private String protocol(ByteBuffer fields) {
        int off = fields.getInt(Layout.Accepted.PROTOCOL + Layout.Span.OFF);
        int len = fields.getInt(Layout.Accepted.PROTOCOL + Layout.Span.LEN);
        return len == 0 ? null : new String(protocols, off, len, StandardCharsets.US_ASCII);
    }
}
