# One frame, or a chunk of one from a decoder. Its members are opcode, payload, fin, rsv, mask_key,
# payload_length, first, last, message_opcode and size. In a chunk, first and last tell whether it
# starts and ends the payload, and payload_length is the length of the whole payload.
package WSCodec::Frame;
use v5.36;
use Carp qw(croak);
use WSCodec::Declarations;
use WSCodec::Native qw(bits bytes check integer no_others own written zeros);

my ($SIZE, $TEMPLATE) = $WSCodec::Declarations::STRUCTS{ws_frame}->@*;
my $RSV = WSCodec::Declarations::RSV1 | WSCodec::Declarations::RSV2 | WSCodec::Declarations::RSV3;
my %SWITCH = (
    deflate => WSCodec::Declarations::DEFLATE,
    any_mask => WSCodec::Declarations::ANY_MASK,
    keep_masked => WSCodec::Declarations::KEEP_MASKED,
    any_rsv => WSCodec::Declarations::ANY_RSV,
);

for my $name (qw(opcode payload fin rsv mask_key payload_length first last message_opcode size)) {
    no strict 'refs';
    *$name = sub ($self) { $self->{$name} };
}

# Decodes the frame at the start of $data; undef if it is incomplete. Switches: deflate, any_mask,
# keep_masked, any_rsv.
sub decode ($class, $data, $side, %switches) {
    my $input = bytes(data => $data);
    my $frame = zeros('ws_frame');
    my $size = check(WSCodec::Native::ws_frame_decode(
        own($input), length $input, flags($side, %switches), own($frame)
    ));
    return $size ? from_c($class, $frame, $input, 0, $size) : undef;
}

# Encodes a frame. Options: fin (1), rsv (0), mask_key (undef: unmasked).
sub encode ($class, $opcode, $payload = '', %options) {
    $payload = bytes(payload => $payload);
    my ($flags, $key) = encoding(%options);
    my $size = WSCodec::Native::ws_frame_size(length $payload, defined $key ? 1 : 0);
    return written($size, sub {
        WSCodec::Native::ws_frame_encode($opcode, $flags, $key, $payload, length $payload, @_);
    });
}

# Encodes only the header of a frame. Options as for encode().
sub header ($class, $opcode, $payload_length, %options) {
    integer(payload_length => $payload_length, 0, ~0 >> 1);
    my ($flags, $key) = encoding(%options);
    return written(WSCodec::Declarations::MAX_HEADER, sub {
        WSCodec::Native::ws_frame_header($opcode, $flags, $key, $payload_length, @_);
    });
}

# The length of a frame with its header.
sub size_of ($class, $payload_length, %options) {
    integer(payload_length => $payload_length, 0, ~0 >> 1);
    return WSCodec::Native::ws_frame_size($payload_length, $options{masked} ? 1 : 0);
}

# A side and switches as flags.
sub flags ($side, %switches) {
    my $flags = WSCodec::Native::side($side);
    for my $name (keys %SWITCH) {
        $flags |= $SWITCH{$name} if delete $switches{$name};
    }
    no_others(\%switches);
    return $flags;
}

# A frame from a ws_frame whose payload is in $input, from $start on.
sub from_c ($class, $frame, $input, $start, $size = undef) {
    my ($length, undef, $offset, $chunk, $key, $opcode, $flags, undef, $message) = unpack $TEMPLATE, $frame;
    return bless {
        opcode => $opcode,
        payload => substr($input, $start + $offset, $chunk),
        fin => $flags & WSCodec::Declarations::FIN ? 1 : 0,
        rsv => $flags & $RSV,
        mask_key => $flags & WSCodec::Declarations::MASKED ? $key : undef,
        payload_length => $length,
        first => $flags & WSCodec::Declarations::CHUNK_BEGIN ? 1 : 0,
        last => $flags & WSCodec::Declarations::CHUNK_END ? 1 : 0,
        message_opcode => $message,
        size => $size,
    }, $class;
}

# The flags and the masking key of a frame to encode.
sub encoding (%options) {
    my $fin = delete $options{fin} // 1;
    my $flags = bits(rsv => delete $options{rsv} // 0) | ($fin ? WSCodec::Declarations::FIN : 0);
    my $key = delete $options{mask_key};
    no_others(\%options);
    croak 'mask_key must be 4 bytes' if defined $key && length bytes(mask_key => $key) != 4;
    return $flags, $key;
}

1;
