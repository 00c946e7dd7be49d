//! The server's response (RFC 6455, 4.2.2 and 4.1; RFC 8441).

use super::extensions;
use super::headers::{
    EXTENSIONS, Field, Fields, Head, MAX_HEAD, PROTOCOL, check_extra, write_head,
};
use super::key::{ACCEPT_LEN, Key};
use super::request::{self, Http, http_version, line};
use super::values::{Occurrences, Values, checked, is_token, list_has};
use crate::error::{Error, Result};
use crate::output;
use core::mem::MaybeUninit;

/// A parsed response. Each piece lies in the buffer that was parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Response<'a> {
    pub status: u16,
    /// Of the status line; may be empty. None: not even its space is there.
    pub reason: Option<&'a [u8]>,
    /// The digits: 11 is HTTP/1.1.
    pub http_version: u16,
    /// That of the first field.
    pub protocol: Option<&'a [u8]>,
    /// Those of the first field.
    pub first_extensions: Option<&'a [u8]>,
    /// Length of the whole head, with the empty line.
    pub head_len: usize,
    extensions: Occurrences<'a>,
    fields: Fields<'a>,
}

impl<'a> Response<'a> {
    /// All of the extensions that it confirms.
    #[must_use]
    pub fn extensions(&self) -> Values<'a> {
        self.extensions.values(EXTENSIONS, &self.fields)
    }
}

/// Parses a response and checks it against the request that was sent. None: it is not
/// complete. A response that is not a 101 is left to the caller.
pub fn parse<'a>(buf: &'a [u8], request: &[u8]) -> Result<Option<Response<'a>>> {
    parse_answer(buf, &sent(request)?)
}

/// The request that was sent, which must be an upgrade without a fault.
pub fn sent(request: &[u8]) -> Result<request::Request<'_>> {
    let parsed = request::read(request).ok().flatten();
    parsed.filter(|request| request.verdict.is_ok()).ok_or(Error::InvalidArgument)
}

/// The same for a request that was parsed.
pub fn parse_answer<'a>(
    buf: &'a [u8],
    request: &request::Request<'_>,
) -> Result<Option<Response<'a>>> {
    let Some(mut head) = Head::parse(buf)? else { return Ok(None) };
    let line = StatusLine::parse(head.start_line).ok_or(Error::HttpSyntax)?;
    let fields = head.fields.clone();
    let mut said = ResponseFields::default();
    while let Some(field) = head.fields.next_field()? {
        said.note(&field);
    }
    let Some(head_len) = head.len()? else { return Ok(None) };
    if line.status == 101 {
        let key = Key::parse(request.key.unwrap_or_default());
        let asked = SentRequest {
            accept: key.map_err(|_| Error::InvalidArgument)?.accept(),
            protocols: request.protocols(),
            extensions: request.extensions(),
        };
        said.check_upgrade(line.http_version, &asked)?;
        said.check_choice(&asked, &fields)?;
    }
    Ok(Some(Response {
        status: line.status,
        reason: line.reason,
        http_version: line.http_version,
        protocol: said.protocol.first,
        first_extensions: said.extensions.first,
        head_len,
        extensions: said.extensions,
        fields,
    }))
}

struct StatusLine<'a> {
    http_version: u16,
    status: u16,
    reason: Option<&'a [u8]>,
}

