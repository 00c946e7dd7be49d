<?php

declare(strict_types=1);

namespace WsCodec;

use FFI\CData;

/** A client's opening request. */
final readonly class Request extends Head
{
    public string $method;
    public string $target;
    public ?string $host;
    public ?string $origin;
    public ?string $key;

    /**
     * Reads the request at the start of `data`; null if it is incomplete. Throws a
     * HandshakeException; with WS_ERR_NOT_UPGRADE its `head` is the request.
     */
    public static function parse(string $data): ?self
    {
        $hs = Library::ffi()->new('ws_handshake');
        $result = Library::ffi()->ws_parse_handshake(
            $data,
            strlen($data),
            \FFI::addr($hs),
            \FFI::sizeof($hs)
        );
        return self::of($data, $hs, $result);
    }

    protected function fill(CData $values): void
    {
        $this->method = substr($this->text, $values->method->off, $values->method->len);
        $this->target = $this->at($values->target) ?? '';
        $this->host = $this->at($values->host);
        $this->origin = $this->at($values->origin);
        $this->key = $this->at($values->key);
    }
}
