# The functions of the library, each by its name, and the memory they work on.
package WSCodec::Native;
use v5.36;
no warnings 'experimental::for_list';
use Carp qw(croak);
use Exporter qw(import);
use FFI::Platypus 2.00;
use FFI::Platypus::Buffer qw(buffer_to_scalar grow scalar_to_pointer set_used_length);
use WSCodec::Declarations;

our @EXPORT_OK = qw(
    append bits buffer_to_scalar bytes check header_lines integer no_others own pack_struct
    scalar_to_pointer side unpack_struct written zeros
);
our @CARP_NOT = map { "WSCodec$_" } '',
    map { "::$_" } qw(Acceptor ClosePayload Connection Decoder Deflate Frame Head Opening Utf8Validator);

my $path = $ENV{WSCODEC_LIBRARY} // 'libwscodec.so.0';
my $ffi = FFI::Platypus->new(api => 2, lib => [$path]);
while (my ($name, $types) = each %WSCodec::Declarations::FUNCTIONS) {
    my ($result, @parameters) = @$types;
    $ffi->attach($name => \@parameters => $result);
}

while (my ($name, $struct) = each %WSCodec::Declarations::STRUCTS) {
    my $type = WSCodec::Declarations->can('TYPE_' . uc($name =~ s/\Aws_//r))->();
    die "$path: $name is smaller than declared\n" if ws_sizeof($type) < $struct->[0];
}

# Returns a count; throws an error.
sub check ($result) {
    return $result if $result >= 0;
    WSCodec::Error->throw($result);
}

# The bytes of a string; croaks if it has characters above 255.
sub bytes ($name, $data) {
    croak "$name must be a string of bytes, not undef" unless defined $data;
    utf8::downgrade($data, 1) or croak "$name must be a string of bytes, not of wide characters";
    return $data;
}

# Header fields as lines. The library checks whole lines, so it cannot see that one has become two.
sub header_lines ($headers) {
    my $lines = '';
    for my $name (sort keys %$headers) {
        my $line = "$name: $headers->{$name}";
        croak 'headers: ', $name =~ s/[\r\n\0]/?/gr, ' must not contain CR, LF or NUL'
            if $line =~ /[\r\n\0]/;
        $lines .= "$line\r\n";
    }
    return bytes(headers => $lines);
}

# Croaks with the name of the argument unless it is an integer in the range.
sub integer ($name, $value, $least, $most) {
    return $value if defined $value && $value =~ /\A[0-9]+\z/ && $value >= $least && $value <= $most;
    croak "$name must be an integer in $least .. $most, not " . ($value // 'undef');
}

# Reserved bits: those of WS_RSV1, WS_RSV2 and WS_RSV3.
sub bits ($name, $value) {
    return $value if integer($name, $value, 0, 0x70) % 16 == 0;
    croak "$name must be made of 0x40, 0x20 and 0x10, not $value";
}

# The value of WS_SERVER or WS_CLIENT.
sub side ($side) {
    my $value = { server => 0, client => 1 }->{ $side // '' };
    return $value // croak "side must be 'server' or 'client', not '" . ($side // 'undef') . "'";
}

# Croaks if there are options that a function does not have.
sub no_others ($options) {
    my ($name) = sort keys %$options;
    croak "unknown option: $name" if defined $name;
}

# Gives a variable memory that no other string shares, with room for $_[1] more bytes, and returns its
# address. C may write only to such memory: Perl's copies of a string share it until one of them is
# changed in Perl.
sub own {
    grow($_[0], length($_[0]) + ($_[1] // 0), { clear => 0, set_length => 0 });
    return scalar_to_pointer($_[0]);
}

# Adds the bytes that a call writes, at most $size, to the string in $_[0].
sub append {
    my (undef, $size, $call) = @_;
    my $length = length $_[0];
    my $added = $call->(own($_[0], $size) + $length, $size);
    set_used_length($_[0], $length + $added) if $added > 0;
    return check($added);
}

# The bytes that a call has written to a buffer of this size.
sub written ($size, $call) {
    my $out = '';
    append($out, $size, $call);
    return $out;
}

# A struct as a string, with zeros for the members that are not given.
sub pack_struct ($name, %given) {
    my ($size, $template, $members) = $WSCodec::Declarations::STRUCTS{$name}->@*;
    my @values;
    for my ($member, $count) (@$members) {
        push @values, defined $given{$member} ? (ref $given{$member} ? $given{$member}->@* : $given{$member})
            : (0) x $count;
    }
    return pack "$template x![8]", @values;
}

# The members of a struct as a hash; those of two numbers as arrays.
sub unpack_struct ($name, $bytes) {
    my (undef, $template, $members) = $WSCodec::Declarations::STRUCTS{$name}->@*;
    my @values = unpack $template, $bytes;
    my %found;
    for my ($member, $count) (@$members) {
        $found{$member} = $count == 1 ? shift @values : [splice @values, 0, 2];
    }
    return \%found;
}

# Zeros of the size of a struct, for C to fill.
sub zeros ($name) {
    return "\0" x $WSCodec::Declarations::STRUCTS{$name}[0];
}

1;
