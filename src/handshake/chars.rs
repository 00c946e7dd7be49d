//! Classes of characters, in a table: a lookup is faster than a dozen comparisons.

const TOKEN: u8 = 0x1;
const BASE64: u8 = 0x2;
const NAME: u8 = 0x4;

/// Whether this can be part of a token (RFC 9110, 5.6.2).
pub(super) fn is_token(b: u8) -> bool {
    is_in(b, TOKEN)
}

/// Whether this encodes six bits in base64 (RFC 4648, 4).
pub(super) fn is_base64(b: u8) -> bool {
    is_in(b, BASE64)
}

/// Whether this can be part of a host's name (RFC 3986, 3.2.2): an unreserved character, or a
/// delimiter other than the comma, which would make a repeated field look like one host.
pub(super) fn is_name(b: u8) -> bool {
    is_in(b, NAME)
}

fn is_in(b: u8, class: u8) -> bool {
    CLASSES.get(usize::from(b)).is_some_and(|classes| classes & class != 0)
}

static CLASSES: [u8; 256] = {
    let mut table = [0; 256];
    let mut rest: &mut [u8] = &mut table;
    let mut b = 0_u8;
    while let [this, after @ ..] = rest {
        *this = match b {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'+' => TOKEN | BASE64 | NAME,
            b'!' | b'$' | b'&' | b'\'' | b'*' | b'-' | b'.' | b'_' | b'~' => TOKEN | NAME,
            b'#' | b'%' | b'^' | b'`' | b'|' => TOKEN,
            b'(' | b')' | b';' | b'=' => NAME,
            b'/' => BASE64,
            _ => 0,
        };
        rest = after;
        b = b.wrapping_add(1);
    }
    table
};
