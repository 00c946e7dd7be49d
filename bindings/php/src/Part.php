<?php

declare(strict_types=1);

namespace WsCodec;

/** With the option stream: a part of a message as it arrived. */
final readonly class Part implements Event
{
    public function __construct(
        public string $data,
        public bool $text,
        public bool $first,
        public bool $last,
        public int $rsv = 0,
    ) {
    }
}
