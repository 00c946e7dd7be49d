# Accepts clients, all in the same way.
package WSCodec::Acceptor;
use v5.36;
use WSCodec::Declarations;
use FFI::Platypus::Buffer qw(scalar_to_buffer);
use WSCodec::Native qw(bytes header_lines own pack_struct unpack_struct written zeros);

# Options: protocols (an array, the most preferred first), need_protocol (reject a client without any
# of them), origins (an array of those allowed; undef: all), headers (a hash, added to the response),
# deflate (the compression to agree to), and those of WSCodec::Connection.
sub new ($class, %options) {
    my ($protocols, $need, $origins, $headers, $deflate) =
        delete @options{qw(protocols need_protocol origins headers deflate)};
    my $self = bless {
        protocols => bytes(protocols => join ', ', ($protocols // [])->@*),
        headers => header_lines($headers // {}),
        need => $need,
        options => \%options,
    }, $class;
    $self->{origins} = bytes(origins => join ' ', @$origins) if $origins;
    $self->{pmd} = $deflate->to_c if $deflate;
    $self->accept(''); # checks the arguments
    return $self;
}

# Accepts or rejects the request at the start of $data; undef if it is incomplete. Returns a hash:
# reply, the bytes to send; connection, undef if the request was rejected, then error; rest, the
# bytes after the request.
sub accept ($self, $data) {
    $data = bytes(data => $data);
    my $spec = $self->_spec;
    my $accepted = zeros('ws_accepted');
    my $room = WSCodec::Declarations::MAX_REPLY + length($self->{headers}) + length $self->{protocols};
    my $reply = written($room, sub {
        WSCodec::Native::ws_conn_accept(
            $data, length $data, $spec, length $spec, own($accepted), length $accepted, @_
        );
    });
    return undef if $reply eq '';
    return $self->_result($data, $reply, unpack_struct(ws_accepted => $accepted));
}

# A ws_accept_spec with the addresses of the strings, which this object keeps.
sub _spec ($self) {
    my %given = map { ($_ => [scalar_to_buffer($self->{$_})]) }
        grep { defined $self->{$_} } qw(protocols headers origins);
    $given{pmd} = (scalar_to_buffer($self->{pmd}))[0] if $self->{pmd};
    $given{flags} = WSCodec::Declarations::ACCEPT_NEED_PROTOCOL if $self->{need};
    return pack_struct(ws_accept_spec => %given);
}

sub _result ($self, $data, $reply, $accepted) {
    my %result = (reply => $reply, rest => substr $data, $accepted->{head_len});
    if ($accepted->{conn}) {
        my ($offset, $length) = $accepted->{protocol}->@*;
        my $protocol = $length ? substr($self->{protocols}, $offset, $length) : undef;
        $result{connection} =
            WSCodec::Connection->_adopt($accepted->{conn}, $protocol, $self->{options});
    }
    else {
        $result{error} = WSCodec::Error->new($accepted->{error});
    }
    return \%result;
}

1;
