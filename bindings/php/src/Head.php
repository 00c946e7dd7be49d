<?php

declare(strict_types=1);

namespace WsCodec;

use FFI\CData;

/** A head of HTTP/1.1: its text and the header fields in it. */
abstract readonly class Head
{
    public int $httpVersion;

    final protected function __construct(public string $text, CData $values)
    {
        $this->httpVersion = $values->http_version;
        $this->fill($values);
    }

    /** Sets the properties of a request or a response. */
    abstract protected function fill(CData $values): void;

    /** The value of the first header field with this name; null if there is none. */
    public function field(string $name): ?string
    {
        $value = Library::ffi()->new('ws_span');
        $found = Library::check(Library::ffi()->ws_find_header(
            $this->text,
            strlen($this->text),
            $name,
            strlen($name),
            \FFI::addr($value)
        ));
        return $found === 1 ? $this->at($value) : null;
    }

    /** The head at the start of `data`, from what the library has filled for a result. */
    public static function of(string $data, CData $values, int $result): ?static
    {
        $length = $values->head_len;
        $head = $length > 0 ? new static(substr($data, 0, $length), $values) : null;
        if ($result < 0) {
            $error = WsException::of($result);
            if ($error instanceof HandshakeException) {
                $error->head = $head;
            }
            throw $error;
        }
        return $result === 0 ? null : $head;
    }

    /** A range of the text; null if it is absent. */
    final protected function at(CData $span): ?string
    {
        $absent = $span->off === 0 && $span->len === 0;
        return $absent ? null : substr($this->text, $span->off, $span->len);
    }
}
