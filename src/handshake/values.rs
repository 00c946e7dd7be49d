//! The values of fields: one, or several that count as one.
//!
//! A field that comes more than once is as if its values had come in one line, joined with ", "
//! (RFC 9110, 5.3). What may come once alone is refused by that comma: `Occurrences` tells. What is a
//! list is read across its lines: [`Values`].

use super::chars;
use super::headers::{Fields, Head};
use crate::error::{Error, Result};
use crate::simd;

/// Without the spaces and tabs around it. Not trim_ascii(), which hides line ends.
#[inline(always)]
#[must_use]
pub fn trim(text: &[u8]) -> &[u8] {
    // Mostly there is one space in front of a value.
    let text = text.strip_prefix(b" ").unwrap_or(text);
    match text {
        [b' ' | b'\t', ..] | [.., b' ' | b'\t'] => trim_all(text),
        _ => text,
    }
}

#[cold]
fn trim_all(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

/// A value that did not stand in a head: without the whitespace around it, and without control
/// characters but tabs, which no head has.
pub(crate) fn checked(value: Option<&[u8]>) -> Result<Option<&[u8]>> {
    match value {
        Some(text) if simd::control_at(text).is_some() => Err(Error::HttpSyntax),
        _ => Ok(value.map(trim)),
    }
}

/// Whether this is a token (RFC 9110, 5.6.2).
#[must_use]
pub fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|b| chars::is_token(*b))
}

/// Length of the token that `bytes` start with. Few names hold anything uncommon.
#[inline(always)]
pub(crate) fn token_len(bytes: &[u8]) -> usize {
    let common = simd::uncommon_at(bytes).unwrap_or(bytes.len());
    match bytes.get(common..) {
        None | Some([] | [b':', ..]) => common,
        Some(rest) => {
            let more = rest.iter().take_while(|b| chars::is_token(**b)).count();
            common.saturating_add(more)
        }
    }
}

/// Whether these are visible ASCII characters, at least one.
#[must_use]
pub fn is_visible(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_graphic)
}

/// The elements of a comma-separated list (RFC 9110, 5.6.1), empty ones left out.
pub fn list(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|b| *b == b',').map(trim).filter(|element| !element.is_empty())
}

/// Whether a list has this element, in any case. `element` is in small letters.
#[inline(always)]
#[must_use]
pub fn list_has<const N: usize>(value: &[u8], element: &[u8; N]) -> bool {
    is_word(value, element) || list(value).any(|e| is_word(e, element))
}

/// Whether `text` is this word, in any case. `word` is in small letters, perhaps with hyphens;
/// `text` has no control characters.
#[inline(always)]
#[must_use]
pub fn is_word<const N: usize>(text: &[u8], word: &[u8; N]) -> bool {
    // Bit 5 makes a letter small; it makes nothing else a letter, and only CR a hyphen.
    let differs = |text: &[u8; N]| {
        text.iter().zip(word).fold(0, |bits, (a, b)| bits | ((a | 0x20) ^ b))
    };
    text.try_into().is_ok_and(|text| differs(text) == 0)
}

/// How often a field was met, and its value the first time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Occurrences<'a> {
    pub(crate) first: Option<&'a [u8]>,
    repeated: bool,
}

impl<'a> Occurrences<'a> {
    #[inline(always)]
    pub(crate) fn note(&mut self, value: &'a [u8]) {
        self.repeated = self.first.is_some();
        self.first.get_or_insert(value);
    }

    /// Its value, if it was met exactly once.
    pub(crate) fn once(&self) -> Option<&'a [u8]> {
        self.first.filter(|_| !self.repeated)
    }

    /// Whether its value has a comma, be it one between two lines.
    pub(crate) fn is_list(&self) -> bool {
        self.repeated || self.first.is_some_and(|value| value.contains(&b','))
    }

    /// All of its values, which are those of `fields` that are called `name`.
    pub(crate) fn values(&self, name: &'static [u8], fields: &Fields<'a>) -> Values<'a> {
        match self.repeated {
            true => Values { next: None, more: fields.clone(), name },
            false => Values::one(self.first),
        }
    }
}

/// The values of one field, line by line.
#[derive(Clone, Debug)]
pub struct Values<'a> {
    next: Option<&'a [u8]>,
    /// Where further ones are found.
    more: Fields<'a>,
    name: &'static [u8],
}

impl<'a> Values<'a> {
    /// The field came once, or not at all; or its values were joined before.
    #[must_use]
    pub fn one(value: Option<&'a [u8]>) -> Values<'a> {
        Values { next: value.map(trim), more: Fields::none(), name: b"" }
    }

    /// The field called `name`, which is in small letters, of a head that must be complete.
    pub(crate) fn in_head<const N: usize>(
        head: &'a [u8],
        name: &'static [u8; N],
    ) -> Result<Values<'a>> {
        let mut head = Head::parse_request(head)?.ok_or(Error::InvalidArgument)?;
        let fields = head.fields.clone();
        let mut seen = Occurrences::default();
        while let Some(field) = head.fields.next_field()? {
            if field.is(name) {
                seen.note(field.value);
            }
        }
        head.len()?.ok_or(Error::InvalidArgument)?;
        Ok(seen.values(name, &fields))
    }

    /// The next one. None after the last.
    pub fn next_value(&mut self) -> Option<&'a [u8]> {
        if let Some(value) = self.next.take() {
            return Some(value);
        }
        while let Ok(Some(field)) = self.more.next_field() {
            if field.name.eq_ignore_ascii_case(self.name) {
                return Some(field.value);
            }
        }
        None
    }

    /// Whether an element of the list is this one.
    pub(crate) fn have(mut self, element: &[u8]) -> bool {
        while let Some(value) = self.next_value() {
            if list(value).any(|e| e == element) {
                return true;
            }
        }
        false
    }
}
