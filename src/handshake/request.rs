//! The client's opening request (RFC 6455, 4.1 and 4.2.1).

use super::accept::Key;
use super::headers::{
    self, Body, Head, Seen, check_extra, is_token, is_visible, write_head,
};
use super::{negotiate, origin};
use crate::error::{Error, Result};
use core::mem::MaybeUninit;

/// A parsed request. Each piece lies in the buffer that was parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Request<'a> {
    pub method: &'a [u8],
    pub target: &'a [u8],
    pub host: Option<&'a [u8]>,
    pub origin: Option<&'a [u8]>,
    pub key: Option<&'a [u8]>,
    /// Length of the whole head, with the empty line.
    pub head_len: usize,
    /// All of its fields, which are known to be complete and right.
    pub fields: headers::Fields<'a>,
    /// False: an ordinary HTTP request. True: an upgrade without a fault.
    pub is_upgrade: bool,
}

/// Parses a request. None: it is not complete.
pub fn parse(buf: &[u8]) -> Result<Option<Request<'_>>> {
    let Some(mut head) = Head::parse(buf)? else { return Ok(None) };
    let line = RequestLine::parse(head.start_line)?;
    let fields = head.fields.clone();
    let mut said = Said::default();
    while let Some(field) = head.fields.next_field()? {
        said.note(&field);
    }
    let Some(head_len) = head.len()? else { return Ok(None) };
    let is_upgrade = said.asks_for_websocket && said.asks_for_upgrade;
    if is_upgrade {
        said.check(&line)?;
    }
    Ok(Some(Request {
        method: line.method,
        target: line.target,
        host: said.host.first,
        origin: said.origin.first,
        key: said.key.first,
        head_len,
        fields,
        is_upgrade,
    }))
}

struct RequestLine<'a> {
    method: &'a [u8],
    target: &'a [u8],
    version: &'a [u8],
}

impl<'a> RequestLine<'a> {
    fn parse(line: &'a [u8]) -> Result<RequestLine<'a>> {
        let mut words = line.split(|b| *b == b' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some(method), Some(target), Some(version), None)
                if is_token(method) && is_visible(target) && is_http_version(version) =>
            {
                Ok(RequestLine { method, target, version })
            }
            _ => Err(Error::HttpSyntax),
        }
    }
}

/// "HTTP/" DIGIT "." DIGIT
pub(crate) fn is_http_version(text: &[u8]) -> bool {
    matches!(text, [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9'])
}

/// What the fields of a request say that matters to a WebSocket.
#[derive(Default)]
struct Said<'a> {
    asks_for_websocket: bool,
    asks_for_upgrade: bool,
    host: Seen<'a>,
    origin: Seen<'a>,
    version: Seen<'a>,
    key: Seen<'a>,
    body: Body,
}

impl<'a> Said<'a> {
    fn note(&mut self, field: &headers::Field<'a>) {
        let value = field.value;
        match field.name.len() {
            4 if field.is("Host") => self.host.note(value),
            6 if field.is("Origin") => self.origin.note(value),
            7 if field.is("Upgrade") => {
                self.asks_for_websocket |= headers::list_has(value, "websocket");
            }
            10 if field.is("Connection") => {
                self.asks_for_upgrade |= headers::list_has(value, "upgrade");
            }
            17 if field.is("Sec-WebSocket-Key") => self.key.note(value),
            21 if field.is("Sec-WebSocket-Version") => self.version.note(value),
            14 | 17 => self.body.note(field),
            _ => {}
        }
    }

    /// What 4.2.1 demands of an upgrade, in the order in which faults are reported.
    fn check(&self, line: &RequestLine<'_>) -> Result<()> {
        if self.origin.repeated {
            return Err(Error::HttpSyntax);
        }
        self.body.refuse()?;
        if line.method != b"GET" {
            return Err(Error::HttpMethod);
        }
        if line.version != b"HTTP/1.1" {
            return Err(Error::HttpVersion);
        }
        if !self.host.once().is_some_and(origin::is_authority) {
            return Err(Error::HandshakeHost);
        }
        if self.version.once() != Some(b"13") {
            return Err(Error::HandshakeVersion);
        }
        self.key.once().ok_or(Error::HandshakeKey).and_then(Key::parse)?;
        Ok(())
    }
}

/// What to put into an opening request. Empty means absent.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)]
pub struct Spec<'a> {
    pub host: &'a [u8],
    pub target: &'a [u8],
    pub key: &'a [u8],
    pub origin: &'a [u8],
    pub protocols: &'a [u8],
    pub extensions: &'a [u8],
    /// Further complete lines.
    pub headers: &'a [u8],
}

impl Spec<'_> {
    fn check(&self) -> Result<()> {
        let target = self.target.starts_with(b"/")
            || self.target.starts_with(b"http://")
            || self.target.starts_with(b"https://");
        let acceptable = target
            && is_visible(self.target)
            // A fragment identifier is for the client alone (RFC 6455, 3).
            && !self.target.contains(&b'#')
            && origin::is_authority(self.host)
            && Key::parse(self.key).is_ok()
            && (self.origin.is_empty() || is_visible(self.origin))
            && (self.protocols.is_empty() || negotiate::is_offer(self.protocols))
            && (self.extensions.is_empty() || negotiate::is_extension_list(self.extensions));
        if !acceptable {
            return Err(Error::InvalidArgument);
        }
        check_extra(self.headers, |field| {
            field.is("Host") || field.is("Origin") && !self.origin.is_empty()
        })
    }
}

/// Writes the request.
pub fn build(spec: &Spec<'_>, out: &mut [MaybeUninit<u8>]) -> Result<usize> {
    spec.check()?;
    write_head(
        &[
            &[b"GET ", spec.target, b" HTTP/1.1\r\n"],
            &line(b"Host: ", spec.host),
            &[b"Upgrade: websocket\r\nConnection: Upgrade\r\n"],
            &line(b"Sec-WebSocket-Key: ", spec.key),
            &[b"Sec-WebSocket-Version: 13\r\n"],
            &line(b"Origin: ", spec.origin),
            &line(b"Sec-WebSocket-Protocol: ", spec.protocols),
            &line(b"Sec-WebSocket-Extensions: ", spec.extensions),
            &[spec.headers, b"\r\n"],
        ],
        out,
    )
}

/// The pieces of a field line; nothing at all if the value is empty.
pub(crate) fn line<'a>(name: &'a [u8], value: &'a [u8]) -> [&'a [u8]; 3] {
    if value.is_empty() { [b"", b"", b""] } else { [name, value, b"\r\n"] }
}
