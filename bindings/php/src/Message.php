<?php

declare(strict_types=1);

namespace WsCodec;

/** A message, of UTF-8 if it is text. `rsv` are its bits of the option allowRsv. */
final readonly class Message implements Event
{
    public function __construct(
        public string $data,
        public bool $text,
        public int $rsv = 0,
    ) {
    }
}
