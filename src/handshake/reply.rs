//! Writing a response that is not an upgrade, after which the connection ends.

use super::build::{check_extra, line};
use super::headers::MAX_HEAD;
use super::names::Name;
use super::values::decimal;
use crate::cut::Cut;
use crate::error::{Error, Result};
use crate::output;
use core::mem::MaybeUninit;

/// The most bytes of a response, besides those that the caller adds: its head and, in a refusal,
/// its body.
pub const MAX_REPLY: usize = 512;

/// Longest part of a head that is from the caller, so that the whole head can be read.
pub(super) const MAX_REPLY_HEADERS: usize = MAX_HEAD - MAX_REPLY;

/// Writes a whole response. `headers` are complete lines.
pub fn build(
    status: u16,
    headers: &[u8],
    body: &[u8],
    out: &mut [MaybeUninit<u8>],
) -> Result<usize> {
    let extra = Extra::parse(headers)?;
    if !may_have(status, body.len(), &extra) || headers.len() > MAX_REPLY_HEADERS {
        return Err(Error::InvalidArgument);
    }
    write(status, b"", &extra, body, out)
}

/// Writes the response to a request that is refused because of an error. Its body is the error's
/// text.
pub fn refuse(error: Error, out: &mut [MaybeUninit<u8>]) -> Result<usize> {
    let entry = error.entry();
    let (text, extra) = (entry.text.to_bytes(), Extra::default());
    write(entry.http_status, b"text/plain", &extra, text, out)
}

fn write(
    status: u16,
    content_type: &[u8],
    extra: &Extra<'_>,
    body: &[u8],
    out: &mut [MaybeUninit<u8>],
) -> Result<usize> {
    let status_digits = Decimal::new(status.into());
    let length_digits = Decimal::new(body.len());
    let length = if extra.content_length.is_some() || matches!(status, 204 | 304) {
        &[]
    } else {
        length_digits.as_bytes()
    };
    // A proxy that mistakes the refusal for an accepted upgrade would forward whatever follows.
    // "close" makes it end the connection, too.
    let (connection, upgrade, version, allow): (&[u8], &[u8], &[u8], &[u8]) = match status
    {
        426 => (b"Upgrade, close", b"websocket", b"13", b""),
        405 if !extra.has_allow => (b"close", b"", b"", b"GET"),
        _ => (b"close", b"", b"", b""),
    };
    let phrase = reason_phrase(status);
    output::write_all(
        &[
            &[b"HTTP/1.1 ", status_digits.as_bytes(), b" ", phrase],
            &line(Name::ContentLength, length),
            &line(Name::Connection, connection),
            &line(Name::Upgrade, upgrade),
            &line(Name::SecWebSocketVersion, version),
            &line(Name::Allow, allow),
            &line(Name::ContentType, content_type),
            &[b"\r\n", extra.lines, b"\r\n", body],
        ],
        out,
    )
}

/// The fields that the caller adds.
#[derive(Default)]
struct Extra<'a> {
    /// Complete lines.
    lines: &'a [u8],
    has_allow: bool,
    content_length: Option<u64>,
}

impl<'a> Extra<'a> {
    fn parse(lines: &'a [u8]) -> Result<Extra<'a>> {
        let mut extra = Extra { lines, ..Extra::default() };
        check_extra(lines, |name, value| match name {
            Name::Allow => {
                extra.has_allow = true;
                true
            }
            // A decimal number, and at most one.
            Name::ContentLength => {
                let first = extra.content_length.is_none();
                extra.content_length = decimal(value);
                first && extra.content_length.is_some()
            }
            _ => true,
        })?;
        Ok(extra)
    }
}

/// Whether a response with this status may have such a body (RFC 9110, 15). If the caller has
/// announced a length, it also sends the body.
fn may_have(status: u16, body_len: usize, extra: &Extra<'_>) -> bool {
    let length = extra.content_length;
    match status {
        204 => body_len == 0 && length.is_none(),
        205 => body_len == 0 && length.unwrap_or(0) == 0,
        304 => body_len == 0,
        200..=599 => body_len == 0 || length.is_none(),
        _ => false,
    }
}

/// The phrase of RFC 9110, 15; empty if the status is not listed.
const fn reason_phrase(status: u16) -> &'static [u8] {
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

/// A number in decimal digits. (Formatting it with `core::fmt` could panic.)
struct Decimal {
    digits: [u8; 20],
    start: usize,
}

impl Decimal {
    fn new(mut number: usize) -> Decimal {
        let mut decimal = Decimal { digits: [b'0'; 20], start: 20 };
        for digit in decimal.digits.iter_mut().rev() {
            *digit += u8::try_from(number % 10).unwrap_or_default();
            decimal.start -= 1;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        decimal
    }

    fn as_bytes(&self) -> &[u8] {
        self.digits.after(self.start)
    }
}
