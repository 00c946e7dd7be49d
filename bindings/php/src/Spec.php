<?php

declare(strict_types=1);

namespace WsCodec;

use FFI\CData;

/** A struct with members of the type ws_bytes, and the strings that they point to. */
final class Spec
{
    public readonly CData $struct;

    /** @var list<CData> */
    private array $kept = [];

    /** @param array<string, string> $members */
    public function __construct(string $type, array $members)
    {
        $this->struct = Library::ffi()->new($type);
        foreach ($members as $name => $value) {
            $copy = Library::copied($value);
            $this->kept[] = $copy;
            $this->struct->$name->data = \FFI::cast('void *', \FFI::addr($copy));
            $this->struct->$name->len = strlen($value);
        }
    }

    /**
     * The lines of header fields.
     *
     * @param array<string, string> $headers
     */
    public static function lines(array $headers): string
    {
        $lines = '';
        foreach ($headers as $name => $value) {
            $lines .= Arguments::line('headers', (string) $name, $value) . "\r\n";
        }
        return $lines;
    }
}
