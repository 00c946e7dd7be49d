# A connection after its opening handshake. Its memory in C is freed by free(), or with the object.
package WSCodec::Connection;
use v5.36;
use Carp qw(croak);
use WSCodec::Declarations;
use WSCodec::Native qw(append bits buffer_to_scalar bytes check integer own
    scalar_to_pointer zeros);

my $ENTRIES = 64;
my ($SIZE, $TEMPLATE) = $WSCodec::Declarations::STRUCTS{ws_event}->@*;
my $COLLECTED = WSCodec::Declarations::EVENT_COLLECTED;
my $RSV = WSCodec::Declarations::RSV1 | WSCodec::Declarations::RSV2 | WSCodec::Declarations::RSV3;
my ($TEXT, $BINARY, $PING, $PONG) = (1, 2, 9, 10);
my @TYPE = (undef, 'text', 'binary', (undef) x 5, 'close', 'ping', 'pong');
my @STATE = qw(open closing closed failed);
my %OPTION = map { ($_ => WSCodec::Declarations->can('OPT_' . uc)->()) } qw(
    max_message max_frame stream auto_pong auto_close check_utf8 any_mask allow_rsv compress_from
    keep_buffer
);

# Options: deflate (the compression that was agreed), and those of ws_conn_set() in lower case.
sub new ($class, $side, %options) {
    my $deflate = delete $options{deflate};
    my $handle = WSCodec::Native::ws_conn_new(WSCodec::Native::side($side), undef);
    my $self = $class->_adopt($handle, undef, \%options);
    check(WSCodec::Native::ws_conn_set_pmd($self->{handle}, $deflate->to_c)) if $deflate;
    return $self;
}

# Takes over a connection that the library has made.
sub _adopt ($class, $handle, $protocol, $options) {
    WSCodec::Error->throw(WSCodec::Declarations::ERR_NO_MEMORY) unless $handle;
    my $self = bless { handle => $handle, protocol => $protocol, output => '' }, $class;
    for my $name (sort keys %$options) {
        my $option = $OPTION{$name} // croak "unknown option: $name";
        my $value = integer($name, $options->{$name}, 0, ~0);
        check(WSCodec::Native::ws_conn_set($handle, $option, $value));
    }
    $self->{stream} = $options->{stream};
    $self->{characters} =
        !$options->{stream} && !$options->{allow_rsv} && ($options->{check_utf8} // 1);
    return $self;
}

# Threads of Perl copy all objects; a copy of this one would be freed twice.
sub CLONE_SKIP { 1 }

sub DESTROY ($self) {
    $self->free unless ${^GLOBAL_PHASE} eq 'DESTRUCT';
}

# Frees the memory in C at once. The connection cannot be used any more.
sub free ($self) {
    my $handle = delete $self->{handle} or return;
    WSCodec::Native::ws_conn_free($handle);
    return;
}

# The subprotocol that was agreed, or undef.
sub protocol ($self) { $self->{protocol} }

# Calls $each for each message, ping, pong and close in $data. Dies with a WSCodec::Error::Protocol
# after the events before it. Afterwards send what drain() returns, also after an error.
#
# An event is a hash: type is text, binary, ping, pong or close; data is a string of characters for
# text, else of bytes; a close has code, 1005 if it has none, and its reason in data. A message with
# bits of the option allow_rsv has rsv. With the option stream, parts of a message have first and
# last. With the options stream, allow_rsv and check_utf8 (0) text may not be valid: then data is
# always bytes.
sub receive ($self, $data, $each) {
    my $input = bytes(data => $data);
    my $address = own($input);
    my $start = 0;
    do {
        my @events;
        my $ok = eval { ($start, @events) = $self->_decode($input, $address, $start); 1 };
        my $error = $@;
        $ok &&= eval { $each->($_) for @events; 1 } or $error ||= $@;
        $self->_collect if $self->{is_due};
        die $error unless $ok;
    } while $start < length $input;
    return;
}

# Sends characters as text. Options: more (a fragment follows), plain (not compressed), rsv.
sub text ($self, $data, %options) {
    croak 'data must be a string, not undef' unless defined $data;
    utf8::encode($data);
    return $self->_write($TEXT, $data, _flags(%options));
}

# Sends bytes as binary data. Options as for text().
sub binary ($self, $data, %options) {
    return $self->_write($BINARY, bytes(data => $data), _flags(%options));
}

sub ping ($self, $data = '') { return $self->_write($PING, bytes(data => $data), 0) }
sub pong ($self, $data = '') { return $self->_write($PONG, bytes(data => $data), 0) }

# Starts the closing handshake. The reason is a string of characters.
sub close ($self, $code = 1000, $reason = '') {
    integer(code => $code, 0, 0xFFFF);
    croak 'reason must be a string, not undef' unless defined $reason;
    utf8::encode($reason);
    my $handle = $self->_handle;
    append($self->{output}, WSCodec::Declarations::MAX_OUTPUT, sub {
        WSCodec::Native::ws_conn_close($handle, $code, $reason, length $reason, @_);
    });
    return;
}

# The bytes to send now.
sub drain ($self) {
    my $output = delete $self->{output};
    $self->{output} = '';
    return $output;
}

# Tells that the peer's stream has ended. Dies unless it may end here.
sub finish ($self) {
    check(WSCodec::Native::ws_conn_finish($self->_handle));
    return;
}

# open, closing, closed or failed
sub state ($self) { $STATE[ WSCodec::Native::ws_conn_state($self->_handle) ] }

# Whether to send what drain() returns, shut down, and read no more.
sub has_ended ($self) {
    return WSCodec::Native::ws_conn_state($self->_handle) >= WSCodec::Declarations::STATE_CLOSED;
}

# The code of the close frame that was sent, or received; undef if there is none.
sub close_sent ($self) { $self->_fact(WSCodec::Declarations::INFO_CLOSE_SENT) || undef }
sub close_received ($self) { $self->_fact(WSCodec::Declarations::INFO_CLOSE_RECEIVED) || undef }

# The compression that was agreed, or undef.
sub deflate ($self) {
    my $params = zeros('ws_pmd_params');
    my $result = WSCodec::Native::ws_conn_get_pmd($self->_handle, own($params));
    return $result == 1 ? WSCodec::Deflate->from_c($params) : undef;
}

sub _handle ($self) {
    return $self->{handle} // WSCodec::Error->throw(
        WSCodec::Declarations::ERR_INVALID_STATE, message => 'the connection was freed'
    );
}

