import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.stream.Stream;
import wscodec.Connection;
import wscodec.Event;
import wscodec.Opcode;
import wscodec.Option;
import wscodec.Output;
import wscodec.Request;
import wscodec.WebSocketException;

/** A client on a blocking channel: sends each message, and prints the reply to it. */
public final class EchoClient implements AutoCloseable {
    private final SocketChannel channel;
    private final ByteBuffer input = ByteBuffer.allocateDirect(64 * 1024);
    private final Output output = new Output();
    private final Queue<String> replies = new ArrayDeque<>();
    private final Connection connection;
    private Event close;

    EchoClient(URI url) throws IOException {
        channel = SocketChannel.open(
                new InetSocketAddress(url.getHost(), url.getPort() < 0 ? 80 : url.getPort()));
        var target = url.getRawPath().isEmpty() ? "/" : url.getRawPath();
        var query = url.getRawQuery() == null ? "" : "?" + url.getRawQuery();
        connection = open(new Request.Builder(url.getRawAuthority(), target + query).build());
        connection.set(Option.MAX_MESSAGE, 16 << 20);
    }

    private Connection open(Request request) throws IOException {
        output.put(request.head());
        write();
        Request.Confirmed confirmed = null;
        while (confirmed == null) {
            if (channel.read(input) < 0) {
                throw new EOFException("the server closed before it accepted the request");
            }
            input.flip();
            confirmed = request.confirm(input);
            input.compact();
        }
        input.flip(); // the first frames
        return confirmed.connection();
    }

    /** Returns null when the server has closed. */
    String echo(String message) throws IOException {
        connection.send(message, output);
        write();
        while (replies.isEmpty() && close == null) {
            receive();
        }
        return replies.poll();
    }

    private void receive() throws IOException {
        if (!input.hasRemaining()) {
            int count = channel.read(input.clear());
            input.flip();
            if (count < 0) {
                connection.finish();
            }
        }
        try {
            for (var event : connection.receive(input)) {
                if (event.isData()) {
                    replies.add(event.text());
                } else if (event.opcode() == Opcode.CLOSE) {
                    close = event;
                }
            }
        } finally {
            connection.flush(output);
            write();
        }
    }

    /** The closing handshake; the server closes the TCP connection first. */
    void hangUp() throws IOException {
        connection.sendClose(1000, "", output);
        write();
        while (close == null) {
            receive();
        }
        channel.shutdownOutput();
        while (channel.read(input.clear()) >= 0) {
            // What comes after the close frame means nothing.
        }
    }

    private void write() throws IOException {
        output.writeTo(channel); // all of it: the channel blocks
    }

    @Override
    public void close() throws IOException {
        try (channel; connection) {
            output.take();
        }
    }

    private static Stream<String> lines() {
        return new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).lines();
    }

    private static void talk(String url, Stream<String> messages) throws IOException {
        var stdout = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        try (var client = new EchoClient(URI.create(url))) {
            for (var message : (Iterable<String>) messages::iterator) {
                var reply = client.echo(message);
                if (reply == null) {
                    throw new IOException("the server closed with " + client.close.closeCode()
                            + " " + client.close.text());
                }
                stdout.println(reply);
            }
            client.hangUp();
        }
    }

    public static void main(String[] args) {
        if (args.length == 0 || !args[0].startsWith("ws://")) {
            System.err.println("usage: echo_client ws://HOST:PORT/PATH [MESSAGE ...]");
            System.exit(2);
        }
        try {
            talk(args[0], args.length > 1 ? Stream.of(args).skip(1) : lines());
        } catch (WebSocketException invalid) {
            fail(invalid.error() + ": " + invalid.getMessage());
        } catch (IOException | IllegalArgumentException e) {
            fail(String.valueOf(e.getMessage()));
        }
    }

    private static void fail(String message) {
        System.err.println("echo_client: " + message);
        System.exit(1);
    }
}
