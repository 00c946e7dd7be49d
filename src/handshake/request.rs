//! The client's opening request (RFC 6455, 4.1 and 4.2.1; RFC 8441).

use super::authority::Authority;
use super::headers::{
    EXTENSIONS, Field, Fields, Head, PROTOCOL, check_extra, write_head,
};
use super::key::Key;
use super::target::{self, Absolute};
use super::values::{Occurrences, Values, checked, is_token, is_visible, list_has};
use super::{extensions, origin, protocols};
use crate::error::{Error, Result};
use core::mem::MaybeUninit;

/// A parsed request. Each piece lies in the buffer that was parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Request<'a> {
    pub method: &'a [u8],
    pub target: &'a [u8],
    /// The target's, if that names one.
    pub host: Option<&'a [u8]>,
    pub origin: Option<&'a [u8]>,
    pub key: Option<&'a [u8]>,
    /// The digits: 11 is HTTP/1.1.
    pub http_version: u16,
    /// Length of the whole head, with the empty line.
    pub head_len: usize,
    /// All of its fields, which are known to be complete and well-formed.
    pub fields: Fields<'a>,
    /// Whether it is an upgrade without a fault. [`Error::NotUpgrade`]: an ordinary request.
    pub verdict: Result<()>,
    protocols: Occurrences<'a>,
    extensions: Occurrences<'a>,
}

impl<'a> Request<'a> {
    /// The subprotocols that it offers.
    #[must_use]
    pub fn protocols(&self) -> Values<'a> {
        self.protocols.values(PROTOCOL, &self.fields)
    }

    /// The extensions that it offers.
    #[must_use]
    pub fn extensions(&self) -> Values<'a> {
        self.extensions.values(EXTENSIONS, &self.fields)
    }
}

/// Parses a request that is well-formed HTTP. None: it is not complete.
pub fn read(buf: &[u8]) -> Result<Option<Request<'_>>> {
    let Some(mut head) = Head::parse_request(buf)? else { return Ok(None) };
    let line = RequestLine::parse(head.start_line)?;
    let fields = head.fields.clone();
    let mut said = RequestFields::default();
    while let Some(field) = head.fields.next_field()? {
        said.note(&field);
    }
    let Some(head_len) = head.len()? else { return Ok(None) };
    let host = Absolute::parse(line.target).map(|absolute| absolute.authority);
    Ok(Some(Request {
        method: line.method,
        target: line.target,
        host: host.or(said.host.first),
        origin: said.origin.first,
        key: said.key.first,
        http_version: line.http_version,
        head_len,
        verdict: said.check_upgrade(&line, &fields),
        fields,
        protocols: said.protocols,
        extensions: said.extensions,
    }))
}

/// The same, but a fault of an upgrade is an error, too. What remains is one without a fault, or
/// an ordinary request.
pub fn parse(buf: &[u8]) -> Result<Option<Request<'_>>> {
    match read(buf)? {
        Some(Request { verdict: Err(error), .. }) if error != Error::NotUpgrade => {
            Err(error)
        }
        request => Ok(request),
    }
}

struct RequestLine<'a> {
    method: &'a [u8],
    target: &'a [u8],
    http_version: u16,
}

impl<'a> RequestLine<'a> {
    fn parse(line: &'a [u8]) -> Result<RequestLine<'a>> {
        let mut words = line.split(|b| *b == b' ');
        let (Some(method), Some(target), Some(version), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(Error::HttpSyntax);
        };
        match http_version(version) {
            Some(http_version) if is_token(method) && target::is_target(target) => {
                Ok(RequestLine { method, target, http_version })
            }
            _ => Err(Error::HttpSyntax),
        }
    }
}

/// The digits of "HTTP/" DIGIT "." DIGIT
pub(crate) fn http_version(text: &[u8]) -> Option<u16> {
    let [b'H', b'T', b'T', b'P', b'/', major @ b'0'..=b'9', b'.', minor @ b'0'..=b'9'] =
        text
    else {
        return None;
    };
    let digit = |b: &u8| u16::from(b & 0x0f);
    digit(major).checked_mul(10)?.checked_add(digit(minor))
}

/// The fields of a request that another parser has read, each with all of its values, joined with
/// ", ". None: it did not come.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)]
pub struct Parsed<'a> {
    pub method: Option<&'a [u8]>,
    pub host: Option<&'a [u8]>,
    pub upgrade: Option<&'a [u8]>,
    pub connection: Option<&'a [u8]>,
    pub key: Option<&'a [u8]>,
    pub version: Option<&'a [u8]>,
    pub origin: Option<&'a [u8]>,
    pub extensions: Option<&'a [u8]>,
    pub content_length: Option<&'a [u8]>,
    pub transfer_encoding: Option<&'a [u8]>,
    /// The pseudo-header :protocol.
    pub connect_protocol: Option<&'a [u8]>,
    /// Those that the server allows. None: any.
    pub origins: Option<&'a [u8]>,
    pub http: Http,
}

