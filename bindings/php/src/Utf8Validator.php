<?php

declare(strict_types=1);

namespace WsCodec;

use FFI\CData;

/** Checks text that arrives in parts. */
final class Utf8Validator
{
    private CData $state;

    public function __construct()
    {
        $this->state = Library::ffi()->new('uint32_t');
    }

    /** Throws a ProtocolException at the first invalid byte. */
    public function push(string $part): void
    {
        Library::check(
            Library::ffi()->ws_utf8_validate(\FFI::addr($this->state), $part, strlen($part))
        );
    }

    /** Whether the text so far ends between two characters. */
    public function isComplete(): bool
    {
        return $this->state->cdata === 0;
    }
}
