<?php

declare(strict_types=1);

namespace WsCodec;

use FFI\CData;

/**
 * A connection after its opening handshake. Its memory in C is freed by free(), or with the object.
 */
final class Connection
{
    private const ENTRIES = 64;
    private const TEXT = 1;
    private const BINARY = 2;
    private const CLOSE = 8;
    private const PING = 9;
    private const PONG = 10;
    private const FIRST = 1;
    private const LAST = 2;
    private const COLLECTED = 4;
    private const RSV = 0x70;

    /** What one call fills; its results are taken before another call. */
    private static ?CData $events = null;
    private static ?CData $used = null;

    private ?CData $handle;
    private string $output = '';
    private bool $parts = false;
    private bool $isDue = false; // whether the connection may have output of its own

    /** The subprotocol that was agreed, or null. */
    public readonly ?string $protocol;

    private function __construct(?CData $handle, ?Options $options, ?string $protocol)
    {
        $this->handle = $handle ?? throw new UsageException(Library::ffi()->WS_ERR_NO_MEMORY);
        $this->protocol = $protocol;
        foreach ($options?->toC() ?? [] as $option => $value) {
            Library::check(Library::ffi()->ws_conn_set($handle, $option, $value));
        }
        $this->parts = $options?->stream ?? false;
    }

    /** `deflate` is the compression that was agreed. */
    public static function create(
        Side $side,
        ?Deflate $deflate = null,
        ?Options $options = null,
    ): self {
        $ffi = Library::ffi();
        $connection = new self($ffi->ws_conn_new($side->value, null), $options, null);
        if ($deflate !== null) {
            $params = $deflate->toC();
            Library::check($ffi->ws_conn_set_pmd($connection->handle, \FFI::addr($params)));
        }
        return $connection;
    }

    /** Takes over a connection that the library has made. */
    public static function fromC(CData $handle, ?Options $options, ?string $protocol): self
    {
        return new self($handle, $options, $protocol);
    }

    public function __destruct()
    {
        $this->free();
    }

    private function __clone()
    {
    }

    /** Frees the memory in C at once. The connection cannot be used any more. */
    public function free(): void
    {
        if (isset($this->handle)) {
            Library::ffi()->ws_conn_free($this->handle);
        }
        $this->handle = null;
    }

    /**
     * Yields an event for each message, ping, pong and close in `data`. Throws a ProtocolException
     * after the events before it. Afterwards send what drain() returns, also after an exception.
     * Nothing is processed before the iteration, and a loop that is left early loses the rest.
     *
     * @return \Generator<int, Event>
     */
    public function receive(string $data): \Generator
    {
        $input = Library::copied($data);
        $size = strlen($data);
        $start = 0;
        do {
            try {
                [$events, $used] = $this->decoded($input, $start, $size);
                foreach ($events as $event) {
                    yield $event;
                }
            } finally {
                $this->collect();
            }
            $start += $used;
        } while ($start < $size);
    }

    /** Sends text, or with `more` a fragment of one. `plain` leaves it uncompressed. */
    public function text(string $data, bool $more = false, bool $plain = false, int $rsv = 0): void
    {
        if (!$more && $this->sending() === 0) {
            $state = Library::ffi()->new('uint32_t');
            $result = Library::ffi()->ws_utf8_validate(\FFI::addr($state), $data, strlen($data));
            if ($result < 0 || $state->cdata !== 0) {
                throw new \ValueError('data is not valid UTF-8');
            }
        }
        $this->write(self::TEXT, $data, $this->flags($more, $plain, $rsv));
    }

    /** Sends binary data, or with `more` a fragment of it. */
    public function binary(string $data, bool $more = false, bool $plain = false, int $rsv = 0): void
    {
        $this->write(self::BINARY, $data, $this->flags($more, $plain, $rsv));
    }

    /** Sends a message like one that was received, which is not checked again. */
    public function message(Message $message): void
    {
        $this->write($message->text ? self::TEXT : self::BINARY, $message->data, $message->rsv);
    }

    public function ping(string $data = ''): void
    {
        $this->write(self::PING, $data, 0);
    }

    public function pong(string $data = ''): void
    {
        $this->write(self::PONG, $data, 0);
    }

    /** Starts the closing handshake. */
    public function close(int $code = 1000, string $reason = ''): void
    {
        Arguments::inRange('code', $code, 0, 0xFFFF);
        $handle = $this->handle();
        $this->output .= Library::written(fn ($out, $size) => Library::ffi()->ws_conn_close(
            $handle,
            $code,
            $reason,
            strlen($reason),
            $out,
            $size
        ));
    }

    /** The bytes to send now. */
    public function drain(): string
    {
        $output = $this->output;
        $this->output = '';
        return $output;
    }

