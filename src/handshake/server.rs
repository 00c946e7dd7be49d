//! A server's whole side of the opening handshake (RFC 6455, 4.2).

use super::key::Key;
use super::pmd::{self, Offer, Text};
use super::response::MAX_REPLY_HEADERS;
use super::values::list;
use super::{origin, protocols, request, response};
use crate::deflate::Params;
use crate::error::{Error, Result};
use core::mem::MaybeUninit;

/// Whom a server accepts, and how.
#[derive(Clone, Copy, Debug, Default)]
pub struct Policy<'a> {
    /// The subprotocols that it speaks, as it prefers them; empty for none.
    pub protocols: &'a [u8],
    /// Further complete lines for the 101.
    pub headers: &'a [u8],
    /// How it is willing to compress.
    pub pmd: Option<Params>,
    /// The origins that it allows, separated by spaces; None for any.
    pub origins: Option<&'a [u8]>,
    /// Whether it refuses a client that offers none of its subprotocols.
    pub need_protocol: bool,
}

/// What a head deserves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// It is not complete.
    Incomplete,
    /// A 101.
    Accept(Acceptance<'a>),
    /// The reply that fits this error.
    Refuse {
        /// Why.
        error: Error,
        /// Of the head; 0 if it is malformed or too large.
        head_len: usize,
    },
}

/// What the 101 says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acceptance<'a> {
    key: Key,
    headers: &'a [u8],
    pmd: Option<(Params, Offer)>,
    /// The subprotocol that was chosen, if one was.
    pub protocol: Option<&'a [u8]>,
    /// Length of the request's head.
    pub head_len: usize,
}

impl<'a> Policy<'a> {
    /// Refuses what could fail only with some clients, or match none.
    pub fn check(&self) -> Result<()> {
        protocols::check_supported(self.protocols)?;
        origin::check_list(self.origins)?;
        response::check_headers(self.headers)?;
        let longest = list(self.protocols).map(<[u8]>::len).max().unwrap_or(0);
        let too_long = self.headers.len().saturating_add(longest) > MAX_REPLY_HEADERS;
        if too_long || self.need_protocol && self.protocols.is_empty() {
            return Err(Error::InvalidArgument);
        }
        Ok(())
    }

    /// Judges the head that `buf` starts with. The policy was checked.
    pub fn judge(&self, buf: &[u8]) -> Verdict<'a> {
        let request = match request::read(buf) {
            Ok(Some(request)) => request,
            Ok(None) => return Verdict::Incomplete,
            Err(error) => return Verdict::Refuse { error, head_len: 0 },
        };
        match self.accept(&request) {
            Ok(acceptance) => Verdict::Accept(acceptance),
            // Where the next head starts is not certain.
            Err(error @ Error::HttpSyntax) => Verdict::Refuse { error, head_len: 0 },
            Err(error) => Verdict::Refuse { error, head_len: request.head_len },
        }
    }

    fn accept(&self, request: &request::Request<'_>) -> Result<Acceptance<'a>> {
        request.verdict?;
        origin::admit(request.origin, self.origins)?;
        let protocol = protocols::choose(&request.protocols(), self.protocols);
        if self.need_protocol && protocol.is_none() {
            return Err(Error::HandshakeProtocol);
        }
        let pmd = match &self.pmd {
            Some(willing) => pmd::accept_in(request.extensions(), willing)?,
            None => None,
        };
        Ok(Acceptance {
            key: Key::parse(request.key.unwrap_or_default())?,
            headers: self.headers,
            pmd,
            protocol,
            head_len: request.head_len,
        })
    }
}

impl Acceptance<'_> {
    /// What compression is agreed on.
    #[must_use]
    pub fn pmd(&self) -> Option<Params> {
        self.pmd.map(|(params, _)| params)
    }

    /// Writes the 101.
    pub fn write(&self, out: &mut [MaybeUninit<u8>]) -> Result<usize> {
        let extensions = self.pmd.map_or(Text::default(), |(_, answer)| answer.write());
        let spec = response::Spec {
            key: &[],
            protocol: self.protocol.unwrap_or_default(),
            extensions: extensions.as_bytes(),
            headers: self.headers,
        };
        response::write(&self.key, &spec, out)
    }
}

/// Writes the reply that refuses a request because of an error, and says why.
pub fn refuse(error: Error, out: &mut [MaybeUninit<u8>]) -> Result<usize> {
    let entry = error.entry();
    let headers = b"Content-Type: text/plain\r\n";
    response::build_reply(entry.http_status, headers, entry.text.to_bytes(), out)
}
