<?php

declare(strict_types=1);

namespace WsCodec;

/** A decoder and what it has reported. */
final class Decoded
{
    public Decoder $reader;
    public array $frames = [];

    public function __construct(array $vector)
    {
        $this->reader = new Decoder(Checks::side($vector), ...Checks::camel($vector['options'] ?? []));
    }

    public function feed(string $data): void
    {
        foreach ($this->reader->feed($data) as $chunk) {
            if ($chunk->first) {
                $this->frames[] = [...self::start($chunk), 'payload' => ''];
            }
            $last = array_key_last($this->frames);
            $this->frames[$last]['payload'] .= $chunk->payload;
            if ($chunk->last) {
                unset($this->frames[$last]['payload_length']);
            }
        }
    }

    private static function start(Frame $chunk): array
    {
        $found = Checks::described($chunk);
        if ($chunk->opcode === 0) {
            $found['message_opcode'] = $chunk->messageOpcode;
        }
        return [...$found, 'payload_length' => (string) $chunk->payloadLength];
    }

    public function check(array $vector): void
    {
        Checks::same($vector['frames'], $this->frames);
    }
}

/** A connection and what it has reported and sent. */
final class Received
{
    public Connection $reader;
    public array $events = [];
    public string $sent = '';

    public function __construct(array $vector)
    {
        $deflate = isset($vector['parameters']) ? Checks::deflate($vector['parameters']) : null;
        $options = $vector['options'] ?? [];
        foreach (['stream', 'auto_pong', 'auto_close', 'check_utf8', 'any_mask'] as $name) {
            if (isset($options[$name])) {
                $options[$name] = (bool) $options[$name];
            }
        }
        $options = new Options(...Checks::camel($options));
        $this->reader = Connection::create(Checks::side($vector), $deflate, $options);
    }

    public function feed(string $data): void
    {
        try {
            foreach ($this->reader->receive($data) as $event) {
                $event instanceof Part ? $this->part($event) : $this->events[] = self::entry($event);
            }
        } finally {
            $this->sent .= $this->reader->drain();
        }
    }

    private static function entry(Event $event): array
    {
        return match (true) {
            $event instanceof Close =>
                ['opcode' => 8, 'close_code' => $event->code, 'payload' => $event->reason],
            $event instanceof Ping => ['opcode' => 9, 'payload' => $event->data],
            $event instanceof Pong => ['opcode' => 10, 'payload' => $event->data],
            default => [
                'opcode' => $event->text ? 1 : 2,
                'payload' => $event->data,
                ...Checks::bits($event->rsv),
            ],
        };
    }

    private function part(Part $part): void
    {
        if ($part->first) {
            $this->events[] = ['opcode' => $part->text ? 1 : 2, 'payload' => '', 'last' => false];
        }
        for ($i = count($this->events) - 1; !isset($this->events[$i]['last']); $i--);
        $this->events[$i]['payload'] .= $part->data;
        if ($part->last) {
            unset($this->events[$i]['last']);
        }
    }

    public function check(array $vector): void
    {
        Checks::same($vector['events'], $this->events);
        $other = Checks::side($vector) === Side::Server ? Side::Client : Side::Server;
        $sent = [];
        foreach ((new Decoder($other))->feed($this->sent) as $frame) {
            $sent[] = ['opcode' => $frame->opcode, 'payload' => $frame->payload];
        }
        Checks::same($vector['output'], $sent);
    }
}
