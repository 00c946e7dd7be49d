<?php

declare(strict_types=1);

namespace WsCodec;

/** The options of a connection: see ws_conn_set() in wscodec.h. 0 is no limit. */
final readonly class Options
{
    public function __construct(
        public int $maxMessage = 1 << 20,
        public int $maxFrame = 0,
        public bool $stream = false,
        public bool $autoPong = true,
        public bool $autoClose = true,
        public bool $checkUtf8 = true,
        public bool $anyMask = false,
        public int $allowRsv = 0,
        public int $compressFrom = 0,
        public int $keepBuffer = 0,
    ) {
        foreach (['maxMessage', 'maxFrame', 'compressFrom', 'keepBuffer'] as $name) {
            Arguments::inRange($name, $this->$name, 0, PHP_INT_MAX);
        }
        Arguments::bits('allowRsv', $allowRsv);
    }

    /** @return array<int, int> the values by the number WS_OPT_* */
    public function toC(): array
    {
        $ffi = Library::ffi();
        return [
            $ffi->WS_OPT_MAX_MESSAGE => $this->maxMessage,
            $ffi->WS_OPT_MAX_FRAME => $this->maxFrame,
            $ffi->WS_OPT_STREAM => (int) $this->stream,
            $ffi->WS_OPT_AUTO_PONG => (int) $this->autoPong,
            $ffi->WS_OPT_AUTO_CLOSE => (int) $this->autoClose,
            $ffi->WS_OPT_CHECK_UTF8 => (int) $this->checkUtf8,
            $ffi->WS_OPT_ANY_MASK => (int) $this->anyMask,
            $ffi->WS_OPT_ALLOW_RSV => $this->allowRsv,
            $ffi->WS_OPT_COMPRESS_FROM => $this->compressFrom,
            $ffi->WS_OPT_KEEP_BUFFER => $this->keepBuffer,
        ];
    }
}
