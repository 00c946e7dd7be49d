<?php

declare(strict_types=1);

namespace WsCodec;

/** An error of the library. */
abstract class WsException extends \RuntimeException
{
    final public function __construct(int $code, string $message = '')
    {
        parent::__construct($message ?: Library::ffi()->ws_strerror($code), $code);
    }

    /** The exception for a negative result. */
    public static function of(int $code): self
    {
        return match (true) {
            $code <= Library::ffi()->WS_ERR_RESERVED_BITS => new ProtocolException($code),
            $code <= Library::ffi()->WS_ERR_HTTP_SYNTAX => new HandshakeException($code),
            default => new UsageException($code),
        };
    }

    /** The name in wscodec.h, e.g. "WS_ERR_UTF8". */
    public function name(): string
    {
        return Library::ffi()->ws_errname($this->code);
    }

    /** The close code that reports it to the peer. */
    public function closeCode(): int
    {
        return Library::ffi()->ws_close_code_for($this->code);
    }

    /** The HTTP status that rejects a request because of it. */
    public function httpStatus(): int
    {
        return Library::ffi()->ws_http_status($this->code);
    }
}
