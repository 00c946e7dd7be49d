<?php

declare(strict_types=1);

namespace WsCodec;

/** The checks: one method for each file. */
final class Checks
{
    private const RSV = ['rsv1' => 0x40, 'rsv2' => 0x20, 'rsv3' => 0x10];
    private const REQUEST = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        . "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        . "Sec-WebSocket-Version: 13\r\n";

    /** The order of the members of arrays does not matter. */
    public static function same(mixed $expected, mixed $actual): void
    {
        self::sort($expected);
        self::sort($actual);
        if ($expected !== $actual) {
            $texts = array_map(fn ($v) => substr(var_export($v, true), 0, 200), [$expected, $actual]);
            throw new \Exception("expected $texts[0], not $texts[1]");
        }
    }

    private static function sort(mixed &$value): void
    {
        if (is_array($value)) {
            array_is_list($value) ?: ksort($value);
            foreach ($value as &$member) {
                self::sort($member);
            }
        }
    }

    /** The call has the error of the vector, if there is one. */
    private static function expected(array $vector, callable $call): void
    {
        isset($vector['error']) ? self::refused($vector['error'], $call) : $call();
    }

    private static function refused(string $name, callable $call): void
    {
        try {
            $call();
        } catch (WsException $e) {
            self::same($name, $e->name());
            return;
        }
        throw new \Exception("no $name");
    }

    public static function side(array $vector): Side
    {
        return $vector['role'] === 'server' ? Side::Server : Side::Client;
    }

    /** The names of a vector as named arguments. */
    public static function camel(array $values): array
    {
        $names = array_map(
            fn ($name) => lcfirst(str_replace('_', '', ucwords($name, '_'))),
            array_keys($values)
        );
        return array_combine($names, $values);
    }

    public static function deflate(?array $parameters): Deflate
    {
        return new Deflate(...self::camel($parameters ?? []));
    }

    public static function accept_keys(array $vector): void
    {
        self::expected($vector, fn () => self::same(
            $vector['accept'] ?? null,
            Opening::acceptKey($vector['key'])
        ));
    }

    public static function close_payloads(array $vector): void
    {
        if (isset($vector['payload'])) {
            self::expected($vector, fn () => self::same(
                [$vector['code'] ?? null, $vector['reason'] ?? null],
                ClosePayload::parse($vector['payload'])
            ));
        }
        if (isset($vector['code'])) {
            self::expected($vector, fn () => self::same(
                $vector['payload'] ?? null,
                ClosePayload::build($vector['code'], $vector['reason'])
            ));
        }
    }

    public static function utf8(array $vector): void
    {
        $text = $vector['text'];
        for ($cut = 0; $cut <= strlen($text); $cut++) {
            $validator = new Utf8Validator();
            self::expected($vector, function () use ($validator, $text, $cut) {
                $validator->push(substr($text, 0, $cut));
                $validator->push(substr($text, $cut));
            });
            self::same(!isset($vector['incomplete']) && !isset($vector['error']), $validator->isComplete());
        }
        if (isset($vector['error_at'])) {
            $at = $vector['error_at'];
            (new Utf8Validator())->push(substr($text, 0, $at));
            self::refused($vector['error'], fn () => (new Utf8Validator())->push(substr($text, 0, $at + 1)));
        }
    }

    /** Lengths of prefixes: all, of long inputs those near the ends and near `at`. */
    private static function ends(int $size, int $at): array
    {
        $near = $size > 0 ? range(0, min($size, 400) - 1) : [];
        for ($i = max($at - 3, 0); $i < min($size, $at + 4); $i++) {
            $near[] = $i;
        }
        $ends = array_unique([...$near, $size]);
        sort($ends);
        return $ends;
    }

    public static function frames(array $vector): void
    {
        $wire = $vector['wire'];
        $options = self::camel($vector['options'] ?? []);
        $at = $vector['error_at'] ?? strlen($wire) - 1;
        foreach (self::ends(strlen($wire), $at) as $size) {
            $read = fn () => Frame::decode(substr($wire, 0, $size), self::side($vector), ...$options);
            if ($size <= $at) {
                self::same(null, $read());
                continue;
            }
            self::expected($vector, function () use ($vector, $wire, $read) {
                $frame = $read();
                self::same($vector['frame'] ?? null, self::described($frame));
                self::same([true, true, strlen($wire)], [$frame->first, $frame->last, $frame->size]);
            });
        }
        isset($vector['error']) ? self::alike($vector) : self::same($wire, self::encoded($vector['frame']));
    }

    /** The decoder and the connection have the same error at the same byte. */
    private static function alike(array $vector): void
    {
        $wire = $vector['wire'];
        if (isset($vector['options']) || (ord($wire[0]) & 15) === 0) {
            return;
        }
        foreach ([new Decoded($vector), new Received($vector)] as $reader) {
            $reader->feed(substr($wire, 0, $vector['error_at']));
            self::refused($vector['error'], fn () => $reader->feed($wire[$vector['error_at']]));
        }
    }

