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
    select(&complete_fields(head)?, supported)
}

/// The same in the fields of a head that was parsed.
pub(crate) fn select<'a>(
    fields: &Fields<'_>,
    supported: &'a [u8],
) -> Result<Option<&'a [u8]>> {
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

/// The field that lists extensions.
pub(crate) const EXTENSIONS: &str = "Sec-WebSocket-Extensions";

/// The extensions that a Sec-WebSocket-Extensions field lists.
#[derive(Clone, Debug)]
pub struct Extensions<'a> {
    rest: &'a [u8],
}

/// One of them. Its parameters were checked for their syntax.
#[derive(Clone, Copy, Debug)]
pub struct Extension<'a> {
    /// A token.
    pub name: &'a [u8],
    parameters: &'a [u8],
}

/// The parameters of an extension, one after another.
#[derive(Clone, Debug)]
pub struct Parameters<'a> {
    rest: &'a [u8],
}

/// One parameter of an extension.
#[derive(Clone, Copy, Debug)]
pub struct Parameter<'a> {
    /// A token.
    pub name: &'a [u8],
    /// What follows the equals sign, if there is one.
    pub value: Option<Value<'a>>,
}

/// The value of a parameter, perhaps within quotes.
#[derive(Clone, Copy, Debug)]
pub struct Value<'a>(&'a [u8]);

impl<'a> Extensions<'a> {
    /// `value` is that of one field.
    #[must_use]
    pub fn new(value: &'a [u8]) -> Extensions<'a> {
        Extensions { rest: value }
    }

    /// The next one. None after the last.
    pub fn next_extension(&mut self) -> Result<Option<Extension<'a>>> {
        self.rest = trim(self.rest);
        while let [b',', rest @ ..] = self.rest {
            self.rest = trim(rest);
        }
        if self.rest.is_empty() {
            return Ok(None);
        }
        let name = token(&mut self.rest)?;
        let parameters = self.rest;
        let mut walk = Parameters { rest: parameters };
        while walk.next_parameter()?.is_some() {}
        self.rest = walk.rest;
        Ok(Some(Extension { name, parameters }))
    }
}

impl<'a> Extension<'a> {
    /// All of its parameters.
    #[must_use]
    pub fn parameters(&self) -> Parameters<'a> {
        Parameters { rest: self.parameters }
    }
}

impl<'a> Parameters<'a> {
    /// The next one. None after the last of this extension.
    pub fn next_parameter(&mut self) -> Result<Option<Parameter<'a>>> {
        if !eat(&mut self.rest, b';') {
            return match self.rest {
                [] | [b',', ..] => Ok(None),
                _ => Err(Error::Extension),
            };
        }
        let name = token(&mut self.rest)?;
        let has_value = eat(&mut self.rest, b'=');
        let value = if has_value { Some(Value::take(&mut self.rest)?) } else { None };
        Ok(Some(Parameter { name, value }))
    }
}

impl<'a> Value<'a> {
    /// A token, or a quoted string that is one once its quotes and backslashes are gone.
    fn take(text: &mut &'a [u8]) -> Result<Value<'a>> {
        let [b'"', quoted @ ..] = *text else { return token(text).map(Value) };
        let mut rest = quoted;
        loop {
            rest = match rest {
                [b'"', after @ ..] => {
                    let len = quoted.len().saturating_sub(rest.len());
                    *text = after;
                    let value = quoted.get(..len).filter(|value| !value.is_empty());
                    return value.map(Value).ok_or(Error::Extension);
                }
                [b'\\', b, after @ ..] | [b, after @ ..] if is_token(&[*b]) => after,
                _ => return Err(Error::Extension),
            };
        }
    }

    /// The bytes of it, without backslashes. (No token has one.)
    pub fn bytes(self) -> impl Iterator<Item = u8> + 'a {
        self.0.iter().copied().filter(|b| *b != b'\\')
    }
}

/// Skips whitespace, `byte` if it is next, and whitespace again.
fn eat(text: &mut &[u8], byte: u8) -> bool {
    *text = trim(text);
    let found = text.split_first().filter(|(first, _)| **first == byte);
    if let Some((_, rest)) = found {
        *text = trim(rest);
    }
    found.is_some()
}

fn token<'a>(text: &mut &'a [u8]) -> Result<&'a [u8]> {
    let end = |b: &u8| !is_token(&[*b]);
    let len = text.iter().position(end).unwrap_or(text.len());
    let (token, rest) = text.split_at_checked(len).ok_or(Error::Extension)?;
    *text = rest;
    if token.is_empty() { Err(Error::Extension) } else { Ok(token) }
}

/// Whether this is a list of extensions, of at least one.
#[must_use]
pub fn is_extension_list(value: &[u8]) -> bool {
    let mut extensions = Extensions::new(value);
    let mut count = 0_usize;
    while let Ok(next) = extensions.next_extension() {
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
        if !field.is(EXTENSIONS) {
            continue;
        }
        let mut extensions = Extensions::new(field.value);
        while let Some(offered) = extensions.next_extension()? {
            if offered.name == name {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
