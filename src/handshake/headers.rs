//! Heads of HTTP/1.1 (RFC 9112), strictly: lines end in CR LF and nowhere else, names are
//! tokens, nothing is folded. What two parsers could read in two ways is refused.

use super::values::{is_word, token_len, trim};
use crate::error::{Error, Result};
use crate::output;
use crate::simd;
use core::mem::MaybeUninit;

/// Longest head, in bytes.
pub const MAX_HEAD: usize = 65536;
/// Most fields of a head.
pub const MAX_FIELDS: usize = 256;

/// The field that lists subprotocols, in small letters.
pub(crate) const PROTOCOL: &[u8; 22] = b"sec-websocket-protocol";
/// The field that lists extensions.
pub(crate) const EXTENSIONS: &[u8; 24] = b"sec-websocket-extensions";

/// One header field. The value is without the whitespace around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// A token.
    pub name: &'a [u8],
    /// May be empty; may hold bytes above 127.
    pub value: &'a [u8],
}

impl<'a> Field<'a> {
    #[inline(always)]
    fn parse(line: &'a [u8]) -> Result<Field<'a>> {
        match line.split_at_checked(token_len(line)) {
            Some((name @ [_, ..], [b':', value @ ..])) => {
                Ok(Field { name, value: trim(value) })
            }
            _ => Err(Error::HttpSyntax),
        }
    }

    /// Whether this is the field called `name`, in any case. `name` is in small letters.
    #[inline(always)]
    #[must_use]
    pub fn is<const N: usize>(&self, name: &[u8; N]) -> bool {
        is_word(self.name, name)
    }
}

/// Walks the field lines of a head, as far as they are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields<'a> {
    rest: &'a [u8],
    allowed: usize,
    complete: bool,
}

impl<'a> Fields<'a> {
    /// `lines` starts at a field line.
    #[must_use]
    pub fn new(lines: &'a [u8]) -> Fields<'a> {
        Fields { rest: lines, allowed: MAX_FIELDS, complete: false }
    }

    /// No fields.
    #[must_use]
    pub fn none() -> Fields<'a> {
        Fields { rest: &[], allowed: 0, complete: true }
    }

    /// The next field. None after the last, and where the input ends: [`Fields::is_complete`]
    /// tells which.
    #[inline(always)]
    pub fn next_field(&mut self) -> Result<Option<Field<'a>>> {
        if self.complete {
            return Ok(None);
        }
        let Some((line, rest)) = split_line(self.rest)? else { return Ok(None) };
        if line.is_empty() {
            (self.rest, self.complete) = (rest, true);
            return Ok(None);
        }
        let field = Field::parse(line)?;
        self.allowed = self.allowed.checked_sub(1).ok_or(Error::HttpTooLarge)?;
        self.rest = rest;
        Ok(Some(field))
    }

    /// Whether the empty line that ends the head was met.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// What is not walked yet.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

/// A start line, and the fields behind it.
#[derive(Clone, Debug)]
pub struct Head<'a> {
    /// Without its CR LF.
    pub start_line: &'a [u8],
    /// All of them are still to be walked.
    pub fields: Fields<'a>,
    bytes: &'a [u8],
}

impl<'a> Head<'a> {
    /// The head of a response. None if the start line is not there yet.
    pub fn parse(buf: &'a [u8]) -> Result<Option<Head<'a>>> {
        let bytes = head_of(buf);
        Head::starting_at(bytes, bytes)
    }

    /// The head of a request: one empty line may stand before it (RFC 9112, 2.2).
    pub fn parse_request(buf: &'a [u8]) -> Result<Option<Head<'a>>> {
        let bytes = head_of(buf);
        Head::starting_at(bytes.strip_prefix(b"\r\n").unwrap_or(bytes), bytes)
    }

    #[inline(always)]
    fn starting_at(lines: &'a [u8], bytes: &'a [u8]) -> Result<Option<Head<'a>>> {
        match split_line(lines)? {
            Some((start_line, lines)) => {
                Ok(Some(Head { start_line, fields: Fields::new(lines), bytes }))
            }
            None => too_large_or_incomplete(bytes),
        }
    }

    /// Once all fields are walked: the head's length, with the empty line; None if that
    /// is not there yet.
    pub fn len(&self) -> Result<Option<usize>> {
        if self.fields.is_complete() {
            Ok(self.bytes.len().checked_sub(self.fields.rest().len()))
        } else {
            too_large_or_incomplete(self.bytes)
        }
    }
}

/// The field whose line starts at `pos`, which moves to the next line; at 0, the first one.
/// None after the last.
pub fn field_at<'a>(head: &'a [u8], pos: &mut usize) -> Result<Option<Field<'a>>> {
    let head = head_of(head);
    let mut fields = match head.split_at_checked(*pos) {
        Some(([], _)) => Head::parse_request(head)?.ok_or(Error::InvalidArgument)?.fields,
        // Behind an empty line: that in front of the start line, or the last one.
        Some((b"\r\n" | [.., b'\r', b'\n', b'\r', b'\n'], _)) => {
            return Err(Error::InvalidArgument);
        }
        Some(([.., b'\n'], lines)) => Fields::new(lines),
        _ => return Err(Error::InvalidArgument),
    };
    let field = fields.next_field()?;
    if field.is_some() {
        *pos = head.len().saturating_sub(fields.rest().len());
    } else if !fields.is_complete() {
        too_large_or_incomplete::<()>(head)?;
        return Err(Error::InvalidArgument);
    }
    Ok(field)
}

