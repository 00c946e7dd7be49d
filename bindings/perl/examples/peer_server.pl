#!/usr/bin/perl
# An echo server with Protocol::WebSocket on IO::Select, for comparison:
#
#   perl peer_server.pl --port 8080
use v5.36;
use Getopt::Long qw(GetOptions);
use IO::Select;
use IO::Socket::INET;
use Protocol::WebSocket::Frame;
use Protocol::WebSocket::Handshake::Server;
use Socket qw(IPPROTO_TCP TCP_NODELAY);

my $READ = 65536;

my $port = 8080;
GetOptions('port=i' => \$port) or exit 2;
my $server = IO::Socket::INET->new(
    LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 1024, ReuseAddr => 1,
) or die "listen: $@\n";
local $SIG{PIPE} = 'IGNORE';
STDOUT->autoflush;
say 'listening on http://127.0.0.1:', $server->sockport;

my %clients;
my $readable = IO::Select->new($server);
while (1) {
    for my $socket ($readable->can_read) {
        $socket == $server ? welcome() : arrived($clients{ fileno $socket });
    }
}

sub welcome {
    my $socket = $server->accept or return;
    setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1;
    $clients{ fileno $socket } = {
        socket => $socket,
        handshake => Protocol::WebSocket::Handshake::Server->new,
        frame => Protocol::WebSocket::Frame->new(max_payload_size => 16 * 1024 * 1024),
    };
    $readable->add($socket);
}

sub forget ($client) {
    $readable->remove($client->{socket});
    delete $clients{ fileno $client->{socket} };
    close $client->{socket};
}

sub arrived ($client) {
    my $got = sysread $client->{socket}, my ($data), $READ;
    return forget($client) unless $got;
    eval { handle($client, $data); 1 } or forget($client);
}

sub handle ($client, $data) {
    my $handshake = $client->{handshake};
    if (!$handshake->is_done) {
        $handshake->parse($data) or die $handshake->error;
        send_all($client, $handshake->to_string) if $handshake->is_done;
        return;
    }
    my $frame = $client->{frame};
    $frame->append($data);
    while (defined(my $message = $frame->next_bytes)) {
        if ($frame->is_close) {
            send_all($client, Protocol::WebSocket::Frame->new(type => 'close', buffer => $message)->to_bytes);
            return shutdown $client->{socket}, 1;
        }
        my $type = $frame->is_ping ? 'pong' : $frame->is_text ? 'text' : 'binary';
        send_all($client, Protocol::WebSocket::Frame->new(type => $type, buffer => $message)->to_bytes);
    }
}

sub send_all ($client, $data) {
    while (length $data) {
        my $written = syswrite($client->{socket}, $data) // die $!;
        substr $data, 0, $written, '';
    }
}
