<?php

declare(strict_types=1);

namespace WsCodec;

/** The caller or the system is at fault. */
final class UsageException extends WsException
{
}
