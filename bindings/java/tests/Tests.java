package wscodec;

import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Runs all vectors, and the tests of what they cannot show. */
public final class Tests {
    private interface Vectors {
        void check(Values values, JsonObject vector);
    }

    private static final Map<String, Vectors> KINDS = new LinkedHashMap<>();

    static {
        KINDS.put("accept_keys", Pieces::acceptKeys);
        KINDS.put("close_payloads", Pieces::closePayloads);
        KINDS.put("utf8", Pieces::utf8);
        KINDS.put("frames", Pieces::frames);
        KINDS.put("frame_headers", Pieces::frameHeaders);
        KINDS.put("requests", Heads::requests);
        KINDS.put("responses", Heads::responses);
        KINDS.put("policies", Heads::policies);
        KINDS.put("deflate_accept", Heads::deflateAccept);
        KINDS.put("deflate_offer", Heads::deflateOffer);
        KINDS.put("deflate_confirm", Heads::deflateConfirm);
        KINDS.put("deflate_messages", Streams::deflateMessages);
        KINDS.put("decoder_streams", Streams::decoderStreams);
        KINDS.put("connection_streams", Streams::connectionStreams);
    }

    private static int failures;

    private static boolean passes(String name, Runnable test) {
        try {
            test.run();
            return true;
        } catch (AssertionError | RuntimeException failure) {
            System.err.println("FAILED " + name + ": " + failure);
            failures++;
            return false;
        }
    }

    public static void main(String[] args) throws Exception {
        for (var method : Behaviour.class.getDeclaredMethods()) {
            if (method.isAnnotationPresent(Behaviour.Test.class)) {
                passes(method.getName(), () -> Behaviour.run(method));
            }
        }
        int passed = 0;
        for (var kind : KINDS.entrySet()) {
            var values = new Values(Path.of(args[0]), kind.getKey());
            for (var vector : values.vectors) {
                var name = kind.getKey() + ": " + Values.text(vector, "name");
                passed += passes(name, () -> kind.getValue().check(values, vector)) ? 1 : 0;
            }
        }
        System.out.println("java: " + passed + " vectors passed");
        System.exit(failures == 0 ? 0 : 1);
    }
}
