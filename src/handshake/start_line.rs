//! Request lines and status lines (RFC 9112, 3 and 4).

use super::target;
use super::values::{decimal, token_len};
use crate::error::{Error, Result};

pub(super) struct RequestLine<'a> {
    pub(super) method: &'a [u8],
    pub(super) target: &'a [u8],
    pub(super) http_version: u16,
}

impl<'a> RequestLine<'a> {
    pub(super) fn parse(line: &'a [u8]) -> Result<RequestLine<'a>> {
        RequestLine::split(line)
            .filter(|line| target::is_target(line.target))
            .ok_or(Error::HttpSyntax)
    }

    /// The three words between single spaces.
    fn split(line: &'a [u8]) -> Option<RequestLine<'a>> {
        let (words, [b' ', version @ ..]) = line.split_last_chunk::<9>()? else {
            return None;
        };
        let (method @ [_, ..], [b' ', target @ ..]) =
            words.split_at_checked(token_len(words))?
        else {
            return None;
        };
        Some(RequestLine { method, target, http_version: http_version(version)? })
    }
}

pub(super) struct StatusLine<'a> {
    pub(super) http_version: u16,
    pub(super) status: u16,
    /// May be empty. Many servers omit even the space before it, which makes it None.
    pub(super) reason: Option<&'a [u8]>,
}

impl<'a> StatusLine<'a> {
    pub(super) fn parse(line: &'a [u8]) -> Option<StatusLine<'a>> {
        let (version, rest) = line.split_first_chunk()?;
        let ([b' ', status @ ..], reason) = rest.split_at_checked(4)? else {
            return None;
        };
        let reason = match reason {
            [] => None,
            [b' ', reason @ ..] => Some(reason),
            _ => return None,
        };
        let status =
            u16::try_from(decimal(status)?).ok().filter(|status| *status >= 100)?;
        Some(StatusLine { http_version: http_version(version)?, status, reason })
    }
}

/// The two digits in "HTTP/1.1": 11.
fn http_version(text: &[u8; 8]) -> Option<u16> {
    let [b'H', b'T', b'T', b'P', b'/', major @ b'0'..=b'9', b'.', minor @ b'0'..=b'9'] =
        text
    else {
        return None;
    };
    Some(u16::from(major - b'0') * 10 + u16::from(minor - b'0'))
}
