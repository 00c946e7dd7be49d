# Checks text that arrives in parts.
package WSCodec::Utf8Validator;
use v5.36;
use WSCodec::Native qw(bytes check own);

sub new ($class) {
    return bless { state => pack 'L', 0 }, $class;
}

# Dies at the first invalid byte.
sub push ($self, $part) {
    $part = bytes(part => $part);
    check(WSCodec::Native::ws_utf8_validate(own($self->{state}), $part, length $part));
    return;
}

# Whether the text so far ends between two characters.
sub is_complete ($self) {
    return unpack('L', $self->{state}) == 0;
}

1;