/// How a request or a response came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Http {
    /// HTTP/1.0
    V1_0,
    /// HTTP/1.1
    #[default]
    V1_1,
    /// HTTP/2 or HTTP/3 (RFC 8441, RFC 9220).
    Later,
}

impl Http {
    /// From its digits.
    pub fn from_number(digits: u32) -> Result<Http> {
        match digits {
            10 => Ok(Http::V1_0),
            11 => Ok(Http::V1_1),
            20 | 30 => Ok(Http::Later),
            _ => Err(Error::InvalidArgument),
        }
    }
}

/// Judges a request that another parser has read, but for its target.
pub fn check(parsed: &Parsed<'_>) -> Result<()> {
    origin::check_list(parsed.origins)?;
    let origin = match parsed.http {
        Http::V1_0 => check_fields(parsed, 10)?,
        Http::V1_1 => check_fields(parsed, 11)?,
        Http::Later => check_connect(parsed)?,
    };
    origin::admit(origin, parsed.origins)
}

/// An upgrade of HTTP/1.1. Its Origin.
fn check_fields<'a>(parsed: &Parsed<'a>, http_version: u16) -> Result<Option<&'a [u8]>> {
    let said = RequestFields::of(&[
        (b"host", parsed.host),
        (b"upgrade", parsed.upgrade),
        (b"connection", parsed.connection),
        (b"sec-websocket-key", parsed.key),
        (b"sec-websocket-version", parsed.version),
        (b"origin", parsed.origin),
        (EXTENSIONS, parsed.extensions),
        (b"content-length", parsed.content_length),
        (b"transfer-encoding", parsed.transfer_encoding),
    ])?;
    let method = checked(parsed.method)?.unwrap_or_default();
    // In place of the target, one that has no fault.
    let line = RequestLine { method, target: b"/", http_version };
    said.check_upgrade(&line, &Fields::none())?;
    Ok(said.origin.first)
}

/// An extended CONNECT (RFC 8441, 5). Its Origin.
fn check_connect<'a>(parsed: &Parsed<'a>) -> Result<Option<&'a [u8]>> {
    let said = RequestFields::of(&[
        (b"host", parsed.host),
        (b"sec-websocket-version", parsed.version),
        (b"origin", parsed.origin),
        (EXTENSIONS, parsed.extensions),
    ])?;
    let (method, protocol) = (checked(parsed.method)?, checked(parsed.connect_protocol)?);
    if !protocol.is_some_and(|name| name.eq_ignore_ascii_case(b"websocket")) {
        return Err(Error::NotUpgrade);
    }
    said.check_origin()?;
    if method != Some(b"CONNECT") {
        return Err(Error::HttpMethod);
    }
    said.check_host(None)?;
    said.check_version()?;
    said.check_extensions(&Fields::none())?;
    Ok(said.origin.first)
}

/// What the fields of a request say that matters to a WebSocket.
#[derive(Default)]
struct RequestFields<'a> {
    asks_for_websocket: bool,
    asks_for_upgrade: bool,
    announces_body: bool,
    content_length: Occurrences<'a>,
    host: Occurrences<'a>,
    origin: Occurrences<'a>,
    version: Occurrences<'a>,
    key: Occurrences<'a>,
    protocols: Occurrences<'a>,
    extensions: Occurrences<'a>,
}

