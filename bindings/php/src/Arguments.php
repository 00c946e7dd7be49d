<?php

declare(strict_types=1);

namespace WsCodec;

/** Errors that name a wrong argument. */
final class Arguments
{
    public static function inRange(string $name, int $value, int $least, int $most): void
    {
        if ($value < $least || $value > $most) {
            throw new \ValueError("$name must be in $least ... $most, not $value");
        }
    }

    /** A header field. The library checks whole lines, so it cannot see that one has become two. */
    public static function line(string $argument, string $name, string $value): string
    {
        $line = "$name: $value";
        return strpbrk($line, "\r\n\0") === false
            ? $line
            : throw new \ValueError("$argument: " . addcslashes($name, "\0..\37")
                . ' must not contain CR, LF or NUL');
    }

    /** Reserved bits: WS_RSV1, WS_RSV2 and WS_RSV3. */
    public static function bits(string $name, int $rsv): int
    {
        return ($rsv & ~0x70) === 0
            ? $rsv
            : throw new \ValueError("$name must be made of 0x40, 0x20 and 0x10, not $rsv");
    }
}
