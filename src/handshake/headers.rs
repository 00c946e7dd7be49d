//! Reading heads of HTTP/1.1 (RFC 9112), strictly: lines end with CR LF and with nothing else,
//! names are tokens, and no line is folded. A head that two parsers could read differently is
//! refused.

use super::names::Name;
use super::values::{token_len, trim};
use crate::error::{Error, Result};
use crate::simd;

/// Longest head, in bytes.
pub const MAX_HEAD: usize = 65536;
/// Most fields of a head.
pub const MAX_FIELDS: usize = 256;

/// One header field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// A token.
    pub name: &'a [u8],
    /// Without the whitespace around it. May be empty, and may have bytes above 127.
    pub value: &'a [u8],
}

impl<'a> Field<'a> {
    // Inlined, like next_field(): a request has a dozen fields, and this is most of reading one.
    #[inline(always)]
    fn parse(line: &'a [u8]) -> Result<Field<'a>> {
        match line.split_at_checked(token_len(line)) {
            Some((name @ [_, ..], [b':', value @ ..])) => {
                Ok(Field { name, value: trim(value) })
            }
            _ => Err(Error::HttpSyntax),
        }
    }
}

/// Reads the field lines of a head one after another, as far as they have arrived.
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
        Fields::at_most(MAX_FIELDS, lines)
    }

    pub(super) fn at_most(allowed: usize, lines: &'a [u8]) -> Fields<'a> {
        Fields { rest: lines, allowed, complete: false }
    }

    /// No fields.
    #[must_use]
    pub fn none() -> Fields<'a> {
        Fields { rest: &[], allowed: 0, complete: true }
    }

    /// The next field. None after the last, and at the end of an incomplete head;
    /// [`Fields::is_complete`] distinguishes them.
    // Inlined into the few loops over fields, which keep the position in registers.
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

    /// Whether the empty line at the end of the head was read.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// The bytes that were not read yet.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

/// A start line, and the fields after it.
#[derive(Clone, Debug)]
pub struct Head<'a> {
    /// Without its CR LF.
    pub start_line: &'a [u8],
    /// None of them was read yet.
    pub fields: Fields<'a>,
    bytes: &'a [u8],
}

impl<'a> Head<'a> {
    /// The head of a response. None if the start line is incomplete.
    pub fn parse(buf: &'a [u8]) -> Result<Option<Head<'a>>> {
        let bytes = head_of(buf);
        Head::starting_at(bytes, bytes)
    }

    /// The head of a request, which may have one empty line before it (RFC 9112, 2.2).
    pub fn parse_request(buf: &'a [u8]) -> Result<Option<Head<'a>>> {
        let bytes = head_of(buf);
        Head::starting_at(bytes.strip_prefix(b"\r\n").unwrap_or(bytes), bytes)
    }

    fn starting_at(lines: &'a [u8], bytes: &'a [u8]) -> Result<Option<Head<'a>>> {
        match split_line(lines)? {
            Some((start_line, lines)) => {
                Ok(Some(Head { start_line, fields: Fields::new(lines), bytes }))
            }
            None => too_large_or_incomplete(bytes),
        }
    }

    /// Reads all fields, and calls `record` with those that the library knows. Returns the length
    /// of the head with its empty line; None if that has not arrived.
    // Inlined into the reading of a request, of which this loop is the most expensive part.
    #[inline(always)]
    pub(super) fn read(
        &mut self,
        mut record: impl FnMut(Name, &'a [u8]),
    ) -> Result<Option<usize>> {
        while let Some(field) = self.fields.next_field()? {
            if let Some(name) = Name::parse(field.name) {
                record(name, field.value);
            }
        }
        self.len()
    }

    /// The length of the head, when all fields were read.
    pub fn len(&self) -> Result<Option<usize>> {
        if self.fields.is_complete() {
            Ok(Some(self.bytes.len() - self.fields.rest().len()))
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
        // After an empty line: the one before the start line, or the last one.
        Some((b"\r\n" | [.., b'\r', b'\n', b'\r', b'\n'], _)) => {
            return Err(Error::InvalidArgument);
        }
        Some(([.., b'\n'], lines)) => Fields::new(lines),
        _ => return Err(Error::InvalidArgument),
    };
    let field = fields.next_field()?;
    if field.is_some() {
        *pos = head.len() - fields.rest().len();
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

/// Length of the head at the start of `buf`, once its empty line has arrived. `scanned` is 0 at
/// first, and is then passed as this function left it, so that no byte is scanned twice.
pub fn head_length(buf: &[u8], scanned: &mut usize) -> Result<Option<usize>> {
    if *scanned > buf.len() {
        return Err(Error::InvalidArgument);
    }
    let bytes = head_of(buf);
    loop {
        // The caller may have scanned more than a head can be long.
        let rest = bytes.get(*scanned..).unwrap_or_default();
        let Some(at) = simd::find_control(rest) else {
            *scanned = bytes.len();
            return too_large_or_incomplete(bytes);
        };
        *scanned += at;
        match bytes.split_at_checked(*scanned) {
            Some(([.., b'\n'], [b'\r', b'\n', ..])) => {
                return Ok(Some(*scanned + 2));
            }
            Some((_, [b'\r', b'\n', ..])) => *scanned += 2,
            Some((_, [b'\r'])) => return too_large_or_incomplete(bytes),
            _ => return Err(Error::HttpSyntax),
        }
    }
}

/// The bytes of `buf` that can belong to a head.
fn head_of(buf: &[u8]) -> &[u8] {
    buf.get(..MAX_HEAD).unwrap_or(buf)
}

fn too_large_or_incomplete<T>(bytes: &[u8]) -> Result<Option<T>> {
    if bytes.len() < MAX_HEAD { Ok(None) } else { Err(Error::HttpTooLarge) }
}

/// Splits off the first line, without its CR LF. None if it is incomplete.
fn split_line(bytes: &[u8]) -> Result<Option<(&[u8], &[u8])>> {
    let Some((line, end)) =
        simd::find_control(bytes).and_then(|at| bytes.split_at_checked(at))
    else {
        return Ok(None);
    };
    match end {
        [b'\r', b'\n', rest @ ..] => Ok(Some((line, rest))),
        [b'\r'] => Ok(None),
        _ => Err(Error::HttpSyntax),
    }
}
