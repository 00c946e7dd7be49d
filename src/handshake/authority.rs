//! Host and port (RFC 3986, 3.2.2 and 3.2.3), in a Host field and in a URI.

use super::chars;

/// A host, and a port if one is given.
#[derive(Clone, Copy)]
pub(crate) struct Authority<'a> {
    pub(crate) host: &'a [u8],
    /// Digits; perhaps none.
    pub(crate) port: Option<&'a [u8]>,
}

impl<'a> Authority<'a> {
    /// As it stands in a URI, without user information.
    pub(crate) fn parse(text: &'a [u8]) -> Option<Authority<'a>> {
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

    /// As it stands in a Host field. Some clients write an IPv6 address without its brackets.
    pub(crate) fn of_host_field(text: &'a [u8]) -> Option<Authority<'a>> {
        let bare = || is_ipv6(text).then_some(Authority { host: text, port: None });
        Authority::parse(text).or_else(bare)
    }

    /// Whether both name the same host and port.
    pub(crate) fn is(&self, other: &Authority<'_>, default_port: &[u8]) -> bool {
        let telling = |port: &&[u8]| !port.is_empty() && *port != default_port;
        self.host.eq_ignore_ascii_case(other.host)
            && self.port.filter(telling) == other.port.filter(telling)
    }
}

/// Whether this is a host, and a port if one is given.
#[must_use]
pub fn is_authority(text: &[u8]) -> bool {
    Authority::parse(text).is_some()
}

/// A name, an IPv4 address, or another address in brackets.
fn is_host(text: &[u8]) -> bool {
    match text {
        [b'[', literal @ .., b']'] => is_ip_literal(literal),
        _ => !text.is_empty() && is_name(text),
    }
}

/// What stands within brackets: an IPv6 address, perhaps with a zone (RFC 6874, but without
/// percent-encoding), or an address of a version to come.
fn is_ip_literal(text: &[u8]) -> bool {
    let zone = text.iter().position(|b| *b == b'%');
    match zone.and_then(|at| text.split_at_checked(at)) {
        Some((address, [_, zone @ ..])) => {
            is_ipv6(address) && !zone.is_empty() && zone.iter().all(is_unreserved)
        }
        _ => is_ipv6(text) || is_ip_future(text),
    }
}

fn is_ip_future(text: &[u8]) -> bool {
    let [b'v' | b'V', rest @ ..] = text else { return false };
    let dot = rest.iter().position(|b| *b == b'.');
    let Some((version, [_, address @ ..])) = dot.and_then(|at| rest.split_at_checked(at))
    else {
        return false;
    };
    let part = |b: &u8| chars::is_name(*b) || *b == b':';
    !version.is_empty()
        && version.iter().all(u8::is_ascii_hexdigit)
        && !address.is_empty()
        && address.iter().all(part)
}

/// Eight groups of up to four hexadecimal digits, of which the last two may be an IPv4 address,
/// and "::" may stand for one or more.
fn is_ipv6(text: &[u8]) -> bool {
    let gap = text.windows(2).position(|pair| pair == b"::");
    match gap.and_then(|at| text.split_at_checked(at)) {
        None => groups(text, true) == Some(8),
        Some((before, rest)) => {
            let after = rest.get(2..).unwrap_or_default();
            let both = groups(before, false).zip(groups(after, true));
            both.is_some_and(|(before, after)| before.saturating_add(after) <= 7)
        }
    }
}

/// How many groups there are.
fn groups(text: &[u8], may_end_in_ipv4: bool) -> Option<usize> {
    if text.is_empty() {
        return Some(0);
    }
    let mut count = 0_usize;
    let mut groups = text.split(|b| *b == b':').peekable();
    while let Some(group) = groups.next() {
        let is_last = groups.peek().is_none();
        let digits = matches!(group.len(), 1..=4);
        let len = if digits && group.iter().all(u8::is_ascii_hexdigit) {
            1
        } else if is_last && may_end_in_ipv4 && is_ipv4(group) {
            2
        } else {
            return None;
        };
        count = count.saturating_add(len);
    }
    Some(count)
}

fn is_ipv4(text: &[u8]) -> bool {
    let octet = |digits: &[u8]| match digits {
        [b'0'..=b'9'] | [b'1'..=b'9', b'0'..=b'9'] => true,
        [b'1', b'0'..=b'9', b'0'..=b'9'] => true,
        [b'2', b'0'..=b'4', b'0'..=b'9'] | [b'2', b'5', b'0'..=b'5'] => true,
        _ => false,
    };
    let octets = || text.split(|b| *b == b'.');
    octets().count() == 4 && octets().all(octet)
}

/// A registered name, which may look like an IPv4 address.
fn is_name(mut text: &[u8]) -> bool {
    loop {
        text = match text {
            [] => return true,
            [b'%', high, low, rest @ ..] => {
                if !high.is_ascii_hexdigit() || !low.is_ascii_hexdigit() {
                    return false;
                }
                rest
            }
            [b, rest @ ..] if chars::is_name(*b) => rest,
            _ => return false,
        };
    }
}

fn is_unreserved(b: &u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~')
}
