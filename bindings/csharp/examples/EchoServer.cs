using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using Wscodec;

/// <summary>An echo server: an asynchronous method for each connection.</summary>
internal sealed class EchoServer
{
    private const int MaxMessage = 16 << 20;
    private static readonly TimeSpan OpeningTime = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ClosingTime = TimeSpan.FromSeconds(1);
    private static readonly Acceptor Acceptor =
        new Acceptor(protocols: new[] { "chat", "superchat" });

    private readonly Socket socket;
    private readonly OutputBuffer output = new OutputBuffer();
    private readonly List<Event> events = new List<Event>();
    private byte[] input = new byte[64 * 1024];

    private EchoServer(Socket socket)
    {
        this.socket = socket;
    }

    private async Task Serve()
    {
        try
        {
            using (socket)
            {
                socket.NoDelay = true;
                await Talk();
                socket.Shutdown(SocketShutdown.Send);
                await AwaitClose();
            }
        }
        catch (Exception e) when (e is SocketException || e is ObjectDisposedException)
        {
            // The peer has reset the connection, or a timer has ended it.
        }
    }

    private async Task Talk()
    {
        var (accepted, count) = await Open();
        if (accepted?.Connection == null)
            return;
        using (var connection = accepted.Connection)
        {
            connection.Set(Option.MaxMessage, MaxMessage);
            var first = input.AsMemory(accepted.HeadLength, count - accepted.HeadLength);
            Echo(connection, first);
            await Send();
            while (!connection.IsEnded)
            {
                count = await socket.ReceiveAsync(input.AsMemory(), SocketFlags.None);
                if (count == 0)
                    return;
                Echo(connection, input.AsMemory(0, count));
                await Send();
            }
        }
    }

    /// <summary>Reads the request and replies. It returns how much of the input is used.</summary>
    private async Task<(Accepted, int)> Open()
    {
        using (var timer = new CancellationTokenSource(OpeningTime))
        using (timer.Token.Register(socket.Dispose))
        {
            var scanner = new HeadScanner();
            int count = 0;
            do
            {
                if (count == input.Length)
                    Array.Resize(ref input, 2 * input.Length); // at most once: 64 KiB are allowed
                int got = await socket.ReceiveAsync(input.AsMemory(count), SocketFlags.None);
                if (got == 0)
                    return (null, 0);
                count += got;
            }
            while (!scanner.IsReady(input.AsSpan(0, count)));
            var accepted = Acceptor.Accept(input.AsSpan(0, count), output);
            await Send();
            return (accepted, count);
        }
    }

    private void Echo(Connection connection, Memory<byte> data)
    {
        try
        {
            while (!data.IsEmpty)
            {
                int consumed = connection.Receive(data, events);
                foreach (var message in events)
                    if (message.IsData)
                        connection.Send(message.Opcode, message.Data.Span, output);
                connection.Flush(output);
                data = data.Slice(consumed);
            }
        }
        catch (ProtocolException)
        {
            connection.Flush(output); // a close frame that says why
        }
    }

    /// <summary>Nothing is read meanwhile, so that a slow client costs little memory.</summary>
    private async Task Send()
    {
        var rest = output.Written;
        while (!rest.IsEmpty)
            rest = rest.Slice(await socket.SendAsync(rest, SocketFlags.None));
        output.Clear();
    }

    /// <summary>The client closes first (RFC 6455, 7.1.1), unless a timer fires.</summary>
    private async Task AwaitClose()
    {
        using (var timer = new CancellationTokenSource(ClosingTime))
        using (timer.Token.Register(socket.Dispose))
        {
            while (await socket.ReceiveAsync(input.AsMemory(), SocketFlags.None) > 0)
                continue;
        }
    }

    private static async Task Run(Socket listener)
    {
        while (true)
        {
            var session = new EchoServer(await listener.AcceptAsync());
            _ = Task.Run(session.Serve);
        }
    }

    private static int Main(string[] args)
    {
        if (args.Length == 1 && args[0] == "--help")
        {
            Console.WriteLine("usage: echo_server [--port PORT]  (0: any free port)");
            return 0;
        }
        ushort port = 8080;
        if (args.Length != 0
            && !(args.Length == 2 && args[0] == "--port" && ushort.TryParse(args[1], out port)))
        {
            Console.Error.WriteLine("echo_server: wrong arguments (see --help)");
            return 2;
        }
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        listener.Listen(1024);
        Console.WriteLine("listening on http://" + listener.LocalEndPoint);
        Run(listener).GetAwaiter().GetResult();
        return 0;
    }
}
