<?php

declare(strict_types=1);

namespace WsCodec;

/** The peer's close: its code, 1005 if it has none, and its reason. */
final readonly class Close implements Event
{
    public function __construct(
        public int $code,
        public string $reason,
    ) {
    }
}
