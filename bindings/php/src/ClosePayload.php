<?php

declare(strict_types=1);

namespace WsCodec;

/** The payload of a close frame. */
final class ClosePayload
{
    /** @return array{int, string} the code, 1005 for an empty payload, and the reason */
    public static function parse(string $payload): array
    {
        $code = Library::ffi()->new('uint16_t');
        $length = Library::check(
            Library::ffi()->ws_close_parse($payload, strlen($payload), \FFI::addr($code))
        );
        return [$code->cdata, substr($payload, strlen($payload) - $length)];
    }

    public static function build(int $code, string $reason = ''): string
    {
        Arguments::inRange('code', $code, 0, 0xFFFF);
        return Library::written(fn ($out, $size) => Library::ffi()->ws_close_build(
            $code,
            $reason,
            strlen($reason),
            $out,
            $size
        ));
    }
}
