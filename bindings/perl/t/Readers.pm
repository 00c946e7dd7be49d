# Decoders and connections with what they have reported, as vectors describe it.
package Decoded;
use v5.36;

sub new ($class, $vector) {
    my $reader = WSCodec::Decoder->new($vector->{role}, ($vector->{options} // {})->%*);
    return bless { reader => $reader, frames => [] }, $class;
}

sub reader ($self) { $self->{reader} }

sub feed ($self, $data) {
    $self->{reader}->feed($data, sub ($chunk) { $self->take($chunk) });
}

sub take ($self, $chunk) {
    my $frames = $self->{frames};
    if ($chunk->first) {
        push @$frames, { Checks::described($chunk)->%*, payload => '', payload_length => $chunk->payload_length };
        $frames->[-1]{message_opcode} = $chunk->message_opcode unless $chunk->opcode;
    }
    $frames->[-1]{payload} .= $chunk->payload;
    delete $frames->[-1]{payload_length} if $chunk->last;
}

sub check ($self, $vector) {
    Checks::same($vector->{frames}, $self->{frames});
}

package Received;

sub new ($class, $vector) {
    my %options = ($vector->{options} // {})->%*;
    $options{deflate} = Checks::deflate($vector->{parameters}) if $vector->{parameters};
    my $reader = WSCodec::Connection->new($vector->{role}, %options);
    return bless {
        reader => $reader, events => [], sent => '', has_bytes => exists $options{check_utf8} || exists $options{allow_rsv},
    }, $class;
}

sub reader ($self) { $self->{reader} }

sub feed ($self, $data) {
    my $ok = eval { $self->{reader}->receive($data, sub ($event) { $self->take($event) }); 1 };
    my $error = $@;
    $self->{sent} .= $self->{reader}->drain;
    die $error unless $ok;
}

my %OPCODE = (text => 1, binary => 2, close => 8, ping => 9, pong => 10);

sub take ($self, $event) {
    my $events = $self->{events};
    my %entry = (opcode => $OPCODE{ $event->{type} }, payload => $event->{data});
    if (exists $event->{first}) {
        push @$events, { %entry, payload => '', last => 0 } if $event->{first};
        my ($message) = grep { exists $_->{last} } reverse @$events;
        $message->{payload} .= $event->{data};
        delete $message->{last} if $event->{last};
        return;
    }
    utf8::encode($entry{payload}) if $event->{type} =~ /text|close/ && !$self->{has_bytes};
    $entry{close_code} = $event->{code} if $event->{type} eq 'close';
    push @$events, { %entry, Checks::bits_of($event->{rsv} // 0) };
}

sub check ($self, $vector) {
    Checks::same($vector->{events}, $self->{events});
    my $other = $vector->{role} eq 'server' ? 'client' : 'server';
    my @sent;
    WSCodec::Decoder->new($other)->feed($self->{sent}, sub ($frame) {
        push @sent, { opcode => $frame->opcode, payload => $frame->payload };
    });
    Checks::same($vector->{output}, \@sent);
}

1;
