# The checks of the vectors: one function for each file.
package Checks;
use v5.36;
use JSON::PP;
use List::Util qw(max min sum0 uniqnum);
use Scalar::Util qw(blessed reftype);
use WSCodec;

my $JSON = JSON::PP->new->canonical->allow_nonref->allow_blessed->latin1;
my %RSV = (rsv1 => 0x40, rsv2 => 0x20, rsv3 => 0x10);
my $REQUEST = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    . "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

sub is_same ($one, $two) {
    return !defined $one && !defined $two unless defined $one && defined $two;
    return "$one" eq "$two" unless ref $one && ref $two;
    return @$one == @$two && !grep { !is_same($one->[$_], $two->[$_]) } 0 .. $#$one
        if reftype $one eq 'ARRAY';
    return keys %$one == keys %$two
        && !grep { !exists $two->{$_} || !is_same($one->{$_}, $two->{$_}) } keys %$one;
}

sub same ($expected, $actual) {
    return if is_same($expected, $actual);
    my ($one, $two) = map { substr $JSON->encode($_), 0, 300 } $expected, $actual;
    die "expected $one, not $two\n";
}

sub refused ($name, $call) {
    eval { $call->(); 1 } and die "no $name\n";
    die $@ unless blessed $@ && $@->isa('WSCodec::Error');
    same($name, $@->name);
}

# The call has the error of the vector, if there is one.
sub expected ($vector, $call) {
    defined $vector->{error} ? refused($vector->{error}, $call) : $call->();
}

