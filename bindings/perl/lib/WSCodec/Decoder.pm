# Decodes frames from input that is split anywhere.
package WSCodec::Decoder;
use v5.36;
use WSCodec::Declarations;
use WSCodec::Native qw(bytes check integer own);

my $ENTRIES = 64;
my $SIZE = $WSCodec::Declarations::STRUCTS{ws_frame}[0];

# Options: max_payload (a frame that announces more is an error; 0: no limit), and the switches of
# WSCodec::Frame->decode.
sub new ($class, $side, %options) {
    my $most = integer(max_payload => delete $options{max_payload} // 0, 0, ~0);
    my $self = bless { state => "\0" x 64 }, $class;
    my $flags = WSCodec::Frame::flags($side, %options);
    check(WSCodec::Native::ws_decoder_init(own($self->{state}), $flags, $most));
    return $self;
}

# Calls $each with a WSCodec::Frame for each chunk. Dies after the chunks before an error.
sub feed ($self, $data, $each) {
    my $input = bytes(data => $data);
    my $address = own($input);
    my ($frames, $used) = ("\0" x ($ENTRIES * $SIZE), pack 'J', 0);
    for (my $start = 0; $start < length $input; $start += unpack 'J', $used) {
        my $count = check(WSCodec::Native::ws_decoder_feed(
            own($self->{state}), $address + $start, length($input) - $start,
            own($frames), $ENTRIES, own($used)
        ));
        for my $i (0 .. $count - 1) {
            my $frame = substr $frames, $i * $SIZE, $SIZE;
            $each->(WSCodec::Frame->from_c($frame, $input, $start));
        }
    }
    return;
}

# Dies unless the stream may end here.
sub finish ($self) {
    check(WSCodec::Native::ws_decoder_finish($self->{state}));
    return;
}

1;
