<?php

declare(strict_types=1);

namespace WsCodec;

use FFI\CData;

/** Decodes frames from input that is split anywhere. */
final class Decoder
{
    private const ENTRIES = 64;

    private CData $state;
    private CData $frames;
    private CData $used;

    /** `maxPayload`: a frame that announces more is an error; 0: no limit. */
    public function __construct(
        Side $side,
        int $maxPayload = 0,
        bool $deflate = false,
        bool $anyMask = false,
        bool $keepMasked = false,
        bool $anyRsv = false,
    ) {
        Arguments::inRange('maxPayload', $maxPayload, 0, PHP_INT_MAX);
        $this->state = Library::ffi()->new('ws_decoder');
        $this->frames = Library::ffi()->new('ws_frame[' . self::ENTRIES . ']');
        $this->used = Library::ffi()->new('size_t');
        $flags = Frame::flags($side, $deflate, $anyMask, $keepMasked, $anyRsv);
        Library::check(
            Library::ffi()->ws_decoder_init(\FFI::addr($this->state), $flags, $maxPayload)
        );
    }

    /**
     * Yields each chunk. Throws a ProtocolException after the chunks before the error. Nothing is
     * decoded before the iteration, and a loop that is left early loses the rest of `data`.
     *
     * @return \Generator<int, Frame>
     */
    public function feed(string $data): \Generator
    {
        $input = Library::copied($data);
        $size = strlen($data);
        for ($start = 0; $start < $size;) {
            $count = Library::check(Library::ffi()->ws_decoder_feed(
                \FFI::addr($this->state),
                \FFI::addr($input[$start]),
                $size - $start,
                $this->frames,
                self::ENTRIES,
                \FFI::addr($this->used)
            ));
            $used = $this->used->cdata;
            $chunks = [];
            for ($i = 0; $i < $count; $i++) {
                $chunks[] = Frame::fromC($this->frames[$i], $input, $start);
            }
            foreach ($chunks as $chunk) {
                yield $chunk;
            }
            $start += $used;
        }
    }

    /** Throws a WsException unless the stream may end here. */
    public function finish(): void
    {
        Library::check(Library::ffi()->ws_decoder_finish(\FFI::addr($this->state)));
    }
}
