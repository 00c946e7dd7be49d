<?php

declare(strict_types=1);

namespace WsCodec;

enum State: int
{
    case Open = 0;
    case Closing = 1;
    case Closed = 2;
    case Failed = 3;
}
