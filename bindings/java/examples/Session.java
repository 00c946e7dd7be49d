import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import wscodec.Acceptor;
import wscodec.Connection;
import wscodec.HeadScanner;
import wscodec.Option;
import wscodec.Output;
import wscodec.WebSocketException;

/** A client: first its request arrives, then messages; in the end, its side is awaited. */
final class Session {
    private static final int READ = 64 * 1024;
    private static final long SECOND = 1_000_000_000;
    private static final byte[] NOTHING = {};

    /** All sessions share it: it holds a request that is still incomplete, and one more read. */
    private static final ByteBuffer INPUT = ByteBuffer.allocateDirect(2 * READ);

    private static final Acceptor ACCEPTOR =
            new Acceptor.Builder().protocols("chat", "superchat").build();

    private final SocketChannel channel;
    private final SelectionKey key;
    private final Output output = new Output();
    private HeadScanner scanner = new HeadScanner();
    private byte[] head = NOTHING;
    private Connection connection;
    private boolean ending;
    private long deadline = System.nanoTime() + 10 * SECOND;

    Session(SocketChannel channel, Selector selector) throws IOException {
        this.channel = channel;
        channel.configureBlocking(false);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        key = channel.register(selector, SelectionKey.OP_READ, this);
    }

    void serve() {
        try {
            if (!key.isReadable() || read()) {
                write();
            } else {
                drop();
            }
        } catch (IOException | OutOfMemoryError e) {
            drop(); // the client has gone, or wants too much at once
        }
    }

    /** Returns false if the client has closed and nothing is to be sent. */
    private boolean read() throws IOException {
        INPUT.clear().put(head);
        INPUT.limit(INPUT.position() + READ);
        int count = channel.read(INPUT);
        INPUT.flip();
        if (count < 0) {
            boolean done = ending || connection == null || output.isEmpty();
            ending = true;
            return !done;
        }
        if (!ending && connection == null) {
            open();
        }
        if (!ending && connection != null) {
            echo();
        }
        return true;
    }

    private void open() {
        head = NOTHING;
        if (!scanner.isReady(INPUT)) {
            head = new byte[INPUT.remaining()];
            INPUT.get(head);
            return;
        }
        connection = ACCEPTOR.accept(INPUT, output).connection();
        scanner = null;
        deadline = Long.MAX_VALUE;
        if (connection == null) {
            ending = true;
        } else {
            connection.set(Option.MAX_MESSAGE, 16 << 20);
        }
    }

    private void echo() {
        try {
            while (INPUT.hasRemaining()) {
                for (var event : connection.receive(INPUT)) {
                    if (event.isData()) {
                        connection.send(event.opcode(), event.data(), output);
                    }
                }
                connection.flush(output);
            }
        } catch (WebSocketException invalid) {
            connection.flush(output); // a close frame that says why
        }
        ending = connection.state().isEnded();
    }

    /**
     * Reads no more before all is written, so that a slow client costs little memory. In the
     * end a client may take a second to close (RFC 6455, 7.1.1).
     */
    private void write() throws IOException {
        boolean done = output.isEmpty() || output.writeTo(channel);
        if (done && ending && deadline == Long.MAX_VALUE) {
            channel.shutdownOutput();
            deadline = System.nanoTime() + SECOND;
        }
        int interest = done ? SelectionKey.OP_READ : SelectionKey.OP_WRITE;
        if (key.interestOps() != interest) {
            key.interestOps(interest);
        }
    }

    void drop() {
        key.cancel();
        if (connection != null) {
            connection.close();
        }
        try {
            channel.close();
        } catch (IOException ignored) {
            // There is nothing left to lose.
        }
    }

    void dropIfLate(long now) {
        if (deadline != Long.MAX_VALUE && now - deadline > 0) {
            drop();
        }
    }
}
