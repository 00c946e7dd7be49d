# The payload of a close frame.
package WSCodec::ClosePayload;
use v5.36;
use WSCodec::Declarations;
use WSCodec::Native qw(bytes check integer own written);

# Returns the code, 1005 for an empty payload, and the reason in bytes.
sub parse ($payload) {
    $payload = bytes(payload => $payload);
    my $code = pack 'S', 0;
    my $length = check(WSCodec::Native::ws_close_parse($payload, length $payload, own($code)));
    return unpack('S', $code), $length ? substr($payload, -$length) : '';
}

sub build ($code, $reason = '') {
    integer(code => $code, 0, 0xFFFF);
    $reason = bytes(reason => $reason);
    return written(
        WSCodec::Declarations::MAX_CONTROL,
        sub { WSCodec::Native::ws_close_build($code, $reason, length $reason, @_) }
    );
}

1;
