package wscodec;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** A file of vectors, and the values in it (tests/vectors/README.md). */
final class Values {
    private final JsonObject parts;
    final List<JsonObject> vectors = new ArrayList<>();

    Values(Path folder, String kind) throws IOException {
        var text = Files.readString(folder.resolve(kind + ".json"));
        var file = JsonParser.parseString(text).getAsJsonObject();
        parts = file.has("parts") ? file.getAsJsonObject("parts") : new JsonObject();
        file.getAsJsonArray("vectors").forEach(each -> vectors.add(each.getAsJsonObject()));
    }

    byte[] bytes(JsonElement value) {
        var out = new ByteArrayOutputStream();
        if (value.isJsonPrimitive()) {
            out.writeBytes(value.getAsString().getBytes(StandardCharsets.UTF_8));
        } else if (value.isJsonArray()) {
            value.getAsJsonArray().forEach(part -> out.writeBytes(bytes(part)));
        } else {
            out.writeBytes(composed(value.getAsJsonObject()));
        }
        return out.toByteArray();
    }

    private byte[] composed(JsonObject value) {
        if (value.has("hex")) {
            return HexFormat.of().parseHex(value.get("hex").getAsString().replace(" ", ""));
        }
        if (value.has("part")) {
            return bytes(parts.get(value.get("part").getAsString()));
        }
        var out = new ByteArrayOutputStream();
        var repeated = bytes(value.get("repeat"));
        for (int i = value.get("times").getAsInt(); i > 0; i--) {
            out.writeBytes(repeated);
        }
        return out.toByteArray();
    }

    byte[] bytes(JsonObject vector, String name) {
        return bytes(vector.get(name));
    }

    /** Bytes as the text that a head has in Java; null for null or absent. */
    String latin1(JsonObject vector, String name) {
        var value = vector.get(name);
        return value == null || value.isJsonNull()
                ? null
                : new String(bytes(value), StandardCharsets.ISO_8859_1);
    }

    /** All values of a field, joined with commas (RFC 9110, 5.3). */
    String joined(JsonArray values) {
        var each = new ArrayList<String>();
        values.forEach(value -> each.add(new String(bytes(value), StandardCharsets.ISO_8859_1)));
        return String.join(", ", each);
    }

    // Plain members

    static String text(JsonObject vector, String name) {
        var value = vector.get(name);
        return value == null || value.isJsonNull() ? null : value.getAsString();
    }

    static boolean flag(JsonObject object, String name) {
        return object.has(name) && object.get(name).getAsBoolean();
    }

    static int number(JsonObject object, String name, int otherwise) {
        return object.has(name) ? object.get(name).getAsInt() : otherwise;
    }

    static JsonObject object(JsonObject object, String name) {
        return object.has(name) ? object.getAsJsonObject(name) : new JsonObject();
    }

    static Role role(JsonObject vector) {
        return Role.valueOf(text(vector, "role").toUpperCase());
    }

    static Deflate deflate(JsonObject parameters) {
        return new Deflate(
                flag(parameters, "server_no_context_takeover"),
                flag(parameters, "client_no_context_takeover"),
                number(parameters, "server_max_window_bits", 15),
                number(parameters, "client_max_window_bits", 15),
                Deflate.DEFAULT.level(),
                Deflate.DEFAULT.memLevel());
    }

    static int reservedBits(JsonObject frame) {
        return (flag(frame, "rsv1") ? Frame.RSV1 : 0)
                | (flag(frame, "rsv2") ? Frame.RSV2 : 0)
                | (flag(frame, "rsv3") ? Frame.RSV3 : 0);
    }

    static byte[] key(JsonObject frame) {
        return frame.has("mask_key")
                ? HexFormat.of().parseHex(text(frame, "mask_key"))
                : null;
    }

    static ByteBuffer direct(byte[] bytes) {
        return direct(bytes, 0, bytes.length);
    }

    static ByteBuffer direct(byte[] bytes, int from, int to) {
        return ByteBuffer.allocateDirect(to - from).put(bytes, from, to - from).flip();
    }

    /** The ends of pieces: whole, in two at each place, and byte by byte; of long inputs some. */
    static List<int[]> cuts(int size) {
        var cuts = new ArrayList<int[]>();
        cuts.add(new int[] {size});
        int all = Math.min(size, 500);
        for (int cut = 1; cut < all; cut++) {
            cuts.add(new int[] {cut, size});
        }
        var bytes = new int[all];
        for (int i = 0; i < all; i++) {
            bytes[i] = i + 1 < all ? i + 1 : size;
        }
        cuts.add(bytes);
        return cuts;
    }

    /** Lengths of prefixes: all; of long inputs those at the start, at `at` and at the end. */
    static List<Integer> ends(int size, int at) {
        var ends = new ArrayList<Integer>();
        for (int end = 0; end <= size; end++) {
            if (end < 400 || Math.abs(end - at) < 4 || end == size) {
                ends.add(end);
            }
        }
        return ends;
    }
}
