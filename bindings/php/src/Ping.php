<?php

declare(strict_types=1);

namespace WsCodec;

/** A ping; its pong is in the output. */
final readonly class Ping implements Event
{
    public function __construct(
        public string $data,
    ) {
    }
}