impl<'a> StatusLine<'a> {
    /// The reason may be empty; even its space is left out by many.
    fn parse(line: &'a [u8]) -> Option<StatusLine<'a>> {
        let (version, rest) = line.split_at_checked(8)?;
        let ([b' ', digits @ ..], reason) = rest.split_at_checked(4)? else {
            return None;
        };
        let reason = match reason {
            [] => None,
            [b' ', reason @ ..] => Some(reason),
            _ => return None,
        };
        let [b'1'..=b'9', _, _] = digits else { return None };
        let status = digits.iter().try_fold(0_u16, |sum, digit| {
            let digit = digit.is_ascii_digit().then(|| digit.wrapping_sub(b'0'))?;
            sum.checked_mul(10)?.checked_add(u16::from(digit))
        })?;
        Some(StatusLine { http_version: http_version(version)?, status, reason })
    }
}

/// The fields of a response that another parser has read, each with all of its values, joined
/// with ", ", and what was sent. None: it did not come, or was not sent.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)]
pub struct Parsed<'a> {
    pub upgrade: Option<&'a [u8]>,
    pub connection: Option<&'a [u8]>,
    pub accept: Option<&'a [u8]>,
    pub protocol: Option<&'a [u8]>,
    pub extensions: Option<&'a [u8]>,
    pub key: Option<&'a [u8]>,
    pub offered_protocols: Option<&'a [u8]>,
    pub offered_extensions: Option<&'a [u8]>,
    pub http: Http,
    pub status: u16,
}

/// Judges a response that another parser has read.
pub fn check(parsed: &Parsed<'_>) -> Result<()> {
    let asked = SentRequest::of(parsed).map_err(|_| Error::InvalidArgument)?;
    let mut said = ResponseFields::default();
    let switches = [
        (b"upgrade" as &[u8], parsed.upgrade),
        (b"connection", parsed.connection),
        (b"sec-websocket-accept", parsed.accept),
    ];
    let choices = [(PROTOCOL as &[u8], parsed.protocol), (EXTENSIONS, parsed.extensions)];
    let switches = switches.iter().filter(|_| parsed.http != Http::Later);
    for (name, value) in switches.chain(&choices) {
        if let Some(value) = checked(*value)? {
            said.note(&Field { name, value });
        }
    }
    match (parsed.http, parsed.status) {
        (Http::V1_0, 101) => said.check_upgrade(10, &asked)?,
        (Http::V1_1, 101) => said.check_upgrade(11, &asked)?,
        (Http::Later, 200..=299) => {}
        _ => return Err(Error::HandshakeStatus),
    }
    said.check_choice(&asked, &Fields::none())
}

/// What the request asked for.
struct SentRequest<'a> {
    /// The answer to its key. (HTTP/2 has none.)
    accept: [u8; ACCEPT_LEN],
    protocols: Values<'a>,
    extensions: Values<'a>,
}

impl<'a> SentRequest<'a> {
    fn of(parsed: &Parsed<'a>) -> Result<SentRequest<'a>> {
        let key = match parsed.http {
            Http::V1_0 | Http::V1_1 => {
                Key::parse(checked(parsed.key)?.unwrap_or_default())
            }
            Http::Later => Key::parse(b"AAAAAAAAAAAAAAAAAAAAAA=="),
        };
        let extensions = Values::one(checked(parsed.offered_extensions)?);
        extensions::check(extensions.clone())?;
        let protocols = Values::one(checked(parsed.offered_protocols)?);
        Ok(SentRequest { accept: key?.accept(), protocols, extensions })
    }
}

/// What the fields of a response say that matters to a WebSocket.
#[derive(Default)]
struct ResponseFields<'a> {
    upgrade: Occurrences<'a>,
    confirms_upgrade: bool,
    accept: Occurrences<'a>,
    protocol: Occurrences<'a>,
    extensions: Occurrences<'a>,
}

impl<'a> ResponseFields<'a> {
    fn note(&mut self, field: &Field<'a>) {
        let value = field.value;
        match field.name.len() {
            7 if field.is(b"upgrade") => self.upgrade.note(value),
            10 if field.is(b"connection") => {
                self.confirms_upgrade |= list_has(value, b"upgrade");
            }
            20 if field.is(b"sec-websocket-accept") => self.accept.note(value),
            22 if field.is(PROTOCOL) => self.protocol.note(value),
            24 if field.is(EXTENSIONS) => self.extensions.note(value),
            _ => {}
        }
    }

