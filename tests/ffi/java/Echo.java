import com.sun.jna.Library;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * An echo server over the connection layer, in Java with JNA. It passes byte[], and finds the data
 * of an event by its position.
 *
 * <p>java Echo LIBRARY [PORT]: it listens on 127.0.0.1 and prints the port.
 */
public final class Echo {
    /** The functions used, with size_t as long. */
    public interface Wscodec extends Library {
        long ws_head_length(byte[] buf, long len, long[] scanned);

        long ws_conn_accept(byte[] buf, long len, Pointer spec, long specSize, byte[] accepted,
                long acceptedSize, byte[] out, long outCap);

        long ws_conn_recv(Pointer conn, byte[] buf, long len, byte[] events, long eventsCap,
                long[] consumed);

        Pointer ws_event_data(Pointer conn, Pointer buf, byte[] event);

        long ws_conn_output(Pointer conn, byte[] out, long outCap);

        long ws_conn_send_bound(Pointer conn, long payloadLen);

        long ws_conn_send(Pointer conn, int opcode, int flags, byte[] payload, long payloadLen,
                byte[] out, long outCap);

        int ws_conn_state(Pointer conn);

        void ws_conn_free(Pointer conn);

        long ws_sizeof(int type);
    }

    // The numbers of include/wscodec.json, for 64 bits.
    private static final int TYPE_EVENT = 11;
    private static final int SPEC_SIZE = 72;
    private static final int SPEC_PMD = 32;
    private static final int ACCEPTED_SIZE = 32;
    private static final int ACCEPTED_HEAD_LEN = 16;
    private static final int EVENT_SIZE = 24;
    private static final int EVENTS = 64;
    private static final short COLLECTED = 0x4;
    private static final int MAX_REPLY = 512 + 139;
    private static final int STATE_CLOSED = 2;

    /**
     * Every call copies all of its byte[], and each ping ends a call: a larger buffer would let a
     * flood of pings copy it thousands of times.
     */
    private static final int READ = 16 * 1024;

    /** The time that a peer may take to close the connection, in milliseconds. */
    private static final int PATIENCE = 1000;

    private final Wscodec ws;
    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;
    private final byte[] reply = new byte[MAX_REPLY];
    private Pointer conn;

    private Echo(Wscodec ws, Socket socket) throws IOException {
        this.ws = ws;
        this.socket = socket;
        this.in = socket.getInputStream();
        this.out = socket.getOutputStream();
    }

    private static ByteBuffer view(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    }

    /** Reads a head and replies. Returns the data after the head; null: there is no connection. */
    private byte[] accept(Pointer spec) throws IOException {
        var head = new ByteArrayOutputStream();
        var chunk = new byte[4096];
        var scanned = new long[1];
        do {
            int n = in.read(chunk);
            if (n < 0) {
                return null;
            }
            head.write(chunk, 0, n);
        } while (ws.ws_head_length(head.toByteArray(), head.size(), scanned) == 0);
        byte[] buf = head.toByteArray();
        var accepted = new byte[ACCEPTED_SIZE];
        long n = ws.ws_conn_accept(buf, buf.length, spec, SPEC_SIZE, accepted,
                accepted.length, reply, reply.length);
        out.write(reply, 0, (int) Math.max(n, 0));
        long address = view(accepted).getLong(0);
        if (address == 0) {
            return null;
        }
        conn = new Pointer(address);
        return Arrays.copyOfRange(buf, view(accepted).getInt(ACCEPTED_HEAD_LEN), buf.length);
    }

    private void echo(byte[] buf, byte[] event) throws IOException {
        ByteBuffer fields = view(event);
        int off = (int) fields.getLong(0);
        int len = (int) fields.getLong(8);
        byte[] payload = (fields.getShort(18) & COLLECTED) == 0
                ? Arrays.copyOfRange(buf, off, off + len)
                : ws.ws_event_data(conn, null, event).getByteArray(0, len);
        var frame = new byte[(int) ws.ws_conn_send_bound(conn, len)];
        long n = ws.ws_conn_send(conn, fields.getShort(16), 0, payload, len, frame, frame.length);
        if (n < 0) {
            throw new IOException("ws_conn_send: " + n);
        }
        out.write(frame, 0, (int) n);
    }

    /** Processes the data of one read until all is consumed. False: the connection ends. */
    private boolean take(byte[] buf) throws IOException {
        var events = new byte[EVENTS * EVENT_SIZE];
        var used = new long[1];
        while (buf.length > 0) {
            long n = ws.ws_conn_recv(conn, buf, buf.length, events, EVENTS, used);
            for (int i = 0; i < n; i++) {
                int at = i * EVENT_SIZE;
                var event = Arrays.copyOfRange(events, at, at + EVENT_SIZE);
                if (view(event).getShort(16) < 8) {
                    echo(buf, event);
                }
            }
            long pending = ws.ws_conn_output(conn, reply, reply.length);
            out.write(reply, 0, (int) Math.max(pending, 0));
            if (n < 0) {
                return false;
            }
            buf = Arrays.copyOfRange(buf, (int) used[0], buf.length);
        }
        return ws.ws_conn_state(conn) < STATE_CLOSED;
    }

    /**
     * Shuts down sending, and waits for the peer to close: closing at once can destroy data on its
     * way (RFC 6455, 7.1.1).
     */
    private void hangUp() throws IOException {
        socket.shutdownOutput();
        socket.setSoTimeout(PATIENCE);
        long start = System.nanoTime();
        var nothing = new byte[4096];
        while (in.read(nothing) >= 0 && System.nanoTime() - start < PATIENCE * 1_000_000L) {
            // Ignored.
        }
    }

    private void serve(Pointer spec) {
        try (socket) {
            byte[] rest = accept(spec);
            var buf = new byte[READ];
            while (rest != null && take(rest)) {
                int n = in.read(buf);
                rest = n < 0 ? null : Arrays.copyOf(buf, n);
            }
            hangUp();
        } catch (IOException gone) {
            // The peer has disconnected.
        } finally {
            ws.ws_conn_free(conn);
        }
    }

    /** All zero except server_no_context_takeover. */
    private static Memory spec(Memory pmd) {
        pmd.clear();
        pmd.setByte(0, (byte) 1);
        var spec = new Memory(SPEC_SIZE);
        spec.clear();
        spec.setPointer(SPEC_PMD, pmd);
        return spec;
    }

    public static void main(String[] args) throws IOException {
        Wscodec ws = Native.load(args[0], Wscodec.class);
        // The size is passed with it, since a newer library may have a larger struct.
        if (ws.ws_sizeof(TYPE_EVENT) != EVENT_SIZE) {
            throw new IOException("another libwscodec than this was written for");
        }
        var pmd = new Memory(8);
        Memory spec = spec(pmd);
        int port = args.length > 1 ? Integer.parseInt(args[1]) : 0;
        try (var listener = new ServerSocket(port, 50, InetAddress.getLoopbackAddress())) {
            System.out.println(listener.getLocalPort());
            while (true) {
                var session = new Echo(ws, listener.accept());
                new Thread(() -> session.serve(spec)).start();
            }
        }
    }
}
