//! Writing an opening request and the 101 that accepts one.
//!
//! Nothing that a caller passes can add a field, or end the head early.

use super::authority::Authority;
use super::headers::{Fields, MAX_FIELDS, MAX_HEAD};
use super::key::{ACCEPT_LEN, Key};
use super::names::{Name, is_websocket};
use super::target::Absolute;
use super::values::{is_token, is_visible};
use super::{extensions, protocols};
use crate::error::{Error, Result};
use crate::output;
use core::mem::MaybeUninit;

/// The values of an opening request. Empty means absent.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)]
pub struct RequestSpec<'a> {
    pub host: &'a [u8],
    pub target: &'a [u8],
    pub key: &'a [u8],
    pub origin: &'a [u8],
    pub protocols: &'a [u8],
    pub extensions: &'a [u8],
    /// Further complete lines.
    pub headers: &'a [u8],
}

impl RequestSpec<'_> {
    fn check(&self) -> Result<()> {
        let valid = self.has_valid_target()
            && Key::parse(self.key).is_ok()
            && (self.origin.is_empty() || may_be_origin(self.origin))
            && (self.protocols.is_empty() || protocols::is_offer(self.protocols))
            && extensions::is_list_or_empty(self.extensions);
        if !valid {
            return Err(Error::InvalidArgument);
        }
        let mut has_origin = !self.origin.is_empty();
        check_extra(self.headers, |name, value| match name {
            Name::Host | Name::ContentLength => false,
            Name::Origin => {
                !core::mem::replace(&mut has_origin, true) && !value.contains(&b',')
            }
            _ => true,
        })
    }

    /// Stricter than what a server accepts (RFC 6455, 4.1): the target is a path, or a URI with a
    /// scheme of HTTP and with the host of the request.
    fn has_valid_target(&self) -> bool {
        let starts = [&b"/"[..], b"http://", b"https://"];
        let Some(host) = Authority::parse(self.host) else { return false };
        starts.iter().any(|start| self.target.starts_with(start))
            && is_visible(self.target)
            && Absolute::of_upgrade(self.target).is_ok_and(|target| {
                target.is_none_or(|absolute| absolute.has_authority(&host))
            })
    }
}

/// Whether this can be one origin, or "null".
fn may_be_origin(text: &[u8]) -> bool {
    is_visible(text) && !text.contains(&b',')
}

/// Writes an opening request.
pub fn request(spec: &RequestSpec<'_>, out: &mut [MaybeUninit<u8>]) -> Result<usize> {
    spec.check()?;
    write_head(
        &[
            &[b"GET ", spec.target, b" HTTP/1.1"],
            &line(Name::Host, spec.host),
            &line(Name::Upgrade, b"websocket"),
            &line(Name::Connection, b"Upgrade"),
            &line(Name::SecWebSocketKey, spec.key),
            &line(Name::SecWebSocketVersion, b"13"),
            &line(Name::Origin, spec.origin),
            &line(Name::SecWebSocketProtocol, spec.protocols),
            &line(Name::SecWebSocketExtensions, spec.extensions),
            &[b"\r\n", spec.headers, b"\r\n"],
        ],
        out,
    )
}

/// The values of a 101. Empty means absent.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)]
pub struct ResponseSpec<'a> {
    pub key: &'a [u8],
    pub protocol: &'a [u8],
    pub extensions: &'a [u8],
    /// Further complete lines.
    pub headers: &'a [u8],
}

/// Writes a 101.
pub fn response(spec: &ResponseSpec<'_>, out: &mut [MaybeUninit<u8>]) -> Result<usize> {
    let key = Key::parse(spec.key).map_err(|_| Error::InvalidArgument)?;
    let valid = (spec.protocol.is_empty() || is_token(spec.protocol))
        && extensions::is_list_or_empty(spec.extensions);
    if !valid {
        return Err(Error::InvalidArgument);
    }
    check_response_headers(spec.headers)?;
    let contents = Contents {
        accept: &key.accept(),
        protocol: spec.protocol,
        extensions: spec.extensions,
        headers: spec.headers,
    };
    contents.write(out)
}

/// Checks the further lines of a 101.
pub(super) fn check_response_headers(lines: &[u8]) -> Result<()> {
    check_extra(lines, |name, _| name != Name::ContentLength)
}

/// What every 101 starts with, up to the response to the key.
const SWITCHING_PROTOCOLS: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\n\
    Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ";

/// The valid parts of a 101. Empty means absent.
pub(super) struct Contents<'a> {
    /// The response to the key.
    pub(super) accept: &'a [u8; ACCEPT_LEN],
    pub(super) protocol: &'a [u8],
    pub(super) extensions: &'a [u8],
    pub(super) headers: &'a [u8],
}

impl Contents<'_> {
    pub(super) fn write(&self, out: &mut [MaybeUninit<u8>]) -> Result<usize> {
        write_head(
            &[
                &[SWITCHING_PROTOCOLS, self.accept],
                &line(Name::SecWebSocketProtocol, self.protocol),
                &line(Name::SecWebSocketExtensions, self.extensions),
                // One empty line: a second one would be read as the first frame.
                &[b"\r\n", self.headers, b"\r\n"],
            ],
            out,
        )
    }
}

/// The end of the line before a field, and the field without the end of its own line. Nothing at
/// all if the value is empty.
pub(super) const fn line(name: Name, value: &[u8]) -> [&[u8]; 2] {
    match value {
        [] => [b"", b""],
        _ => [name.line_start(), value],
    }
}

/// Writes a head, unless it is longer than a head can be.
fn write_head(groups: &[&[&[u8]]], out: &mut [MaybeUninit<u8>]) -> Result<usize> {
    if output::len(groups) > MAX_HEAD {
        return Err(Error::InvalidArgument);
    }
    output::write_all(groups, out)
}

/// How many fields a caller may add, so that the builder's own are not too many.
const MAX_EXTRA_FIELDS: usize = MAX_FIELDS - 16;

/// Checks the lines that a caller adds to a head: each is complete, and none is one that only a
/// builder writes. `allows` decides about the names that only some builders write.
pub(super) fn check_extra(
    lines: &[u8],
    mut allows: impl FnMut(Name, &[u8]) -> bool,
) -> Result<()> {
    let mut fields = Fields::at_most(MAX_EXTRA_FIELDS, lines);
    while let Some(field) = fields.next_field().map_err(|_| Error::InvalidArgument)? {
        let allowed = match Name::parse(field.name) {
            Some(Name::Upgrade | Name::Connection | Name::TransferEncoding) => false,
            Some(name) => allows(name, field.value),
            None => true,
        };
        if !allowed || is_websocket(field.name) {
            return Err(Error::InvalidArgument);
        }
    }
    // Complete: there is an empty line, which would end the head.
    if fields.is_complete() || !fields.rest().is_empty() {
        return Err(Error::InvalidArgument);
    }
    Ok(())
}
