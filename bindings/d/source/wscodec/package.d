/// WebSocket (RFC 6455, RFC 7692) without a socket: bytes go in, events and bytes to send come out.
module wscodec;

public import wscodec.connection, wscodec.deflate, wscodec.errors, wscodec.frames, wscodec.heads,
    wscodec.text;
