//! Lists of extensions (RFC 6455, 9.1), the values of Sec-WebSocket-Extensions. A list that is
//! malformed anywhere fails the handshake.

use super::values::{Values, token_len, trim};
use crate::cut::Cut;
use crate::error::{Error, Result};

/// The extensions in a list, one after another. The list may span several fields.
#[derive(Clone, Debug)]
pub struct Extensions<'a> {
    at: Parameters<'a>,
    found: bool,
    /// Only an empty value was read so far. It counts as an absent field.
    blank: bool,
}

/// The parameters of an extension, one after another.
#[derive(Clone, Debug)]
pub struct Parameters<'a> {
    /// The rest of one value.
    rest: &'a [u8],
    /// The values after it.
    values: Values<'a>,
}

/// The name of a parameter, a token, and its value; None if there is no equals sign.
pub type Parameter<'a> = (&'a [u8], Option<Value<'a>>);

/// The value of a parameter: a token, or the inside of a quoted string. None if the string spans
/// two fields: the comma that joins them is in no value of a known parameter.
#[derive(Clone, Copy, Debug)]
pub struct Value<'a>(Option<&'a [u8]>);

impl<'a> Extensions<'a> {
    /// `values` are those of the field.
    #[must_use]
    pub fn new(mut values: Values<'a>) -> Extensions<'a> {
        let rest = values.next_value().unwrap_or_default();
        Extensions {
            at: Parameters { rest, values },
            found: false,
            blank: rest.is_empty(),
        }
    }

    /// The name of the next extension, a token, and its parameters, which are well-formed. None
    /// after the last.
    pub fn next_extension(&mut self) -> Result<Option<(&'a [u8], Parameters<'a>)>> {
        let Some(name) = self.next_name()? else { return Ok(None) };
        let parameters = self.at.clone();
        self.skip_parameters()?;
        Ok(Some((name, parameters)))
    }

    /// The name of the next extension, whose parameters are still to be skipped.
    fn next_name(&mut self) -> Result<Option<&'a [u8]>> {
        loop {
            while let [b' ' | b'\t' | b',', rest @ ..] = self.at.rest {
                self.at.rest = rest;
            }
            if !self.at.rest.is_empty() {
                break;
            }
            match self.at.values.next_value() {
                // The comma that joins two values is part of the list.
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

impl<'a> Parameters<'a> {
    /// The next parameter. None after the last of this extension.
    pub fn next_parameter(&mut self) -> Result<Option<Parameter<'a>>> {
        if !self.eat(b';') {
            return match self.rest {
                [] | [b',', ..] => Ok(None),
                _ => Err(Error::Extension),
            };
        }
        let name = self.token()?;
        let value = if self.eat(b'=') { Some(self.value()?) } else { None };
        Ok(Some((name, value)))
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
        let (mut rest, mut in_one_value) = (quoted, true);
        loop {
            rest = match rest {
                [b'"', after @ ..] => {
                    self.rest = after;
                    let inside = || quoted.until(quoted.len() - rest.len());
                    return Ok(Value(in_one_value.then(inside)));
                }
                [b'\\', b, after @ ..] if is_text(*b) => after,
                // The comma that joins two values is part of the string.
                [] | [b'\\'] => {
                    in_one_value = false;
                    self.values.next_value().ok_or(Error::Extension)?
                }
                [b, after @ ..] if is_text(*b) && *b != b'\\' => after,
                _ => return Err(Error::Extension),
            };
        }
    }
}

/// Whether a quoted string may have this character: no control character but a tab.
fn is_text(b: u8) -> bool {
    b == b'\t' || b >= b' ' && b != 0x7f
}

impl<'a> Value<'a> {
    /// The bytes of the value, without the backslashes that escape others.
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

/// Refuses a list that is malformed, has an extension that was not offered, or has an extension
/// twice. (An offer may have it several times, with different parameters.)
pub(crate) fn check_choice(chosen: &Values<'_>, offered: &Values<'_>) -> Result<()> {
    let mut extensions = Extensions::new(chosen.clone());
    let mut count = 0_usize;
    while let Some((name, _)) = extensions.next_extension()? {
        if count_named(offered, name, usize::MAX)? == 0
            || count_named(chosen, name, count)? > 0
        {
            return Err(Error::Extension);
        }
        count += 1;
    }
    Ok(())
}

/// How many of the first `most` extensions of a list have this name.
fn count_named(values: &Values<'_>, name: &[u8], most: usize) -> Result<usize> {
    let mut extensions = Extensions::new(values.clone());
    let (mut found, mut read) = (0, 0);
    while read < most {
        let Some((listed, _)) = extensions.next_extension()? else { break };
        found += usize::from(listed == name);
        read += 1;
    }
    Ok(found)
}
