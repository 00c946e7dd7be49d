#!/usr/bin/perl
# Runs the vectors: perl t/vectors.pl FOLDER
use v5.36;
use Checks;
use Readers;
use Vectors;

my ($folder) = @ARGV;
my ($passed, $failed) = (0, 0);
for my $kind (Vectors::kinds($folder)) {
    my $check = Checks->can($kind) // die "no check for $kind\n";
    for my $vector (Vectors::load($folder, $kind)) {
        if (eval { $check->($vector); 1 }) {
            $passed++;
            next;
        }
        $failed++;
        print STDERR "$kind: $vector->{name}: ", "$@" =~ s/\n?\z/\n/r;
    }
}
die "perl: $failed vectors failed\n" if $failed;
say "perl: $passed vectors passed";
