/// An echo server on select():
///
///     echo_server --port 8080
import core.time : Duration, MonoTime, seconds;
import std.algorithm : filter, map, move, minElement;
import std.array : array;
import std.getopt : defaultGetoptPrinter, getopt;
import std.socket;
import std.stdio : stdout, writeln;
import std.string : representation;
import wscodec;

enum patience = 2.seconds; // that a peer may take to close the connection
enum readSize = 64 * 1024;

/// A client. It is not read from while there is output for it: so a slow one needs no memory.
final class Client
{
    Socket socket;
    MonoTime deadline = MonoTime.max; // earlier once our side has ended
    private const(ubyte)[] output;
    private Policy policy;
    private char[] request;
    private HeadScanner scanner;
    private Connection connection;
    private bool isEnding;

    this(Socket socket, Policy policy)
    {
        this.socket = socket;
        this.policy = policy;
        socket.blocking = false;
    }

    bool hasOutput() const
    {
        return output.length > 0;
    }

    /// Reads what has arrived. Returns false once the peer has gone.
    bool read(ubyte[] buffer)
    {
        auto length = socket.receive(buffer);
        if (length <= 0)
            return length < 0 && wouldHaveBlocked();
        if (!isEnding)
            connection.exists ? echo(buffer[0 .. length]) : accept(buffer[0 .. length]);
        return write();
    }

    /// Writes what the socket takes. Returns false once the peer has gone.
    bool write()
    {
        while (hasOutput)
        {
            auto length = socket.send(output);
            if (length < 0)
                return wouldHaveBlocked();
            output = output[length .. $];
        }
        if (isEnding && deadline == MonoTime.max)
        {
            // Closing the socket at once could destroy the close frame (RFC 6455, 7.1.1).
            socket.shutdown(SocketShutdown.SEND);
            deadline = MonoTime.currTime + patience;
        }
        return true;
    }

    private void accept(ubyte[] data)
    {
        request ~= cast(char[]) data;
        if (!scanner.isComplete(request))
            return;
        auto accepted = policy.accept(request.idup);
        output = accepted.reply.representation;
        isEnding = !accepted.connection.exists;
        if (isEnding)
            return;
        connection = move(accepted.connection);
        auto rest = cast(ubyte[]) request[accepted.headLength .. $];
        request = null;
        echo(rest);
    }

    private void echo(ubyte[] data)
    {
        try
            connection.receive(data, (event) @trusted {
                if (event.opcode < Opcode.close)
                    connection.send(event.opcode, event.data);
            });
        catch (ProtocolException)
        {
            // The output has the close frame that reports it.
        }
        output ~= connection.drain();
        isEnding = connection.hasEnded;
    }
}

/// The clients that a server talks to.
struct Server
{
    private Socket listener;
    private Policy policy;
    private Client[] clients;
    private SocketSet readable, writable;

    void run()
    {
        auto buffer = new ubyte[readSize];
        readable = new SocketSet;
        writable = new SocketSet;
        for (;;)
        {
            wait();
            auto now = MonoTime.currTime;
            clients = clients.filter!(client => isKept(client, buffer, now)).array;
            if (readable.isSet(listener))
                welcome();
        }
    }

    private void wait()
    {
        readable.reset();
        writable.reset();
        readable.add(listener);
        foreach (client; clients)
            (client.hasOutput ? writable : readable).add(client.socket);
        auto first = clients.map!(client => client.deadline).minElement(MonoTime.max);
        if (first == MonoTime.max)
            Socket.select(readable, writable, null);
        else
        {
            auto left = first - MonoTime.currTime;
            Socket.select(readable, writable, null, left > Duration.zero ? left : Duration.zero);
        }
    }

    private bool isKept(Client client, ubyte[] buffer, MonoTime now)
    {
        auto isThere = true;
        if (readable.isSet(client.socket))
            isThere = client.read(buffer);
        else if (writable.isSet(client.socket))
            isThere = client.write();
        if (isThere && now < client.deadline)
            return true;
        client.socket.close();
        destroy(client); // with its connection, of which the garbage collector knows little
        return false;
    }

    private void welcome()
    {
        try
        {
            auto socket = listener.accept();
            socket.setOption(SocketOptionLevel.TCP, SocketOption.TCP_NODELAY, true);
            clients ~= new Client(socket, policy);
        }
        catch (SocketException)
        {
            // It has gone already.
        }
    }
}

void main(string[] arguments)
{
    ushort port = 8080;
    auto options = getopt(arguments, "port", "0: a free port (8080)", &port);
    if (options.helpWanted)
        return defaultGetoptPrinter("usage: echo_server [--port PORT]", options.options);
    auto listener = new TcpSocket;
    listener.setOption(SocketOptionLevel.SOCKET, SocketOption.REUSEADDR, true);
    listener.bind(new InternetAddress("127.0.0.1", port));
    listener.listen(1024);
    writeln("listening on http://", listener.localAddress);
    stdout.flush();
    Policy policy = {protocols: ["chat", "superchat"]};
    policy.options.maxMessage = 16 * 1024 * 1024;
    Server(listener, policy).run();
}
