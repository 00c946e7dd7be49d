package wscodec;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Decodes a stream of frames that is split anywhere. Its only memory is 64 bytes. */
public final class Decoder {
    private final ByteBuffer state = Buffers.nativeMemory(Layout.Decoder.SIZE);
    private final long address = Buffers.base(state);

    /**
     * @param role the side that reads
     * @param maxPayload the longest payload that a frame may announce; 0: no limit
     */
    public Decoder(Role role, Set<Frame.Accept> options, long maxPayload) {
        if (maxPayload < 0) {
            throw new IllegalArgumentException("maxPayload: negative");
        }
        ErrorCode.checkLocal(
                Native.ws_decoder_init(address, Frame.flags(role, options), maxPayload), "options");
    }

    /**
     * Decodes frames, unmasks them in place, and moves the position of the input behind what was
     * consumed. Call it until nothing remains. An error is thrown after the frames before it were
     * returned, and by every later call.
     *
     * @param input a direct buffer that is not read-only
     */
    public synchronized List<Frame> feed(ByteBuffer input) throws WebSocketException {
        try {
            var scratch = Scratch.get();
            var view = Buffers.writable(input, "input");
            long result = Native.ws_decoder_feed(address, Buffers.address(view),
                    view.remaining(), scratch.entriesAddress, Native.EVENTS,
                    scratch.consumedAddress);
            int count = (int) ErrorCode.check(result, "feed");
            var frames = new ArrayList<Frame>(count);
            for (int i = 0; i < count; i++) {
                frames.add(Frame.read(scratch.entries, i * Layout.Frame.SIZE, view));
            }
            input.position(input.position() + scratch.consumed());
            return frames;
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** Checks that the stream may end here. */
    public synchronized void finish() throws WebSocketException {
        ErrorCode.check(Native.ws_decoder_finish(address), "finish");
        Reference.reachabilityFence(this);
    }
}
