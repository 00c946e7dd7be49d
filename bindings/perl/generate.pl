#!/usr/bin/perl
# Writes lib/WSCodec/Declarations.pm from include/wscodec.json:
#
#   perl generate.pl wscodec.json > lib/WSCodec/Declarations.pm
use v5.36;
use JSON::PP;

my @functions = qw(
    ws_sizeof ws_features ws_strerror ws_errname ws_close_code_for ws_http_status
    ws_accept_key ws_parse_handshake ws_parse_response ws_find_header
    ws_make_key ws_build_request ws_pmd_offer ws_pmd_accept_value ws_pmd_confirm_value
    ws_frame_decode ws_frame_size ws_frame_encode ws_frame_header
    ws_decoder_init ws_decoder_feed ws_decoder_finish
    ws_utf8_validate ws_close_parse ws_close_build
    ws_conn_new ws_conn_free ws_conn_set_pmd ws_conn_get_pmd ws_conn_set ws_conn_get
    ws_event_data ws_conn_recv ws_conn_output ws_conn_send ws_conn_send_bound ws_conn_close
    ws_conn_finish ws_conn_state ws_conn_accept ws_conn_confirm
);
my @structs = qw(
    ws_handshake ws_response ws_request_spec ws_frame ws_decoder ws_pmd_params ws_event
    ws_accept_spec ws_accepted
);
my $constants = qr/\AWS_(?:(?:ERR|OPT|INFO|EVENT|OPCODE|STATE|TYPE|MAX|SEND|ACCEPT|FEATURE)_\w+
    |FIN|RSV\d|MASKED|BEGIN|END|SERVER|CLIENT|DEFLATE|ANY_MASK|KEEP_MASKED|ANY_RSV|KEY_LEN)\z/x;
my %type = (
    'ws_result' => 'ssize_t', 'size_t' => 'size_t', 'int' => 'int', 'void' => 'void',
    'const char *' => 'string', 'const void *' => 'string', 'const ws_conn *' => 'opaque',
    'const ws_allocator *' => 'opaque',
    map { ("uint${_}_t" => "uint$_") } 16, 32, 64
);
my %directive = (
    uint8_t => 'C', uint16_t => 'S', uint32_t => 'L', uint64_t => 'Q', size_t => 'J',
    ws_result => 'j', ws_span => 'L2', ws_bytes => 'J2',
);

# A type as FFI::Platypus knows it: what C only reads is a string of bytes.
sub platypus ($type) {
    return $type{$type} // ($type =~ /\Aconst ws_\w+ \*\z/ ? 'string' : 'opaque');
}

# The result of ws_event_data() is an address.
sub result_of ($function) {
    return $function->{name} eq 'ws_event_data' ? 'opaque' : platypus($function->{result});
}

# The template of pack() for a member.
sub template ($field) {
    my ($type, $count) = $field->{type} =~ /\A(.+?)(?:\[(\d+)\])?\z/;
    return "a$count" if $type eq 'uint8_t' && $count;
    return ($directive{$type} // 'J') . ($count // '');
}

sub listed ($document, $part, @names) {
    my %by_name = map { ($_->{name} => $_) } $document->{$part}->@*;
    return map { $by_name{$_} } @names;
}

my $text = do { local (@ARGV, $/) = ($ARGV[0]); <> };
my $document = decode_json($text);
say "# Made by generate.pl from include/wscodec.json.";
say "package WSCodec::Declarations;";
say "use v5.36;\n";
say "use constant {";
for my $constant ($document->{constants}->@*) {
    next unless $constant->{name} =~ $constants;
    my $name = $constant->{name} =~ s/\AWS_//r =~ s/\A(?=(?:BEGIN|END)\z)/CHUNK_/r; # keywords of Perl
    say "    $name => $constant->{value},";
}
say "};\n";
say "# Each function with its result and its parameters, in the types of FFI::Platypus.";
say "our %FUNCTIONS = (";
for my $function (listed($document, 'functions', @functions)) {
    my $types = join ' ', map { platypus($_->{type}) } $function->{parameters}->@*;
    say "    $function->{name} => ['", result_of($function), "', qw($types)],";
}
say ");\n";
say "# Each struct with its size, the template of pack(), and the members with how many values each has.";
say "our %STRUCTS = (";
for my $struct (listed($document, 'structs', @structs)) {
    my @templates = map { template($_) } $struct->{fields}->@*;
    my @members = map { "$_->{name} => " . (template($_) =~ /\A[JL]2\z/ ? 2 : 1) } $struct->{fields}->@*;
    say "    $struct->{name} => [$struct->{size}{64}, '@templates', [", join(', ', @members), "]],";
}
say ");\n";
say "1;";