    /** A frame as a vector describes it. */
    public static function described(Frame $frame): array
    {
        $found = ['opcode' => $frame->opcode, 'fin' => $frame->fin, ...self::bits($frame->rsv)];
        if ($frame->maskKey !== null) {
            $found['mask_key'] = bin2hex($frame->maskKey);
        }
        return [...$found, 'payload' => $frame->payload];
    }

    public static function bits(int $rsv): array
    {
        return array_map(fn () => true, array_filter(self::RSV, fn ($bit) => ($rsv & $bit) !== 0));
    }

    private static function encoded(array $frame): string
    {
        return Frame::encode(
            $frame['opcode'],
            $frame['payload'],
            $frame['fin'],
            array_sum(array_intersect_key(self::RSV, $frame)),
            self::maskKey($frame)
        );
    }

    private static function maskKey(array $frame): ?string
    {
        return isset($frame['mask_key']) ? (string) hex2bin($frame['mask_key']) : null;
    }

    public static function frame_headers(array $vector): void
    {
        $header = $vector['header'];
        $length = (int) $vector['payload_length'];
        self::same($vector['payload_length'], (string) $length);
        $key = self::maskKey($vector);
        self::same($header, Frame::header($vector['opcode'], $length, $vector['fin'], maskKey: $key));
        self::same(strlen($header) + $length, Frame::size($length, $key !== null));
        $start = $length === 0 ? $header : "$header\0"; // a frame is reported with its first byte
        $seen = (new Decoder(self::side($vector)))->feed($start)->current();
        self::same(
            [$vector['opcode'], $vector['fin'], $length],
            [$seen->opcode, $seen->fin, $seen->payloadLength]
        );
    }

    /** The head that a call returns or that its exception has. */
    private static function headOf(callable $call): ?Head
    {
        try {
            return $call();
        } catch (HandshakeException $e) {
            return $e->head;
        }
    }

    /**
     * Every prefix of a head is incomplete before the byte that completes it or proves the error,
     * and has one result from there on.
     */
    private static function head(array $vector, string $text, callable $parse): void
    {
        $at = $vector['error_at'] ?? strlen($text) - 1;
        foreach (self::ends(strlen($text), $at) as $size) {
            $read = fn () => $parse(substr($text, 0, $size));
            $size <= $at
                ? self::same(null, $read())
                : self::expected($vector, fn () => self::same(false, $read() === null));
        }
        $head = self::headOf(fn () => $parse($text));
        foreach ($vector['fields'] ?? [] as $name => $value) {
            self::same($value, $head->{array_key_first(self::camel([$name => 0]))});
        }
        isset($vector['error']) ?: self::same($text, $head->text);
    }

    public static function requests(array $vector): void
    {
        self::head($vector, $vector['request'], Request::parse(...));
    }

    public static function responses(array $vector): void
    {
        $parse = fn ($text) => Response::parse($text, $vector['request']);
        self::head($vector, $vector['response'], $parse);
    }

    public static function policies(array $vector): void
    {
        $policy = $vector['policy'] ?? [];
        foreach (['origins', 'protocols'] as $name) {
            if (isset($policy[$name])) {
                $policy[$name] = [$policy[$name]];
            }
        }
        $accepted = (new Acceptor(...self::camel($policy)))->accept($vector['request']);
        if (isset($vector['error'])) {
            self::same($vector['error'], $accepted->error->name());
            self::same($vector['status'], $accepted->error->httpStatus());
            self::same("HTTP/1.1 $vector[status] ", substr($accepted->reply, 0, 13));
        } else {
            self::same(null, $accepted->error);
            self::same($vector['protocol'], $accepted->connection->protocol);
        }
    }

    private static function lines(array $values): string
    {
        return implode('', array_map(fn ($v) => "Sec-WebSocket-Extensions: $v\r\n", $values));
    }

    public static function deflate_accept(array $vector): void
    {
        $willing = self::deflate($vector['willing'] ?? null);
        $agreed = isset($vector['response']) ? self::deflate($vector['agreed']) : null;
        self::expected($vector, fn () => self::same(
            var_export($agreed ? [$agreed, $vector['response']] : null, true),
            var_export($willing->accept(implode(', ', $vector['offers'])), true)
        ));
        $request = self::REQUEST . self::lines($vector['offers']) . "\r\n";
        $accepted = (new Acceptor(deflate: $willing))->accept($request);
        self::same($vector['error'] ?? null, $accepted->error?->name());
        if ($accepted->error === null) {
            preg_match("/^Sec-WebSocket-Extensions: (.*)\r$/m", $accepted->reply, $found);
            self::same($vector['response'], $found[1] ?? null);
            self::same(var_export($agreed, true), var_export($accepted->connection->deflate(), true));
        }
    }

