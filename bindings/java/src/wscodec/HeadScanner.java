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
        long address = Buffers.address(input, "input");
        boolean ready = Native.ws_head_length(address, input.remaining(), scanned) != 0;
        Reference.reachabilityFence(input);
        return ready;
    }
}