    /** Tells that the peer's stream has ended. Throws a WsException unless it may end here. */
    public function finish(): void
    {
        Library::check(Library::ffi()->ws_conn_finish($this->handle()));
    }

    public function state(): State
    {
        return State::from(Library::ffi()->ws_conn_state($this->handle()));
    }

    /** Whether to send what drain() returns, shut down, and read no more. */
    public function hasEnded(): bool
    {
        return Library::ffi()->ws_conn_state($this->handle()) >= State::Closed->value;
    }

    /** The code of the close frame that was sent; null if there is none. */
    public function closeSent(): ?int
    {
        return $this->fact(Library::ffi()->WS_INFO_CLOSE_SENT) ?: null;
    }

    /** The code of the peer's close; null if there is none. */
    public function closeReceived(): ?int
    {
        return $this->fact(Library::ffi()->WS_INFO_CLOSE_RECEIVED) ?: null;
    }

    /** The compression that was agreed, or null. */
    public function deflate(): ?Deflate
    {
        $params = Library::ffi()->new('ws_pmd_params');
        $result = Library::ffi()->ws_conn_get_pmd($this->handle(), \FFI::addr($params));
        return $result === 1 ? Deflate::fromC($params) : null;
    }

    private function handle(): CData
    {
        return $this->handle
            ?? throw new UsageException(Library::ffi()->WS_ERR_INVALID_STATE, 'the connection was freed');
    }

    private function sending(): int
    {
        return $this->fact(Library::ffi()->WS_INFO_SENDING);
    }

    private function fact(int $number): int
    {
        $value = Library::ffi()->new('uint64_t');
        Library::check(Library::ffi()->ws_conn_get($this->handle(), $number, \FFI::addr($value)));
        return $value->cdata;
    }

    private function flags(bool $more, bool $plain, int $rsv): int
    {
        return (int) $more | ((int) $plain << 1) | Arguments::bits('rsv', $rsv);
    }

    private function write(int $opcode, string $data, int $flags): void
    {
        $ffi = Library::ffi();
        $handle = $this->handle();
        $length = strlen($data);
        $this->output .= Library::written(
            fn ($out, $size) => $ffi->ws_conn_send($handle, $opcode, $flags, $data, $length, $out, $size),
            fn () => $ffi->ws_conn_send_bound($handle, $length)
        );
    }

    /** Adds the connection's own frames to the output, which are due after a ping, close or error. */
    private function collect(): void
    {
        $handle = $this->handle;
        if ($handle !== null && $this->isDue) {
            $this->output .= Library::written(
                fn ($out, $size) => Library::ffi()->ws_conn_output($handle, $out, $size)
            );
        }
    }

    /**
     * The events of one call, and how many bytes it consumed. Their data is copied: nothing of them
     * is in the memory of the library.
     *
     * @return array{list<Event>, int}
     */
    private function decoded(CData $input, int $start, int $size): array
    {
        $this->isDue = true;
        $ffi = Library::ffi();
        $handle = $this->handle();
        $events = self::$events ??= $ffi->new('ws_event[' . self::ENTRIES . ']');
        $used = self::$used ??= $ffi->new('size_t');
        $at = $size === 0 ? null : \FFI::addr($input[$start]);
        $count = Library::check($ffi->ws_conn_recv(
            $handle,
            $at,
            $size - $start,
            $events,
            self::ENTRIES,
            \FFI::addr($used)
        ));
        $this->isDue = false;
        $decoded = [];
        for ($i = 0; $i < $count; $i++) {
            $decoded[] = $this->event($events[$i], $input, $start);
        }
        return [$decoded, $used->cdata];
    }

    private function event(CData $event, CData $input, int $start): Event
    {
        $flags = $event->flags;
        $length = $event->len;
        $data = $flags & self::COLLECTED
            ? $this->lent($event, $length)
            : Library::slice($input, $start + $event->off, $length);
        $opcode = $event->opcode;
        $this->isDue = $this->isDue || $opcode >= self::CLOSE;
        return match ($opcode) {
            self::PING => new Ping($data),
            self::PONG => new Pong($data),
            self::CLOSE => new Close($event->close_code, $data),
            default => $this->parts
                ? new Part(
                    $data,
                    $opcode === self::TEXT,
                    ($flags & self::FIRST) !== 0,
                    ($flags & self::LAST) !== 0,
                    $flags & self::RSV
                )
                : new Message($data, $opcode === self::TEXT, $flags & self::RSV),
        };
    }

    /** The data of an event that is in the connection's memory. */
    private function lent(CData $event, int $length): string
    {
        $data = Library::ffi()->ws_event_data($this->handle, null, \FFI::addr($event));
        return $length === 0 ? '' : \FFI::string($data, $length);
    }
}
