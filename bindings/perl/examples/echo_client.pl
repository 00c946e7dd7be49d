#!/usr/bin/perl
# A client that sends messages and prints the replies:
#
#   perl echo_client.pl ws://HOST:PORT/PATH [MESSAGE ...]     (without any: the lines of stdin)
use v5.36;
use IO::Socket::INET;
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use WSCodec;

my $READ = 65536;

# A connection with its socket, for programs that wait for each message.
package Client {
    sub new ($class, $url) {
        my ($host, $port, $target) = $url =~ m{\Aws://([^/:]+)(?::(\d+))?(/.*)?\z} or die "not a URL: $url\n";
        $port //= 80;
        my $socket = IO::Socket::INET->new(PeerAddr => $host, PeerPort => $port) or die "$host: $@\n";
        setsockopt $socket, main::IPPROTO_TCP, main::TCP_NODELAY, 1;
        my $self = bless { socket => $socket, events => [] }, $class;
        return $self->open(WSCodec::Opening->new("$host:$port", $target // '/', max_message => 0));
    }

    sub open ($self, $opening) {
        $self->write($opening->request);
        my ($response, $confirmed) = ('');
        $response .= $self->read until $confirmed = $opening->confirm($response);
        $self->{connection} = $confirmed->{connection};
        $self->take($confirmed->{rest});
        return $self;
    }

    sub send ($self, $text) {
        $self->{connection}->text($text);
        $self->flush;
    }

    # The next message; undef once the peer has closed.
    sub receive ($self) {
        while (1) {
            $self->take($self->read) until $self->{events}->@*;
            my $event = shift $self->{events}->@*;
            return $event->{data} if $event->{type} =~ /\A(?:text|binary)\z/;
            return undef if $event->{type} eq 'close';
        }
    }

    # Closes with a code, and waits for the peer to close.
    sub close ($self, $code) {
        $self->{connection}->close($code);
        $self->flush;
        $self->receive until $self->{connection}->has_ended;
    }

    sub close_code ($self) { $self->{connection}->close_received }

    sub read ($self) {
        my $got = sysread $self->{socket}, my ($data), $READ;
        die $got // 1 ? "$!\n" : "the server has ended the connection\n" unless $got;
        return $data;
    }

    sub take ($self, $data) {
        my $each = sub ($event) { push $self->{events}->@*, $event };
        my $ok = eval { $self->{connection}->receive($data, $each); 1 };
        my $error = $@;
        $self->flush;
        die $error unless $ok;
    }

    sub flush ($self) { $self->write($self->{connection}->drain) }

    sub write ($self, $data) {
        while (length $data) {
            my $written = syswrite($self->{socket}, $data) // die "$!\n";
            substr $data, 0, $written, '';
        }
    }
}

local $SIG{PIPE} = 'IGNORE';
binmode $_, ':encoding(UTF-8)' for *STDIN, *STDOUT, *STDERR;
STDOUT->autoflush;
my ($url, @messages) = @ARGV;
utf8::decode($_) for @messages;
my $is_done = eval {
    die "usage: echo_client ws://HOST:PORT/PATH [MESSAGE ...]\n" unless defined $url;
    my $client = Client->new($url);
    while (defined(my $message = @ARGV > 1 ? shift @messages : <STDIN>)) {
        chomp $message;
        $client->send($message);
        my $reply = $client->receive // die 'the server has closed with ', $client->close_code, "\n";
        say $reply;
    }
    $client->close(1000);
    1;
};
$is_done or print STDERR "$@" =~ s/\n?\z/\n/r and exit 1;
