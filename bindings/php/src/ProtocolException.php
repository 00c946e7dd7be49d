<?php

declare(strict_types=1);

namespace WsCodec;

/** The peer violated the protocol of frames. */
final class ProtocolException extends WsException
{
}
