<?php

declare(strict_types=1);

namespace WsCodec;

/** Which side you are. */
enum Side: int
{
    case Server = 0;
    case Client = 1;
}
