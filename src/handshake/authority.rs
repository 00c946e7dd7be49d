//! Schemes, hosts and ports (RFC 3986, 3.1 and 3.2), in a URI and in a Host field.

use super::chars;
use crate::cut::Cut;
use core::net::Ipv4Addr;

/// A host and, optionally, a port.
#[derive(Clone, Copy)]
pub(crate) struct Authority<'a> {
    pub(crate) host: &'a [u8],
    /// Any number of digits, even none.
    pub(crate) port: Option<&'a [u8]>,
}

impl<'a> Authority<'a> {
    /// The form that a URI has, without user information.
    pub(crate) fn parse(text: &'a [u8]) -> Option<Authority<'a>> {
        let len = match text {
            [b'[', ..] => ip_literal_len(text)?,
            _ => name_len(text),
        };
        let (host, port) = text.split_at_checked(len)?;
        let port = match port {
            [] => None,
            [b':', digits @ ..] if digits.iter().all(u8::is_ascii_digit) => Some(digits),
            _ => return None,
        };
        (!host.is_empty()).then_some(Authority { host, port })
    }

    /// The form that a Host field has. Some clients write an IPv6 address without brackets.
    pub(crate) fn of_host_field(text: &'a [u8]) -> Option<Authority<'a>> {
        let bare = || is_ipv6(text).then_some(Authority { host: text, port: None });
        Authority::parse(text).or_else(bare)
    }

    /// Whether both have the same host and port. A missing port is the default one.
    pub(crate) fn equals(&self, other: &Authority<'_>, default_port: &[u8]) -> bool {
        let explicit = |port: &&[u8]| !port.is_empty() && *port != default_port;
        self.host.eq_ignore_ascii_case(other.host)
            && self.port.filter(explicit) == other.port.filter(explicit)
    }
}

/// The scheme of a URI, and the text after "://".
pub(crate) fn split_scheme(uri: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = uri.iter().position(|b| *b == b':')?;
    let (scheme, rest) = uri.split_at_checked(colon)?;
    Some((scheme, rest.strip_prefix(b"://")?))
}

/// The default port of a scheme of HTTP or WebSocket.
pub(crate) fn default_port(scheme: &[u8]) -> Option<&'static [u8]> {
    let is = |name: &[u8]| scheme.eq_ignore_ascii_case(name);
    if is(b"http") || is(b"ws") {
        Some(b"80")
    } else if is(b"https") || is(b"wss") {
        Some(b"443")
    } else {
        None
    }
}

/// Length of the address in brackets at the start of `text`, including the brackets.
fn ip_literal_len(text: &[u8]) -> Option<usize> {
    let end = text.iter().position(|b| *b == b']')?;
    text.get(1..end).filter(|literal| is_ip_literal(literal))?;
    Some(end + 1)
}

/// Whether this may be in brackets: an IPv6 address, which may have a zone (RFC 6874, but without
/// percent-encoding), or an address of a future version.
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

/// Eight groups of up to four hexadecimal digits. The last two may be written as an IPv4 address,
/// and "::" stands for one or more groups of zeros.
fn is_ipv6(text: &[u8]) -> bool {
    let gap = text.windows(2).position(|pair| pair == b"::");
    match gap.and_then(|at| text.split_at_checked(at)) {
        None => groups(text, true) == Some(8),
        Some((before, rest)) => {
            let both = groups(before, false).zip(groups(rest.after(2), true));
            both.is_some_and(|(before, after)| before + after <= 7)
        }
    }
}

/// The number of groups. None if one is malformed.
fn groups(text: &[u8], may_end_in_ipv4: bool) -> Option<usize> {
    if text.is_empty() {
        return Some(0);
    }
    let mut count = 0;
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
        count += len;
    }
    Some(count)
}

fn is_ipv4(text: &[u8]) -> bool {
    core::str::from_utf8(text).is_ok_and(|text| text.parse::<Ipv4Addr>().is_ok())
}

/// Length of the registered name, or IPv4 address, at the start of `text`.
fn name_len(text: &[u8]) -> usize {
    let mut rest = text;
    loop {
        let len = rest.iter().take_while(|b| chars::is_name(**b)).count();
        rest = match rest.after(len) {
            [b'%', high, low, rest @ ..]
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                rest
            }
            after => return text.len() - after.len(),
        };
    }
}

fn is_unreserved(b: &u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~')
}
