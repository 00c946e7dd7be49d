//! The parameters of permessage-deflate in Sec-WebSocket-Extensions (RFC 7692, 7.1): a client
//! offers some, perhaps several times, and the server's response to one of the offers settles them.

use super::extensions::{Extensions, Parameter, Parameters, Value};
use super::values::Values;
use crate::deflate::{Direction, MAX_WINDOW_BITS, MIN_WINDOW_BITS, Params};
use crate::error::{Error, Result};
use crate::inline_bytes::InlineBytes;
use core::mem::replace;

const NAME: &[u8] = b"permessage-deflate";
const SERVER_NO_CONTEXT_TAKEOVER: &[u8] = b"server_no_context_takeover";
const CLIENT_NO_CONTEXT_TAKEOVER: &[u8] = b"client_no_context_takeover";
const SERVER_MAX_WINDOW_BITS: &[u8] = b"server_max_window_bits";
const CLIENT_MAX_WINDOW_BITS: &[u8] = b"client_max_window_bits";

/// What a server has agreed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// The parameters of both sides.
    pub params: Params,
    response: Terms,
}

impl Agreement {
    /// The response that confirms it to the client.
    #[must_use]
    pub fn response(&self) -> ExtensionValue {
        self.response.write()
    }
}

/// Server: accepts the first well-formed offer; every such offer can be met.
pub fn accept(offers: Values<'_>, willing: &Params) -> Result<Option<Agreement>> {
    let mut accepted = None;
    let mut extensions = Extensions::new(offers);
    // To the end: the list may be malformed after the offer that is accepted.
    while let Some(parameters) = next_offer(&mut extensions)? {
        if accepted.is_none() {
            accepted = Terms::parse(parameters).ok();
        }
    }
    Ok(accepted.map(|offer| agree(&offer, willing)))
}

/// Client: writes an offer.
#[must_use]
pub fn offer(wanted: &Params) -> ExtensionValue {
    let offer = Terms {
        server_no_context_takeover: wanted.server.no_context_takeover,
        client_no_context_takeover: wanted.client.no_context_takeover,
        server_max_window_bits: below_maximum(wanted.server.window_bits),
        // Without a value, it lets the server choose one.
        client_max_window_bits: Some(below_maximum(wanted.client.window_bits)),
    };
    offer.write()
}

/// Client: reads the response to [`offer`]. None: no compression.
pub fn confirm(response: Values<'_>, offered: &Params) -> Result<Option<Params>> {
    let mut confirmed = None;
    let mut extensions = Extensions::new(response);
    while let Some(parameters) = next_offer(&mut extensions)? {
        if confirmed.replace(Terms::parse(parameters)?).is_some() {
            return Err(Error::Extension);
        }
    }
    let Some(response) = confirmed else { return Ok(None) };
    narrow(&response, offered).map(Some).ok_or(Error::Extension)
}

/// Whether there is an offer, acceptable or not.
pub(super) fn is_offered(offers: Values<'_>) -> Result<bool> {
    Ok(next_offer(&mut Extensions::new(offers))?.is_some())
}

/// The parameters of the next permessage-deflate in a list.
fn next_offer<'a>(extensions: &mut Extensions<'a>) -> Result<Option<Parameters<'a>>> {
    while let Some((name, parameters)) = extensions.next_extension()? {
        if name == NAME {
            return Ok(Some(parameters));
        }
    }
    Ok(None)
}

fn agree(offer: &Terms, willing: &Params) -> Agreement {
    let server = limit(
        willing.server,
        offer.server_no_context_takeover,
        offer.server_max_window_bits.unwrap_or(MAX_WINDOW_BITS),
    );
    let mut client = limit(
        willing.client,
        offer.client_no_context_takeover,
        offer.client_max_window_bits.flatten().unwrap_or(MAX_WINDOW_BITS),
    );
    if offer.client_max_window_bits.is_none() {
        // The client may not support the parameter.
        client.window_bits = MAX_WINDOW_BITS;
    }
    // If the offer has server_max_window_bits, the response must have it, too.
    let server_bits = offer.server_max_window_bits.map(|_| server.window_bits);
    let response = Terms {
        server_no_context_takeover: server.no_context_takeover,
        client_no_context_takeover: client.no_context_takeover,
        server_max_window_bits: server_bits.or(below_maximum(server.window_bits)),
        client_max_window_bits: below_maximum(client.window_bits).map(Some),
    };
    Agreement { params: Params { server, client, ..*willing }, response }
}

