<?php

declare(strict_types=1);

namespace WsCodec;

/** What a client has after the opening handshake; `rest` are the bytes after the response. */
final readonly class Confirmed
{
    public function __construct(
        public Connection $connection,
        public Response $response,
        public string $rest,
    ) {
    }
}
