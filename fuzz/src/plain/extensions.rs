//! Lists of extensions (RFC 6455, 9.1), and permessage-deflate in them (RFC 7692, 7.1).

use super::fields::is_token_byte;

/// A parameter; the value without quotes and backslashes.
pub(crate) type Parameter = (Vec<u8>, Option<Vec<u8>>);
pub(crate) type Extension = (Vec<u8>, Vec<Parameter>);

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        self.blanks();
        let eats = self.peek() == Some(byte);
        self.at += usize::from(eats);
        self.blanks();
        eats
    }

    fn token(&mut self) -> Option<Vec<u8>> {
        let start = self.at;
        while self.peek().is_some_and(is_token_byte) {
            self.at += 1;
        }
        (self.at > start).then(|| self.text[start..self.at].to_vec())
    }

    fn value(&mut self) -> Option<Vec<u8>> {
        if self.peek() != Some(b'"') {
            return self.token();
        }
        self.at += 1;
        let mut value = Vec::new();
        loop {
            let byte = self.peek()?;
            self.at += 1;
            match byte {
                b'"' => return Some(value),
                b'\\' => {
                    value.push(self.peek()?);
                    self.at += 1;
                }
                byte => value.push(byte),
            }
            let last = value.last();
            if last.is_some_and(|byte| *byte < 0x20 && *byte != b'\t' || *byte == 0x7f) {
                return None;
            }
        }
    }

    fn extension(&mut self) -> Option<Extension> {
        let name = self.token()?;
        let mut parameters = Vec::new();
        while self.eat(b';') {
            let name = self.token()?;
            let value = if self.eat(b'=') { Some(self.value()?) } else { None };
            parameters.push((name, value));
        }
        Some((name, parameters))
    }
}

/// The extensions in a list; None if it is malformed anywhere. An empty one counts as absent.
pub(crate) fn read(list: Option<&[u8]>) -> Option<Vec<Extension>> {
    let text = list.map(super::fields::trim).unwrap_or_default();
    if text.is_empty() {
        return Some(Vec::new());
    }
    let mut parser = Parser { text, at: 0 };
    let mut all = Vec::new();
    loop {
        while parser.eat(b',') {}
        if parser.peek().is_none() {
            // At least one element.
            return (!all.is_empty()).then_some(all);
        }
        all.push(parser.extension()?);
        if !parser.eat(b',') && parser.peek().is_some() {
            return None;
        }
    }
}

/// The parameters of permessage-deflate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Deflate {
    pub(crate) server_no_context_takeover: bool,
    pub(crate) client_no_context_takeover: bool,
    pub(crate) server_max_window_bits: Option<u8>,
    pub(crate) client_max_window_bits: Option<Option<u8>>,
}

/// None if it has an unknown or repeated parameter, or a value that is out of range.
fn deflate(parameters: &[Parameter]) -> Option<Deflate> {
    let mut deflate = Deflate::default();
    for (at, (name, value)) in parameters.iter().enumerate() {
        if parameters[..at].iter().any(|(earlier, _)| earlier == name) {
            return None;
        }
        let bits = value.as_deref().map(|digits| match digits {
            [digit @ b'8'..=b'9'] => Some(digit - b'0'),
            [b'1', digit @ b'0'..=b'5'] => Some(10 + digit - b'0'),
            _ => None,
        });
        match (name.as_slice(), bits) {
            (b"server_no_context_takeover", None) => {
                deflate.server_no_context_takeover = true
            }
            (b"client_no_context_takeover", None) => {
                deflate.client_no_context_takeover = true
            }
            (b"server_max_window_bits", Some(Some(bits))) => {
                deflate.server_max_window_bits = Some(bits);
            }
            (b"client_max_window_bits", None) => {
                deflate.client_max_window_bits = Some(None)
            }
            (b"client_max_window_bits", Some(Some(bits))) => {
                deflate.client_max_window_bits = Some(Some(bits));
            }
            _ => return None,
        }
    }
    Some(deflate)
}

/// The offers, or responses, of permessage-deflate in a list; an element is None if it is
/// invalid.
pub(crate) fn deflates(extensions: &[Extension]) -> Vec<Option<Deflate>> {
    let named = extensions.iter().filter(|(name, _)| name == b"permessage-deflate");
    named.map(|(_, parameters)| deflate(parameters)).collect()
}

/// What a server and a client agree on: no context takeover and window bits of the server, then
/// of the client.
pub(crate) type Agreement = [u8; 4];

/// What a server agrees to that is willing to use `own`.
pub(crate) fn accept(offer: &Deflate, own: Agreement) -> Agreement {
    let client_bits = match offer.client_max_window_bits {
        None => 15,
        Some(limit) => own[3].min(limit.unwrap_or(15)),
    };
    [
        own[0] | u8::from(offer.server_no_context_takeover),
        own[1] | u8::from(offer.client_no_context_takeover),
        own[2].min(offer.server_max_window_bits.unwrap_or(15)),
        client_bits,
    ]
}

/// What a client has agreed on that offered `own`; None if the response exceeds the offer.
pub(crate) fn confirm(response: &Deflate, own: Agreement) -> Option<Agreement> {
    let server_bits = response.server_max_window_bits.unwrap_or(15);
    let client_bits = match response.client_max_window_bits {
        None => own[3],
        Some(bits) => bits?,
    };
    let server_resets = u8::from(response.server_no_context_takeover);
    let client_resets = u8::from(response.client_no_context_takeover);
    if server_resets < own[0] || server_bits > own[2] || client_bits > own[3] {
        return None;
    }
    Some([own[0] | server_resets, own[1] | client_resets, server_bits, client_bits])
}