    /// What 4.1 demands of a 101, in the order in which faults are reported. (A body that it
    /// announces does not exist: RFC 9112, 6.3.)
    fn check_upgrade(&self, http_version: u16, asked: &SentRequest<'_>) -> Result<()> {
        if http_version != 11 {
            return Err(Error::HttpVersion);
        }
        let upgrade =
            self.upgrade.once().is_some_and(|v| v.eq_ignore_ascii_case(b"websocket"));
        if !upgrade || !self.confirms_upgrade {
            return Err(Error::HandshakeAccept);
        }
        if self.accept.once() != Some(&asked.accept) {
            return Err(Error::HandshakeAccept);
        }
        Ok(())
    }

    /// The subprotocol and the extensions: some that were offered.
    fn check_choice(&self, asked: &SentRequest<'_>, fields: &Fields<'a>) -> Result<()> {
        if self.protocol.first.is_some() {
            let chosen = self.protocol.once().ok_or(Error::HandshakeProtocol)?;
            if !asked.protocols.clone().have(chosen) {
                return Err(Error::HandshakeProtocol);
            }
        }
        match self.extensions.first {
            None => Ok(()),
            Some(_) => {
                let chosen = self.extensions.values(EXTENSIONS, fields);
                extensions::check_choice(&chosen, &asked.extensions)
            }
        }
    }
}

/// What to put into a 101. Empty means absent.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)]
pub struct Spec<'a> {
    pub key: &'a [u8],
    pub protocol: &'a [u8],
    pub extensions: &'a [u8],
    /// Further complete lines.
    pub headers: &'a [u8],
}

/// Writes a 101.
pub fn build(spec: &Spec<'_>, out: &mut [MaybeUninit<u8>]) -> Result<usize> {
    let key = Key::parse(spec.key).map_err(|_| Error::InvalidArgument)?;
    let acceptable = (spec.protocol.is_empty() || is_token(spec.protocol))
        && (spec.extensions.is_empty() || extensions::is_extension_list(spec.extensions));
    if !acceptable {
        return Err(Error::InvalidArgument);
    }
    check_headers(spec.headers)?;
    write(&key, spec, out)
}

/// Whether a 101 may have these further lines.
pub(crate) fn check_headers(lines: &[u8]) -> Result<()> {
    check_extra(lines, |field| field.is(b"content-length"))
}

/// Writes a 101 of which all is known to be valid.
pub(crate) fn write(
    key: &Key,
    spec: &Spec<'_>,
    out: &mut [MaybeUninit<u8>],
) -> Result<usize> {
    write_head(
        &[
            &[b"HTTP/1.1 101 Switching Protocols\r\n"],
            &[b"Upgrade: websocket\r\nConnection: Upgrade\r\n"],
            &line(b"Sec-WebSocket-Accept: ", &key.accept()),
            &line(b"Sec-WebSocket-Protocol: ", spec.protocol),
            &line(b"Sec-WebSocket-Extensions: ", spec.extensions),
            // One empty line: a second would be read as the first frame.
            &[spec.headers, b"\r\n"],
        ],
        out,
    )
}

/// The most that we write ourselves into the head of a response.
pub const MAX_REPLY: usize = 512;

/// With our own lines, a head that can be read.
pub(crate) const MAX_REPLY_HEADERS: usize = MAX_HEAD - MAX_REPLY;

