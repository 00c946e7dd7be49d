# What the vectors do not show: ownership, wrong arguments, characters and bytes.
use v5.36;
use utf8;
use FindBin;
use Socket;
use Test::More;
use WSCodec;

sub pair { return map { WSCodec::Connection->new($_) } qw(server client) }

# What a server reports for what the client has sent.
sub arrived ($server, $client) {
    my @events;
    $server->receive($client->drain, sub ($event) { push @events, $event });
    return @events;
}

sub name_of ($call) {
    eval { $call->(); 1 } and return 'no error';
    return ref $@ ? $@->name : "$@";
}

{
    my ($server, $client) = pair();
    $client->text("\xfc");
    $client->text('世界 🎉');
    $client->binary("\xfc");
    my @events = arrived($server, $client);
    is_deeply(\@events, [
        { type => 'text', data => "\xfc" },
        { type => 'text', data => '世界 🎉' },
        { type => 'binary', data => "\xfc" },
    ], 'text is characters and binary data is bytes');
}
{
    my ($server, $client) = pair();
    like(name_of(sub { $client->binary('世') }), qr/\Adata must be/, 'binary data has no wide characters');
    my $upgraded = "\xfc";
    utf8::upgrade($upgraded);
    $client->binary($upgraded);
    is((arrived($server, $client))[0]{data}, "\xfc", 'the internal form of bytes does not matter');
}
{
    my $opening = WSCodec::Opening->new('localhost', '/', protocols => ['0']);
    my $accepted = WSCodec::Acceptor->new(protocols => ['0'])->accept($opening->request);
    my $confirmed = $opening->confirm($accepted->{reply});
    is_deeply(
        [map { $_->{connection}->protocol } $accepted, $confirmed], ['0', '0'],
        'a subprotocol may be a zero'
    );
}
{
    my ($server, $client) = pair();
    $client->text('x' x 100);
    my $wire = $client->drain;
    my $copy = $wire;
    my $before = join '', map { chr } map { ord } split //, $wire;
    $server->receive($wire, sub { });
    ok($wire eq $before && $copy eq $before, 'the input is not changed, and no copy of it');
}
{
    my ($server, $client) = pair();
    $client->text('first ' x 20_000, more => 1);
    $client->text('end');
    my ($first) = arrived($server, $client);
    $client->text('second ' x 20_000);
    arrived($server, $client);
    $server->free;
    ok($first->{data} eq 'first ' x 20_000 . 'end', 'a message survives what follows it');
}
{
    my ($server, $client) = pair();
    my ($other) = pair();
    $client->text($_) for qw(a b);
    my $wire = $client->drain;
    my $seen = '';
    $server->receive($wire, sub ($outer) {
        $other->receive($wire, sub ($inner) { $seen .= "$outer->{data}$inner->{data} " });
    });
    is($seen, 'aa ab ba bb ', 'two connections may receive at once');
}
{
    my ($server, $client) = pair();
    $client->text('hi');
    $client->ping('p');
    $server->receive($client->drain, sub ($event) { $server->text('yo') if $event->{type} eq 'text' });
    is($server->drain, "\x81\x02yo\x8A\x01p", 'output is in the order of the wire');
}
{
    my ($server, $client) = pair();
    $client->ping('p');
    is(name_of(sub { $server->receive($client->drain, sub { die "mine\n" }) }), "mine\n", 'an exception passes');
    is($server->drain, "\x8A\x01p", 'and the output is there');
}
{
    my ($server) = pair();
    $server->free;
    $server->free;
    is(name_of($_), 'WS_ERR_INVALID_STATE', 'a freed connection refuses everything') for
        sub { $server->text('a') }, sub { $server->receive('a', sub { }) }, sub { $server->state },
        sub { $server->close };
}
{
    my ($server, $client) = pair();
    $client->text('a');
    $client->ping;
    $client->text('b');
    is(name_of(sub { $server->receive($client->drain, sub { $server->free }) }), 'WS_ERR_INVALID_STATE',
        'a connection may be freed by its callback');
}
{
    my $resident = sub { open my $file, '<', '/proc/self/statm'; (split ' ', <$file>)[1] };
    WSCodec::Connection->new('client')->text('a') for 1 .. 1000;
    my $before = $resident->();
    WSCodec::Connection->new('client')->text('a') for 1 .. 20_000;
    cmp_ok($resident->() - $before, '<', 1024, 'connections without references are freed');
}
{
    my $readme = do { local (@ARGV, $/) = "$FindBin::Bin/../README.md"; <> };
    my ($server) = $readme =~ /^A server.*?^```perl\n(.*?)^```/ms;
    socketpair my $peer, my $socket, AF_UNIX, SOCK_STREAM, PF_UNSPEC or die $!;
    syswrite $peer, WSCodec::Opening->new('localhost')->request . "\x83";
    is(name_of(sub { eval $server or die $@ }), 'WS_ERR_OPCODE', 'the server of README.md ends');
    sysread $peer, my $wire, 65536;
    like($wire, qr/\r\n\r\n\x88\x02\x03\xea\z/, 'after it has sent the close frame');
}
for my $bad ("\r\nSet-Cookie: admin=1\r\nX: ", "\r", "\n", "\0") {
    for my $headers ({ 'X-User' => "bob$bad" }, { "X-User$bad" => 'bob' }) {
        like(name_of($_), qr/\Aheaders: X-User.*\Q${\ __FILE__}\E/, 'a header cannot inject a line') for
            sub { WSCodec::Acceptor->new(headers => $headers) },
            sub { WSCodec::Opening->new('localhost', '/', headers => $headers) };
    }
}

my ($server) = pair();
my %wrong = (
    side => sub { WSCodec::Connection->new('other') },
    code => sub { $server->close(70_000) },
    reason => sub { $server->close(1000, undef) },
    rsv => sub { $server->text('a', rsv => 1) },
    data => sub { $server->text(undef) },
    max_message => sub { WSCodec::Connection->new('server', max_message => -1) },
    max_mesage => sub { WSCodec::Connection->new('server', max_mesage => 1) },
    server_max_window_bits => sub { WSCodec::Deflate->new(server_max_window_bits => 300) },
    mask_key => sub { WSCodec::Frame->encode(1, 'a', mask_key => 'abc') },
    payload_length => sub { WSCodec::Frame->header(1, -1) },
    max_payload => sub { WSCodec::Decoder->new('server', max_payload => 'x') },
    host => sub { WSCodec::Opening->new(undef) },
    key => sub { WSCodec::accept_key(undef) },
);
for my $name (sort keys %wrong) {
    my $error = name_of($wrong{$name});
    like($error, qr/\b$name\b.*\Q${\ __FILE__}\E/, "a wrong $name is named, with the caller's line");
}
done_testing;
