//! Subprotocols and extensions (RFC 6455, 9.1 and 11.3.4): the lists that both sides offer
//! and choose from.

use super::headers::{Fields, complete_fields, is_token, list, trim};
use crate::error::{Error, Result};

/// Whether this is a list of subprotocols that a client may offer: tokens, none twice.
#[must_use]
pub fn is_offer(protocols: &[u8]) -> bool {
    let elements = || protocols.split(|b| *b == b',').map(trim);
    elements().enumerate().all(|(at, element)| {
        is_token(element) && !elements().take(at).any(|earlier| earlier == element)
    })
}

/// Picks the first of `supported` that the client offers, in however many fields.
pub fn select_protocol<'a>(head: &[u8], supported: &'a [u8]) -> Result<Option<&'a [u8]>> {
    let fields = complete_fields(head)?;
    if !supported.is_empty() && !is_offer(supported) {
        return Err(Error::InvalidArgument);
    }
    for protocol in list(supported) {
        if offers(fields.clone(), "Sec-WebSocket-Protocol", |offer| offer == protocol)? {
            return Ok(Some(protocol));
        }
    }
    Ok(None)
}

/// Whether an element of a list, which may be spread over several fields, satisfies `wanted`.
pub(crate) fn offers(
    mut fields: Fields<'_>,
    name: &str,
    wanted: impl Fn(&[u8]) -> bool,
) -> Result<bool> {
    while let Some(field) = fields.next_field()? {
        if field.is(name) && list(field.value).any(&wanted) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The extensions that a Sec-WebSocket-Extensions field lists.
#[derive(Clone, Debug)]
pub struct Extensions<'a> {
    rest: &'a [u8],
}

impl<'a> Extensions<'a> {
    /// `value` is that of one field.
    #[must_use]
    pub fn new(value: &'a [u8]) -> Extensions<'a> {
        Extensions { rest: value }
    }

    /// The name of the next one, its parameters checked. None after the last.
    pub fn next_name(&mut self) -> Result<Option<&'a [u8]>> {
        self.rest = trim(self.rest);
        while let [b',', rest @ ..] = self.rest {
            self.rest = trim(rest);
        }
        if self.rest.is_empty() {
            return Ok(None);
        }
        let name = self.token()?;
        while self.eat(b';') {
            self.token()?;
            if self.eat(b'=') {
                self.parameter_value()?;
            }
        }
        match self.rest {
            [] | [b',', ..] => Ok(Some(name)),
            _ => Err(Error::Extension),
        }
    }

    /// Skips whitespace, `byte` if it is next, and whitespace again.
    fn eat(&mut self, byte: u8) -> bool {
        self.rest = trim(self.rest);
        let found = self.rest.split_first().filter(|(first, _)| **first == byte);
        if let Some((_, rest)) = found {
            self.rest = trim(rest);
        }
        found.is_some()
    }

    fn token(&mut self) -> Result<&'a [u8]> {
        let end = |b: &u8| !is_token(&[*b]);
        let len = self.rest.iter().position(end).unwrap_or(self.rest.len());
        let (token, rest) = self.rest.split_at_checked(len).ok_or(Error::Extension)?;
        self.rest = rest;
        if token.is_empty() { Err(Error::Extension) } else { Ok(token) }
    }

    /// A token, or a quoted string that is one once its quotes and backslashes are gone.
    fn parameter_value(&mut self) -> Result<()> {
        let [b'"', rest @ ..] = self.rest else { return self.token().map(|_| ()) };
        let mut rest = rest;
        let mut empty = true;
        loop {
            rest = match rest {
                [b'"', after @ ..] if !empty => {
                    self.rest = after;
                    return Ok(());
                }
                [b'\\', b, after @ ..] | [b, after @ ..] if is_token(&[*b]) => after,
                _ => return Err(Error::Extension),
            };
            empty = false;
        }
    }
}

/// Whether this is a list of extensions, of at least one.
#[must_use]
pub fn is_extension_list(value: &[u8]) -> bool {
    let mut extensions = Extensions::new(value);
    let mut count = 0_usize;
    while let Ok(next) = extensions.next_name() {
        match next {
            Some(_) => count = count.saturating_add(1),
            None => return count > 0,
        }
    }
    false
}

/// Whether an extension of this name is among those of the fields.
pub(crate) fn offers_extension(mut fields: Fields<'_>, name: &[u8]) -> Result<bool> {
    while let Some(field) = fields.next_field()? {
        if !field.is("Sec-WebSocket-Extensions") {
            continue;
        }
        let mut extensions = Extensions::new(field.value);
        while let Some(offered) = extensions.next_name()? {
            if offered == name {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
