package wscodec;

import com.google.gson.JsonObject;
import java.util.Objects;

/** What a test requires. */
final class Expect {
    private Expect() {}

    interface Call {
        void run() throws Exception;
    }

    static void same(Object expected, Object got, Object where) {
        if (!Objects.deepEquals(expected, got)) {
            throw new AssertionError(where + ": expected " + expected + ", got " + got);
        }
    }

    static void that(boolean condition, Object where) {
        same(true, condition, where);
    }

    /** Calls, and requires the error that the vector names, if it does. */
    static void outcome(JsonObject vector, Call call) {
        same(Values.text(vector, "error"), error(call), "error");
    }

    static void error(String name, Call call) {
        same(name, error(call), "error");
    }

    /** The name in wscodec.h of what a call throws; null if it throws nothing. */
    static String error(Call call) {
        try {
            call.run();
            return null;
        } catch (WebSocketException e) {
            return "WS_ERR_" + e.error();
        } catch (IllegalArgumentException e) {
            return "WS_ERR_INVALID_ARGUMENT";
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    static <E extends Exception> E thrown(Class<E> kind, Call call) {
        try {
            call.run();
        } catch (Exception e) {
            if (kind.isInstance(e)) {
                return kind.cast(e);
            }
            throw new AssertionError(e);
        }
        throw new AssertionError("not thrown: " + kind);
    }
}
