//! The server's answer (RFC 6455, 4.2.2 and 4.1).

use super::accept::Key;
use super::headers::{
    self, Body, Field, Fields, Head, MAX_HEAD, Seen, check_extra, is_token, write_head,
};
use super::negotiate::{self, Extensions};
use super::request::{self, is_http_version, line};
use crate::error::{Error, Result};
use crate::output;
use core::mem::MaybeUninit;

/// A parsed answer. Each piece lies in the buffer that was parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Response<'a> {
    pub status: u16,
    pub protocol: Option<&'a [u8]>,
    pub extensions: Option<&'a [u8]>,
    /// Length of the whole head, with the empty line.
    pub head_len: usize,
}

/// Parses an answer and checks it against the request that was sent. None: it is not
/// complete. An answer that is not a 101 is left to the caller.
pub fn parse<'a>(buf: &'a [u8], request: &[u8]) -> Result<Option<Response<'a>>> {
    let asked = Asked::parse(request).ok_or(Error::InvalidArgument)?;
    let Some(mut head) = Head::parse(buf)? else { return Ok(None) };
    let line = StatusLine::parse(head.start_line).ok_or(Error::HttpSyntax)?;
    let fields = head.fields.clone();
    let mut said = Said::default();
    while let Some(field) = head.fields.next_field()? {
        said.note(&field);
    }
    let Some(head_len) = head.len()? else { return Ok(None) };
    if line.status == 101 {
        said.check(&line, &asked)?;
        asked.check_extensions(fields)?;
    }
    Ok(Some(Response {
        status: line.status,
        protocol: said.protocol.first,
        extensions: said.extensions.first,
        head_len,
    }))
}

struct StatusLine<'a> {
    version: &'a [u8],
    status: u16,
}

impl<'a> StatusLine<'a> {
    /// The reason may be empty; even its space is left out by many.
    fn parse(line: &'a [u8]) -> Option<StatusLine<'a>> {
        let (version, rest) = line.split_at_checked(8)?;
        let ([b' ', digits @ ..], [] | [b' ', ..]) = rest.split_at_checked(4)? else {
            return None;
        };
        let [b'1'..=b'9', _, _] = digits else { return None };
        let status = digits.iter().try_fold(0_u16, |sum, digit| {
            let digit = digit.is_ascii_digit().then(|| digit.wrapping_sub(b'0'))?;
            sum.checked_mul(10)?.checked_add(u16::from(digit))
        })?;
        is_http_version(version).then_some(StatusLine { version, status })
    }
}

/// What the request asked for.
struct Asked<'a> {
    key: Key,
    fields: Fields<'a>,
}

impl<'a> Asked<'a> {
    fn parse(request: &'a [u8]) -> Option<Asked<'a>> {
        let parsed = request::parse(request).ok().flatten().filter(|r| r.is_upgrade)?;
        let fields = Head::parse(request).ok().flatten()?.fields;
        Some(Asked { key: Key::parse(parsed.key?).ok()?, fields })
    }

    fn check_extensions(&self, mut answer: Fields<'_>) -> Result<()> {
        while let Some(field) = answer.next_field()? {
            if !field.is(negotiate::EXTENSIONS) {
                continue;
            }
            let mut extensions = Extensions::new(field.value);
            while let Some(extension) = extensions.next_extension()? {
                if !negotiate::offers_extension(self.fields.clone(), extension.name)? {
                    return Err(Error::Extension);
                }
            }
        }
        Ok(())
    }
}

/// What the fields of an answer say that matters to a WebSocket.
#[derive(Default)]
struct Said<'a> {
    upgrade: Seen<'a>,
    confirms_upgrade: bool,
    accept: Seen<'a>,
    protocol: Seen<'a>,
    extensions: Seen<'a>,
    body: Body,
}

impl<'a> Said<'a> {
    fn note(&mut self, field: &Field<'a>) {
        let value = field.value;
        match field.name.len() {
            7 if field.is("Upgrade") => self.upgrade.note(value),
            10 if field.is("Connection") => {
                self.confirms_upgrade |= headers::list_has(value, "upgrade");
            }
            20 if field.is("Sec-WebSocket-Accept") => self.accept.note(value),
            22 if field.is("Sec-WebSocket-Protocol") => self.protocol.note(value),
            24 if field.is(negotiate::EXTENSIONS) => self.extensions.note(value),
            14 | 17 => self.body.note(field),
            _ => {}
        }
    }

    /// What 4.1 demands of a 101, in the order in which faults are reported.
    fn check(&self, line: &StatusLine<'_>, asked: &Asked<'_>) -> Result<()> {
        self.body.refuse()?;
        if line.version != b"HTTP/1.1" {
            return Err(Error::HttpVersion);
        }
        let upgrade =
            self.upgrade.once().is_some_and(|v| v.eq_ignore_ascii_case(b"websocket"));
        if !upgrade || !self.confirms_upgrade {
            return Err(Error::HandshakeAccept);
        }
        if self.accept.once() != Some(&asked.key.accept()) {
            return Err(Error::HandshakeAccept);
        }
        let Some(chosen) = self.protocol.first else { return Ok(()) };
        let offered = |offer: &[u8]| offer == chosen;
        let known =
            negotiate::offers(asked.fields.clone(), "Sec-WebSocket-Protocol", offered)?;
        if self.protocol.repeated || !known {
            return Err(Error::HandshakeProtocol);
        }
        Ok(())
    }
}

/// What to put into an answer. Empty means absent.
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
        && (spec.extensions.is_empty() || negotiate::is_extension_list(spec.extensions));
    if !acceptable {
        return Err(Error::InvalidArgument);
    }
    check_extra(spec.headers, |_| false)?;
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

/// With our own lines, a head that can be read.
const MAX_REPLY_HEADERS: usize = MAX_HEAD - 512;

/// Writes a whole answer that is not an upgrade, and ends the connection.
pub fn build_reply(
    status: u16,
    headers: &[u8],
    body: &[u8],
    out: &mut [MaybeUninit<u8>],
) -> Result<usize> {
    let bodiless = matches!(status, 204 | 304);
    if !(200..=599).contains(&status)
        || bodiless && !body.is_empty()
        || headers.len() > MAX_REPLY_HEADERS
    {
        return Err(Error::InvalidArgument);
    }
    let mut names_allow = false;
    check_extra(headers, |field| {
        names_allow |= field.is("Allow");
        false
    })?;
    let status_digits = Decimal::new(usize::from(status));
    let length_digits = Decimal::new(body.len());
    let length = if bodiless { &[] } else { length_digits.as_bytes() };
    let demand: &[u8] = match status {
        405 if !names_allow => b"Allow: GET\r\n",
        426 => b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
        _ => b"",
    };
    output::write_all(
        &[
            &[b"HTTP/1.1 ", status_digits.as_bytes(), b" ", reason(status), b"\r\n"],
            &line(b"Content-Length: ", length),
            // A proxy that took the refused upgrade for an accepted one must not go on.
            &[b"Connection: close\r\n"],
            &[demand, headers, b"\r\n", body],
        ],
        out,
    )
}

/// The phrase of RFC 9110, 15; empty for what it does not know.
const fn reason(status: u16) -> &'static [u8] {
    match status {
        200 => b"OK",
        201 => b"Created",
        202 => b"Accepted",
        204 => b"No Content",
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
