using System;
using System.Buffers;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using Wscodec;

/// <summary>
/// What the vectors cannot show: sending, lifetimes, and arguments that are refused.
/// </summary>
internal static class Behaviour
{
    internal static readonly Action[] All =
    {
        AClientAndAServerTalk, BothSidesAgreeOnCompression, CompressedMessagesArrive,
        ADisposedConnectionIsRefused, ACollectedMessageOutlivesItsConnection,
        TheCollectorFreesForgottenConnections, ThreadsMayShareAConnection,
        AnErrorIsThrownAfterTheEventsBeforeIt, WrongArgumentsAreNamed, AnOutputBufferGrows,
        TheHeadOfARequestIsFoundAsItArrives,
    };

    private const long MiB = 1 << 20;
    private static readonly byte[] Start = new byte[1000000];

    private static byte[] Bytes(string text)
    {
        return Encoding.UTF8.GetBytes(text);
    }

    private static byte[] Taken(OutputBuffer output)
    {
        var bytes = output.Written.ToArray();
        output.Clear();
        return bytes;
    }

    private static void Refused(string name, Action call)
    {
        Expect.Same(name, Expect.Thrown<ArgumentException>(call).ParamName, "parameter");
    }

    private static void AClientAndAServerTalk()
    {
        var request = new Request("example.com", "/chat", "https://example.com",
            new[] { "superchat", "chat" });
        var acceptor = new Acceptor(new[] { "chat", "superchat" },
            origins: new[] { "https://example.com" }, headers: "X-Test: yes\r\n");
        var output = new OutputBuffer();
        var accepted = acceptor.Accept(request.Head.Span, output);
        Expect.Same("chat", accepted.Protocol, "protocol");
        Expect.Same(request.Head.Length, accepted.HeadLength, "head");
        var head = Taken(output);
        Expect.That(Encoding.ASCII.GetString(head).Contains("X-Test: yes\r\n"), "headers");
        Expect.Same("chat", request.Confirm(head, out var client).Protocol, "protocol");
        using (client)
        using (var server = accepted.Connection)
        {
            client.Send("Grüße", output);
            client.Send(Opcode.Text, Bytes("a"), output, SendFlags.More);
            client.Send(Opcode.Ping, Bytes("p"), output);
            client.Send(Opcode.Text, Bytes("b"), output);
            client.SendClose(4000, "bye", output);
            var events = new List<Event>();
            var texts = new List<string>();
            for (var rest = Taken(output).AsMemory(); !rest.IsEmpty;)
            {
                rest = rest.Slice(server.Receive(rest, events));
                texts.AddRange(events.Select(each => each.Opcode + " " + each.Text));
                server.Flush(output);
            }
            Expect.Same("Text Grüße, Ping p, Text ab, Close bye",
                string.Join(", ", texts), "events");
            Expect.Same(State.Closed, server.State, "state");
            Expect.Same(4000L, server.Get(Fact.CloseReceived), "code");
        }
    }

    private static void BothSidesAgreeOnCompression()
    {
        var request = new Request("example.com", "/", deflate: new Deflate(
            true, clientMaxWindowBits: 12, level: 9));
        var output = new OutputBuffer();
        var accepted = new Acceptor(deflate: new Deflate()).Accept(request.Head.Span, output);
        request.Confirm(output.Written.Span, out var client);
        Expect.Same(new Deflate(true, clientMaxWindowBits: 12),
            accepted.Connection.Deflate, "the server's");
        Expect.Same(new Deflate(true, clientMaxWindowBits: 12, level: 9),
            client.Deflate, "the client's");
    }

    private static void CompressedMessagesArrive()
    {
        foreach (int size in new[] { 0, 1, 1000, 100000, 3000000 })
        {
            var bytes = new byte[size];
            new Random(size).NextBytes(bytes);
            var output = new OutputBuffer();
            using (var client = new Connection(Role.Client, new Deflate()))
            using (var server = new Connection(Role.Server, new Deflate()))
            {
                server.Set(Option.MaxMessage, 0);
                client.Send(Opcode.Binary, bytes, output);
                client.Send(Opcode.Binary, bytes, output, SendFlags.Plain);
                var events = new List<Event>();
                int count = 0;
                for (var rest = Taken(output).AsMemory(); !rest.IsEmpty;)
                {
                    rest = rest.Slice(server.Receive(rest, events));
                    count += events.Count(each => each.Data.Span.SequenceEqual(bytes));
                }
                Expect.Same(2, count, "messages");
            }
        }
    }

    private static void ADisposedConnectionIsRefused()
    {
        var connection = new Connection(Role.Server);
        connection.Dispose();
        connection.Dispose();
        var output = new OutputBuffer();
        foreach (var call in new Action[]
        {
            () => connection.Receive(new byte[1], new List<Event>()),
            () => connection.Flush(output), () => connection.Send("x", output),
            () => connection.SendClose(1000, "", output), connection.Finish,
            () => connection.State.ToString(), () => connection.Deflate.ToString(),
            () => connection.Set(Option.Stream, 1), () => connection.Get(Option.Stream),
        })
            Expect.Thrown<ObjectDisposedException>(call);
    }