/// None if the response exceeds the offer (7.1.1 and 7.1.2).
fn narrow(response: &Terms, offered: &Params) -> Option<Params> {
    let Params { server, client, .. } = *offered;
    let server_bits = response.server_max_window_bits.unwrap_or(MAX_WINDOW_BITS);
    let client_bits = match response.client_max_window_bits {
        None => client.window_bits,
        Some(bits) => bits?,
    };
    let exceeds = server.no_context_takeover && !response.server_no_context_takeover
        || server_bits > server.window_bits
        || client_bits > client.window_bits;
    (!exceeds).then_some(Params {
        server: limit(server, response.server_no_context_takeover, server_bits),
        client: limit(client, response.client_no_context_takeover, client_bits),
        ..*offered
    })
}

fn limit(
    direction: Direction,
    no_context_takeover: bool,
    max_window_bits: u8,
) -> Direction {
    Direction {
        no_context_takeover: direction.no_context_takeover || no_context_takeover,
        window_bits: direction.window_bits.min(max_window_bits),
    }
}

/// The widest window needs no parameter.
fn below_maximum(window_bits: u8) -> Option<u8> {
    (window_bits < MAX_WINDOW_BITS).then_some(window_bits)
}

/// The parameters in an offer, or in the response to one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Terms {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    server_max_window_bits: Option<u8>,
    /// In an offer, its value may be missing.
    client_max_window_bits: Option<Option<u8>>,
}

impl Terms {
    /// Fails for a parameter that is unknown or repeated, or whose value is out of range.
    fn parse(mut parameters: Parameters<'_>) -> Result<Terms> {
        let mut offer = Terms::default();
        while let Some(parameter) = parameters.next_parameter()? {
            offer.add(parameter).ok_or(Error::Extension)?;
        }
        Ok(offer)
    }

    /// None if the parameter is invalid.
    fn add(&mut self, parameter: Parameter<'_>) -> Option<()> {
        let repeated = match parameter {
            (SERVER_NO_CONTEXT_TAKEOVER, None) => {
                replace(&mut self.server_no_context_takeover, true)
            }
            (CLIENT_NO_CONTEXT_TAKEOVER, None) => {
                replace(&mut self.client_no_context_takeover, true)
            }
            (SERVER_MAX_WINDOW_BITS, Some(value)) => {
                self.server_max_window_bits.replace(window_bits(value)?).is_some()
            }
            (CLIENT_MAX_WINDOW_BITS, Some(value)) => {
                self.client_max_window_bits.replace(Some(window_bits(value)?)).is_some()
            }
            (CLIENT_MAX_WINDOW_BITS, None) => {
                self.client_max_window_bits.replace(None).is_some()
            }
            _ => return None,
        };
        (!repeated).then_some(())
    }

    fn write(&self) -> ExtensionValue {
        let mut value = ExtensionValue::default();
        value.0.push(NAME);
        if self.server_no_context_takeover {
            value.push(SERVER_NO_CONTEXT_TAKEOVER, None);
        }
        if self.client_no_context_takeover {
            value.push(CLIENT_NO_CONTEXT_TAKEOVER, None);
        }
        if let Some(bits) = self.server_max_window_bits {
            value.push(SERVER_MAX_WINDOW_BITS, Some(bits));
        }
        if let Some(bits) = self.client_max_window_bits {
            value.push(CLIENT_MAX_WINDOW_BITS, bits);
        }
        value
    }
}

/// 8 to 15, without leading zeros.
fn window_bits(value: Value<'_>) -> Option<u8> {
    let mut digits = value.bytes();
    match (digits.next(), digits.next(), digits.next()) {
        (Some(digit @ b'8'..=b'9'), None, None) => Some(digit - b'0'),
        (Some(b'1'), Some(digit @ b'0'..=b'5'), None) => Some(10 + digit - b'0'),
        _ => None,
    }
}

const _: () = assert!(MIN_WINDOW_BITS == 8 && MAX_WINDOW_BITS == 15);

/// The length of the longest value, which has all four parameters.
pub(crate) const MAX_VALUE: usize = NAME.len()
    + 4 * b"; ".len()
    + SERVER_NO_CONTEXT_TAKEOVER.len()
    + CLIENT_NO_CONTEXT_TAKEOVER.len()
    + SERVER_MAX_WINDOW_BITS.len()
    + CLIENT_MAX_WINDOW_BITS.len()
    + 2 * b"=15".len();

/// An offer, or the response to one, as the value of Sec-WebSocket-Extensions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExtensionValue(InlineBytes<MAX_VALUE>);

impl ExtensionValue {
    /// The value of the field.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Appends a parameter.
    fn push(&mut self, name: &[u8], window_bits: Option<u8>) {
        self.0.push(b"; ");
        self.0.push(name);
        match window_bits {
            Some(bits @ 0..=9) => self.0.push(&[b'=', b'0' + bits]),
            Some(bits) => self.0.push(&[b'=', b'1', b'0' + bits - 10]),
            None => 0,
        };
    }
}
