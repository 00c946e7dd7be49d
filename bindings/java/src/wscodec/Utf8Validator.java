package wscodec;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;

/** Validates UTF-8 that arrives in parts, and fails at the first byte that proves it invalid. */
public final class Utf8Validator {
    private final int[] state = new int[1];

    /** Validates the remaining bytes of the next part, which stays as it is. */
    public synchronized void push(ByteBuffer part) throws WebSocketException {
        long result;
        if (part.isDirect()) {
            var view = Buffers.view(part, "part");
            result = Native.ws_utf8_validate(state, Buffers.address(view), view.remaining());
            Reference.reachabilityFence(view);
        } else {
            var bytes = Buffers.copy(part);
            result = Native.ws_utf8_validate(state, bytes, bytes.length);
        }
        ErrorCode.check(result, "part");
    }

    /** Whether the text so far ends on a character boundary. */
    public synchronized boolean isComplete() {
        return state[0] == 0;
    }
}
