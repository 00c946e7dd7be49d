<?php

// An echo server on stream_select():
//
//   php echo_server.php --port 8080

declare(strict_types=1);

use WsCodec\{Acceptor, Connection, Message, Options, ProtocolException};

require __DIR__ . '/../src/autoload.php';

const READ = 65536;
const PATIENCE = 2.0; // seconds that a peer may take to close the connection

/** A client. It is not read from while there is output for it: so a slow one needs no memory. */
final class Client
{
    public string $output = '';
    public ?float $deadline = null; // set once our side has ended
    private string $request = '';
    private ?Connection $connection = null;
    private bool $isEnding = false;

    /** @param resource $socket */
    public function __construct(public readonly mixed $socket, private readonly Acceptor $acceptor)
    {
        stream_set_blocking($socket, false);
        stream_set_read_buffer($socket, 0);
    }

    /** Reads what has arrived. Returns false once the peer has gone. */
    public function read(): bool
    {
        $data = @fread($this->socket, READ);
        if ($data === false || ($data === '' && feof($this->socket))) {
            return false;
        }
        if (!$this->isEnding) {
            $this->connection === null ? $this->accept($data) : $this->echo($data);
        }
        return $this->write();
    }

    /** Writes what the socket takes. Returns false once the peer has gone. */
    public function write(): bool
    {
        while ($this->output !== '') {
            $written = @fwrite($this->socket, $this->output);
            if ($written === false) {
                return false;
            }
            if ($written === 0) {
                return true;
            }
            $this->output = substr($this->output, $written);
        }
        if ($this->isEnding && $this->deadline === null) {
            // Closing the socket at once could destroy the close frame (RFC 6455, 7.1.1).
            stream_socket_shutdown($this->socket, STREAM_SHUT_WR);
            $this->deadline = microtime(true) + PATIENCE;
        }
        return true;
    }

    private function accept(string $data): void
    {
        $this->request .= $data;
        $accepted = $this->acceptor->accept($this->request);
        if ($accepted === null) {
            return;
        }
        $this->request = '';
        $this->output = $accepted->reply;
        $this->connection = $accepted->connection;
        $this->isEnding = $this->connection === null;
        if (!$this->isEnding) {
            $this->echo($accepted->rest);
        }
    }

    private function echo(string $data): void
    {
        try {
            foreach ($this->connection->receive($data) as $event) {
                if ($event instanceof Message) {
                    $this->connection->message($event);
                }
            }
        } catch (ProtocolException) {
            // The output has the close frame that reports it.
        }
        $this->output .= $this->connection->drain();
        $this->isEnding = $this->connection->hasEnded();
    }
}

$options = getopt('', ['port:', 'help']);
if (isset($options['help'])) {
    echo "usage: echo_server [--port PORT]    0: a free port (8080)\n";
    exit;
}
$acceptor = new Acceptor(['chat', 'superchat'], options: new Options(maxMessage: 16 * 1024 * 1024));
$context = stream_context_create(['socket' => ['backlog' => 1024, 'tcp_nodelay' => true]]);
$address = 'tcp://127.0.0.1:' . ($options['port'] ?? 8080);
$server = stream_socket_server($address, context: $context);
echo 'listening on http://', stream_socket_get_name($server, false), "\n";

$clients = [];
while (true) {
    $read = [$server];
    $write = [];
    $deadline = INF;
    foreach ($clients as $id => $client) {
        $client->output === '' ? $read[] = $client->socket : $write[] = $client->socket;
        $deadline = min($deadline, $client->deadline ?? INF);
    }
    $wait = $deadline === INF ? null : max(0.0, $deadline - microtime(true));
    $none = null;
    stream_select($read, $write, $none, $wait === null ? null : 0, (int) (($wait ?? 0) * 1e6));
    foreach ([...$read, ...$write] as $socket) {
        if ($socket === $server) {
            $new = @stream_socket_accept($server, 0);
            if ($new !== false) {
                $clients[(int) $new] = new Client($new, $acceptor);
            }
            continue;
        }
        $client = $clients[(int) $socket];
        if (!($client->output === '' ? $client->read() : $client->write())) {
            unset($clients[(int) $socket]);
            fclose($socket);
        }
    }
    foreach ($clients as $id => $client) {
        if ($client->deadline !== null && $client->deadline <= microtime(true)) {
            unset($clients[$id]);
            fclose($client->socket);
        }
    }
}
