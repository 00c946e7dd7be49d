<?php

declare(strict_types=1);

namespace WsCodec;

use FFI\CData;

/**
 * One frame, or a chunk of one from a Decoder: then `first` and `last` tell whether the chunk starts
 * and ends the payload, and `payloadLength` is the length of the whole payload.
 */
final readonly class Frame
{
    private function __construct(
        public int $opcode,
        public string $payload,
        public bool $fin,
        public int $rsv,
        public ?string $maskKey,
        public int $payloadLength,
        public bool $first,
        public bool $last,
        public int $messageOpcode,
        public int $size,
    ) {
    }

    /** Decodes the frame at the start of `data`; null if it is incomplete. */
    public static function decode(
        string $data,
        Side $side,
        bool $deflate = false,
        bool $anyMask = false,
        bool $keepMasked = false,
        bool $anyRsv = false,
    ): ?self {
        $frame = Library::ffi()->new('ws_frame');
        $input = Library::copied($data);
        $flags = self::flags($side, $deflate, $anyMask, $keepMasked, $anyRsv);
        $size = Library::check(
            Library::ffi()->ws_frame_decode($input, strlen($data), $flags, \FFI::addr($frame))
        );
        return $size === 0 ? null : self::fromC($frame, $input, 0, $size);
    }

    /** Encodes a frame, masked if there is a masking key of 4 bytes. */
    public static function encode(
        int $opcode,
        string $payload = '',
        bool $fin = true,
        int $rsv = 0,
        ?string $maskKey = null,
    ): string {
        self::checkKey($maskKey);
        $length = strlen($payload);
        return Library::written(
            fn ($out, $size) => Library::ffi()->ws_frame_encode(
                $opcode,
                self::bits($fin, $rsv),
                $maskKey,
                $payload,
                $length,
                $out,
                $size
            ),
            fn () => self::size($length, $maskKey !== null)
        );
    }

    /** Encodes only the header of a frame. */
    public static function header(
        int $opcode,
        int $payloadLength,
        bool $fin = true,
        int $rsv = 0,
        ?string $maskKey = null,
    ): string {
        self::checkKey($maskKey);
        Arguments::inRange('payloadLength', $payloadLength, 0, PHP_INT_MAX);
        return Library::written(fn ($out, $size) => Library::ffi()->ws_frame_header(
            $opcode,
            self::bits($fin, $rsv),
            $maskKey,
            $payloadLength,
            $out,
            $size
        ));
    }

    /** The length of a frame with its header; a rounded float if it is above PHP_INT_MAX. */
    public static function size(int $payloadLength, bool $masked = false): int|float
    {
        Arguments::inRange('payloadLength', $payloadLength, 0, PHP_INT_MAX);
        $size = Library::ffi()->ws_frame_size($payloadLength, (int) $masked);
        return $size >= 0 ? $size : (float) $payloadLength; // it has passed 2^63, and floats are coarse
    }

    public static function flags(
        Side $side,
        bool $deflate,
        bool $anyMask,
        bool $keepMasked,
        bool $anyRsv,
    ): int {
        $ffi = Library::ffi();
        return $side->value
            | ($deflate ? $ffi->WS_DEFLATE : 0)
            | ($anyMask ? $ffi->WS_ANY_MASK : 0)
            | ($keepMasked ? $ffi->WS_KEEP_MASKED : 0)
            | ($anyRsv ? $ffi->WS_ANY_RSV : 0);
    }

    /** A frame from a ws_frame whose payload is in `input`, from `start` on. */
    public static function fromC(CData $frame, CData $input, int $start, int $size = 0): self
    {
        $ffi = Library::ffi();
        $flags = $frame->flags;
        return new self(
            $frame->opcode,
            Library::slice($input, $start + $frame->chunk_off, $frame->chunk_len),
            ($flags & $ffi->WS_FIN) !== 0,
            $flags & ($ffi->WS_RSV1 | $ffi->WS_RSV2 | $ffi->WS_RSV3),
            $flags & $ffi->WS_MASKED ? \FFI::string($frame->mask_key, 4) : null,
            $frame->payload_len,
            ($flags & $ffi->WS_BEGIN) !== 0,
            ($flags & $ffi->WS_END) !== 0,
            $frame->message_opcode,
            $size,
        );
    }

    private static function bits(bool $fin, int $rsv): int
    {
        return ($fin ? Library::ffi()->WS_FIN : 0) | Arguments::bits('rsv', $rsv);
    }

    private static function checkKey(?string $maskKey): void
    {
        if ($maskKey !== null && strlen($maskKey) !== 4) {
            throw new \ValueError('maskKey must be 4 bytes, not ' . strlen($maskKey));
        }
    }
}
