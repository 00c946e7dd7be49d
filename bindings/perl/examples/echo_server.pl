#!/usr/bin/perl
# An echo server on IO::Select:
#
#   perl echo_server.pl --port 8080
use v5.36;
use Getopt::Long qw(GetOptions);
use IO::Select;
use IO::Socket::INET;
use List::Util qw(max min);
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(time);
use WSCodec;

my $READ = 65536;
my $PATIENCE = 2; # seconds that a peer may take to close the connection

my $port = 8080;
GetOptions('port=i' => \$port, help => sub { say "--port PORT    0: a free one (8080)"; exit })
    or exit 2;
my $acceptor = WSCodec::Acceptor->new(
    protocols => ['chat', 'superchat'],
    max_message => 16 * 1024 * 1024,
);
my $server = IO::Socket::INET->new(
    LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 1024, ReuseAddr => 1, Blocking => 0,
) or die "listen: $@\n";
local $SIG{PIPE} = 'IGNORE';
STDOUT->autoflush;
say 'listening on http://127.0.0.1:', $server->sockport;

# Clients by the number of their socket: socket, request or connection, output, and once our side has
# ended, deadline. One with output is not read from, so a slow client needs no memory.
my %clients;
my $readable = IO::Select->new($server);
my $writable = IO::Select->new;

while (1) {
    my @deadlines = grep { defined } map { $_->{deadline} } values %clients;
    my $wait = @deadlines ? max(0, min(@deadlines) - time) : undef;
    my ($read, $write) = IO::Select->select($readable, $writable, undef, $wait);
    for my $socket (@{ $read // [] }) {
        $socket == $server ? welcome() : arrived($clients{ fileno $socket });
    }
    flush($clients{ fileno $_ }) for @{ $write // [] };
    my $now = time;
    forget($_) for grep { defined $_->{deadline} && $_->{deadline} <= $now } values %clients;
}

sub welcome {
    my $socket = $server->accept or return;
    $socket->blocking(0);
    setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1;
    $clients{ fileno $socket } = { socket => $socket, request => '', output => '', is_slow => !1 };
    $readable->add($socket);
}

sub forget ($client) {
    my $socket = $client->{socket};
    $_->remove($socket) for $readable, $writable;
    delete $clients{ fileno $socket };
    close $socket;
}

sub arrived ($client) {
    my $got = sysread $client->{socket}, my ($data), $READ;
    return if !defined $got && $!{EAGAIN};
    return forget($client) unless $got;
    return if $client->{ending};
    $client->{connection} ? echo($client, $data) : accept_client($client, $data);
    flush($client);
}

sub accept_client ($client, $data) {
    $client->{request} .= $data;
    my $accepted = $acceptor->accept($client->{request}) or return;
    delete $client->{request};
    $client->{output} = $accepted->{reply};
    $client->{connection} = $accepted->{connection};
    $client->{connection} ? echo($client, $accepted->{rest}) : ($client->{ending} = 1);
}

sub echo ($client, $data) {
    my $connection = $client->{connection};
    my $each = sub ($event) {
        if ($event->{type} eq 'text') { $connection->text($event->{data}) }
        elsif ($event->{type} eq 'binary') { $connection->binary($event->{data}) }
    };
    eval { $connection->receive($data, $each); 1 }
        or ref $@ && $@->isa('WSCodec::Error::Protocol') # the output has the close frame
        or die $@;
    $client->{output} .= $connection->drain;
    $client->{ending} = $connection->has_ended;
}

# Writes what the socket takes. At the end it ends our side: closing the socket at once could destroy
# the close frame in transit (RFC 6455, 7.1.1).
sub flush ($client) {
    my $socket = $client->{socket};
    if (length $client->{output}) {
        my $written = syswrite $socket, $client->{output};
        return forget($client) if !defined $written && !$!{EAGAIN};
        substr $client->{output}, 0, $written // 0, '';
    }
    my $is_slow = length($client->{output}) > 0;
    if ($is_slow != $client->{is_slow}) {
        ($is_slow ? $readable : $writable)->remove($socket);
        ($is_slow ? $writable : $readable)->add($socket);
        $client->{is_slow} = $is_slow;
    }
    return if $is_slow || !$client->{ending} || $client->{deadline};
    shutdown $socket, 1;
    $client->{deadline} = time + $PATIENCE;
}
