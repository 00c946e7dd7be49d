<?php

declare(strict_types=1);

namespace WsCodec;

/** What a connection reports: a Message, Part, Ping, Pong or Close. */
interface Event
{
}
