<?php

// A client that sends messages and prints the replies:
//
//   php echo_client.php ws://HOST:PORT/PATH [MESSAGE ...]     (without any: the lines of stdin)

declare(strict_types=1);

use WsCodec\{Close, Connection, Message, Opening, Options};

require __DIR__ . '/../src/autoload.php';

const READ = 65536;

/** A connection with its socket, for programs that wait for each message. */
final class Client
{
    private mixed $socket;
    private Connection $connection;
    /** @var list<WsCodec\Event> */
    private array $events = [];

    public function __construct(string $url)
    {
        $parts = parse_url($url);
        $host = $parts['host'] . ':' . ($parts['port'] ?? 80);
        $this->socket = @stream_socket_client("tcp://$host", $number, $error)
            ?: throw new RuntimeException("$host: $error");
        $target = ($parts['path'] ?? '/') . (isset($parts['query']) ? "?$parts[query]" : '');
        $this->open(new Opening($host, $target, options: new Options(maxMessage: 0)));
    }

    public function send(string $message): void
    {
        $this->connection->text($message);
        $this->flush();
    }

    /** The next message; null once the peer has closed. */
    public function receive(): ?string
    {
        while (true) {
            while ($this->events === []) {
                $this->take($this->read());
            }
            $event = array_shift($this->events);
            if ($event instanceof Message) {
                return $event->data;
            }
            if ($event instanceof Close) {
                return null;
            }
        }
    }

    /** Closes with a code, and waits for the peer to close. */
    public function close(int $code): void
    {
        $this->connection->close($code);
        $this->flush();
        while (!$this->connection->hasEnded()) {
            $this->receive();
        }
        fclose($this->socket);
    }

    public function closeCode(): ?int
    {
        return $this->connection->closeReceived();
    }

    private function open(Opening $opening): void
    {
        fwrite($this->socket, $opening->request);
        $response = '';
        do {
            $response .= $this->read();
        } while (($confirmed = $opening->confirm($response)) === null);
        $this->connection = $confirmed->connection;
        $this->take($confirmed->rest);
    }

    private function read(): string
    {
        $data = fread($this->socket, READ);
        if ($data === '' || $data === false) {
            throw new RuntimeException('the server has ended the connection');
        }
        return $data;
    }

    private function take(string $data): void
    {
        try {
            array_push($this->events, ...$this->connection->receive($data));
        } finally {
            $this->flush();
        }
    }

    private function flush(): void
    {
        fwrite($this->socket, $this->connection->drain());
    }
}

/** @return iterable<string> */
function lines(): iterable
{
    while (($line = fgets(STDIN)) !== false) {
        yield rtrim($line, "\r\n");
    }
}

try {
    if ($argc < 2) {
        throw new InvalidArgumentException('usage: echo_client ws://HOST:PORT/PATH [MESSAGE ...]');
    }
    $client = new Client($argv[1]);
    foreach ($argc > 2 ? array_slice($argv, 2) : lines() as $message) {
        $client->send($message);
        $reply = $client->receive()
            ?? throw new RuntimeException("the server has closed with {$client->closeCode()}");
        echo $reply, "\n";
    }
    $client->close(1000);
} catch (Exception $e) {
    fwrite(STDERR, $e::class . ': ' . $e->getMessage() . "\n");
    exit(1);
}