sub deflate ($parameters) {
    return WSCodec::Deflate->new(($parameters // {})->%*);
}

sub accept_keys ($vector) {
    expected($vector, sub { same($vector->{accept}, WSCodec::accept_key($vector->{key})) });
}

sub close_payloads ($vector) {
    my ($payload, $code, $reason) = $vector->@{qw(payload code reason)};
    expected($vector, sub { same([$code, $reason], [WSCodec::ClosePayload::parse($payload)]) })
        if defined $payload;
    expected($vector, sub { same($payload, WSCodec::ClosePayload::build($code, $reason)) })
        if defined $code;
}

# A validator after these parts.
sub validated (@parts) {
    my $validator = WSCodec::Utf8Validator->new;
    $validator->push($_) for @parts;
    return $validator;
}

sub utf8 ($vector) {
    my $text = $vector->{text};
    for my $cut (0 .. length $text) {
        expected($vector, sub {
            my $validator = validated(substr($text, 0, $cut), substr $text, $cut);
            same($vector->{incomplete} ? 0 : 1, $validator->is_complete ? 1 : 0);
        });
    }
    my $at = $vector->{error_at} // return;
    validated(substr $text, 0, $at);
    refused($vector->{error}, sub { validated(substr $text, 0, $at + 1) });
}

# Lengths of prefixes: all, of long inputs those near the ends and near $at.
sub ends ($size, $at) {
    return sort { $a <=> $b } uniqnum 0 .. min($size, 400) - 1, max($at - 3, 0) .. min($size, $at + 4) - 1, $size;
}

sub frames ($vector) {
    my $wire = $vector->{wire};
    my $at = $vector->{error_at} // length($wire) - 1;
    for my $size (ends(length $wire, $at)) {
        my $read = sub {
            WSCodec::Frame->decode(substr($wire, 0, $size), $vector->{role}, ($vector->{options} // {})->%*);
        };
        if ($size <= $at) {
            same(undef, $read->());
            next;
        }
        expected($vector, sub {
            my $frame = $read->();
            same($vector->{frame}, described($frame));
            same([1, 1, length $wire], [$frame->first, $frame->last, $frame->size]);
        });
    }
    defined $vector->{error} ? alike($vector) : same($wire, encoded($vector->{frame}));
}

# The decoder and the connection have the same error at the same byte.
sub alike ($vector) {
    my ($wire, $at) = $vector->@{qw(wire error_at)};
    return if $vector->{options} || !(ord($wire) & 15);
    for my $reader (Decoded->new($vector), Received->new($vector)) {
        $reader->feed(substr $wire, 0, $at);
        refused($vector->{error}, sub { $reader->feed(substr $wire, $at, 1) });
    }
}

# A frame as a vector describes it.
sub described ($frame) {
    my %found = (opcode => $frame->opcode, fin => $frame->fin, payload => $frame->payload);
    $found{mask_key} = unpack 'H*', $frame->mask_key if defined $frame->mask_key;
    return { %found, bits_of($frame->rsv) };
}

sub bits_of ($rsv) {
    return map { ($_ => 1) } grep { $rsv & $RSV{$_} } keys %RSV;
}

sub key_of ($frame) {
    return defined $frame->{mask_key} ? pack 'H*', $frame->{mask_key} : undef;
}

sub encoded ($frame) {
    return WSCodec::Frame->encode(
        $frame->{opcode}, $frame->{payload},
        fin => $frame->{fin}, rsv => sum0(map { $frame->{$_} ? $RSV{$_} : 0 } keys %RSV),
        mask_key => key_of($frame)
    );
}

sub frame_headers ($vector) {
    my ($header, $opcode, $fin, $length) = $vector->@{qw(header opcode fin payload_length)};
    my $key = key_of($vector);
    same($header, WSCodec::Frame->header($opcode, $length, fin => $fin, mask_key => $key));
    same(length($header) + $length, WSCodec::Frame->size_of($length, masked => defined $key));
    my $start = $length ? "$header\0" : $header; # a frame is reported with its first byte
    my $seen;
    WSCodec::Decoder->new($vector->{role})->feed($start, sub ($frame) { $seen = $frame });
    same([$opcode, $fin, $length], [$seen->opcode, $seen->fin, $seen->payload_length]);
}

# Every prefix of a head is incomplete before the byte that completes it or proves the error, and has
# one result from there on.
sub check_head ($vector, $text, $parse) {
    my $at = $vector->{error_at} // length($text) - 1;
    for my $size (ends(length $text, $at)) {
        my $read = sub { defined $parse->(substr $text, 0, $size) ? 1 : 0 };
        $size <= $at ? same(0, $read->()) : expected($vector, sub { same(1, $read->()) });
    }
    my $head = eval { $parse->($text) } // $@->head;
    for my $name (keys +($vector->{fields} // {})->%*) {
        same($vector->{fields}{$name}, $head->$name);
    }
    same($text, $head->text) unless defined $vector->{error};
}

sub requests ($vector) {
    check_head($vector, $vector->{request}, sub ($text) { WSCodec::Request->parse($text) });
}

sub responses ($vector) {
    check_head($vector, $vector->{response}, sub ($text) { WSCodec::Response->parse($text, $vector->{request}) });
}

sub policies ($vector) {
    my %policy = ($vector->{policy} // {})->%*;
    $_ = [$_] for grep { defined } @policy{ grep { exists $policy{$_} } qw(origins protocols) };
    my $accepted = WSCodec::Acceptor->new(%policy)->accept($vector->{request});
    if (defined $vector->{error}) {
        same($vector->{error}, $accepted->{error}->name);
        same($vector->{status}, $accepted->{error}->http_status);
        same("HTTP/1.1 $vector->{status} ", substr $accepted->{reply}, 0, 13);
        return;
    }
    same(undef, $accepted->{error});
    same($vector->{protocol}, $accepted->{connection}->protocol);
}

sub lines (@values) {
    return join '', map { "Sec-WebSocket-Extensions: $_\r\n" } @values;
}

sub deflate_accept ($vector) {
    my $willing = deflate($vector->{willing});
    my @agreed = defined $vector->{response} ? (deflate($vector->{agreed}), $vector->{response}) : ();
    expected($vector, sub { same(\@agreed, [$willing->accept(join ', ', $vector->{offers}->@*)]) });
    my $request = $REQUEST . lines($vector->{offers}->@*) . "\r\n";
    my $accepted = WSCodec::Acceptor->new(deflate => $willing)->accept($request);
    same($vector->{error}, $accepted->{error} ? $accepted->{error}->name : undef);
    my $connection = $accepted->{connection} // return;
    my ($value) = $accepted->{reply} =~ /^Sec-WebSocket-Extensions: (.*)\r$/m;
    same($vector->{response}, $value);
    same($agreed[0], $connection->deflate);
}

sub deflate_offer ($vector) {
    my $offer = deflate($vector->{offered});
    same($vector->{offer}, $offer->offer);
    my $request = WSCodec::Request->parse(WSCodec::Opening->new('localhost', '/', deflate => $offer)->request);
    same($vector->{offer}, $request->field('sec-websocket-extensions'));
}

sub deflate_confirm ($vector) {
    my $offered = deflate($vector->{offered});
    my @values = $vector->{responses}->@*;
    my $agreed = $vector->{agreed} ? deflate($vector->{agreed}) : undef;
    expected($vector, sub { same($agreed, $offered->confirm(join ', ', @values)) });

    # The same in an opening handshake, where an extension that was not offered is an error.
    my $opening = WSCodec::Opening->new('localhost', '/', deflate => $offered);
    my $accept = WSCodec::accept_key(WSCodec::Request->parse($opening->request)->key);
    my $head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        . "Sec-WebSocket-Accept: $accept\r\n" . lines(@values) . "\r\n";
    my $confirm = sub { same($agreed, $opening->confirm($head)->{connection}->deflate) };
    my $has_others = grep { /\S/ && !/permessage-deflate/ } split /,/, join ',', @values;
    $has_others ? refused('WS_ERR_EXTENSION', $confirm) : expected($vector, $confirm);
}

# The messages in whole and byte by byte, collected and in parts.
sub deflate_messages ($vector) {
    for my $way ([1, 0], [1, 1], [1000, 0], [1000, 1]) {
        my ($step, $stream) = @$way;
        my $connection = WSCodec::Connection->new(
            $vector->{role}, deflate => deflate($vector->{parameters}), stream => $stream
        );
        for my $message ($vector->{messages}->@*) {
            my $wire = compressed($vector->{role}, $message->{payloads}->@*);
            expected($message, sub {
                my $found = '';
                $connection->receive($_, sub ($event) { $found .= $event->{data} })
                    for unpack "(a$step)*", $wire;
                same($message->{message}, $found);
            });
        }
    }
}

sub compressed ($receiver, @payloads) {
    my $key = $receiver eq 'server' ? "\1\2\3\4" : undef;
    return join '', map {
        WSCodec::Frame->encode(
            $_ ? 0 : 2, $payloads[$_], fin => $_ == $#payloads, rsv => $_ ? 0 : 0x40, mask_key => $key
        )
    } 0 .. $#payloads;
}

# The ends of pieces: whole, in two at each place, and byte by byte.
sub cuts ($size) {
    my @places = $size <= 500 ? 1 .. $size - 1 : (1, 3, 14, 15, int($size / 2), $size - 1);
    my @single = $size <= 500 ? 1 .. $size : (1 .. 39, $size);
    return [$size], (map { [$_, $size] } @places), \@single;
}

sub decoder_streams ($vector) { streams($vector, 'Decoded') }

sub connection_streams ($vector) { streams($vector, 'Received') }

# Feeds the input to a reader, cut in all ways; then the bytes up to the error.
sub streams ($vector, $class) {
    my $data = $vector->{input};
    for my $ends (cuts(length $data)) {
        my $reader = $class->new($vector);
        expected($vector, sub {
            my $start = 0;
            for my $end (@$ends) {
                $reader->feed(substr $data, $start, $end - $start);
                $start = $end;
            }
        });
        $reader->check($vector);
        my $end = $vector->{error} // $vector->{end};
        defined $end ? refused($end, sub { $reader->reader->finish }) : $reader->reader->finish;
    }
    my $at = $vector->{error_at} // return;
    my $reader = $class->new($vector);
    $reader->feed(substr $data, 0, $at);
    refused($vector->{error}, sub { $reader->feed(substr $data, $at, 1) });
}

1;
