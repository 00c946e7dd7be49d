//! The parameters as they stand in Sec-WebSocket-Extensions (RFC 7692, 7.1).

use super::extensions::{Extension, Extensions, Parameter, Value};
use super::headers::EXTENSIONS;
use super::values::Values;
use crate::deflate::{Direction, MAX_WINDOW_BITS, MIN_WINDOW_BITS, Params};
use crate::error::{Error, Result};

const NAME: &[u8] = b"permessage-deflate";
const SERVER_NO_CONTEXT_TAKEOVER: &[u8] = b"server_no_context_takeover";
const CLIENT_NO_CONTEXT_TAKEOVER: &[u8] = b"client_no_context_takeover";
const SERVER_MAX_WINDOW_BITS: &[u8] = b"server_max_window_bits";
const CLIENT_MAX_WINDOW_BITS: &[u8] = b"client_max_window_bits";

/// One offer, or one answer: the parameters that are named in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    server_max_window_bits: Option<u8>,
    /// In an offer it may come without a value.
    client_max_window_bits: Option<Option<u8>>,
}

impl Offer {
    /// Each parameter at most once, each with a value that it may have.
    fn read(extension: &Extension<'_>) -> Result<Offer> {
        let mut terms = Offer::default();
        let mut parameters = extension.parameters();
        while let Some(parameter) = parameters.next_parameter()? {
            terms.add(&parameter).ok_or(Error::Extension)?;
        }
        Ok(terms)
    }

    fn add(&mut self, parameter: &Parameter<'_>) -> Option<()> {
        let Parameter { name, value } = *parameter;
        let repeated = match name {
            SERVER_NO_CONTEXT_TAKEOVER if value.is_none() => {
                core::mem::replace(&mut self.server_no_context_takeover, true)
            }
            CLIENT_NO_CONTEXT_TAKEOVER if value.is_none() => {
                core::mem::replace(&mut self.client_no_context_takeover, true)
            }
            SERVER_MAX_WINDOW_BITS => {
                let bits = window_bits(value?)?;
                self.server_max_window_bits.replace(bits).is_some()
            }
            CLIENT_MAX_WINDOW_BITS => {
                let bits = match value {
                    Some(value) => Some(window_bits(value)?),
                    None => None,
                };
                self.client_max_window_bits.replace(bits).is_some()
            }
            _ => return None,
        };
        (!repeated).then_some(())
    }

    /// As the value of a Sec-WebSocket-Extensions field.
    #[must_use]
    pub fn write(&self) -> Text {
        let mut text = Text::default();
        text.push(NAME);
        text.push_flag(SERVER_NO_CONTEXT_TAKEOVER, self.server_no_context_takeover);
        text.push_flag(CLIENT_NO_CONTEXT_TAKEOVER, self.client_no_context_takeover);
        if let Some(bits) = self.server_max_window_bits {
            text.push_bits(SERVER_MAX_WINDOW_BITS, Some(bits));
        }
        if let Some(bits) = self.client_max_window_bits {
            text.push_bits(CLIENT_MAX_WINDOW_BITS, bits);
        }
        text
    }
}

/// 8 to 15, without leading zeros.
fn window_bits(value: Value<'_>) -> Option<u8> {
    let mut digits = value.bytes();
    match (digits.next(), digits.next(), digits.next()) {
        (Some(digit @ b'8'..=b'9'), None, None) => Some(digit & 0x0f),
        (Some(b'1'), Some(digit @ b'0'..=b'5'), None) => (digit & 0x0f).checked_add(10),
        _ => None,
    }
}

/// Longer than any offer or answer.
const MAX_TEXT: usize = 160;

/// An offer or an answer, written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    bytes: [u8; MAX_TEXT],
    len: usize,
}

impl Default for Text {
    fn default() -> Text {
        Text { bytes: [0; MAX_TEXT], len: 0 }
    }
}

impl Text {
    /// The value of a Sec-WebSocket-Extensions field.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    fn push(&mut self, text: &[u8]) {
        let room = self.bytes.get_mut(self.len..).unwrap_or_default();
        for (to, from) in room.iter_mut().zip(text) {
            *to = *from;
            self.len = self.len.saturating_add(1);
        }
    }

    fn push_flag(&mut self, name: &[u8], set: bool) {
        if set {
            self.push(b"; ");
            self.push(name);
        }
    }

    fn push_bits(&mut self, name: &[u8], bits: Option<u8>) {
        self.push_flag(name, true);
        match bits {
            Some(bits @ 0..=9) => self.push(&[b'=', b'0' | bits]),
            Some(bits) => self.push(&[b'=', b'1', b'0' | bits.saturating_sub(10)]),
            None => {}
        }
    }
}

