import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;

/** An echo server: one thread and a selector. */
public final class EchoServer {
    private static final long CHECK_EVERY = 250_000_000;

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
            if (now - checked > CHECK_EVERY) {
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
        if (args.length != 0 && !String.join(" ", args).matches("--port \\d{1,5}")) {
            System.err.println("echo_server: wrong arguments (see --help)");
            System.exit(2);
        }
        int port = args.length == 0 ? 8080 : Integer.parseInt(args[1]);
        var listener = ServerSocketChannel.open();
        listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1024);
        System.out.println("listening on http://127.0.0.1:" + listener.socket().getLocalPort());
        run(listener);
    }
}
