package wscodec;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarFile;

/** What the vectors cannot show: sending, lifetimes, and arguments that are refused. */
final class Behaviour {
    private static final long MIB = 1 << 20;

    private Behaviour() {}

    @Retention(RetentionPolicy.RUNTIME)
    @interface Test {}

    static void run(Method test) {
        try {
            test.invoke(null);
        } catch (InvocationTargetException e) {
            throw new AssertionError(e.getCause());
        } catch (IllegalAccessException e) {
            throw new AssertionError(e);
        }
    }

    private static ByteBuffer heap(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    private static ByteBuffer direct(String text) {
        return Values.direct(text.getBytes(StandardCharsets.UTF_8));
    }

    private static void refused(String name, Expect.Call call) {
        var e = Expect.thrown(IllegalArgumentException.class, call);
        Expect.that(e.getMessage().startsWith(name + ":"), e.getMessage());
    }

    @Test
    static void aClientAndAServerTalk() throws Exception {
        var request = new Request.Builder("example.com", "/chat")
                .protocols("superchat", "chat").origin("https://example.com").build();
        var acceptor = new Acceptor.Builder().protocols("chat", "superchat")
                .origins("https://example.com").headers("X-Test: yes\r\n").build();
        var output = new Output();
        var accepted = acceptor.accept(Values.direct(request.head()), output);
        Expect.same("chat", accepted.protocol(), "protocol");
        var response = output.take();
        Expect.that(new String(response, StandardCharsets.US_ASCII).contains("X-Test: yes\r\n"),
                "headers");
        var confirmed = request.confirm(Values.direct(response));
        Expect.same("chat", confirmed.response().protocol(), "protocol");
        try (var client = confirmed.connection(); var server = accepted.connection()) {
            client.send("Grüße", output);
            client.sendFragment(Opcode.TEXT, heap("a"), false, output);
            client.send(Opcode.PING, direct("p"), output);
            client.sendFragment(Opcode.TEXT, direct("b"), true, output);
            client.sendClose(4000, "bye", output);
            var input = Values.direct(output.take());
            var texts = new StringBuilder();
            while (input.hasRemaining()) {
                for (var event : server.receive(input)) {
                    texts.append(event.opcode()).append(' ').append(event.text()).append(';');
                }
                server.flush(output);
            }
            Expect.same("TEXT Grüße;PING p;TEXT ab;CLOSE bye;", texts.toString(), "events");
            Expect.same(State.CLOSED, server.state(), "state");
            Expect.same(4000L, server.get(Fact.CLOSE_RECEIVED), "code");
        }
    }

    @Test
    static void bothSidesAgreeOnCompression() throws Exception {
        var offered = new Deflate(true, false, 15, 12, 9, 9);
        var request = new Request.Builder("example.com", "/").deflate(offered).build();
        var output = new Output();
        var accepted = new Acceptor.Builder().deflate(Deflate.DEFAULT).build()
                .accept(Values.direct(request.head()), output);
        var confirmed = request.confirm(Values.direct(output.take()));
        Expect.same(accepted.connection().deflate(),
                new Deflate(true, false, 15, 12, 6, 8), "the server's");
        Expect.same(confirmed.connection().deflate(),
                new Deflate(true, false, 15, 12, 9, 9), "the client's");
    }

    @Test
    static void compressedMessagesOfAllKindsOfBuffersArrive() throws Exception {
        for (int size : new int[] {0, 1, 1000, 100_000, 3_000_000}) {
            var output = new Output();
            try (var client = new Connection(Role.CLIENT, Deflate.DEFAULT);
                    var server = new Connection(Role.SERVER, Deflate.DEFAULT)) {
                server.set(Option.MAX_MESSAGE, 0);
                var bytes = new byte[size];
                new Random(size).nextBytes(bytes);
                client.send(Opcode.BINARY, ByteBuffer.wrap(bytes), output);
                client.send(Opcode.BINARY, Values.direct(bytes), output);
                client.sendPlain(Opcode.BINARY, ByteBuffer.wrap(bytes), output);
                var input = Values.direct(output.take());
                int count = 0;
                while (input.hasRemaining()) {
                    for (var event : server.receive(input)) {
                        Expect.same(bytes, event.bytes(), size);
                        count++;
                    }
                }
                Expect.same(3, count, "messages");
            }
        }
    }

    @Test
    static void aClosedConnectionIsRefusedAndNotUsed() {
        var connection = new Connection(Role.SERVER);
        connection.close();
        connection.close();
        var output = new Output();
        for (Expect.Call call : new Expect.Call[] {
            () -> connection.receive(direct("x")), () -> connection.flush(output),
            () -> connection.send("x", output), () -> connection.sendClose(1000, "", output),
            connection::finish, connection::state, connection::deflate,
            () -> connection.set(Option.STREAM, 1), () -> connection.get(Option.STREAM),
        }) {
            Expect.thrown(IllegalStateException.class, call);
        }
    }

    @Test
    static void aCollectedMessageOutlivesItsConnection() throws Exception {
        var output = new Output();
        try (var client = new Connection(Role.CLIENT)) {
            client.sendFragment(Opcode.TEXT, heap("Hel"), false, output);
            client.sendFragment(Opcode.TEXT, heap("lo"), true, output);
        }
        Event event;
        try (var server = new Connection(Role.SERVER)) {
            event = server.receive(Values.direct(output.take())).get(0);
        }
        Expect.same("Hello", event.text(), "text");
    }

    @Test
    static void theCollectorFreesForgottenConnections() throws Exception {
        long before = resident();
        for (int i = 0; i < 1000; i++) {
            forget();
            if (i % 100 == 99) {
                System.gc();
                Thread.sleep(100);
            }
        }
        Expect.that(resident() < before + 500 * MIB, "memory is freed, and used again");
    }

    /** A connection that holds 1 MB, the start of a message. */
    private static void forget() throws Exception {
        var start = ByteBuffer.allocateDirect(1_000_000);
        start.put(0, new byte[] {0x02, (byte) 0xff, 0, 0, 0, 0, 0, 0x10, 0, 0});
        new Connection(Role.SERVER).receive(start);
    }

    private static long resident() throws IOException {
        return 4096 * Long.parseLong(Files.readString(Path.of("/proc/self/statm")).split(" ")[1]);
    }

    @Test
    static void threadsMayShareAConnection() throws Exception {
        var output = new Output();
        var connection = new Connection(Role.SERVER);
        var threads = new ArrayList<Thread>();
        for (int i = 0; i < 4; i++) {
            threads.add(new Thread(() -> {
                for (int j = 0; j < 5000; j++) {
                    connection.send("hello", output);
                }
            }));
        }
        threads.forEach(Thread::start);
        for (var thread : threads) {
            thread.join();
        }
        var input = Values.direct(output.take());
        int count = 0;
        while (input.hasRemaining()) {
            var frame = Frame.decode(input, Role.CLIENT, Set.of());
            Expect.same("hello", StandardCharsets.UTF_8.decode(frame.payload()).toString(), count);
            count++;
        }
        Expect.same(20_000, count, "messages");
    }

    @Test
    static void anErrorIsThrownAfterTheEventsBeforeIt() throws Exception {
        var output = new Output();
        var client = new Connection(Role.CLIENT);
        client.send("good", output);
        output.put(new byte[] {(byte) 0x83});
        var server = new Connection(Role.SERVER);
        var input = Values.direct(output.take());
        Expect.same("good", server.receive(input).get(0).text(), "event");
        var e = Expect.thrown(WebSocketException.class, () -> server.receive(input));
        Expect.same(ErrorCode.OPCODE, e.error(), "error");
        Expect.same(1002, e.error().closeCode(), "close code");
        Expect.same(State.FAILED, server.state(), "state");
    }

    @Test
    static void wrongArgumentsAreNamed() {
        var server = new Connection(Role.SERVER);
        var output = new Output();
        refused("input", () -> server.receive(heap("x")));
        refused("input", () -> server.receive(direct("x").asReadOnlyBuffer()));
        refused("input", () -> new Decoder(Role.SERVER, Set.of(), 0).feed(heap("x")));
        refused("input", () -> new Acceptor().accept(heap("GET"), output));
        refused("opcode", () -> server.send(Opcode.CLOSE, heap(""), output));
        refused("opcode", () -> server.send(Opcode.CONTINUATION, heap(""), output));
        refused("payload", () -> server.send(Opcode.PING, heap("x".repeat(126)), output));
        refused("last", () -> server.sendFragment(Opcode.PING, heap(""), false, output));
        refused("code", () -> server.sendClose(65536 + 1000, "", output));
        refused("code", () -> server.sendClose(1006, "", output));
        refused("reason", () -> server.sendClose(1000, "x".repeat(124), output));
        refused("level", () -> new Deflate(false, false, 15, 15, 10, 8));
        refused("serverMaxWindowBits", () -> new Deflate(false, false, 7, 15, 6, 8));
        refused("maxPayload", () -> new Decoder(Role.SERVER, Set.of(), -1));
        refused("maskingKey", () ->
                Frame.encode(Opcode.TEXT, Frame.FIN, new byte[3], direct(""), output));
        refused("flags", () -> Frame.encode(Opcode.TEXT, 1, null, direct(""), output));
        refused("host", () -> new Request.Builder("日本", "/").build());
        Expect.thrown(IllegalArgumentException.class,
                () -> new Acceptor.Builder().origins("https://example.com/").build());
        Expect.same(0, output.size(), "nothing was written");
    }

    @Test
    static void anOutputGrowsAndIsWrittenInParts() throws Exception {
        var output = new Output();
        var all = new ByteArrayOutputStream();
        var expected = new ByteArrayOutputStream();
        for (int i = 0; i < 1000; i++) {
            var bytes = new byte[i];
            Arrays.fill(bytes, (byte) i);
            output.put(bytes);
            expected.writeBytes(bytes);
            if (i % 7 == 0) {
                var slow = new SlowChannel(all, 1500);
                boolean written = output.writeTo(slow);
                Expect.same(output.isEmpty(), written, "whether all was written");
            }
        }
        while (!output.writeTo(new SlowChannel(all, 100_000))) {
            Expect.that(!output.isEmpty(), "the rest");
        }
        Expect.same(expected.toByteArray(), all.toByteArray(), "bytes");
    }

    @Test
    static void theJarNamesItsModule() throws Exception {
        var source = Connection.class.getProtectionDomain().getCodeSource().getLocation();
        try (var jar = new JarFile(Path.of(source.toURI()).toFile())) {
            var attributes = jar.getManifest().getMainAttributes();
            Expect.same("wscodec", attributes.getValue("Automatic-Module-Name"), "module");
        }
    }

    @Test
    static void theServerOfTheReadmeReportsAViolation() throws Exception {
        try (var listener = ServerSocketChannel.open()
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
                var client = SocketChannel.open(listener.getLocalAddress())) {
            client.write(ByteBuffer.wrap(new Request.Builder("localhost", "/").build().head()));
            client.write(ByteBuffer.wrap(new byte[] {(byte) 0x83}));
            client.shutdownOutput();
            try (var accepted = listener.accept()) {
                Expect.thrown(WebSocketException.class, () -> Readme.serve(accepted));
            }
            var wire = new String(
                    client.socket().getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
            Expect.that(wire.endsWith("\r\n\r\n\u0088\u0002\u0003\u00ea"), wire);
        }
    }

    @Test
    static void aBlockedWriterHoldsNobodyUp() throws Exception {
        var output = new Output();
        var server = new Connection(Role.SERVER);
        var channel = new BlockedChannel();
        output.put(numbered(3000));
        output.writeTo(new SlowChannel(channel.taken, 2500));
        var threads = Executors.newCachedThreadPool();
        try {
            var first = threads.submit(() -> output.writeTo(channel));
            channel.entered.await();
            var others = threads.submit(() -> {
                Expect.same(500, output.size(), "size while 500 bytes are written");
                sendSome(server, output);
                server.receive(Values.direct(new byte[] {(byte) 0x89, (byte) 0x80, 0, 0, 0, 0}));
                server.flush(output);
                return null;
            });
            others.get(10, TimeUnit.SECONDS);
            var second = threads.submit(() -> output.writeTo(channel));
            channel.released.countDown();
            first.get(10, TimeUnit.SECONDS);
            Expect.that(second.get(10, TimeUnit.SECONDS), "all is written");
        } finally {
            channel.released.countDown();
            threads.shutdown();
        }
        var expected = new Output();
        expected.put(numbered(3000));
        var other = new Connection(Role.SERVER);
        sendSome(other, expected);
        other.send(Opcode.PONG, heap(""), expected);
        Expect.same(expected.take(), channel.taken.toByteArray(), "bytes in their order");
    }

    /** More than the room left: moved bytes would make room, and the second would overwrite some. */
    private static void sendSome(Connection connection, Output output) {
        for (int size : new int[] {1400, 1900, 100_000}) {
            connection.send(Opcode.BINARY, Values.direct(numbered(size)), output);
        }
    }

    private static byte[] numbered(int size) {
        var bytes = new byte[size];
        for (int i = 0; i < size; i++) {
            bytes[i] = (byte) (i % 251);
        }
        return bytes;
    }

    /** Takes nothing before it is released, then all. */
    private record BlockedChannel(
            CountDownLatch entered, CountDownLatch released, ByteArrayOutputStream taken)
            implements WritableByteChannel {
        BlockedChannel() {
            this(new CountDownLatch(1), new CountDownLatch(1), new ByteArrayOutputStream());
        }

        @Override
        public int write(ByteBuffer bytes) throws IOException {
            entered.countDown();
            try {
                released.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            return Channels.newChannel(taken).write(bytes);
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }

    /** Takes a few bytes at a time. */
    private record SlowChannel(OutputStream stream, int most)
            implements WritableByteChannel {
        @Override
        public int write(ByteBuffer bytes) throws IOException {
            int size = Math.min(most, bytes.remaining());
            var part = bytes.slice(bytes.position(), size);
            Channels.newChannel(stream).write(part);
            bytes.position(bytes.position() + size);
            return size;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }

    @Test
    static void theHeadOfARequestIsFoundAsItArrives() {
        var head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        var scanner = new HeadScanner();
        for (int end = 1; end < head.length(); end++) {
            Expect.that(!scanner.isReady(direct(head.substring(0, end))), end);
        }
        Expect.that(scanner.isReady(direct(head)), "whole");
        Expect.that(new HeadScanner().isReady(direct("\u0016\u0003\u0001")), "TLS");
    }
}
