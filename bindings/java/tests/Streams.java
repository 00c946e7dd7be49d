package wscodec;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** The vectors of streams of frames, for a decoder and for a connection. */
final class Streams {
    private Streams() {}

    /** A reader of a stream, with what it has reported. */
    private interface Reader {
        void feed(byte[] data, int from, int to) throws WebSocketException;

        void finish() throws WebSocketException;
    }

    private interface Maker<R extends Reader> {
        R make(JsonObject vector);
    }

    private interface Judge<R extends Reader> {
        void check(R reader, int[] ends);
    }

    private static <R extends Reader> void read(
            JsonObject vector, byte[] input, Maker<R> maker, Judge<R> judge) {
        for (int[] ends : Values.cuts(input.length)) {
            var reader = maker.make(vector);
            Expect.outcome(vector, () -> {
                int start = 0;
                for (int end : ends) {
                    reader.feed(input, start, end);
                    start = end;
                }
            });
            judge.check(reader, ends);
            var end = Values.text(vector, vector.has("error") ? "error" : "end");
            Expect.error(end, reader::finish);
        }
        if (vector.has("error_at")) {
            int at = vector.get("error_at").getAsInt();
            var reader = maker.make(vector);
            Expect.error(null, () -> reader.feed(input, 0, at));
            Expect.outcome(vector, () -> reader.feed(input, at, at + 1));
        }
    }

    // The decoder

    private static final class Decoded implements Reader {
        private final Decoder decoder;
        private final List<Map<String, Object>> frames = new ArrayList<>();
        private final ByteArrayOutputStream payload = new ByteArrayOutputStream();

        Decoded(JsonObject vector) {
            var options = Values.object(vector, "options");
            decoder = new Decoder(Values.role(vector), Pieces.accepted(options),
                    Values.number(options, "max_payload", 0));
        }

        @Override
        public void feed(byte[] data, int from, int to) throws WebSocketException {
            var input = Values.direct(data, from, to);
            while (input.hasRemaining()) {
                for (var part : decoder.feed(input)) {
                    take(part);
                }
            }
        }

        private void take(Frame part) {
            if (part.begins()) {
                payload.reset();
                frames.add(first(part));
            }
            Expect.same((long) payload.size(), part.position(), "position");
            payload.writeBytes(Buffers.copy(part.payload()));
            var frame = frames.get(frames.size() - 1);
            frame.put("payload", hex(payload.toByteArray()));
            if (part.ends()) {
                frame.remove("payload_length");
            }
        }

        private static Map<String, Object> first(Frame part) {
            var frame = new TreeMap<String, Object>();
            frame.put("opcode", part.opcode().value());
            frame.put("fin", part.fin());
            frame.put("rsv", part.reservedBits());
            frame.put("mask_key", part.maskingKey() == null ? "" : hex(part.maskingKey()));
            if (part.opcode() == Opcode.CONTINUATION) {
                frame.put("message_opcode", part.messageOpcode().value());
            }
            frame.put("payload_length", Long.toString(part.payloadLength()));
            return frame;
        }

        @Override
        public void finish() throws WebSocketException {
            decoder.finish();
        }
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    static void decoderStreams(Values values, JsonObject vector) {
        var expected = new ArrayList<Map<String, Object>>();
        for (var each : vector.getAsJsonArray("frames")) {
            var frame = each.getAsJsonObject();
            var map = new TreeMap<String, Object>();
            map.put("opcode", frame.get("opcode").getAsInt());
            map.put("fin", frame.get("fin").getAsBoolean());
            map.put("rsv", Values.reservedBits(frame));
            map.put("mask_key", frame.has("mask_key") ? Values.text(frame, "mask_key") : "");
            map.put("payload", hex(values.bytes(frame, "payload")));
            if (frame.has("message_opcode")) {
                map.put("message_opcode", frame.get("message_opcode").getAsInt());
            }
            if (frame.has("payload_length")) {
                map.put("payload_length", Values.text(frame, "payload_length"));
            }
            expected.add(map);
        }
        read(vector, values.bytes(vector, "input"), Decoded::new,
                (decoded, ends) -> Expect.same(expected, decoded.frames, ends.length));
    }

    // The connection

    private static final class Received implements Reader {
        private final Connection connection;
        private final Output output = new Output();
        private final List<Map<String, Object>> events = new ArrayList<>();
        private Map<String, Object> message;

        Received(JsonObject vector) {
            var role = Values.role(vector);
            connection = vector.has("parameters")
                    ? new Connection(role, Values.deflate(vector.getAsJsonObject("parameters")))
                    : new Connection(role);
            var options = Values.object(vector, "options");
            for (var name : options.keySet()) {
                connection.set(Option.valueOf(name.toUpperCase()), options.get(name).getAsLong());
            }
        }

