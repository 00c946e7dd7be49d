# WebSocket (RFC 6455, RFC 7692) without a socket: bytes go in, events come out.
package WSCodec 0.001;
use v5.36;
use Exporter qw(import);
use WSCodec::Native qw(bytes written);
use WSCodec::Error;
use WSCodec::Utf8Validator;
use WSCodec::ClosePayload;
use WSCodec::Frame;
use WSCodec::Decoder;
use WSCodec::Deflate;
use WSCodec::Head;
use WSCodec::Connection;
use WSCodec::Acceptor;
use WSCodec::Opening;

our @EXPORT_OK = qw(accept_key);

# The value of Sec-WebSocket-Accept for a Sec-WebSocket-Key.
sub accept_key ($key) {
    $key = bytes(key => $key);
    return written(28, sub { WSCodec::Native::ws_accept_key($key, length $key, @_) });
}

1;