/// Writes a whole response that is not an upgrade, and ends the connection.
pub fn build_reply(
    status: u16,
    headers: &[u8],
    body: &[u8],
    out: &mut [MaybeUninit<u8>],
) -> Result<usize> {
    let given = Given::read(headers)?;
    if !may_have(status, body.len(), &given) || headers.len() > MAX_REPLY_HEADERS {
        return Err(Error::InvalidArgument);
    }
    let status_digits = Decimal::new(usize::from(status));
    let length_digits = Decimal::new(body.len());
    let length = match given.content_length.is_some() || matches!(status, 204 | 304) {
        true => &[],
        false => length_digits.as_bytes(),
    };
    // A proxy that took the refused upgrade for an accepted one must close, too.
    let demand: &[u8] = match status {
        405 if !given.allow => b"Connection: close\r\nAllow: GET\r\n",
        426 => {
            b"Connection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        }
        _ => b"Connection: close\r\n",
    };
    output::write_all(
        &[
            &[b"HTTP/1.1 ", status_digits.as_bytes(), b" ", reason(status), b"\r\n"],
            &line(b"Content-Length: ", length),
            &[demand, headers, b"\r\n", body],
        ],
        out,
    )
}

/// What the caller's lines say that we would say otherwise.
#[derive(Default)]
struct Given {
    allow: bool,
    content_length: Option<u64>,
}

impl Given {
    fn read(headers: &[u8]) -> Result<Given> {
        let mut given = Given::default();
        check_extra(headers, |field| {
            given.allow |= field.is(b"allow");
            field.is(b"content-length") && !given.take_length(field.value)
        })?;
        Ok(given)
    }

    /// Whether it is one decimal number, and the first one.
    fn take_length(&mut self, value: &[u8]) -> bool {
        let length = value.iter().try_fold(0_u64, |sum, digit| {
            let digit = digit.is_ascii_digit().then(|| digit.wrapping_sub(b'0'))?;
            sum.checked_mul(10)?.checked_add(u64::from(digit))
        });
        let first = self.content_length.is_none();
        self.content_length = length.filter(|_| !value.is_empty());
        first && self.content_length.is_some()
    }
}

/// Whether a response of this status may have such a body (RFC 9110, 15). With a length of the
/// caller's own, the body is the caller's to send.
fn may_have(status: u16, body_len: usize, given: &Given) -> bool {
    let length = given.content_length;
    match status {
        204 => body_len == 0 && length.is_none(),
        205 => body_len == 0 && length.unwrap_or(0) == 0,
        304 => body_len == 0,
        200..=599 => body_len == 0 || length.is_none(),
        _ => false,
    }
}

/// The phrase of RFC 9110, 15; empty for what it does not know.
const fn reason(status: u16) -> &'static [u8] {
    match status {
        200 => b"OK",
        201 => b"Created",
        202 => b"Accepted",
        204 => b"No Content",
        205 => b"Reset Content",
        206 => b"Partial Content",
        301 => b"Moved Permanently",
        302 => b"Found",
        303 => b"See Other",
        304 => b"Not Modified",
        307 => b"Temporary Redirect",
        308 => b"Permanent Redirect",
        400 => b"Bad Request",
        401 => b"Unauthorized",
        403 => b"Forbidden",
        404 => b"Not Found",
        405 => b"Method Not Allowed",
        406 => b"Not Acceptable",
        408 => b"Request Timeout",
        409 => b"Conflict",
        410 => b"Gone",
        411 => b"Length Required",
        413 => b"Content Too Large",
        414 => b"URI Too Long",
        415 => b"Unsupported Media Type",
        421 => b"Misdirected Request",
        426 => b"Upgrade Required",
        429 => b"Too Many Requests",
        431 => b"Request Header Fields Too Large",
        500 => b"Internal Server Error",
        501 => b"Not Implemented",
        502 => b"Bad Gateway",
        503 => b"Service Unavailable",
        504 => b"Gateway Timeout",
        505 => b"HTTP Version Not Supported",
        _ => b"",
    }
}

/// A number in decimal digits. (What core::fmt does for it can panic.)
struct Decimal {
    digits: [u8; 20],
    leading: usize,
}

impl Decimal {
    fn new(mut number: usize) -> Decimal {
        let mut decimal = Decimal { digits: [b'0'; 20], leading: 20 };
        for digit in decimal.digits.iter_mut().rev() {
            *digit = b'0' | u8::try_from(number % 10).unwrap_or(0);
            decimal.leading = decimal.leading.saturating_sub(1);
            number /= 10;
            if number == 0 {
                break;
            }
        }
        decimal
    }

    fn as_bytes(&self) -> &[u8] {
        self.digits.get(self.leading..).unwrap_or(&[])
    }
}
