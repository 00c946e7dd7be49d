<?php

declare(strict_types=1);

namespace WsCodec;

use FFI;
use FFI\CData;

/**
 * The functions of the library, as wscodec.h declares them, and the memory they write to.
 *
 * PHP runs one thread for each request, so one buffer for output is enough: what a call has written
 * is copied before the next call.
 */
final class Library
{
    private const SCOPE = 'WSCODEC';
    private const OUT = 65536;

    private static ?FFI $ffi = null;
    private static ?CData $out = null;

    public static function ffi(): FFI
    {
        return self::$ffi ??= self::load();
    }

    /** Takes the declarations from opcache.preload, else from the header beside this file. */
    private static function load(): FFI
    {
        try {
            return FFI::scope(self::SCOPE);
        } catch (FFI\Exception) {
            $header = (string) file_get_contents(__DIR__ . '/wscodec.h');
            $declarations = preg_replace('/^#.*$/m', '', $header);
            return FFI::cdef($declarations, getenv('WSCODEC_LIBRARY') ?: 'libwscodec.so.0');
        }
    }

    /** Returns a count; throws an error. */
    public static function check(int $result): int
    {
        return $result >= 0 ? $result : throw WsException::of($result);
    }

    /**
     * The bytes that a call has written.
     *
     * @param callable(CData, int): int $call gets a buffer and its size
     * @param callable(): int $bound tells how large the buffer has to be if 64 KiB are too small
     */
    public static function written(callable $call, ?callable $bound = null): string
    {
        $out = self::$out ??= FFI::new('uint8_t[' . self::OUT . ']');
        $length = $call($out, self::OUT);
        if ($length === self::ffi()->WS_ERR_BUFFER_TOO_SMALL && $bound !== null) {
            $size = $bound();
            $out = FFI::new("uint8_t[$size]");
            $length = $call($out, $size);
        }
        return FFI::string($out, self::check($length));
    }

    /** A copy of a string, for C to keep or to change. */
    public static function copied(string $data): CData
    {
        $size = max(strlen($data), 1);
        $copy = FFI::new("uint8_t[$size]");
        FFI::memcpy($copy, $data, strlen($data));
        return $copy;
    }

    /** A part of a buffer as a string. */
    public static function slice(CData $buffer, int $offset, int $length): string
    {
        return $length === 0 ? '' : FFI::string(FFI::addr($buffer[$offset]), $length);
    }
}
