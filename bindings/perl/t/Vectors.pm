# Reads the vectors.
package Vectors;
use v5.36;
use JSON::PP;

my @BYTES = qw(
    accept extensions header host input key message method offers origin payload payloads protocol
    reason request response responses target text wire
);
my %MANY = map { ($_ => 1) } qw(offers responses payloads);
my %TEXT = (policies => ['protocol'], deflate_accept => ['response']);

sub kinds ($folder) {
    return grep { $_ ne 'schema' } map { m{([^/]+)\.json\z} } sort glob "$folder/*.json";
}

# The vectors of a file, with bytes instead of what stands for them.
sub load ($folder, $kind) {
    my $file = JSON::PP->new->utf8->decode(do { local (@ARGV, $/) = ("$folder/$kind.json"); <> });
    my %names = map { ($_ => 1) } @BYTES;
    delete @names{ ($TEXT{$kind} // [])->@* };
    return map { resolve($_, \%names, $file->{parts}) } $file->{vectors}->@*;
}

sub resolve ($value, $names, $parts) {
    return [map { resolve($_, $names, $parts) } @$value] if ref $value eq 'ARRAY';
    return JSON::PP::is_bool($value) ? 0 + $value : $value unless ref $value eq 'HASH';
    my %resolved;
    for my $name (keys %$value) {
        my $member = $value->{$name};
        $resolved{$name} = !defined $member || !$names->{$name} ? resolve($member, $names, $parts)
            : $MANY{$name} ? [map { bytes($_, $parts) } @$member] : bytes($member, $parts);
    }
    return \%resolved;
}

sub bytes ($value, $parts) {
    if (!ref $value) {
        utf8::encode($value);
        return $value;
    }
    return join '', map { bytes($_, $parts) } @$value if ref $value eq 'ARRAY';
    return pack 'H*', $value->{hex} =~ s/ //gr if exists $value->{hex};
    return bytes($value->{repeat}, $parts) x $value->{times} if exists $value->{repeat};
    return bytes($parts->{ $value->{part} }, $parts);
}

1;
