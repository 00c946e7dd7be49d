using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Text;
using Wscodec;

/// <summary>
/// A client on a blocking socket: sends each message, and prints the reply to it.
/// </summary>
internal sealed class EchoClient : IDisposable
{
    private readonly Socket socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
    private readonly byte[] input = new byte[64 * 1024];
    private readonly OutputBuffer output = new OutputBuffer();
    private readonly List<Event> events = new List<Event>();
    private readonly Queue<string> replies = new Queue<string>();
    private readonly Connection connection;
    private string closed;

    private EchoClient(Uri url)
    {
        socket.Connect(url.Host, url.Port);
        socket.NoDelay = true;
        var request = new Request(url.Authority, url.PathAndQuery);
        socket.Send(request.Head.Span);
        int count = 0;
        ResponseHead response = null;
        while (response == null)
        {
            int got = socket.Receive(input.AsSpan(count));
            if (got == 0)
                throw new IOException("the server closed before it accepted the request");
            count += got;
            response = request.Confirm(input.AsSpan(0, count), out connection);
        }
        connection.Set(Option.MaxMessage, 16 << 20);
        Take(input.AsMemory(response.Length, count - response.Length));
    }

    /// <summary>Returns null when the server has closed.</summary>
    private string Echo(string message)
    {
        connection.Send(message, output);
        Send();
        while (replies.Count == 0 && closed == null)
            Receive();
        return replies.Count == 0 ? null : replies.Dequeue();
    }

    private void Receive()
    {
        int count = socket.Receive(input);
        if (count == 0)
            connection.Finish(); // throws, unless the server's close frame has arrived
        Take(input.AsMemory(0, count));
    }

    private void Take(Memory<byte> data)
    {
        try
        {
            while (!data.IsEmpty)
            {
                int consumed = connection.Receive(data, events);
                foreach (var each in events)
                {
                    if (each.IsData)
                        replies.Enqueue(each.Text);
                    else if (each.Opcode == Opcode.Close)
                        closed = (each.CloseCode + " " + each.Text).TrimEnd();
                }
                connection.Flush(output);
                data = data.Slice(consumed);
            }
        }
        catch (ProtocolException)
        {
            connection.Flush(output); // a close frame that says why
            throw;
        }
        finally
        {
            Send();
        }
    }

    private void Send()
    {
        var rest = output.Written.Span;
        while (!rest.IsEmpty)
            rest = rest.Slice(socket.Send(rest));
        output.Clear();
    }

    /// <summary>The closing handshake; the server closes the TCP connection first.</summary>
    private void HangUp()
    {
        connection.SendClose(1000, null, output);
        Send();
        while (closed == null)
            Receive();
        socket.Shutdown(SocketShutdown.Send);
        while (socket.Receive(input) > 0)
            continue;
    }

    public void Dispose()
    {
        connection?.Dispose();
        socket.Dispose();
    }

    private static IEnumerable<string> Lines()
    {
        using (var reader = new StreamReader(Console.OpenStandardInput(), Encoding.UTF8))
            for (string line; (line = reader.ReadLine()) != null;)
                yield return line;
    }

    private static void Talk(Uri url, IEnumerable<string> messages)
    {
        using (var writer = new StreamWriter(Console.OpenStandardOutput()))
        using (var client = new EchoClient(url))
        {
            foreach (string message in messages)
            {
                writer.WriteLine(client.Echo(message)
                    ?? throw new IOException("the server closed with " + client.closed));
                writer.Flush();
            }
            client.HangUp();
        }
    }

    private static int Main(string[] args)
    {
        if (args.Length == 0 || !Uri.TryCreate(args[0], UriKind.Absolute, out var url)
            || url.Scheme != "ws")
        {
            Console.Error.WriteLine("usage: echo_client ws://HOST:PORT/PATH [MESSAGE ...]");
            return 2;
        }
        try
        {
            Talk(url, args.Length > 1 ? args.Skip(1) : Lines());
            return 0;
        }
        catch (Exception e) when (e is IOException || e is SocketException)
        {
            Console.Error.WriteLine("echo_client: " + e.Message);
            return 1;
        }
    }
}
