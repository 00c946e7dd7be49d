package wscodec;

import com.google.gson.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The vectors of the opening handshake, compression included. */
final class Heads {
    private static final String REQUEST = "GET /chat HTTP/1.1\r\nHost: server.example.com\r\n"
            + "Upgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

    private Heads() {}

    private interface Parser<T> {
        T parse(byte[] head) throws WebSocketException;
    }

    /**
     * Parses every prefix of a head: it is incomplete before the byte that completes it or proves
     * the error, and has one outcome from there on. Returns the last result.
     */
    private static <T> T parsed(JsonObject vector, byte[] head, Parser<T> parser) {
        var last = new Object[1];
        int at = Values.number(vector, "error_at", head.length - 1);
        for (int end : Values.ends(head.length, at)) {
            var prefix = Arrays.copyOf(head, end);
            if (end <= at) {
                Expect.error(null, () -> Expect.same(null, parser.parse(prefix), end));
            } else {
                Expect.outcome(vector, () -> last[0] = parser.parse(prefix));
            }
        }
        @SuppressWarnings("unchecked")
        T result = (T) last[0];
        return result;
    }

    static void requests(Values values, JsonObject vector) {
        var request = values.bytes(vector, "request");
        var read = parsed(vector, request, RequestHead::parse);
        if ("WS_ERR_NOT_UPGRADE".equals(Values.text(vector, "error"))) {
            read = Expect.thrown(NotUpgradeException.class, () -> RequestHead.parse(request))
                    .request();
        }
        if (!vector.has("error")) {
            Expect.same(request.length, read.length(), "length");
        }
        if (vector.has("fields")) {
            var fields = vector.getAsJsonObject("fields");
            for (var name : fields.keySet()) {
                Object got = switch (name) {
                    case "method" -> read.method();
                    case "target" -> read.target();
                    case "host" -> read.host();
                    case "origin" -> read.origin();
                    case "key" -> read.key();
                    default -> read.httpVersion();
                };
                same(values, fields, name, got);
            }
        }
    }

    static void responses(Values values, JsonObject vector) {
        var request = values.bytes(vector, "request");
        var response = values.bytes(vector, "response");
        var read = parsed(vector, response, head -> ResponseHead.parse(head, request));
        if ("WS_ERR_HANDSHAKE_STATUS".equals(Values.text(vector, "error"))) {
            read = Expect.thrown(
                    StatusException.class, () -> ResponseHead.parse(response, request)).response();
        }
        if (!vector.has("error")) {
            Expect.same(response.length, read.length(), "length");
        }
        if (vector.has("fields")) {
            var fields = vector.getAsJsonObject("fields");
            for (var name : fields.keySet()) {
                Object got = switch (name) {
                    case "protocol" -> read.protocol();
                    case "extensions" -> read.extensions();
                    case "reason" -> read.reason();
                    case "status" -> read.status();
                    default -> read.httpVersion();
                };
                same(values, fields, name, got);
            }
        }
    }

    private static void same(Values values, JsonObject fields, String name, Object got) {
        if (got instanceof Integer) {
            Expect.same(fields.get(name).getAsInt(), got, name);
        } else {
            Expect.same(values.latin1(fields, name), got, name);
        }
    }

    static void policies(Values values, JsonObject vector) {
        var policy = Values.object(vector, "policy");
        var builder = new Acceptor.Builder();
        if (policy.has("origins")) {
            builder.origins(Values.text(policy, "origins").split(" "));
        }
        if (policy.has("protocols")) {
            builder.protocols(Values.text(policy, "protocols").split(", *"));
        }
        if (Values.flag(policy, "need_protocol")) {
            builder.needProtocol();
        }
        var output = new Output();
        var accepted = builder.build().accept(
                Values.direct(values.bytes(vector, "request")), output);
        var error = accepted.error() == null ? null : "WS_ERR_" + accepted.error();
        Expect.same(Values.text(vector, "error"), error, "error");
        Expect.same(error == null, accepted.connection() != null, "connection");
        Expect.same(Values.text(vector, "protocol"), accepted.protocol(), "protocol");
        var reply = new String(output.take(), StandardCharsets.ISO_8859_1);
        int status = Values.number(vector, "status", 101);
        Expect.that(reply.startsWith("HTTP/1.1 " + status + " "), reply);
    }

    // Compression

    static void deflateAccept(Values values, JsonObject vector) {
        var willing = Values.deflate(Values.object(vector, "willing"));
        var response = Values.text(vector, "response");
        var agreed = response == null ? null : Values.deflate(vector.getAsJsonObject("agreed"));
        Expect.outcome(vector, () -> Expect.same(
                response == null ? null : new Deflate.Agreement(agreed, response),
                willing.accept(values.joined(vector.getAsJsonArray("offers"))), "agreement"));

        var head = new StringBuilder(REQUEST);
        for (var offer : vector.getAsJsonArray("offers")) {
            head.append("Sec-WebSocket-Extensions: ");
            head.append(new String(values.bytes(offer), StandardCharsets.ISO_8859_1));
            head.append("\r\n");
        }
        var output = new Output();
        var accepted = new Acceptor.Builder().deflate(willing).build().accept(
                Values.direct(head.append("\r\n").toString().getBytes(
                        StandardCharsets.ISO_8859_1)), output);
        if (vector.has("error")) {
            Expect.same(Values.text(vector, "error"), "WS_ERR_" + accepted.error(), "error");
        } else {
            Expect.same(agreed, accepted.connection().deflate(), "agreed");
        }
    }

    static void deflateOffer(Values values, JsonObject vector) {
        var offered = Values.deflate(vector.getAsJsonObject("offered"));
        Expect.same(Values.text(vector, "offer"), offered.offer(), "offer");
        var request = new Request.Builder("example.com", "/").deflate(offered).build();
        Expect.that(request.toString().contains(
                "Sec-WebSocket-Extensions: " + offered.offer() + "\r\n"), request);
    }

    static void deflateConfirm(Values values, JsonObject vector) {
        var offered = Values.deflate(Values.object(vector, "offered"));
        var responses = vector.getAsJsonArray("responses");
        var agreed = vector.has("agreed") && !vector.get("agreed").isJsonNull()
                ? Values.deflate(vector.getAsJsonObject("agreed")) : null;
        Expect.outcome(vector, () -> Expect.same(
                agreed, offered.confirm(values.joined(responses)), "agreed"));
    }
}
