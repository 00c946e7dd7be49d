//! Web origins (RFC 6454): whose page a browser speaks for.

/// A host, and a port if one is given.
struct Authority<'a> {
    host: &'a [u8],
    port: Option<&'a [u8]>,
}

impl<'a> Authority<'a> {
    fn parse(text: &'a [u8]) -> Option<Authority<'a>> {
        let end = match text {
            [b'[', ..] => text.iter().position(|b| *b == b']')?.checked_add(1)?,
            _ => text.iter().position(|b| *b == b':').unwrap_or(text.len()),
        };
        let (host, port) = text.split_at_checked(end)?;
        let port = match port {
            [] => None,
            [b':', digits @ ..] if digits.iter().all(u8::is_ascii_digit) => Some(digits),
            _ => return None,
        };
        is_host(host).then_some(Authority { host, port })
    }
}

/// A name, an IPv4 address, or an IPv6 address in brackets (RFC 3986, 3.2.2).
fn is_host(text: &[u8]) -> bool {
    match text {
        [b'[', address @ .., b']'] => {
            let part = |b: &u8| b.is_ascii_hexdigit() || matches!(b, b':' | b'.');
            address.contains(&b':') && address.iter().all(part)
        }
        _ => {
            let part = |b: &u8| {
                b.is_ascii_alphanumeric()
                    || matches!(
                        b,
                        b'-' | b'.'
                            | b'_'
                            | b'~'
                            | b'%'
                            | b'!'
                            | b'$'
                            | b'&'
                            | b'\''
                            | b'('
                            | b')'
                            | b'*'
                            | b'+'
                            | b';'
                            | b'='
                    )
            };
            !text.is_empty() && text.iter().all(part)
        }
    }
}

/// Whether this can be the value of a Host field.
#[must_use]
pub fn is_authority(text: &[u8]) -> bool {
    Authority::parse(text).is_some()
}

/// Scheme, host and port: what makes an origin.
struct Origin<'a> {
    scheme: &'a [u8],
    host: &'a [u8],
    port: Option<u16>,
}

impl<'a> Origin<'a> {
    fn parse(text: &'a [u8]) -> Option<Origin<'a>> {
        let colon = text.iter().position(|b| *b == b':')?;
        let (scheme, rest) = text.split_at_checked(colon)?;
        let authority = Authority::parse(rest.strip_prefix(b"://")?)?;
        let port = match authority.port {
            Some(digits) => Some(parse_port(digits)?),
            None => implied_port(scheme),
        };
        is_scheme(scheme).then_some(Origin { scheme, host: authority.host, port })
    }

    fn same(&self, other: &Origin<'_>) -> bool {
        self.scheme.eq_ignore_ascii_case(other.scheme)
            && self.host.eq_ignore_ascii_case(other.host)
            && self.port == other.port
    }
}

fn is_scheme(text: &[u8]) -> bool {
    let part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
    text.first().is_some_and(u8::is_ascii_alphabetic) && text.iter().all(part)
}

/// No port has a leading zero when a browser writes it.
fn parse_port(digits: &[u8]) -> Option<u16> {
    if let [] | [b'0', _, ..] = digits {
        return None;
    }
    digits.iter().try_fold(0_u16, |port, digit| {
        port.checked_mul(10)?.checked_add(u16::from(digit.wrapping_sub(b'0')))
    })
}

fn implied_port(scheme: &[u8]) -> Option<u16> {
    let is = |name: &[u8]| scheme.eq_ignore_ascii_case(name);
    if is(b"https") || is(b"wss") {
        Some(443)
    } else if is(b"http") || is(b"ws") {
        Some(80)
    } else {
        None
    }
}

/// Whether `origin` is one of `allowed`, which are separated by spaces.
#[must_use]
pub fn is_allowed(origin: &[u8], allowed: &[u8]) -> bool {
    let Some(origin) = Origin::parse(origin) else { return false };
    allowed
        .split(|b| *b == b' ')
        .filter_map(Origin::parse)
        .any(|allowed| allowed.same(&origin))
}
