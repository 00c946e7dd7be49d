# A head of HTTP/1.1: its text and the header fields in it. WSCodec::Request is a client's opening
# request; WSCodec::Response is a server's response.
package WSCodec::Head;
use v5.36;
use WSCodec::Native qw(bytes check own unpack_struct zeros);

sub text ($self) { $self->{text} }
sub http_version ($self) { $self->{values}{http_version} }

# The value of the first header field with this name, or undef.
sub field ($self, $name) {
    $name = bytes(name => $name);
    my $value = pack 'L2', 0, 0;
    my $found = check(WSCodec::Native::ws_find_header(
        $self->{text}, length $self->{text}, $name, length $name, own($value)
    ));
    return $found ? $self->_at(unpack 'L2', $value) : undef;
}

# Parses the start of $data: undef if the head is incomplete. $call gets the address and the size of
# a struct to fill.
sub _read ($class, $data, $struct, $call) {
    my $filled = zeros($struct);
    my $result = $call->(own($filled), length $filled) or return undef;
    my $values = unpack_struct($struct => $filled);
    my $head;
    $head = bless { text => substr($data, 0, $values->{head_len}), values => $values }, $class
        if $values->{head_len};
    WSCodec::Error->throw($result, head => $head) if $result < 0;
    return $head;
}

# A range of the text; undef if it is absent.
sub _at ($self, $offset, $length) {
    return $offset || $length ? substr($self->{text}, $offset, $length) : undef;
}

# Defines methods that return a range of the text.
sub _ranges ($class, @names) {
    for my $name (@names) {
        no strict 'refs';
        *{"${class}::$name"} = sub ($self) { $self->_at($self->{values}{$name}->@*) };
    }
}

package WSCodec::Request;
our @ISA = ('WSCodec::Head');
__PACKAGE__->_ranges(qw(target host origin key));

# The method starts the head.
sub method ($self) { substr $self->{text}, $self->{values}{method}[0], $self->{values}{method}[1] }

# Reads the request at the start of $data; undef if it is incomplete. With WS_ERR_NOT_UPGRADE the
# error's head is the request.
sub parse ($class, $data) {
    $data = WSCodec::Native::bytes(data => $data);
    return $class->_read($data, 'ws_handshake', sub {
        WSCodec::Native::ws_parse_handshake($data, length $data, @_);
    });
}

package WSCodec::Response;
our @ISA = ('WSCodec::Head');
__PACKAGE__->_ranges(qw(protocol extensions reason));

sub status ($self) { $self->{values}{status} }

# Reads the response to $request at the start of $data; undef if it is incomplete. With
# WS_ERR_HANDSHAKE_STATUS the error's head is the response.
sub parse ($class, $data, $request) {
    $data = WSCodec::Native::bytes(data => $data);
    $request = WSCodec::Native::bytes(request => $request);
    return $class->_read($data, 'ws_response', sub {
        WSCodec::Native::ws_parse_response($data, length $data, $request, length $request, @_);
    });
}

1;
