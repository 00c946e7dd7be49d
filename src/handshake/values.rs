//! The values of fields.
//!
//! The values of a repeated field have the same meaning as one value in which they are joined with
//! ", " (RFC 9110, 5.3). So a repeated field that must not be repeated is invalid, which
//! `Occurrences` detects. A list may span several fields, whose values [`Values`] returns.

use super::chars;
use super::headers::{Fields, Head};
use super::names::{Name, eq_ignore_case};
use crate::cut::Cut;
use crate::error::{Error, Result};
use crate::simd;

/// Removes spaces and tabs at both ends. (`trim_ascii()` would remove line ends, too.)
#[must_use]
pub fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

/// A value that another parser has read, made to be like one from a head: whitespace around it is
/// removed, and control characters other than tabs are refused.
pub(crate) fn parse_value(value: Option<&[u8]>) -> Result<Option<&[u8]>> {
    match value {
        Some(text) if simd::find_control(text).is_some() => Err(Error::HttpSyntax),
        _ => Ok(value.map(trim)),
    }
}

/// Whether this is a token (RFC 9110, 5.6.2).
#[must_use]
pub fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|b| chars::is_token(*b))
}

/// Length of the token at the start of `bytes`. Most tokens have letters, digits and hyphens alone.
pub(crate) fn token_len(bytes: &[u8]) -> usize {
    let common = simd::find_non_name(bytes).unwrap_or(bytes.len());
    match bytes.after(common) {
        [] | [b':', ..] => common,
        rest => {
            let more = rest.iter().take_while(|b| chars::is_token(**b)).count();
            common + more
        }
    }
}

/// Whether these are visible ASCII characters, at least one.
#[must_use]
pub fn is_visible(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_graphic)
}

/// The value of a decimal number.
pub(super) fn decimal(digits: &[u8]) -> Option<u64> {
    let value = digits.iter().try_fold(0_u64, |value, digit| {
        let digit = digit.is_ascii_digit().then(|| digit - b'0')?;
        value.checked_mul(10)?.checked_add(digit.into())
    });
    value.filter(|_| !digits.is_empty())
}

/// The elements of a comma-separated list (RFC 9110, 5.6.1), empty ones left out.
pub fn list(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|b| *b == b',').map(trim).filter(|element| !element.is_empty())
}

/// Whether a list has this element, in any case. `element` is made of letters and hyphens.
#[must_use]
pub fn list_has(value: &[u8], element: &[u8]) -> bool {
    let is_element = |text| eq_ignore_case(text, element);
    is_element(value) || list(value).any(is_element)
}

/// The first value of a field, and whether the field was repeated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Occurrences<'a> {
    pub(crate) first: Option<&'a [u8]>,
    repeated: bool,
}

impl<'a> Occurrences<'a> {
    pub(crate) fn record(&mut self, value: &'a [u8]) {
        self.repeated = self.first.is_some();
        self.first.get_or_insert(value);
    }

    /// The value of a field that came exactly once.
    pub(crate) fn single(&self) -> Option<&'a [u8]> {
        self.first.filter(|_| !self.repeated)
    }

    /// Whether the value has a comma; the one that joins two values counts.
    pub(crate) fn is_list(&self) -> bool {
        self.repeated || self.first.is_some_and(|value| value.contains(&b','))
    }

    /// All values. `fields` are those of the head, in which the field is called `name`.
    pub(crate) fn values(&self, name: Name, fields: &Fields<'a>) -> Values<'a> {
        if self.repeated {
            Values { next: None, more: Some((name, fields.clone())) }
        } else {
            Values::one(self.first)
        }
    }
}

/// The values of one field, one after another.
#[derive(Clone, Debug)]
pub struct Values<'a> {
    next: Option<&'a [u8]>,
    /// The name of a repeated field, and the fields among which it is still to be searched for.
    more: Option<(Name, Fields<'a>)>,
}

impl<'a> Values<'a> {
    /// The value of a field that is not repeated, or whose values were joined; None if it is
    /// absent.
    #[must_use]
    pub fn one(value: Option<&'a [u8]>) -> Values<'a> {
        Values { next: value.map(trim), more: None }
    }

    /// The values of a field in a head, which must be complete.
    pub fn in_head(head: &'a [u8], name: Name) -> Result<Values<'a>> {
        let mut head = Head::parse_request(head)?.ok_or(Error::InvalidArgument)?;
        let fields = head.fields.clone();
        let mut occurrences = Occurrences::default();
        let read = head.read(|known, value| {
            if known == name {
                occurrences.record(value);
            }
        })?;
        read.ok_or(Error::InvalidArgument)?;
        Ok(occurrences.values(name, &fields))
    }

    /// The next value. None after the last.
    pub fn next_value(&mut self) -> Option<&'a [u8]> {
        if let Some(value) = self.next.take() {
            return Some(value);
        }
        let (name, fields) = self.more.as_mut()?;
        while let Ok(Some(field)) = fields.next_field() {
            if Name::parse(field.name) == Some(*name) {
                return Some(field.value);
            }
        }
        None
    }

    /// Whether the list has this element.
    pub(crate) fn list_contains(mut self, element: &[u8]) -> bool {
        while let Some(value) = self.next_value() {
            if list(value).any(|listed| listed == element) {
                return true;
            }
        }
        false
    }
}
