package wscodec;

import com.sun.jna.Pointer;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A WebSocket connection after its opening handshake, without its socket: bytes go in, events come
 * out, and what is to be sent is appended to an {@link Output}.
 *
 * <pre>{@code
 * input.flip();
 * do {
 *     for (Event event : connection.receive(input)) {
 *         handle(event);
 *     }
 *     connection.flush(output);
 * } while (input.hasRemaining());
 * input.clear();
 * }</pre>
 *
 * <p>Threads may share a connection: its methods exclude one another. {@link #close} frees its
 * memory; so does the garbage collector, later.
 */
public final class Connection implements AutoCloseable {
    private static final Cleaner CLEANER = Cleaner.create();
    private static final int MAX_OUTPUT = 139;
    private static final int MAX_HEADER = 14;
    private static final int MORE = 0x1;
    private static final int PLAIN = 0x2;
    private static final byte[] NO_REASON = {};

    private final Handle handle;
    private final Cleaner.Cleanable cleanable;
    private boolean compresses;

    /** Whether the last calls of receive() may have left something for flush(). */
    private boolean owes;

    /** Frees the library's memory. It must not refer to the connection. */
    private static final class Handle implements Runnable {
        private long address;

        @Override
        public void run() {
            Native.ws_conn_free(address);
            address = 0;
        }
    }

    /** A connection without compression. */
    public Connection(Role role) {
        this(Native.ws_conn_new(role.value, 0));
    }

    /** A connection whose handshake has agreed on compression. */
    public Connection(Role role, Deflate deflate) {
        this(role);
        ErrorCode.checkLocal(Native.ws_conn_set_pmd(conn(), deflate.pack()), "deflate");
        compresses = true;
    }

    /** Owns a connection of the library. */
    Connection(long address) {
        if (address == 0) {
            throw new OutOfMemoryError("wscodec: no memory for a connection");
        }
        handle = new Handle();
        handle.address = address;
        cleanable = CLEANER.register(this, handle);
        compresses = deflate() != null;
    }

    private long conn() {
        if (handle.address == 0) {
            throw new IllegalStateException("the connection was closed");
        }
        return handle.address;
    }

    /**
     * Processes input (RFC 6455, 5): unmasks it, and moves its position behind what was consumed.
     * It may return before all is consumed; {@link #flush} then, and call it again. An error is
     * thrown after the events before it were returned, and by every later call.
     *
     * @param input a direct buffer that is not read-only
     */
    public synchronized List<Event> receive(ByteBuffer input) throws WebSocketException {
        try {
            var scratch = Scratch.get();
            var view = Buffers.writable(input, "input");
            long result = Native.ws_conn_recv(conn(), Buffers.address(view),
                    view.remaining(), scratch.entriesAddress, Native.EVENTS,
                    scratch.consumedAddress);
            owes |= result < 0;
            int count = (int) ErrorCode.check(result, "receive");
            int consumed = scratch.consumed();
            var events = count == 0 ? List.<Event>of() : events(count, view, scratch);
            input.position(input.position() + consumed);
            return events;
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    private List<Event> events(int count, ByteBuffer view, Scratch scratch) {
        var events = new ArrayList<Event>(count);
        for (int i = 0; i < count; i++) {
            int at = i * Layout.Event.SIZE;
            var entries = scratch.entries;
            int flags = entries.getShort(at + Layout.Event.FLAGS);
            int len = Math.toIntExact(entries.getLong(at + Layout.Event.LEN));
            var data = (flags & Event.COLLECTED) != 0
                    ? collected(scratch.entriesAddress + at, len)
                    : view.slice((int) entries.getLong(at + Layout.Event.OFF), len);
            var opcode = Opcode.of(entries.getShort(at + Layout.Event.OPCODE));
            owes |= opcode == Opcode.PING || opcode == Opcode.CLOSE;
            events.add(new Event(
                    opcode,
                    flags,
                    entries.getShort(at + Layout.Event.CLOSE_CODE) & 0xffff,
                    data));
        }
        return events;
    }

    /** The library's memory is valid only until the next call, so nobody gets a view of it. */
    private ByteBuffer collected(long event, int len) {
        long data = Native.ws_event_data(conn(), 0, event);
        return ByteBuffer.wrap(new Pointer(data).getByteArray(0, len));
    }

    /** Appends what the connection itself has to send: a pong, or a close frame. */
    public synchronized void flush(Output output) {
        long conn = conn();
        if (!owes) {
            return;
        }
        synchronized (output) {
            long out = output.reserve(MAX_OUTPUT);
            long result = Native.ws_conn_output(conn, out, MAX_OUTPUT);
            output.written(ErrorCode.checkLocal(result, "flush"));
            owes = false;
            Reference.reachabilityFence(this);
        }
    }

    /** Appends a message: TEXT or BINARY; or a PING or PONG of at most 125 bytes. */
    public void send(Opcode opcode, ByteBuffer payload, Output output) {
        send(opcode, 0, payload, output);
    }

    /** Appends a text. Unpaired surrogates become question marks, as everywhere in Java. */
    public void send(String text, Output output) {
        send(Opcode.TEXT, StandardCharsets.UTF_8.encode(text), output);
    }

    /** Appends a fragment of a message (RFC 6455, 5.4), all with the opcode of the message. */
    public void sendFragment(Opcode opcode, ByteBuffer payload, boolean last, Output output) {
        send(opcode, last ? 0 : MORE, payload, output);
    }

    /** Appends a message without compressing it. */
    public void sendPlain(Opcode opcode, ByteBuffer payload, Output output) {
        send(opcode, PLAIN, payload, output);
    }

    private synchronized void send(Opcode opcode, int flags, ByteBuffer payload, Output output) {
        var view = payload.slice();
        int len = view.remaining();
        checkSendable(opcode, flags, len);
        long bound = compresses ? Native.ws_conn_send_bound(conn(), len) : (long) len + MAX_HEADER;
        synchronized (output) {
            long from = 0;
            if (view.isDirect()) {
                from = Buffers.address(view);
            } else if (len > 0) {
                // The library reads native memory only: it gets a copy behind the frame's place.
                from = output.reserve(bound + len) + bound;
                output.place((int) bound, view);
            }
            long out = output.reserve(bound);
            long result = Native.ws_conn_send(conn(), opcode.value, flags, from, len, out, bound);
            Reference.reachabilityFence(view);
            Reference.reachabilityFence(this);
            output.written(ErrorCode.checkLocal(result, "send"));
        }
    }

    private static void checkSendable(Opcode opcode, int flags, int length) {
        if (opcode == Opcode.CONTINUATION || opcode == Opcode.CLOSE) {
            throw new IllegalArgumentException("opcode: cannot be sent: " + opcode);
        }
        if (opcode.isControl() && length > Frame.MAX_CONTROL) {
            throw new IllegalArgumentException("payload: more than 125 bytes in a " + opcode);
        }
        if (opcode.isControl() && (flags & MORE) != 0) {
            throw new IllegalArgumentException("last: a " + opcode + " has no fragments");
        }
    }

    /**
     * Appends a close frame, which starts the closing handshake, unless one was sent before.
     *
     * @param code 1005 for none
     */
    public synchronized void sendClose(int code, String reason, Output output) {
        var bytes = reason == null ? NO_REASON : reason.getBytes(StandardCharsets.UTF_8);
        Close.check(code, bytes);
        synchronized (output) {
            long out = output.reserve(MAX_OUTPUT);
            long result = Native.ws_conn_close(
                    conn(), code, bytes, bytes.length, out, MAX_OUTPUT);
            Reference.reachabilityFence(this);
            output.written(ErrorCode.checkLocal(result, "sendClose"));
        }
    }

    /** Says that the peer's stream has ended. Throws unless its close frame had arrived. */
    public synchronized void finish() throws WebSocketException {
        ErrorCode.check(Native.ws_conn_finish(conn()), "finish");
        Reference.reachabilityFence(this);
    }

    public synchronized State state() {
        var state = State.of(Native.ws_conn_state(conn()));
        Reference.reachabilityFence(this);
        return state;
    }

    public synchronized void set(Option option, long value) {
        ErrorCode.checkLocal(Native.ws_conn_set(conn(), option.value, value), option.name());
        Reference.reachabilityFence(this);
    }

    public long get(Option option) {
        return get(option.value, option.name());
    }

    public long get(Fact fact) {
        return get(fact.value, fact.name());
    }

    private synchronized long get(int number, String name) {
        var value = new long[1];
        ErrorCode.checkLocal(Native.ws_conn_get(conn(), number, value), name);
        Reference.reachabilityFence(this);
        return value[0];
    }

    /** The compression that was agreed on; null: none. */
    public synchronized Deflate deflate() {
        var params = new byte[Layout.PmdParams.SIZE];
        long result = Native.ws_conn_get_pmd(conn(), params);
        Reference.reachabilityFence(this);
        return result > 0 ? Deflate.unpack(params) : null;
    }

    /** Frees the memory of the connection; it sends nothing. */
    @Override
    public synchronized void close() {
        cleanable.clean();
    }
}
