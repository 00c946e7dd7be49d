package wscodec;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Bytes to send, in a direct buffer that grows. An empty one that was large is given back.
 *
 * <p>Threads may share an output. A write that blocks holds up other writers and {@link #take} only:
 * bytes can be appended meanwhile.
 */
public final class Output {
    private static final ByteBuffer NONE = ByteBuffer.allocateDirect(0);
    private static final int SMALLEST = 4 * 1024;
    private static final int KEPT = 64 * 1024;
    private static final int MOST = Integer.MAX_VALUE - 8;

    private ByteBuffer buffer = NONE;
    private long address;
    private int start;
    private int end;

    /** Held during a write, and taken before the monitor. Before Java 24 a monitor pins threads. */
    private final ReentrantLock writers = new ReentrantLock();

    /** Whether a channel reads the buffer, so that its bytes must stay where they are. */
    private boolean isBeingWritten;

    /** The number of bytes that are not written yet. */
    public synchronized int size() {
        return end - start;
    }

    public synchronized boolean isEmpty() {
        return end == start;
    }

    /** Writes what the channel takes. Returns whether nothing is left. */
    public boolean writeTo(WritableByteChannel channel) throws IOException {
        writers.lock();
        try {
            var bytes = startWriting();
            try {
                if (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
            } finally {
                stopWriting(bytes.position());
            }
            return isEmpty();
        } finally {
            writers.unlock();
        }
    }

    private synchronized ByteBuffer startWriting() {
        isBeingWritten = true;
        return buffer.slice(start, end - start);
    }

    private synchronized void stopWriting(int count) {
        isBeingWritten = false;
        start += count;
        reuse();
    }

    /** Takes all bytes. */
    public byte[] take() {
        writers.lock();
        try {
            return takeAll();
        } finally {
            writers.unlock();
        }
    }

    private synchronized byte[] takeAll() {
        var bytes = new byte[end - start];
        buffer.get(start, bytes);
        start = end;
        reuse();
        return bytes;
    }

    /** Appends bytes. */
    public synchronized void put(byte[] bytes) {
        reserve(bytes.length);
        buffer.put(end, bytes);
        end += bytes.length;
    }

    /** Returns the address of so many free bytes, which written() takes. */
    long reserve(long size) {
        if (size > buffer.capacity() - end) {
            grow(size);
        }
        return address + end;
    }

    /** Copies a payload to the free bytes, at this distance from the address of reserve(). */
    void place(int distance, ByteBuffer payload) {
        buffer.put(end + distance, payload, payload.position(), payload.remaining());
    }

    void written(long size) {
        end += (int) size;
    }

    private void grow(long size) {
        long needed = Math.addExact(size, end - start);
        if (needed > MOST) {
            throw new OutOfMemoryError("wscodec: more than 2 GiB of output");
        }
        if (needed <= buffer.capacity() / 2 && !isBeingWritten) {
            buffer.limit(end).position(start).compact().clear();
        } else {
            long capacity = Math.max(Math.max(needed, SMALLEST), 2L * buffer.capacity());
            var larger = ByteBuffer.allocateDirect((int) Math.min(capacity, MOST));
            larger.put(0, buffer, start, end - start);
            buffer = larger;
            address = Buffers.base(larger);
        }
        end -= start;
        start = 0;
    }

    private void reuse() {
        if (start == end) {
            start = end = 0;
            if (buffer.capacity() > KEPT) {
                buffer = NONE;
            }
        }
    }
}
