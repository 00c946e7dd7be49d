<?php

declare(strict_types=1);

namespace WsCodec;

use FFI\CData;

/**
 * Parameters of permessage-deflate (RFC 7692, 7.1). `level` and `memLevel` are local; 0 is the
 * default.
 */
final readonly class Deflate
{
    public function __construct(
        public bool $serverNoContextTakeover = false,
        public bool $clientNoContextTakeover = false,
        public int $serverMaxWindowBits = 15,
        public int $clientMaxWindowBits = 15,
        public int $level = 0,
        public int $memLevel = 0,
    ) {
        foreach (['serverMaxWindowBits', 'clientMaxWindowBits'] as $name) {
            Arguments::inRange($name, $this->$name, 8, 15);
        }
        foreach (['level', 'memLevel'] as $name) {
            Arguments::inRange($name, $this->$name, 0, 9);
        }
    }

    /** Whether this build of the library can compress. */
    public static function isAvailable(): bool
    {
        return (Library::ffi()->ws_features() & Library::ffi()->WS_FEATURE_DEFLATE) !== 0;
    }

    public static function fromC(CData $params): self
    {
        return new self(
            $params->server_no_context_takeover === 1,
            $params->client_no_context_takeover === 1,
            $params->server_max_window_bits,
            $params->client_max_window_bits,
        );
    }

    /** A ws_pmd_params. */
    public function toC(): CData
    {
        $params = Library::ffi()->new('ws_pmd_params');
        $params->server_no_context_takeover = (int) $this->serverNoContextTakeover;
        $params->client_no_context_takeover = (int) $this->clientNoContextTakeover;
        $params->server_max_window_bits = $this->serverMaxWindowBits;
        $params->client_max_window_bits = $this->clientMaxWindowBits;
        $params->level = $this->level;
        $params->mem_level = $this->memLevel;
        return $params;
    }

    /** The value of Sec-WebSocket-Extensions that offers it. */
    public function offer(): string
    {
        $params = $this->toC();
        return Library::written(
            fn ($out, $size) => Library::ffi()->ws_pmd_offer(\FFI::addr($params), $out, $size)
        );
    }

    /**
     * Server: accepts one of the offers in `value`, that of Sec-WebSocket-Extensions.
     *
     * @return array{Deflate, string}|null what was agreed, and the value of the response; null if no
     *     offer is acceptable
     */
    public function accept(string $value): ?array
    {
        $params = $this->toC();
        $response = Library::written(fn ($out, $size) => Library::ffi()->ws_pmd_accept_value(
            $value,
            strlen($value),
            \FFI::addr($params),
            $out,
            $size
        ));
        return $response === '' ? null : [self::fromC($params), $response];
    }

    /** Client: what the server has agreed to according to `value`; null if it has declined. */
    public function confirm(string $value): ?self
    {
        $params = $this->toC();
        $result = Library::ffi()->ws_pmd_confirm_value($value, strlen($value), \FFI::addr($params));
        return Library::check($result) === 1 ? self::fromC($params) : null;
    }
}
