//! Reading and judging a client's opening request (RFC 6455, 4.2.1).

use super::authority::Authority;
use super::extensions;
use super::headers::{Fields, Head};
use super::key::Key;
use super::names::Name;
use super::start_line::RequestLine;
use super::target::Absolute;
use super::values::{Occurrences, Values, list_has};
use crate::error::{Error, Result};

/// A parsed request. Its slices are parts of the buffer that was parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Request<'a> {
    pub method: &'a [u8],
    pub target: &'a [u8],
    /// The host of the target if that has one, else the value of Host.
    pub host: Option<&'a [u8]>,
    pub origin: Option<&'a [u8]>,
    pub key: Option<&'a [u8]>,
    /// The digits: 11 is HTTP/1.1.
    pub http_version: u16,
    /// Length of the whole head, with the empty line.
    pub head_len: usize,
    /// All fields, which are complete and well-formed.
    pub fields: Fields<'a>,
    /// The key of a valid upgrade. [`Error::NotUpgrade`]: it is an ordinary request.
    pub verdict: Result<Key>,
    protocols: Occurrences<'a>,
    extensions: Occurrences<'a>,
}

impl<'a> Request<'a> {
    /// The values that list the offered subprotocols.
    #[must_use]
    pub fn protocols(&self) -> Values<'a> {
        self.protocols.values(Name::SecWebSocketProtocol, &self.fields)
    }

    /// The values that list the offered extensions.
    #[must_use]
    pub fn extensions(&self) -> Values<'a> {
        self.extensions.values(Name::SecWebSocketExtensions, &self.fields)
    }
}

/// Parses a request, and fails if it is not well-formed HTTP. None if it is incomplete.
pub fn read(buf: &[u8]) -> Result<Option<Request<'_>>> {
    let Some(mut head) = Head::parse_request(buf)? else { return Ok(None) };
    let line = RequestLine::parse(head.start_line)?;
    let all = head.fields.clone();
    let mut fields = RecordedRequest::default();
    let read = head.read(|name, value| fields.record(name, value))?;
    let Some(head_len) = read else { return Ok(None) };
    let host = Absolute::parse(line.target).map(|absolute| absolute.authority);
    Ok(Some(Request {
        method: line.method,
        target: line.target,
        host: host.or(fields.host.first),
        origin: fields.origin.first,
        key: fields.key.first,
        http_version: line.http_version,
        head_len,
        verdict: fields.check_upgrade(&line, &all),
        fields: all,
        protocols: fields.protocols,
        extensions: fields.extensions,
    }))
}

/// Like [`read`], but fails for an invalid upgrade, too: the result is a valid upgrade or an
/// ordinary request.
pub fn parse(buf: &[u8]) -> Result<Option<Request<'_>>> {
    match read(buf)? {
        Some(Request { verdict: Err(error), .. }) if error != Error::NotUpgrade => {
            Err(error)
        }
        request => Ok(request),
    }
}

/// Parses the request that a client has sent, which must be a complete and valid upgrade.
pub fn parse_sent(bytes: &[u8]) -> Result<Request<'_>> {
    let request = read(bytes).ok().flatten();
    request.filter(|request| request.verdict.is_ok()).ok_or(Error::InvalidArgument)
}

/// The fields of a request that decide whether it is a valid upgrade.
#[derive(Default)]
pub(super) struct RecordedRequest<'a> {
    asks_for_websocket: bool,
    asks_for_upgrade: bool,
    has_transfer_encoding: bool,
    content_length: Occurrences<'a>,
    host: Occurrences<'a>,
    pub(super) origin: Occurrences<'a>,
    version: Occurrences<'a>,
    key: Occurrences<'a>,
    protocols: Occurrences<'a>,
    extensions: Occurrences<'a>,
}

impl<'a> RecordedRequest<'a> {
    // Inlined into the loop over the fields, so that a name is recorded where it is recognised.
    #[inline(always)]
    pub(super) fn record(&mut self, name: Name, value: &'a [u8]) {
        match name {
            Name::Host => self.host.record(value),
            Name::Origin => self.origin.record(value),
            Name::Upgrade => self.asks_for_websocket |= list_has(value, b"websocket"),
            Name::Connection => self.asks_for_upgrade |= list_has(value, b"upgrade"),
            Name::ContentLength => self.content_length.record(value),
            Name::TransferEncoding => self.has_transfer_encoding = true,
            Name::SecWebSocketKey => self.key.record(value),
            Name::SecWebSocketVersion => self.version.record(value),
            Name::SecWebSocketProtocol => self.protocols.record(value),
            Name::SecWebSocketExtensions => self.extensions.record(value),
            Name::SecWebSocketAccept | Name::ContentType | Name::Allow => {}
        }
    }

    /// The rules of RFC 6455, 4.2.1 for an upgrade, in the order in which errors are reported.
    /// `all` are the fields of the head.
    pub(super) fn check_upgrade(
        &self,
        line: &RequestLine<'_>,
        all: &Fields<'a>,
    ) -> Result<Key> {
        if !self.asks_for_websocket || !self.asks_for_upgrade {
            return Err(Error::NotUpgrade);
        }
        self.check_origin()?;
        self.check_body()?;
        let absolute = Absolute::of_upgrade(line.target)?;
        if line.method != b"GET" {
            return Err(Error::HttpMethod);
        }
        if line.http_version != 11 {
            return Err(Error::HttpVersion);
        }
        self.check_host(absolute)?;
        self.check_version()?;
        let key = self.key.single().ok_or(Error::HandshakeKey).and_then(Key::parse)?;
        self.check_extensions(all).map(|()| key)
    }

    /// There is at most one origin (RFC 6454, 7.3).
    pub(super) fn check_origin(&self) -> Result<()> {
        if self.origin.is_list() { Err(Error::HttpSyntax) } else { Ok(()) }
    }

    /// There is no body: it would be read as frames.
    fn check_body(&self) -> Result<()> {
        let zero = |value: &[u8]| !value.is_empty() && value.iter().all(|b| *b == b'0');
        let is_empty = self.content_length.first.is_none()
            || self.content_length.single().is_some_and(zero);
        if self.has_transfer_encoding || !is_empty {
            return Err(Error::HttpSyntax);
        }
        Ok(())
    }

    /// There is one host, which is that of the target if that has one, and else may be empty.
    pub(super) fn check_host(&self, absolute: Option<Absolute<'_>>) -> Result<()> {
        let host = self.host.single().ok_or(Error::HandshakeHost)?;
        let valid = match (absolute, Authority::of_host_field(host)) {
            (None, authority) => host.is_empty() || authority.is_some(),
            (Some(absolute), Some(authority)) => absolute.has_authority(&authority),
            (Some(_), None) => false,
        };
        if valid { Ok(()) } else { Err(Error::HandshakeHost) }
    }

    pub(super) fn check_version(&self) -> Result<()> {
        match self.version.single() {
            Some(b"13") => Ok(()),
            _ => Err(Error::HandshakeVersion),
        }
    }

    pub(super) fn check_extensions(&self, all: &Fields<'a>) -> Result<()> {
        extensions::check(self.extensions.values(Name::SecWebSocketExtensions, all))
    }
}
