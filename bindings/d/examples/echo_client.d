/// A client that sends messages and prints the replies:
///
///     echo_client ws://HOST:PORT/PATH [MESSAGE ...]     (without any: the lines of its input)
import std.algorithm : each, findSplit, findSplitBefore, move;
import std.conv : text, to;
import std.exception : enforce;
import std.socket;
import std.stdio : stderr, stdin, writeln;
import std.string : chompPrefix;
import wscodec;

/// A connection with its socket, for programs that wait for each message.
struct Client
{
    private Socket socket;
    private Connection connection;
    private string[] messages;
    private ubyte[] buffer;

    this(string url)
    {
        auto parts = url.chompPrefix("ws://").findSplitBefore("/");
        auto host = parts[0].findSplit(":");
        auto port = (host[2] == "" ? "80" : host[2]).to!ushort;
        buffer = new ubyte[64 * 1024];
        socket = new TcpSocket(getAddress(host[0], port)[0]);
        Options options = {maxMessage: 0};
        open(Opening(parts[0], parts[1] == "" ? "/" : parts[1], "", null, null, options));
    }

    void send(string message)
    {
        connection.send(message);
        flush();
    }

    /// The next message.
    string receive()
    {
        while (messages.length == 0)
        {
            enforce(!connection.hasEnded,
                text("the server has closed with ", connection.closeReceived));
            take(read());
        }
        auto message = messages[0];
        messages = messages[1 .. $];
        return message;
    }

    void close()
    {
        connection.close();
        flush();
        while (!connection.hasEnded)
            take(read());
        socket.close();
    }

    private void open(Opening opening)
    {
        sendAll(opening.request);
        string response;
        while (!connection.exists)
        {
            response ~= cast(string) read().idup;
            auto confirmed = opening.confirm(response);
            if (!confirmed.connection.exists)
                continue;
            connection = move(confirmed.connection);
            take(cast(ubyte[]) response[confirmed.response.headLength .. $].dup);
        }
    }

    private ubyte[] read()
    {
        auto length = socket.receive(buffer);
        enforce(length > 0, "the server has ended the stream");
        return buffer[0 .. length];
    }

    private void take(ubyte[] data)
    {
        scope (exit)
            flush();
        connection.receive(data, (event) @trusted {
            if (event.opcode < Opcode.close)
                messages ~= event.text;
        });
    }

    private void flush()
    {
        sendAll(connection.drain());
    }

    private void sendAll(const(void)[] data)
    {
        while (data.length > 0)
        {
            auto length = socket.send(data);
            enforce(length > 0, "the server has ended the stream");
            data = data[length .. $];
        }
    }
}

void talk(ref Client client, string message)
{
    client.send(message);
    writeln(client.receive());
}

int main(string[] arguments)
{
    try
    {
        enforce(arguments.length > 1, "usage: echo_client ws://HOST:PORT/PATH [MESSAGE ...]");
        auto client = Client(arguments[1]);
        if (arguments.length > 2)
            arguments[2 .. $].each!(message => client.talk(message));
        else
            stdin.byLineCopy.each!(line => client.talk(line));
        client.close();
        return 0;
    }
    catch (Exception error)
    {
        stderr.writeln(error.msg);
        return 1;
    }
}
