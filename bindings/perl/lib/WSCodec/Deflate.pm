# Parameters of permessage-deflate (RFC 7692, 7.1).
package WSCodec::Deflate;
use v5.36;
use WSCodec::Declarations;
use WSCodec::Native qw(bytes check integer no_others own pack_struct unpack_struct written);

my $ROOM = 256; # bytes for a value of Sec-WebSocket-Extensions with all parameters
my %DEFAULT = (
    server_no_context_takeover => 0,
    client_no_context_takeover => 0,
    server_max_window_bits => 15,
    client_max_window_bits => 15,
    level => 0,
    mem_level => 0,
);

for my $name (keys %DEFAULT) {
    no strict 'refs';
    *$name = sub ($self) { $self->{$name} };
}

# The parameters, with their defaults; level and mem_level are local, and 0 is the default.
sub new ($class, %options) {
    my %self = map { ($_ => integer($_, delete $options{$_} // $DEFAULT{$_}, 0, 255)) } sort keys %DEFAULT;
    no_others(\%options);
    return bless \%self, $class;
}

# Whether this build of the library can compress.
sub is_available {
    return WSCodec::Native::ws_features() & WSCodec::Declarations::FEATURE_DEFLATE ? 1 : 0;
}

sub from_c ($class, $params) {
    my $values = unpack_struct(ws_pmd_params => $params);
    delete $values->@{qw(level mem_level reserved)};
    return $class->new(%$values);
}

# A ws_pmd_params.
sub to_c ($self) {
    return pack_struct(ws_pmd_params => %$self, reserved => '');
}

# The value of Sec-WebSocket-Extensions that offers it.
sub offer ($self) {
    my $params = $self->to_c;
    return written($ROOM, sub { WSCodec::Native::ws_pmd_offer($params, @_) });
}

# Server: accepts one of the offers in $value, that of Sec-WebSocket-Extensions. Returns what was
# agreed and the value of the response, or nothing if no offer is acceptable.
sub accept ($self, $value) {
    $value = bytes(value => $value);
    my $params = $self->to_c;
    my $response = written($ROOM, sub {
        WSCodec::Native::ws_pmd_accept_value($value, length $value, own($params), @_);
    });
    return $response eq '' ? () : (WSCodec::Deflate->from_c($params), $response);
}

# Client: what the server has agreed to according to $value; undef if it has declined.
sub confirm ($self, $value) {
    $value = bytes(value => $value);
    my $params = $self->to_c;
    my $result = WSCodec::Native::ws_pmd_confirm_value($value, length $value, own($params));
    return check($result) ? WSCodec::Deflate->from_c($params) : undef;
}

1;
