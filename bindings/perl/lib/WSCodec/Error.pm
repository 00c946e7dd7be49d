# The errors of the library, which are thrown as objects: WSCodec::Error::Usage if the caller or the
# system is at fault, ::Handshake if the opening handshake failed, and ::Protocol if the peer
# violated the protocol of frames. They are the text of their message.
package WSCodec::Error;
use v5.36;
use WSCodec::Declarations;
use overload '""' => sub ($self, @) { $self->message }, fallback => 1;

# The error for a negative result. `head` is what could be read of a head.
sub new ($class, $code, %more) {
    my $kind = $code <= WSCodec::Declarations::ERR_RESERVED_BITS ? 'Protocol'
        : $code <= WSCodec::Declarations::ERR_HTTP_SYNTAX ? 'Handshake' : 'Usage';
    return bless { code => $code, %more }, "WSCodec::Error::$kind";
}

sub throw ($class, @arguments) {
    die $class->new(@arguments);
}

sub code ($self) { $self->{code} }

# The request or response that a handshake failed with, or undef.
sub head ($self) { $self->{head} }

sub message ($self) { $self->{message} // WSCodec::Native::ws_strerror($self->{code}) }

# The name in wscodec.h, e.g. "WS_ERR_UTF8".
sub name ($self) { WSCodec::Native::ws_errname($self->{code}) }

# The close code that reports it to the peer.
sub close_code ($self) { WSCodec::Native::ws_close_code_for($self->{code}) }

# The HTTP status that rejects a request because of it.
sub http_status ($self) { WSCodec::Native::ws_http_status($self->{code}) }

package WSCodec::Error::Usage;
our @ISA = ('WSCodec::Error');

package WSCodec::Error::Handshake;
our @ISA = ('WSCodec::Error');

package WSCodec::Error::Protocol;
our @ISA = ('WSCodec::Error');

1;