        @Override
        public void feed(byte[] data, int from, int to) throws WebSocketException {
            var input = Values.direct(data, from, to);
            try {
                while (input.hasRemaining()) {
                    connection.receive(input).forEach(this::take);
                    connection.flush(output);
                }
            } finally {
                connection.flush(output);
            }
        }

        private void take(Event event) {
            if (event.isData() && !event.first()) {
                message.put("payload", message.get("payload") + hex(event.bytes()));
            } else {
                var entry = new TreeMap<String, Object>();
                entry.put("opcode", event.opcode().value());
                entry.put("payload", hex(event.bytes()));
                entry.put("close_code", event.closeCode());
                entry.put("rsv", event.reservedBits());
                events.add(entry);
                message = event.isData() ? entry : message;
            }
            if (event.isData()) {
                message.put("last", event.last());
            }
        }

        @Override
        public void finish() throws WebSocketException {
            connection.finish();
        }
    }

    static void connectionStreams(Values values, JsonObject vector) {
        var expected = new ArrayList<Map<String, Object>>();
        for (var each : vector.getAsJsonArray("events")) {
            var event = each.getAsJsonObject();
            var map = new TreeMap<String, Object>();
            map.put("opcode", event.get("opcode").getAsInt());
            map.put("payload", hex(values.bytes(event, "payload")));
            map.put("close_code", Values.number(event, "close_code", 0));
            map.put("rsv", Values.reservedBits(event));
            if (event.get("opcode").getAsInt() < 8) {
                map.put("last", !event.has("last"));
            }
            expected.add(map);
        }
        var sent = sent(values, vector.getAsJsonArray("output"));
        var peer = Values.role(vector) == Role.SERVER ? Role.CLIENT : Role.SERVER;
        read(vector, values.bytes(vector, "input"), Received::new, (received, ends) -> {
            Expect.same(expected, received.events, ends.length);
            Expect.same(sent, decoded(received.output.take(), peer), "output");
        });
    }

    private static List<String> sent(Values values, JsonArray frames) {
        var list = new ArrayList<String>();
        for (var each : frames) {
            var frame = each.getAsJsonObject();
            list.add(Opcode.of(frame.get("opcode").getAsInt()) + " "
                    + hex(values.bytes(frame, "payload")));
        }
        return list;
    }

    /** Whole frames, unmasked. */
    private static List<String> decoded(byte[] bytes, Role reader) {
        var list = new ArrayList<String>();
        var input = Values.direct(bytes);
        Expect.error(null, () -> {
            while (input.hasRemaining()) {
                var frame = Frame.decode(input, reader, Set.of());
                Expect.that(frame.fin(), "fin");
                list.add(frame.opcode() + " " + hex(Buffers.copy(frame.payload())));
            }
        });
        return list;
    }

    // Compression

    static void deflateMessages(Values values, JsonObject vector) {
        for (int step : new int[] {1, 2, Integer.MAX_VALUE}) {
            for (int stream = 0; stream <= 1; stream++) {
                var role = Values.role(vector);
                var connection = new Connection(
                        role, Values.deflate(Values.object(vector, "parameters")));
                connection.set(Option.STREAM, stream);
                for (var each : vector.getAsJsonArray("messages")) {
                    message(values, each.getAsJsonObject(), connection, role, step);
                }
                connection.close();
            }
        }
    }

    private static void message(
            Values values, JsonObject message, Connection connection, Role role, int step) {
        var wire = compressed(values, message.getAsJsonArray("payloads"), role);
        var found = new ByteArrayOutputStream();
        Expect.outcome(message, () -> {
            int end;
            for (int start = 0; start < wire.length; start = end) {
                end = step < wire.length - start ? start + step : wire.length;
                var input = Values.direct(wire, start, end);
                while (input.hasRemaining()) {
                    for (var event : connection.receive(input)) {
                        found.writeBytes(event.bytes());
                    }
                }
            }
            Expect.same(values.bytes(message, "message"), found.toByteArray(), "message");
        });
    }

    /** The frames of a binary message, as the other side sends them. */
    private static byte[] compressed(Values values, JsonArray payloads, Role reader) {
        var key = reader == Role.SERVER ? new byte[] {1, 2, 3, 4} : null;
        var output = new Output();
        for (int i = 0; i < payloads.size(); i++) {
            int fin = i == payloads.size() - 1 ? Frame.FIN : 0;
            Frame.encode(i == 0 ? Opcode.BINARY : Opcode.CONTINUATION,
                    i == 0 ? fin | Frame.RSV1 : fin, key,
                    Values.direct(values.bytes(payloads.get(i))), output);
        }
        return output.take();
    }
}
