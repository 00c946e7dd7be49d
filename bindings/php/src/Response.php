<?php

declare(strict_types=1);

namespace WsCodec;

use FFI\CData;

/** A server's response. */
final readonly class Response extends Head
{
    public int $status;
    public ?string $reason;
    public ?string $protocol;
    public ?string $extensions;

    /**
     * Reads the response to `request` at the start of `data`; null if it is incomplete. Throws a
     * HandshakeException; with WS_ERR_HANDSHAKE_STATUS its `head` is the response.
     */
    public static function parse(string $data, string $request): ?self
    {
        $response = Library::ffi()->new('ws_response');
        $result = Library::ffi()->ws_parse_response(
            $data,
            strlen($data),
            $request,
            strlen($request),
            \FFI::addr($response),
            \FFI::sizeof($response)
        );
        return self::of($data, $response, $result);
    }

    protected function fill(CData $values): void
    {
        $this->status = $values->status;
        $this->reason = $this->at($values->reason);
        $this->protocol = $this->at($values->protocol);
        $this->extensions = $this->at($values->extensions);
    }
}
