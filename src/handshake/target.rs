//! The target of a request (RFC 9112, 3.2; RFC 6455, 3).

use super::authority::{Authority, default_port, split_scheme};
use crate::error::{Error, Result};
use crate::simd;

/// Whether a request line may have this target: visible characters, in ASCII or UTF-8. (Many
/// clients do not percent-encode other characters.)
pub(crate) fn is_target(text: &[u8]) -> bool {
    let visible = |b: &u8| *b > b' ' && *b != 0x7f;
    !text.is_empty()
        && text.iter().all(visible)
        && (text.is_ascii() || simd::is_utf8(text))
}

/// A target in absolute form whose scheme is one of HTTP or of WebSocket.
#[derive(Clone, Copy)]
pub(crate) struct Absolute<'a> {
    pub(crate) authority: &'a [u8],
    /// The default port of the scheme.
    port: &'static [u8],
}

impl<'a> Absolute<'a> {
    /// None for the other forms.
    pub(crate) fn parse(target: &'a [u8]) -> Option<Absolute<'a>> {
        if target.starts_with(b"/") {
            return None;
        }
        let (scheme, rest) = split_scheme(target)?;
        let port = default_port(scheme)?;
        let end = |b: &u8| matches!(b, b'/' | b'?' | b'#');
        let authority = rest.split(end).next()?;
        Some(Absolute { authority, port })
    }

    /// The target of an upgrade, if it is in absolute form; else it must start with "/".
    pub(crate) fn of_upgrade(target: &'a [u8]) -> Result<Option<Absolute<'a>>> {
        // A client must not send a fragment identifier.
        if target.contains(&b'#') {
            return Err(Error::HttpSyntax);
        }
        if target.starts_with(b"/") {
            return Ok(None);
        }
        let absolute = Absolute::parse(target);
        absolute
            .filter(|absolute| Authority::parse(absolute.authority).is_some())
            .map(Some)
            .ok_or(Error::HttpSyntax)
    }

    /// Whether this is its host and port.
    pub(crate) fn has_authority(&self, other: &Authority<'_>) -> bool {
        let authority = Authority::parse(self.authority);
        authority.is_some_and(|authority| authority.equals(other, self.port))
    }
}
