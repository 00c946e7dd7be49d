<?php

declare(strict_types=1);

namespace WsCodec;

/**
 * What a server does with a request: the reply to send; the connection, null if the request was
 * rejected; then the error; and the bytes after the request.
 */
final readonly class Accepted
{
    public function __construct(
        public ?Connection $connection,
        public string $reply,
        public ?WsException $error,
        public string $rest,
    ) {
    }
}
