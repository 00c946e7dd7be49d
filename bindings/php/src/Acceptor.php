<?php

declare(strict_types=1);

namespace WsCodec;

/** Accepts clients, all in the same way. */
final class Acceptor
{
    private Spec $spec;
    private string $protocols;
    private int $room;
    private ?\FFI\CData $params;

    /**
     * @param list<string> $protocols subprotocols, the most preferred first
     * @param bool $needProtocol reject a client without any of them
     * @param list<string>|null $origins those allowed; null: all
     * @param array<string, string> $headers added to the response
     * @param ?Deflate $deflate the compression to agree to
     */
    public function __construct(
        array $protocols = [],
        bool $needProtocol = false,
        ?array $origins = null,
        array $headers = [],
        ?Deflate $deflate = null,
        private readonly ?Options $options = null,
    ) {
        $this->protocols = implode(', ', $protocols);
        $lines = Spec::lines($headers);
        $members = ['protocols' => $this->protocols, 'headers' => $lines];
        if ($origins !== null) {
            $members['origins'] = implode(' ', $origins);
        }
        $this->spec = new Spec('ws_accept_spec', $members);
        $this->params = $deflate?->toC();
        if ($this->params !== null) {
            $this->spec->struct->pmd = \FFI::addr($this->params);
        }
        $this->spec->struct->flags = $needProtocol ? Library::ffi()->WS_ACCEPT_NEED_PROTOCOL : 0;
        $this->room = Library::ffi()->WS_MAX_REPLY + strlen($this->protocols) + strlen($lines);
        $this->accept(''); // checks the arguments
    }

    /** Accepts or rejects the request at the start of `data`; null if it is incomplete. */
    public function accept(string $data): ?Accepted
    {
        $ffi = Library::ffi();
        $accepted = $ffi->new('ws_accepted');
        $reply = Library::written(
            fn ($out, $size) => $ffi->ws_conn_accept(
                $data,
                strlen($data),
                \FFI::addr($this->spec->struct),
                \FFI::sizeof($this->spec->struct),
                \FFI::addr($accepted),
                \FFI::sizeof($accepted),
                $out,
                $size
            ),
            fn () => $this->room
        );
        if ($reply === '') {
            return null;
        }
        $rest = substr($data, $accepted->head_len);
        if ($accepted->conn === null) {
            return new Accepted(null, $reply, WsException::of($accepted->error), $rest);
        }
        $chosen = $accepted->protocol;
        $protocol = $chosen->len > 0 ? substr($this->protocols, $chosen->off, $chosen->len) : null;
        $connection = Connection::fromC($accepted->conn, $this->options, $protocol);
        return new Accepted($connection, $reply, null, $rest);
    }
}
