<?php

declare(strict_types=1);

namespace WsCodec;

/** The opening handshake of a client: send `request`, then pass what arrives to confirm(). */
final class Opening
{
    /** The bytes to send first. */
    public readonly string $request;

    /**
     * @param string $host for instance "example.com:8080"
     * @param list<string> $protocols
     * @param array<string, string> $headers added to the request
     * @param ?Deflate $deflate the compression to offer
     */
    public function __construct(
        string $host,
        string $target = '/',
        string $origin = '',
        array $protocols = [],
        array $headers = [],
        private readonly ?Deflate $deflate = null,
        private readonly ?Options $options = null,
    ) {
        $spec = new Spec('ws_request_spec', [
            'host' => $host,
            'target' => $target,
            'key' => self::makeKey(),
            'origin' => $origin,
            'protocols' => implode(', ', $protocols),
            'extensions' => $deflate?->offer() ?? '',
            'headers' => Spec::lines($headers),
        ]);
        $this->request = Library::written(fn ($out, $size) => Library::ffi()->ws_build_request(
            \FFI::addr($spec->struct),
            \FFI::sizeof($spec->struct),
            $out,
            $size
        ));
    }

    /** A new value for Sec-WebSocket-Key. */
    public static function makeKey(): string
    {
        return Library::written(fn ($out, $size) => Library::ffi()->ws_make_key($out, $size));
    }

    /** The value of Sec-WebSocket-Accept for a Sec-WebSocket-Key. */
    public static function acceptKey(string $key): string
    {
        return Library::written(
            fn ($out, $size) => Library::ffi()->ws_accept_key($key, strlen($key), $out, $size)
        );
    }

    /**
     * Returns null if the response at the start of `data` is incomplete. Throws a
     * HandshakeException: its `head` is the Response if the server has not accepted.
     */
    public function confirm(string $data): ?Confirmed
    {
        $ffi = Library::ffi();
        $params = $this->deflate?->toC();
        $handle = $ffi->new('ws_conn *');
        $values = $ffi->new('ws_response');
        $result = $ffi->ws_conn_confirm(
            $data,
            strlen($data),
            $this->request,
            strlen($this->request),
            $params === null ? null : \FFI::addr($params),
            null,
            \FFI::addr($handle),
            \FFI::addr($values),
            \FFI::sizeof($values)
        );
        $response = Response::of($data, $values, $result);
        if ($response === null) {
            return null;
        }
        $connection = Connection::fromC($handle, $this->options, $response->protocol);
        return new Confirmed($connection, $response, substr($data, $values->head_len));
    }
}
