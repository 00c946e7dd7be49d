package wscodec;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;

/** An extensible struct in native memory, with the bytes that it points to. */
final class Spec {
    private final ByteBuffer memory;
    private final long base;
    private final int size;
    private int used;

    Spec(int size, int most) {
        this.size = size;
        memory = Buffers.nativeMemory(size + most);
        base = Buffers.base(memory);
        used = size;
    }

    /** Sets a ws_bytes; null leaves it absent. */
    void bytes(int field, byte[] value) {
        if (value != null) {
            memory.putLong(field, place(value)).putLong(field + Long.BYTES, value.length);
        }
    }

    void pointer(int field, byte[] value) {
        if (value != null) {
            memory.putLong(field, place(value));
        }
    }

    void number(int field, int value) {
        memory.putInt(field, value);
    }

    private long place(byte[] value) {
        int at = used;
        memory.put(at, value);
        used = (at + value.length + 7) & ~7;
        return base + at;
    }

    /** The bytes that value and its neighbour may need. */
    static int room(byte[]... values) {
        int sum = 0;
        for (var value : values) {
            sum = Math.addExact(sum, value == null ? 0 : value.length + 8);
        }
        return sum;
    }

    long address() {
        return base;
    }

    int size() {
        return size;
    }

    void keepAlive() {
        Reference.reachabilityFence(memory);
    }
}
