import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import wscodec.Acceptor;
import wscodec.Connection;
import wscodec.HeadScanner;
import wscodec.Option;
import wscodec.Output;
import wscodec.WebSocketException;

/** An echo server: one thread, a selector, and one buffer for the input of all connections. */
public final class EchoServer {
    private static final int READ = 64 * 1024;
    private static final long SECOND = 1_000_000_000;
    private static final byte[] NOTHING = {};

    /** A request of 64 KiB that is still incomplete, and one more read. */
    private static final ByteBuffer INPUT = ByteBuffer.allocateDirect(2 * READ);

    private static final Acceptor ACCEPTOR =
            new Acceptor.Builder().protocols("chat", "superchat").build();

    /** A client: first its request arrives, then messages; in the end, its side is awaited. */
    private static final class Session {
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
            } catch (IOException gone) {
                drop();
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

    private static void run(ServerSocketChannel listener) throws IOException {
        var selector = Selector.open();
        listener.configureBlocking(false);
        listener.register(selector, SelectionKey.OP_ACCEPT);
        long checked = System.nanoTime();
        while (true) {
            selector.select(1000);
            for (var key : selector.selectedKeys()) {
                if (key.attachment() instanceof Session session) {
                    session.serve();
                } else {
                    var channel = listener.accept();
                    if (channel != null) {
                        new Session(channel, selector);
                    }
                }
            }
            selector.selectedKeys().clear();
            long now = System.nanoTime();
            if (now - checked > SECOND / 4) {
                checked = now;
                for (var key : selector.keys()) {
                    if (key.attachment() instanceof Session session) {
                        session.dropIfLate(now);
                    }
                }
            }
        }
    }

    public static void main(String[] args) throws IOException {
        if (args.length == 1 && args[0].equals("--help")) {
            System.out.println("usage: echo_server [--port PORT]  (0: any free port)");
            return;
        }
        int port = args.length == 2 && args[0].equals("--port") ? Integer.parseInt(args[1]) : 8080;
        var listener = ServerSocketChannel.open();
        listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1024);
        System.out.println("listening on http://127.0.0.1:" + listener.socket().getLocalPort());
        run(listener);
    }
}
