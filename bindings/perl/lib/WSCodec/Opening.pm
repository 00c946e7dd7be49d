# The opening handshake of a client: send request(), then pass what arrives to confirm().
package WSCodec::Opening;
use v5.36;
use WSCodec::Declarations;
use FFI::Platypus::Buffer qw(scalar_to_buffer);
use WSCodec::Native qw(bytes header_lines own pack_struct written);

# $host is "example.com:8080" for instance. Options: origin, protocols (an array), headers (a hash),
# deflate (the compression to offer), and those of WSCodec::Connection.
sub new ($class, $host, $target = '/', %options) {
    my ($origin, $protocols, $headers, $deflate) = delete @options{qw(origin protocols headers deflate)};
    my %texts = (
        host => $host,
        target => $target,
        key => make_key(),
        origin => $origin // '',
        protocols => join(', ', ($protocols // [])->@*),
        extensions => $deflate ? $deflate->offer : '',
        headers => header_lines($headers // {}),
    );
    my %bytes = map { ($_ => bytes($_ => $texts{$_})) } keys %texts;
    my $spec = pack_struct(ws_request_spec => map { ($_ => [scalar_to_buffer($bytes{$_})]) } keys %bytes);
    my $request = written(WSCodec::Declarations::MAX_HEAD, sub {
        WSCodec::Native::ws_build_request($spec, length $spec, @_);
    });
    return bless { request => $request, deflate => $deflate, options => \%options }, $class;
}

# A new value for Sec-WebSocket-Key.
sub make_key {
    return written(WSCodec::Declarations::KEY_LEN, \&WSCodec::Native::ws_make_key);
}

# The bytes to send first.
sub request ($self) { $self->{request} }

# Returns a hash: connection, response, and rest, the bytes after the response; undef if the response
# at the start of $data is incomplete. Dies with a WSCodec::Error::Handshake, whose head is the
# response if the server has not accepted.
sub confirm ($self, $data) {
    $data = bytes(data => $data);
    my $params = $self->{deflate} ? $self->{deflate}->to_c : undef;
    my $handle = pack 'J', 0;
    my $response = WSCodec::Response->_read($data, 'ws_response', sub ($address, $size) {
        WSCodec::Native::ws_conn_confirm(
            $data, length $data, $self->{request}, length $self->{request}, $params, undef,
            own($handle), $address, $size
        );
    }) // return undef;
    my $connection = WSCodec::Connection->_adopt(
        unpack('J', $handle), $response->protocol, $self->{options}
    );
    return { connection => $connection, response => $response, rest => substr $data, length $response->text };
}

1;
