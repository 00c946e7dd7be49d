<?php

declare(strict_types=1);

namespace WsCodec;

/** A pong. */
final readonly class Pong implements Event
{
    public function __construct(
        public string $data,
    ) {
    }
}