impl<'a> RequestFields<'a> {
    /// What these fields say, of which some did not come.
    fn of(fields: &[(&'a [u8], Option<&'a [u8]>)]) -> Result<RequestFields<'a>> {
        let mut said = RequestFields::default();
        for (name, value) in fields {
            if let Some(value) = checked(*value)? {
                said.note(&Field { name, value });
            }
        }
        Ok(said)
    }

    #[inline(always)]
    fn note(&mut self, field: &Field<'a>) {
        let value = field.value;
        match field.name.len() {
            4 if field.is(b"host") => self.host.note(value),
            6 if field.is(b"origin") => self.origin.note(value),
            7 if field.is(b"upgrade") => {
                self.asks_for_websocket |= list_has(value, b"websocket");
            }
            10 if field.is(b"connection") => {
                self.asks_for_upgrade |= list_has(value, b"upgrade");
            }
            14 if field.is(b"content-length") => self.content_length.note(value),
            17 if field.is(b"sec-websocket-key") => self.key.note(value),
            17 if field.is(b"transfer-encoding") => self.announces_body = true,
            21 if field.is(b"sec-websocket-version") => self.version.note(value),
            22 if field.is(PROTOCOL) => self.protocols.note(value),
            24 if field.is(EXTENSIONS) => self.extensions.note(value),
            _ => {}
        }
    }

    /// What 4.2.1 demands of an upgrade, in the order in which faults are reported.
    fn check_upgrade(&self, line: &RequestLine<'_>, fields: &Fields<'a>) -> Result<()> {
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
        self.key.once().ok_or(Error::HandshakeKey).and_then(Key::parse)?;
        self.check_extensions(fields)
    }

    /// One at most (RFC 6454, 7.3).
    fn check_origin(&self) -> Result<()> {
        if self.origin.is_list() { Err(Error::HttpSyntax) } else { Ok(()) }
    }

    /// Its body would be read as frames.
    fn check_body(&self) -> Result<()> {
        let zero = |value: &[u8]| !value.is_empty() && value.iter().all(|b| *b == b'0');
        let is_empty = self.content_length.first.is_none()
            || self.content_length.once().is_some_and(zero);
        if self.announces_body || !is_empty { Err(Error::HttpSyntax) } else { Ok(()) }
    }

    /// One, which may be empty, and the same as that of the target.
    fn check_host(&self, absolute: Option<Absolute<'_>>) -> Result<()> {
        let host = self.host.once().ok_or(Error::HandshakeHost)?;
        let valid = match (absolute, Authority::of_host_field(host)) {
            (None, authority) => host.is_empty() || authority.is_some(),
            (Some(absolute), Some(authority)) => absolute.is(&authority),
            (Some(_), None) => false,
        };
        if valid { Ok(()) } else { Err(Error::HandshakeHost) }
    }

    fn check_version(&self) -> Result<()> {
        if self.version.once() == Some(b"13") {
            Ok(())
        } else {
            Err(Error::HandshakeVersion)
        }
    }

    fn check_extensions(&self, fields: &Fields<'a>) -> Result<()> {
        match self.extensions.first {
            Some(_) => extensions::check(self.extensions.values(EXTENSIONS, fields)),
            None => Ok(()),
        }
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
        let acceptable = self.names_a_resource()
            && Key::parse(self.key).is_ok()
            && (self.origin.is_empty() || is_origin(self.origin))
            && (self.protocols.is_empty() || protocols::is_offer(self.protocols))
            && (self.extensions.is_empty()
                || extensions::is_extension_list(self.extensions));
        if !acceptable {
            return Err(Error::InvalidArgument);
        }
        check_extra(self.headers, |field| {
            field.is(b"host")
                || field.is(b"content-length")
                || field.is(b"origin") && !self.origin.is_empty()
        })
    }

    /// A client writes what RFC 6455, 4.1 allows it: a path, or a URI with the scheme of HTTP
    /// and the same host.
    fn names_a_resource(&self) -> bool {
        let scheme = [&b"/"[..], b"http://", b"https://"];
        let Some(host) = Authority::parse(self.host) else { return false };
        scheme.iter().any(|start| self.target.starts_with(start))
            && is_visible(self.target)
            && Absolute::of_upgrade(self.target)
                .is_ok_and(|target| target.is_none_or(|absolute| absolute.is(&host)))
    }
}

/// One origin, or "null".
fn is_origin(text: &[u8]) -> bool {
    is_visible(text) && !text.contains(&b',')
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
