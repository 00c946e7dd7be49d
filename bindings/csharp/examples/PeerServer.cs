using System;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Threading;
using System.Threading.Tasks;
using Wscodec;

/// <summary>
/// The echo server with System.Net.WebSockets, for comparison. Its WebSocket starts after the
/// opening handshake. That is left to HttpListener or ASP.NET Core, but the former needs OpenSSL
/// 1.1, and the latter is not part of this runtime; so Wscodec replies to the request.
/// </summary>
internal static class PeerServer
{
    private const int MaxMessage = 16 << 20;
    private static readonly Acceptor Acceptor = new Acceptor();

    private static async Task Serve(TcpClient client)
    {
        try
        {
            using (client)
            {
                client.NoDelay = true;
                var stream = client.GetStream();
                if (!await Open(stream))
                    return;
                using (var socket = WebSocket.CreateFromStream(stream, true, null, TimeSpan.Zero))
                    await Echo(socket);
            }
        }
        catch (Exception e) when (e is WebSocketException || e is IOException)
        {
            // The peer has gone, or has violated the protocol.
        }
    }

    private static async Task<bool> Open(NetworkStream stream)
    {
        var head = new byte[64 * 1024];
        var output = new OutputBuffer();
        Accepted accepted = null;
        for (int count = 0, got; accepted == null; count += got)
        {
            got = await stream.ReadAsync(head, count, head.Length - count);
            if (got == 0)
                return false;
            accepted = Acceptor.Accept(head.AsSpan(0, count + got), output);
        }
        await stream.WriteAsync(output.Written, CancellationToken.None);
        accepted.Connection?.Dispose();
        return accepted.Error == ErrorCode.None;
    }

    private static async Task Echo(WebSocket socket)
    {
        var buffer = new byte[64 * 1024];
        int length = 0;
        while (true)
        {
            if (length == buffer.Length)
                Array.Resize(ref buffer, Math.Min(2 * length, MaxMessage + 1));
            var result = await socket.ReceiveAsync(buffer.AsMemory(length), CancellationToken.None);
            if (result.MessageType == WebSocketMessageType.Close)
                break;
            length += result.Count;
            if (length > MaxMessage)
            {
                await socket.CloseAsync(
                    WebSocketCloseStatus.MessageTooBig, null, CancellationToken.None);
                return;
            }
            if (!result.EndOfMessage)
                continue;
            await socket.SendAsync(
                buffer.AsMemory(0, length), result.MessageType, true, CancellationToken.None);
            length = 0;
        }
        await socket.CloseOutputAsync(
            socket.CloseStatus ?? WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
    }

    private static async Task Run(TcpListener listener)
    {
        while (true)
        {
            var client = await listener.AcceptTcpClientAsync();
            _ = Task.Run(() => Serve(client));
        }
    }

    private static void Main(string[] args)
    {
        int port = args.Length == 2 ? int.Parse(args[1]) : 0;
        var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start(1024);
        Console.WriteLine("listening on http://" + listener.LocalEndpoint);
        Run(listener).GetAwaiter().GetResult();
    }
}