/// Server: takes the first offer in a client's head that fits what it is willing to use.
/// Gives what was agreed on, and the answer that says so.
pub fn accept(head: &[u8], willing: &Params) -> Result<Option<(Params, Offer)>> {
    accept_in(Values::in_head(head, EXTENSIONS)?, willing)
}

/// The same in the values of the field.
pub fn accept_in(
    offers: Values<'_>,
    willing: &Params,
) -> Result<Option<(Params, Offer)>> {
    let mut accepted = None;
    let mut extensions = Extensions::new(offers);
    // To the end: the list may be malformed behind the offer that is accepted.
    while let Some(extension) = extensions.next_extension()? {
        if accepted.is_none() && extension.name == NAME {
            let offer = Offer::read(&extension);
            accepted = offer.ok().map(|offer| agree(&offer, willing));
        }
    }
    Ok(accepted)
}

/// Whether there is an offer at all, be it acceptable or not.
pub(crate) fn is_offered(offers: Values<'_>) -> Result<bool> {
    let mut extensions = Extensions::new(offers);
    while let Some(extension) = extensions.next_extension()? {
        if extension.name == NAME {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Every well-formed offer can be met: it only ever limits more.
fn agree(offer: &Offer, willing: &Params) -> (Params, Offer) {
    let server_bits = offer.server_max_window_bits.unwrap_or(MAX_WINDOW_BITS);
    let server = Direction {
        no_context_takeover: willing.server.no_context_takeover
            || offer.server_no_context_takeover,
        window_bits: willing.server.window_bits.min(server_bits),
    };
    let client_bits = match offer.client_max_window_bits {
        // Without the parameter a client need not know what it means.
        None => MAX_WINDOW_BITS,
        Some(bits) => willing.client.window_bits.min(bits.unwrap_or(MAX_WINDOW_BITS)),
    };
    let client = Direction {
        no_context_takeover: willing.client.no_context_takeover
            || offer.client_no_context_takeover,
        window_bits: client_bits,
    };
    let answer = Offer {
        server_no_context_takeover: server.no_context_takeover,
        client_no_context_takeover: client.no_context_takeover,
        // An offer that names it is accepted by naming it.
        server_max_window_bits: offer
            .server_max_window_bits
            .map(|_| server.window_bits)
            .or(limit(server.window_bits)),
        client_max_window_bits: limit(client.window_bits).map(Some),
    };
    (Params { server, client, ..*willing }, answer)
}

/// What is to be said of a window: nothing, if it is the widest.
fn limit(window_bits: u8) -> Option<u8> {
    (window_bits < MAX_WINDOW_BITS).then_some(window_bits)
}

/// Client: writes an offer.
#[must_use]
pub fn offer(wanted: &Params) -> Offer {
    Offer {
        server_no_context_takeover: wanted.server.no_context_takeover,
        client_no_context_takeover: wanted.client.no_context_takeover,
        server_max_window_bits: limit(wanted.server.window_bits),
        // Without a value: whatever the server says.
        client_max_window_bits: Some(limit(wanted.client.window_bits)),
    }
}

/// Client: reads the answer to [`offer`] out of the server's head. None: no compression.
pub fn confirm(head: &[u8], offered: &Params) -> Result<Option<Params>> {
    confirm_in(Values::in_head(head, EXTENSIONS)?, offered)
}

/// The same in the values of the field.
pub fn confirm_in(answer: Values<'_>, offered: &Params) -> Result<Option<Params>> {
    let mut confirmed = None;
    let mut extensions = Extensions::new(answer);
    while let Some(extension) = extensions.next_extension()? {
        if extension.name == NAME && confirmed.replace(Offer::read(&extension)?).is_some()
        {
            return Err(Error::Extension);
        }
    }
    let Some(answer) = confirmed else { return Ok(None) };
    narrow(&answer, offered).map(Some).ok_or(Error::Extension)
}

/// None if the answer goes beyond the offer (7.1.1 and 7.1.2).
fn narrow(answer: &Offer, offered: &Params) -> Option<Params> {
    let Params { server, client, .. } = *offered;
    if server.no_context_takeover && !answer.server_no_context_takeover {
        return None;
    }
    let server_bits = answer.server_max_window_bits.unwrap_or(MAX_WINDOW_BITS);
    let client_bits = match answer.client_max_window_bits {
        None => client.window_bits,
        Some(bits) => bits?,
    };
    if server_bits > server.window_bits || client_bits > client.window_bits {
        return None;
    }
    Some(Params {
        server: Direction {
            no_context_takeover: answer.server_no_context_takeover,
            window_bits: server_bits,
        },
        client: Direction {
            no_context_takeover: client.no_context_takeover
                || answer.client_no_context_takeover,
            window_bits: client_bits,
        },
        ..*offered
    })
}

const _: () = assert!(MIN_WINDOW_BITS == 8 && MAX_WINDOW_BITS == 15);