sub _fact ($self, $number) {
    my $value = pack 'Q', 0;
    check(WSCodec::Native::ws_conn_get($self->_handle, $number, own($value)));
    return unpack 'Q', $value;
}

sub _flags (%options) {
    my ($more, $plain, $rsv) = delete @options{qw(more plain rsv)};
    WSCodec::Native::no_others(\%options);
    return bits(rsv => $rsv // 0)
        | ($more ? WSCodec::Declarations::SEND_MORE : 0)
        | ($plain ? WSCodec::Declarations::SEND_PLAIN : 0);
}

sub _write ($self, $opcode, $data, $flags) {
    my $handle = $self->_handle;
    my $length = length $data;
    append($self->{output}, WSCodec::Native::ws_conn_send_bound($handle, $length), sub {
        WSCodec::Native::ws_conn_send($handle, $opcode, $flags, $data, $length, @_);
    });
    return;
}

# Adds the connection's own frames to the output. They are due after a ping, a close and an error.
sub _collect ($self) {
    my $handle = $self->{handle} // return;
    append($self->{output}, WSCodec::Declarations::MAX_OUTPUT, sub {
        WSCodec::Native::ws_conn_output($handle, @_);
    });
    return;
}

# Decodes as much as one call does. Returns where the rest starts, and the events. Their data is
# copied: nothing of them is in the memory of the library.
sub _decode ($self, $input, $address, $start) {
    state $entries = "\0" x ($ENTRIES * $SIZE);
    state $used = pack 'J', 0;
    state $are_owned = own($entries) && own($used);
    $self->{is_due} = 1;
    my $handle = $self->_handle;
    my $count = check(WSCodec::Native::ws_conn_recv(
        $handle, $address + $start, length($input) - $start,
        scalar_to_pointer($entries), $ENTRIES, scalar_to_pointer($used)
    ));
    $self->{is_due} = 0;
    my @fields = unpack "($TEMPLATE)$count", $entries;
    my @events;
    for my $i (0 .. $count - 1) {
        my ($offset, $length, $opcode, $flags, $code) = splice @fields, 0, 6;
        my $at = $address + $start + $offset;
        if ($flags & $COLLECTED) {
            my $entry = substr $entries, $i * $SIZE, $SIZE;
            $at = WSCodec::Native::ws_event_data($handle, undef, $entry);
        }
        push @events, $self->_event($opcode, buffer_to_scalar($at, $length), $flags, $code);
    }
    return $start + unpack('J', $used), @events;
}

sub _event ($self, $opcode, $data, $flags, $code) {
    my %event = (type => $TYPE[$opcode], data => $data);
    $self->{is_due} = 1 if $opcode >= WSCodec::Declarations::OPCODE_CLOSE;
    if ($opcode == WSCodec::Declarations::OPCODE_CLOSE) {
        $event{code} = $code;
        utf8::decode($event{data});
    }
    elsif ($opcode < WSCodec::Declarations::OPCODE_CLOSE) {
        $event{rsv} = $flags & $RSV if $flags & $RSV;
        if ($self->{stream}) {
            $event{first} = $flags & WSCodec::Declarations::EVENT_FIRST ? 1 : 0;
            $event{last} = $flags & WSCodec::Declarations::EVENT_LAST ? 1 : 0;
        }
        utf8::decode($event{data}) if $opcode == $TEXT && $self->{characters};
    }
    return \%event;
}

1;
