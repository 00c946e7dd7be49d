package wscodec;

import java.nio.ByteBuffer;

/** What a call writes for its wrapper to read: a thread has one, so that a connection has none. */
final class Scratch {
    private static final ThreadLocal<Scratch> OF_THREAD = ThreadLocal.withInitial(Scratch::new);

    private static final int CONSUMED = 0;
    private static final int ENTRIES = Long.BYTES;

    /** Holds events or frames, of which the latter are larger. */
    private final ByteBuffer memory =
            Buffers.nativeMemory(ENTRIES + Native.EVENTS * Layout.Frame.SIZE);

    private final long address = Buffers.base(memory);

    /** The entries, and their address. */
    final ByteBuffer entries = memory.slice(ENTRIES, memory.capacity() - ENTRIES)
            .order(memory.order());

    final long entriesAddress = address + ENTRIES;
    final long consumedAddress = address + CONSUMED;

    static Scratch get() {
        return OF_THREAD.get();
    }

    int consumed() {
        return (int) memory.getLong(CONSUMED);
    }
}
