<?php

// What the vectors do not show: ownership, wrong arguments, strings.

declare(strict_types=1);

namespace WsCodec;

require __DIR__ . '/../src/autoload.php';

/** The exception that a call throws. */
function thrown(callable $call): ?\Throwable
{
    try {
        $call();
        return null;
    } catch (\Throwable $e) {
        return $e;
    }
}

/** What a server reports for what the client has sent. */
function arrived(Connection $server, Connection $client): array
{
    return iterator_to_array($server->receive($client->drain()), false);
}

$tests = [
    'text and binary data are told apart' => function (Connection $server, Connection $client) {
        $client->text('ü');
        $client->binary("\xff");
        assert(arrived($server, $client) == [new Message('ü', true), new Message("\xff", false)]);
    },
    'text that is not valid is refused' => function (Connection $server, Connection $client) {
        foreach (["\xff", "\xe2\x82"] as $text) {
            assert(thrown(fn () => $client->text($text)) instanceof \ValueError);
        }
        assert($client->drain() === '');
    },
    'fragments may end inside a character' => function (Connection $server, Connection $client) {
        $client->text("\xc3", more: true);
        $client->text("\xbc");
        assert(arrived($server, $client) == [new Message('ü', true)]);
    },
    'a subprotocol may be a zero' => function () {
        $opening = new Opening('localhost', protocols: ['0']);
        $accepted = (new Acceptor(['0']))->accept($opening->request);
        assert($accepted->connection->protocol === '0');
        assert($opening->confirm($accepted->reply)->connection->protocol === '0');
    },
    'the input is not changed' => function (Connection $server, Connection $client) {
        $client->text(str_repeat('x', 100));
        $wire = $client->drain();
        $sum = md5($wire);
        iterator_to_array($server->receive($wire));
        assert(md5($wire) === $sum);
    },
    'a message survives what follows it' => function (Connection $server, Connection $client) {
        $client->text(str_repeat('first ', 20000), more: true);
        $client->text('end');
        [$first] = arrived($server, $client);
        $client->text(str_repeat('second ', 20000));
        arrived($server, $client);
        $server->free();
        assert($first->data === str_repeat('first ', 20000) . 'end');
    },
    'two connections may receive at once' => function (Connection $server, Connection $client) {
        $client->text('a');
        $client->text('b');
        $other = Connection::create(Side::Server);
        $seen = '';
        $wire = $client->drain();
        foreach ($server->receive($wire) as $event) {
            foreach ($other->receive($wire) as $inner) {
                $seen .= $event->data . $inner->data . ' ';
            }
        }
        assert($seen === 'aa ab ba bb ');
    },
    'output is in the order of the wire' => function (Connection $server, Connection $client) {
        $client->text('hi');
        $client->ping('p');
        foreach ($server->receive($client->drain()) as $event) {
            if ($event instanceof Message) {
                $server->text('yo');
            }
        }
        assert($server->drain() === "\x81\x02yo\x8A\x01p");
    },
    'a freed connection refuses everything' => function (Connection $server) {
        $server->free();
        $server->free();
        $uses = [
            fn () => $server->text('a'),
            fn () => iterator_to_array($server->receive('a')),
            fn () => $server->state(),
            fn () => $server->close(),
        ];
        foreach ($uses as $use) {
            assert(thrown($use)?->name() === 'WS_ERR_INVALID_STATE');
        }
    },
    'a connection may be freed by its loop' => function (Connection $server, Connection $client) {
        $client->text('a');
        $client->ping();
        $client->text('b');
        $use = function () use ($server, $client) {
            foreach ($server->receive($client->drain()) as $event) {
                $server->free();
            }
        };
        assert(thrown($use)?->name() === 'WS_ERR_INVALID_STATE');
    },
    'a connection cannot be cloned or serialized' => function (Connection $server) {
        assert(thrown(fn () => clone $server) instanceof \Error);
        assert(thrown(fn () => serialize($server)) instanceof \Exception);
    },
    'connections without references are freed' => function () {
        $resident = fn () => (int) explode(' ', (string) file_get_contents('/proc/self/statm'))[1];
        $before = $resident();
        for ($i = 0; $i < 50000; $i++) {
            Connection::create(Side::Client)->text('a');
        }
        assert($resident() - $before < 2048);
    },
    'the server of README.md reports a violation' => function () {
        $readme = (string) file_get_contents(__DIR__ . '/../README.md');
        assert(preg_match('/^A server.*?^```php\n(.*?)^```/ms', $readme, $match) === 1);
        [$peer, $socket] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
        fwrite($peer, (new Opening('localhost'))->request . "\x83");
        $serve = function () use ($match, $socket) {
            eval($match[1]);
        };
        assert(thrown($serve) instanceof ProtocolException);
        assert(str_starts_with(explode("\r\n\r\n", fread($peer, 65536))[1], "\x88\x02\x03\xea"));
    },
    'a header that would inject a line is refused' => function () {
        foreach (["\r\nSet-Cookie: admin=1\r\nX: ", "\r", "\n", "\0"] as $bad) {
            foreach ([['X-User' => "bob$bad"], ["X-User$bad" => 'bob']] as $headers) {
                $uses = [
                    fn () => new Acceptor(headers: $headers),
                    fn () => new Opening('localhost', headers: $headers),
                ];
                foreach ($uses as $use) {
                    $error = thrown($use);
                    assert($error instanceof \ValueError);
                    assert(str_starts_with($error->getMessage(), 'headers: X-User'));
                }
            }
        }
    },
    'a wrong argument is named' => function (Connection $server) {
        $wrong = [
            'code' => fn () => $server->close(70000),
            'rsv' => fn () => $server->text('a', rsv: 1),
            'maxMessage' => fn () => new Options(maxMessage: -1),
            'allowRsv' => fn () => new Options(allowRsv: 0x80),
            'serverMaxWindowBits' => fn () => new Deflate(serverMaxWindowBits: 300),
            'maskKey' => fn () => Frame::encode(1, 'a', maskKey: 'abc'),
            'payloadLength' => fn () => Frame::header(1, -1),
            'maxPayload' => fn () => new Decoder(Side::Server, maxPayload: -1),
        ];
        foreach ($wrong as $name => $use) {
            assert(str_contains((string) thrown($use)?->getMessage(), $name), $name);
        }
    },
];
foreach ($tests as $name => $test) {
    try {
        $test(Connection::create(Side::Server), Connection::create(Side::Client));
    } catch (\Throwable $e) {
        fwrite(STDERR, "$name: $e\n");
        exit(1);
    }
}
echo count($tests), " tests of the usage passed\n";