    public static function deflate_offer(array $vector): void
    {
        $offer = self::deflate($vector['offered']);
        self::same($vector['offer'], $offer->offer());
        $request = Request::parse((new Opening('localhost', deflate: $offer))->request);
        self::same($vector['offer'], $request->field('Sec-WebSocket-Extensions'));
    }

    public static function deflate_confirm(array $vector): void
    {
        $offered = self::deflate($vector['offered'] ?? null);
        $agreed = isset($vector['agreed']) ? self::deflate($vector['agreed']) : null;
        self::expected($vector, fn () => self::same(
            var_export($agreed, true),
            var_export($offered->confirm(implode(', ', $vector['responses'])), true)
        ));
        self::confirm($vector, $offered, $agreed);
    }

    /** The same in an opening handshake, where an extension that was not offered is an error. */
    private static function confirm(array $vector, Deflate $offered, ?Deflate $agreed): void
    {
        $opening = new Opening('localhost', deflate: $offered);
        $accept = Opening::acceptKey((string) Request::parse($opening->request)->key);
        $response = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            . "Sec-WebSocket-Accept: $accept\r\n" . self::lines($vector['responses']) . "\r\n";
        try {
            $connection = $opening->confirm($response)->connection;
        } catch (HandshakeException $e) {
            $values = preg_split('/,/', implode(',', $vector['responses']));
            $others = array_filter($values, fn ($v) => !str_contains($v, 'permessage-deflate'));
            self::same([true, 'WS_ERR_EXTENSION'], [isset($vector['error']) || $others !== [], $e->name()]);
            return;
        }
        self::same(var_export($agreed, true), var_export($connection->deflate(), true));
    }

    /** The messages in whole and byte by byte, collected and in parts. */
    public static function deflate_messages(array $vector): void
    {
        foreach ([[1, false], [1, true], [1000, false], [1000, true]] as [$step, $stream]) {
            $deflate = self::deflate($vector['parameters'] ?? null);
            $options = new Options(stream: $stream);
            $connection = Connection::create(self::side($vector), $deflate, $options);
            foreach ($vector['messages'] as $message) {
                $wire = self::compressed($message['payloads'], self::side($vector));
                self::expected($message, function () use ($connection, $message, $wire, $step) {
                    $found = '';
                    foreach (str_split($wire, $step) as $piece) {
                        foreach ($connection->receive($piece) as $event) {
                            $found .= $event->data;
                        }
                    }
                    self::same($message['message'] ?? null, $found);
                });
            }
        }
    }

    private static function compressed(array $payloads, Side $receiver): string
    {
        $wire = '';
        foreach ($payloads as $i => $payload) {
            $wire .= Frame::encode(
                $i === 0 ? 2 : 0,
                $payload,
                $i === count($payloads) - 1,
                $i === 0 ? 0x40 : 0,
                $receiver === Side::Server ? "\1\2\3\4" : null
            );
        }
        return $wire;
    }

    /** The ends of pieces: whole, in two at each place, and byte by byte. */
    private static function cuts(int $size): array
    {
        $short = $size <= 500;
        $places = $short ? ($size > 1 ? range(1, $size - 1) : []) : [1, 3, 14, 15, $size >> 1, $size - 1];
        $single = $short ? ($size > 0 ? range(1, $size) : []) : [...range(1, 39), $size];
        return [[$size], ...array_map(fn ($place) => [$place, $size], $places), $single];
    }

    public static function decoder_streams(array $vector): void
    {
        self::stream($vector, fn () => new Decoded($vector));
    }

    public static function connection_streams(array $vector): void
    {
        self::stream($vector, fn () => new Received($vector));
    }

    /** Feeds the input to a reader, cut in all ways; then the bytes up to the error. */
    private static function stream(array $vector, callable $new): void
    {
        $data = $vector['input'];
        foreach (self::cuts(strlen($data)) as $ends) {
            $reader = $new();
            self::expected($vector, function () use ($reader, $data, $ends) {
                $start = 0;
                foreach ($ends as $end) {
                    $reader->feed(substr($data, $start, $end - $start));
                    $start = $end;
                }
            });
            $reader->check($vector);
            $end = $vector['error'] ?? $vector['end'] ?? null;
            $end === null
                ? $reader->reader->finish()
                : self::refused($end, fn () => $reader->reader->finish());
        }
        if (isset($vector['error_at'])) {
            $reader = $new();
            $reader->feed(substr($data, 0, $vector['error_at']));
            self::refused($vector['error'], fn () => $reader->feed($data[$vector['error_at']]));
        }
    }
}
