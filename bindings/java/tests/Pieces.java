package wscodec;

import com.google.gson.JsonObject;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;

/** The vectors of single things: keys, close payloads, UTF-8, one frame. */
final class Pieces {
    private Pieces() {}

    static void acceptKeys(Values values, JsonObject vector) {
        Expect.outcome(vector, () -> Expect.same(
                values.latin1(vector, "accept"),
                RequestHead.acceptKey(values.latin1(vector, "key")),
                "accept"));
    }

    static void closePayloads(Values values, JsonObject vector) {
        if (vector.has("payload")) {
            var payload = values.bytes(vector, "payload");
            Expect.outcome(vector, () -> {
                var close = Close.parse(payload);
                Expect.same(vector.get("code").getAsInt(), close.code(), "code");
                Expect.same(values.bytes(vector, "reason"),
                        close.reason().getBytes(StandardCharsets.UTF_8), "reason");
            });
        }
        if (vector.has("code")) {
            var reason = values.bytes(vector, "reason");
            Expect.outcome(vector, () -> {
                var payload = Close.build(vector.get("code").getAsInt(), reason);
                Expect.same(values.bytes(vector, "payload"), payload, "payload");
            });
        }
    }

    static void utf8(Values values, JsonObject vector) {
        var text = values.bytes(vector, "text");
        for (int[] ends : Values.cuts(text.length)) {
            var validator = new Utf8Validator();
            Expect.outcome(vector, () -> pushAll(validator, text, ends));
            boolean complete = !vector.has("incomplete") && !vector.has("error");
            Expect.same(complete, validator.isComplete(), "complete");
        }
        int at = Values.number(vector, "error_at", text.length);
        for (int end = 0; end <= text.length; end++) {
            int length = end;
            Expect.error(end <= at ? null : Values.text(vector, "error"),
                    () -> pushAll(new Utf8Validator(), text, new int[] {length}));
        }
    }

    /** Both kinds of buffers take turns. */
    private static void pushAll(Utf8Validator validator, byte[] text, int[] ends)
            throws WebSocketException {
        int start = 0;
        for (int end : ends) {
            var piece = Values.direct(text, start, end);
            validator.push(start % 2 == 0 ? piece : ByteBuffer.wrap(Buffers.copy(piece)));
            start = end;
        }
    }

    static Set<Frame.Accept> accepted(JsonObject options) {
        var set = EnumSet.noneOf(Frame.Accept.class);
        for (var option : Frame.Accept.values()) {
            if (Values.flag(options, option.name().toLowerCase())) {
                set.add(option);
            }
        }
        return set;
    }

    static void frames(Values values, JsonObject vector) {
        var wire = values.bytes(vector, "wire");
        var options = accepted(Values.object(vector, "options"));
        int at = Values.number(vector, "error_at", wire.length - 1);
        for (int end : Values.ends(wire.length, at)) {
            var input = Values.direct(wire, 0, end);
            if (end <= at) {
                Expect.error(null, () -> Expect.same(
                        null, Frame.decode(input, Values.role(vector), options), end));
                Expect.same(0, input.position(), end);
            } else {
                Expect.outcome(vector, () -> {
                    var frame = Frame.decode(input, Values.role(vector), options);
                    same(values, vector.getAsJsonObject("frame"), frame);
                    Expect.same(wire.length, input.position(), "length");
                });
            }
        }
        if (vector.has("frame")) {
            encoded(values, vector.getAsJsonObject("frame"), wire);
        }
    }

    private static void same(Values values, JsonObject expected, Frame frame) {
        Expect.same(expected.get("opcode").getAsInt(), frame.opcode().value(), "opcode");
        Expect.same(expected.get("fin").getAsBoolean(), frame.fin(), "fin");
        Expect.same(Values.reservedBits(expected), frame.reservedBits(), "reserved bits");
        Expect.same(Values.key(expected), frame.maskingKey(), "masking key");
        Expect.same(values.bytes(expected, "payload"), Buffers.copy(frame.payload()), "payload");
        Expect.that(frame.begins() && frame.ends(), "whole");
    }

    private static void encoded(Values values, JsonObject frame, byte[] wire) {
        var output = new Output();
        Frame.encode(Opcode.of(frame.get("opcode").getAsInt()), flags(frame), Values.key(frame),
                Values.direct(values.bytes(frame, "payload")), output);
        Expect.same(wire, output.take(), "encoded");
    }

    private static int flags(JsonObject frame) {
        return (Values.flag(frame, "fin") ? Frame.FIN : 0) | Values.reservedBits(frame);
    }

    static void frameHeaders(Values values, JsonObject vector) {
        var header = values.bytes(vector, "header");
        long length = Long.parseLong(Values.text(vector, "payload_length"));
        Expect.same(header, Frame.header(Opcode.of(vector.get("opcode").getAsInt()),
                flags(vector), Values.key(vector), length), "header");
        if (vector.get("opcode").getAsInt() == Opcode.CONTINUATION.value()) {
            return; // a decoder wants a message before it
        }
        // A decoder reports the header with the first byte of the payload.
        var input = Arrays.copyOf(header, header.length + (length > 0 ? 1 : 0));
        var decoder = new Decoder(Values.role(vector), Set.of(), 0);
        Expect.error(null, () -> {
            var frame = decoder.feed(Values.direct(input)).get(0);
            Expect.same(length, frame.payloadLength(), "payload length");
            Expect.same(header.length, frame.headerLength(), "header length");
            Expect.same(flags(vector) & Frame.FIN, frame.flags() & Frame.FIN, "fin");
        });
    }
}
