<?php

declare(strict_types=1);

namespace WsCodec;

/** The opening handshake failed. */
final class HandshakeException extends WsException
{
    /** What could be read of the head: a Request or a Response. */
    public ?Head $head = null;
}
