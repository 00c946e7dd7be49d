//! Web origins (RFC 6454): the site of the page on whose behalf a browser sends a request.

use super::authority::{Authority, default_port, split_scheme};
use super::values::decimal;
use crate::error::{Error, Result};

/// The origin of local files in browsers that do not send "null" for them.
const FILE: &[u8] = b"file://";

/// The parts of an origin.
struct Origin<'a> {
    scheme: &'a [u8],
    host: &'a [u8],
    /// Digits without leading zeros.
    port: Option<&'a [u8]>,
}

impl<'a> Origin<'a> {
    fn parse(text: &'a [u8]) -> Option<Origin<'a>> {
        if text.eq_ignore_ascii_case(FILE) {
            return Some(Origin { scheme: FILE, host: b"", port: None });
        }
        let (scheme, rest) = split_scheme(text)?;
        let Authority { host, port } = Authority::parse(rest)?;
        let valid = is_scheme(scheme) && port.is_none_or(is_port);
        valid.then_some(Origin { scheme, host, port: port.or(default_port(scheme)) })
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

/// Whether a browser writes a port like this: without leading zeros.
fn is_port(digits: &[u8]) -> bool {
    let in_range = decimal(digits).is_some_and(|port| port <= u16::MAX.into());
    in_range && !matches!(digits, [b'0', _, ..])
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

/// Refuses a list without entries, or with an entry that no browser's origin can match. The absence
/// of a list is valid.
pub fn check_list(list: Option<&[u8]>) -> Result<()> {
    let Some(list) = list else { return Ok(()) };
    let can_match = |entry| {
        // A host may contain "*", but here it was meant as a wildcard, which is not supported.
        Origin::parse(entry).is_some_and(|origin| !origin.host.contains(&b'*'))
    };
    let valid = entries(list).next().is_some() && entries(list).all(can_match);
    if valid { Ok(()) } else { Err(Error::InvalidArgument) }
}

/// Refuses a request made by a page whose origin is not listed. Without a list, all origins are
/// allowed. A request without an origin does not come from a browser.
pub fn admit(origin: Option<&[u8]>, list: Option<&[u8]>) -> Result<()> {
    match (origin, list) {
        (Some(origin), Some(list)) if !is_allowed(origin, list) => {
            Err(Error::HandshakeOrigin)
        }
        _ => Ok(()),
    }
}