    private static void ACollectedMessageOutlivesItsConnection()
    {
        var output = new OutputBuffer();
        using (var client = new Connection(Role.Client))
        {
            client.Send(Opcode.Text, Bytes("Hel"), output, SendFlags.More);
            client.Send(Opcode.Text, Bytes("lo"), output);
        }
        var events = new List<Event>();
        using (var server = new Connection(Role.Server))
            server.Receive(Taken(output), events);
        Expect.Same("Hello", events.Single().Text, "text");
        Expect.That((events[0].Flags & EventFlags.Collected) != 0, "collected");
    }

    private static void TheCollectorFreesForgottenConnections()
    {
        long before = Resident();
        for (int i = 0; i < 1000; i++)
        {
            Forget();
            if (i % 100 == 99)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }
        }
        Expect.That(Resident() < before + 500 * MiB, "memory is freed, and used again");
    }

    /// <summary>A connection that holds 1 MB, the start of a message.</summary>
    private static void Forget()
    {
        new byte[] { 0x02, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 0 }.CopyTo(Start, 0);
        new Connection(Role.Server).Receive(Start, new List<Event>());
    }

    private static long Resident()
    {
        return 4096 * long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[1]);
    }

    private static void ThreadsMayShareAConnection()
    {
        var output = new OutputBuffer();
        var connection = new Connection(Role.Server);
        var tasks = Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < 5000; i++)
                lock (output)
                    connection.Send("hello", output);
        })).ToArray();
        for (int i = 0; i < 5000; i++)
            Expect.Same(State.Open, connection.State, "state");
        Task.WaitAll(tasks);
        Expect.Same(20000 * 7, output.Length, "bytes");
    }

    private static void AnErrorIsThrownAfterTheEventsBeforeIt()
    {
        var output = new OutputBuffer();
        new Connection(Role.Client).Send("good", output);
        output.Write(new byte[] { 0x83 });
        var server = new Connection(Role.Server);
        var input = Taken(output);
        var events = new List<Event>();
        int consumed = server.Receive(input, events);
        Expect.Same("good", events.Single().Text, "event");
        var e = Expect.Thrown<ProtocolException>(
            () => server.Receive(input.AsMemory(consumed), events));
        Expect.Same(ErrorCode.Opcode, e.Error, "error");
        Expect.Same(1002, e.Error.CloseCode(), "close code");
        Expect.Same(State.Failed, server.State, "state");
    }

    private static void WrongArgumentsAreNamed()
    {
        var server = new Connection(Role.Server);
        var output = new OutputBuffer();
        Refused("opcode", () => server.Send(Opcode.Close, null, output));
        Refused("opcode", () => server.Send(Opcode.Continuation, null, output));
        Refused("payload", () => server.Send(Opcode.Ping, new byte[126], output));
        Refused("flags", () => server.Send(Opcode.Ping, null, output, SendFlags.More));
        Refused("flags", () => server.Send(Opcode.Text, null, output, (SendFlags)0x100));
        Refused("code", () => server.SendClose(65536 + 1000, "", output));
        Refused("code", () => server.SendClose(1006, "", output));
        Refused("reason", () => server.SendClose(1000, new string('x', 124), output));
        Refused("value", () => server.Set(Option.Stream, 2));
        Refused("value", () => server.Set(Option.MaxMessage, -1));
        Refused("level", () => new Deflate(level: 10));
        Refused("serverMaxWindowBits", () => new Deflate(serverMaxWindowBits: 7));
        Refused("maxPayload", () => new FrameDecoder(Role.Server, FrameOptions.None, -1));
        Refused("options", () => new FrameDecoder(Role.Server, (FrameOptions)0x80));
        Refused("maskingKey", () =>
            Frame.Encode(Opcode.Text, FrameFlags.Fin, new byte[3], null, output));
        Refused("flags", () => Frame.Encode(Opcode.Text, FrameFlags.Masked, null, null, output));
        Refused("opcode", () => Frame.Encode((Opcode)3, FrameFlags.Fin, null, null, output));
        Refused("host", () => new Request("日本", "/"));
        Refused("origins", () => new Acceptor(origins: new string[0]));
        Expect.Thrown<ArgumentException>(
            () => new Acceptor(origins: new[] { "https://example.com/" }));
        var memory = output.GetMemory(100).Slice(0, 100);
        Refused("payload", () => server.Send(Opcode.Text, memory.Span, output));
        Refused("payload", () =>
            Frame.Encode(Opcode.Text, FrameFlags.Fin, null, memory.Span, output));
        Expect.Same(0, output.Length, "nothing was written");
    }

    private static void AnOutputBufferGrows()
    {
        var output = new OutputBuffer();
        var expected = new List<byte>();
        for (int i = 0; i < 1000; i++)
        {
            var bytes = Enumerable.Repeat((byte)i, i).ToArray();
            output.Write(bytes);
            expected.AddRange(bytes);
        }
        Expect.Same(expected.ToArray(), output.Written.ToArray(), "bytes");
        output.Clear();
        Expect.Same(0, output.Length, "length");
        Refused("count", () => output.Advance(1));
    }

    private static void TheHeadOfARequestIsFoundAsItArrives()
    {
        var head = Bytes("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        var scanner = new HeadScanner();
        for (int end = 1; end < head.Length; end++)
            Expect.That(!scanner.IsReady(head.AsSpan(0, end)), end);
        Expect.That(scanner.IsReady(head), "whole");
        Expect.That(new HeadScanner().IsReady(new byte[] { 0x16, 3, 1 }), "TLS");
    }
}
