package wscodec;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;

/** Looks for the end of a head that arrives in many reads, in linear time. One for each head. */
public final class HeadScanner {
    private final long[] scanned = new long[1];

    /**
     * Whether the head in the remaining bytes of a direct buffer is complete, or can no longer
     * become valid: then parse it. The bytes of the last call must be there again.
     */
    public synchronized boolean isReady(ByteBuffer input) {
        var view = Buffers.view(input, "input");
        long length = Native.ws_head_length(Buffers.address(view), view.remaining(), scanned);
        Reference.reachabilityFence(view);
        return length != 0;
    }
}
