## WebSocket (RFC 6455, RFC 7692) without a socket: bytes go in, events and bytes to send come out.

import wscodec/[connection, deflate, errors, frames, heads, text]

export connection, deflate, errors, frames, heads, text
