//! Web origins (RFC 6454): the site of the page on whose behalf a browser sends a request.

use super::authority::Authority;
use super::values::decimal;
use crate::error::{Error, Result};

/// The origin of local files in browsers that do not send "null" for them.
const FILE: &[u8] = b"file://";

/// The parts of an origin.
struct Origin<'a> {
    scheme: &'a [u8],
    host: &'a [u8],
    port: Option<u16>,
}

impl<'a> Origin<'a> {
    fn parse(text: &'a [u8]) -> Option<Origin<'a>> {
        if text.eq_ignore_ascii_case(FILE) {
            return Some(Origin { scheme: FILE, host: b"", port: None });
        }
        let colon = text.iter().position(|b| *b == b':')?;
        let (scheme, rest) = text.split_at_checked(colon)?;
        let authority = Authority::parse(rest.strip_prefix(b"://")?)?;
        let port = match authority.port {
            Some(digits) => Some(parse_port(digits)?),
            None => implied_port(scheme),
        };
        is_scheme(scheme).then_some(Origin { scheme, host: authority.host, port })
    }

    fn equals(&self, other: &Origin<'_>) -> bool {
        self.scheme.eq_ignore_ascii_case(other.scheme)
            && self.host.eq_ignore_ascii_case(other.host)
            && self.port == other.port
    }
}

fn is_scheme(text: &[u8]) -> bool {
    let part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
    text.first().is_some_and(u8::is_ascii_alphabetic) && text.iter().all(part)
}

/// Browsers write ports without leading zeros.
fn parse_port(digits: &[u8]) -> Option<u16> {
    if let [] | [b'0', _, ..] = digits {
        return None;
    }
    u16::try_from(decimal(digits)?).ok()
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

/// The entries of a list of origins.
fn entries(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    list.split(|b| *b == b' ').filter(|entry| !entry.is_empty())
}

/// Whether `origin` is one of `allowed`, which are separated by spaces.
#[must_use]
pub fn is_allowed(origin: &[u8], allowed: &[u8]) -> bool {
    let Some(origin) = Origin::parse(origin) else { return false };
    entries(allowed).filter_map(Origin::parse).any(|allowed| allowed.equals(&origin))
}

/// Refuses a list without entries, or with an entry that no browser's origin can match. No list is
/// valid.
pub fn check_list(list: Option<&[u8]>) -> Result<()> {
    let Some(list) = list else { return Ok(()) };
    let can_match = |entry| {
        // A host may contain "*", but here it was meant as a wildcard, which is not supported.
        Origin::parse(entry).is_some_and(|origin| !origin.host.contains(&b'*'))
    };
    let valid = entries(list).next().is_some() && entries(list).all(can_match);
    if valid { Ok(()) } else { Err(Error::InvalidArgument) }
}

/// Refuses a browser's request for a page whose origin is not listed. No list allows all origins. A
/// request without an origin does not come from a browser.
pub fn admit(origin: Option<&[u8]>, list: Option<&[u8]>) -> Result<()> {
    match (origin, list) {
        (Some(origin), Some(list)) if !is_allowed(origin, list) => {
            Err(Error::HandshakeOrigin)
        }
        _ => Ok(()),
    }
}