/// The value of the first field called `name`.
pub fn find<'a>(head: &'a [u8], name: &[u8]) -> Result<Option<&'a [u8]>> {
    let mut head = Head::parse_request(head)?.ok_or(Error::InvalidArgument)?;
    while let Some(field) = head.fields.next_field()? {
        if field.name.eq_ignore_ascii_case(name) {
            return Ok(Some(field.value));
        }
    }
    head.len()?.ok_or(Error::InvalidArgument).map(|_| None)
}

/// Length of the head that `buf` starts with, once its empty line is there. `scanned` is 0 at
/// first, and then as this function left it: what was scanned is not scanned again.
pub fn head_length(buf: &[u8], scanned: &mut usize) -> Result<Option<usize>> {
    if *scanned > buf.len() {
        return Err(Error::InvalidArgument);
    }
    let bytes = head_of(buf);
    loop {
        let rest = bytes.get(*scanned..).unwrap_or_default();
        let Some(at) = simd::control_at(rest) else {
            *scanned = bytes.len();
            return too_large_or_incomplete(bytes);
        };
        *scanned = scanned.saturating_add(at);
        match bytes.split_at_checked(*scanned) {
            Some(([.., b'\n'], [b'\r', b'\n', ..])) => {
                return Ok(scanned.checked_add(2));
            }
            Some((_, [b'\r', b'\n', ..])) => *scanned = scanned.saturating_add(2),
            Some((_, [b'\r'])) => return too_large_or_incomplete(bytes),
            _ => return Err(Error::HttpSyntax),
        }
    }
}

/// As much of `buf` as a head may be long.
fn head_of(buf: &[u8]) -> &[u8] {
    buf.get(..MAX_HEAD).unwrap_or(buf)
}

fn too_large_or_incomplete<T>(bytes: &[u8]) -> Result<Option<T>> {
    if bytes.len() < MAX_HEAD { Ok(None) } else { Err(Error::HttpTooLarge) }
}

/// Splits off the first line, without its CR LF. None if it is incomplete.
#[inline(always)]
fn split_line(bytes: &[u8]) -> Result<Option<(&[u8], &[u8])>> {
    let Some((line, end)) =
        simd::control_at(bytes).and_then(|at| bytes.split_at_checked(at))
    else {
        return Ok(None);
    };
    match end {
        [b'\r', b'\n', rest @ ..] => Ok(Some((line, rest))),
        [b'\r'] => Ok(None),
        _ => Err(Error::HttpSyntax),
    }
}

/// What a builder lets a caller add, so that with its own the fields are not too many.
const MAX_EXTRA_FIELDS: usize = MAX_FIELDS - 16;

/// Checks lines that a caller wants in a head: each complete, and none that the builder
/// writes itself.
pub(crate) fn check_extra(
    lines: &[u8],
    mut reserved: impl FnMut(&Field<'_>) -> bool,
) -> Result<()> {
    let mut fields = Fields { allowed: MAX_EXTRA_FIELDS, ..Fields::new(lines) };
    while let Some(field) = fields.next_field().map_err(|_| Error::InvalidArgument)? {
        let protocol = field
            .name
            .get(..14)
            .is_some_and(|start| start.eq_ignore_ascii_case(b"Sec-WebSocket-"));
        let own = field.is(b"upgrade")
            || field.is(b"connection")
            || field.is(b"transfer-encoding");
        if protocol || own || reserved(&field) {
            return Err(Error::InvalidArgument);
        }
    }
    if fields.is_complete() || !fields.rest().is_empty() {
        return Err(Error::InvalidArgument);
    }
    Ok(())
}

/// Writes a head, unless it is longer than any that can be read.
pub(crate) fn write_head(
    groups: &[&[&[u8]]],
    out: &mut [MaybeUninit<u8>],
) -> Result<usize> {
    if output::len(groups) > MAX_HEAD {
        return Err(Error::InvalidArgument);
    }
    output::write_all(groups, out)
}
