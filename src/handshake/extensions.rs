//! Extensions (RFC 6455, 9.1): what a Sec-WebSocket-Extensions field lists. A field that is
//! malformed anywhere fails the handshake.

use super::values::{Values, token_len, trim};
use crate::error::{Error, Result};

/// Where a list is read: within a value, and what follows that.
#[derive(Clone, Debug)]
struct Cursor<'a> {
    rest: &'a [u8],
    values: Values<'a>,
}

/// The extensions that are listed, in however many fields.
#[derive(Clone, Debug)]
pub struct Extensions<'a> {
    at: Cursor<'a>,
    found: bool,
    /// There was nothing so far but an empty value, which is as good as none.
    blank: bool,
}

/// One of them. Its parameters were checked for their syntax.
#[derive(Clone, Debug)]
pub struct Extension<'a> {
    /// A token.
    pub name: &'a [u8],
    parameters: Parameters<'a>,
}

/// The parameters of an extension, one after another.
#[derive(Clone, Debug)]
pub struct Parameters<'a> {
    at: Cursor<'a>,
}

/// One parameter of an extension.
#[derive(Clone, Copy, Debug)]
pub struct Parameter<'a> {
    /// A token.
    pub name: &'a [u8],
    /// What follows the equals sign, if there is one.
    pub value: Option<Value<'a>>,
}

/// The value of a parameter: a token, or what stands within quotes. None of a quoted string with
/// the end of a line in it: its comma is one that no parameter that we know may have.
#[derive(Clone, Copy, Debug)]
pub struct Value<'a>(Option<&'a [u8]>);

impl<'a> Extensions<'a> {
    /// `values` are those of the field.
    #[must_use]
    pub fn new(mut values: Values<'a>) -> Extensions<'a> {
        let rest = values.next_value().unwrap_or_default();
        Extensions { at: Cursor { rest, values }, found: false, blank: rest.is_empty() }
    }

    /// The next one. None after the last.
    pub fn next_extension(&mut self) -> Result<Option<Extension<'a>>> {
        let Some(name) = self.next_name()? else { return Ok(None) };
        let parameters = Parameters { at: self.at.clone() };
        self.skip_parameters()?;
        Ok(Some(Extension { name, parameters }))
    }

    /// The next one's name, behind which its parameters are still to be skipped.
    fn next_name(&mut self) -> Result<Option<&'a [u8]>> {
        loop {
            while let [b' ' | b'\t' | b',', rest @ ..] = self.at.rest {
                self.at.rest = rest;
            }
            if !self.at.rest.is_empty() {
                break;
            }
            match self.at.values.next_value() {
                // The comma between two lines is part of the list.
                Some(value) => (self.at.rest, self.blank) = (value, false),
                None if self.found || self.blank => return Ok(None),
                None => return Err(Error::Extension),
            }
        }
        self.found = true;
        self.at.token().map(Some)
    }

    fn skip_parameters(&mut self) -> Result<()> {
        while self.at.next_parameter()?.is_some() {}
        Ok(())
    }
}

impl<'a> Extension<'a> {
    /// All of its parameters.
    #[must_use]
    pub fn parameters(&self) -> Parameters<'a> {
        self.parameters.clone()
    }
}

impl<'a> Parameters<'a> {
    /// The next one. None after the last of this extension.
    pub fn next_parameter(&mut self) -> Result<Option<Parameter<'a>>> {
        self.at.next_parameter()
    }
}

impl<'a> Cursor<'a> {
    fn next_parameter(&mut self) -> Result<Option<Parameter<'a>>> {
        if !self.eat(b';') {
            return match self.rest {
                [] | [b',', ..] => Ok(None),
                _ => Err(Error::Extension),
            };
        }
        let name = self.token()?;
        let value = if self.eat(b'=') { Some(self.value()?) } else { None };
        Ok(Some(Parameter { name, value }))
    }

    /// Skips whitespace, `byte` if it is next, and whitespace again.
    fn eat(&mut self, byte: u8) -> bool {
        self.skip_blanks();
        match self.rest {
            [first, rest @ ..] if *first == byte => {
                self.rest = rest;
                self.skip_blanks();
                true
            }
            _ => false,
        }
    }

    fn skip_blanks(&mut self) {
        while let [b' ' | b'\t', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }

    fn token(&mut self) -> Result<&'a [u8]> {
        let (token, rest) = self
            .rest
            .split_at_checked(token_len(self.rest))
            .filter(|(token, _)| !token.is_empty())
            .ok_or(Error::Extension)?;
        self.rest = rest;
        Ok(token)
    }

    /// A token or a quoted string (RFC 9110, 5.6.4).
    fn value(&mut self) -> Result<Value<'a>> {
        let [b'"', quoted @ ..] = self.rest else {
            return self.token().map(|token| Value(Some(token)));
        };
        let (mut rest, mut in_one_line) = (quoted, true);
        loop {
            rest = match rest {
                [b'"', after @ ..] => {
                    self.rest = after;
                    let len = quoted.len().saturating_sub(rest.len());
                    return Ok(Value(quoted.get(..len).filter(|_| in_one_line)));
                }
                [b'\\', b, after @ ..] if is_text(*b) => after,
                // The comma between two lines is part of the string.
                [] | [b'\\'] => {
                    in_one_line = false;
                    self.values.next_value().ok_or(Error::Extension)?
                }
                [b, after @ ..] if is_text(*b) && *b != b'\\' => after,
                _ => return Err(Error::Extension),
            };
        }
    }
}

/// What may stand in a quoted string: anything but control characters.
fn is_text(b: u8) -> bool {
    b == b'\t' || b >= b' ' && b != 0x7f
}

impl<'a> Value<'a> {
    /// The bytes of it, without the backslashes that escape others.
    pub fn bytes(self) -> impl Iterator<Item = u8> + 'a {
        let mut escapes = false;
        self.0.unwrap_or_default().iter().copied().filter(move |b| {
            escapes = *b == b'\\' && !escapes;
            !escapes
        })
    }
}

/// Refuses a list that is malformed.
pub(crate) fn check(values: Values<'_>) -> Result<()> {
    let mut extensions = Extensions::new(values);
    while extensions.next_name()?.is_some() {
        extensions.skip_parameters()?;
    }
    Ok(())
}

/// Whether this is a list of extensions, or empty. (In a request, blanks alone would be valid.)
#[must_use]
pub fn is_list_or_empty(value: &[u8]) -> bool {
    value.is_empty() || !trim(value).is_empty() && check(Values::one(Some(value))).is_ok()
}

/// Refuses a list that is malformed, or that has an extension that was not offered or one twice
/// (by name: an offer may name the same one in several variants).
pub(crate) fn check_choice(chosen: &Values<'_>, offered: &Values<'_>) -> Result<()> {
    let mut extensions = Extensions::new(chosen.clone());
    let mut count = 0_usize;
    while let Some(extension) = extensions.next_extension()? {
        let name = extension.name;
        if named(offered, name, usize::MAX)? == 0 || named(chosen, name, count)? > 0 {
            return Err(Error::Extension);
        }
        count = count.saturating_add(1);
    }
    Ok(())
}

/// How many of the first `most` extensions of a list have this name.
fn named(values: &Values<'_>, name: &[u8], most: usize) -> Result<usize> {
    let mut extensions = Extensions::new(values.clone());
    let (mut found, mut seen) = (0_usize, 0);
    while seen < most {
        let Some(extension) = extensions.next_extension()? else { break };
        found = found.saturating_add(usize::from(extension.name == name));
        seen = seen.saturating_add(1);
    }
    Ok(found)
}
