//! The server's side of the opening handshake (RFC 6455, 4.2).

use super::build::{self, Contents};
use super::key::Digest;
use super::pmd::{self, Agreement, ExtensionValue};
use super::reply::MAX_REPLY_HEADERS;
use super::request::{self, Request};
use super::values::list;
use super::{origin, protocols};
use crate::deflate::Params;
use crate::error::{Error, Result};
use core::mem::MaybeUninit;

/// Which clients a server accepts, and how.
#[derive(Clone, Copy, Debug, Default)]
pub struct Policy<'a> {
    /// The supported subprotocols, most preferred first; empty for none.
    pub protocols: &'a [u8],
    /// Further complete lines for the 101.
    pub headers: &'a [u8],
    /// How the server is willing to compress; None: not at all.
    pub pmd: Option<Params>,
    /// The allowed origins, separated by spaces; None for any.
    pub origins: Option<&'a [u8]>,
    /// Whether to refuse a client that offers none of the subprotocols.
    pub need_protocol: bool,
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The reason; [`super::reply::refuse`] writes the response for it.
    pub error: Error,
    /// Length of the head; 0 if it is malformed or too large.
    pub head_len: usize,
}

/// The terms on which a request is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acceptance<'a> {
    // Computed here, not when the 101 is written: SHA-1 is one long chain of instructions, and the
    // processor overlaps it with the creation of the connection. ws_conn_accept() takes 0.93 of the
    // time so.
    digest: Digest,
    headers: &'a [u8],
    pmd: Option<Agreement>,
    /// The subprotocol that was chosen, if one was.
    pub protocol: Option<&'a [u8]>,
    /// Length of the request's head.
    pub head_len: usize,
}

impl<'a> Policy<'a> {
    /// Fails if any part of the policy is invalid, even one that would matter to few clients.
    pub fn check(&self) -> Result<()> {
        protocols::check_supported(self.protocols)?;
        origin::check_list(self.origins)?;
        build::check_response_headers(self.headers)?;
        let longest = list(self.protocols).map(<[u8]>::len).max().unwrap_or(0);
        let too_long = self.headers.len() + longest > MAX_REPLY_HEADERS;
        if too_long || self.need_protocol && self.protocols.is_empty() {
            return Err(Error::InvalidArgument);
        }
        Ok(())
    }

    /// Judges the head at the start of `buf`. None if it is incomplete. The policy must have passed
    /// [`Policy::check`].
    pub fn judge(
        &self,
        buf: &[u8],
    ) -> core::result::Result<Option<Acceptance<'a>>, Refusal> {
        let request = match request::read(buf) {
            Ok(Some(request)) => request,
            Ok(None) => return Ok(None),
            Err(error) => return Err(Refusal { error, head_len: 0 }),
        };
        self.accept(&request).map(Some).map_err(|error| match error {
            // It is not certain where this head ends.
            Error::HttpSyntax => Refusal { error, head_len: 0 },
            _ => Refusal { error, head_len: request.head_len },
        })
    }

    fn accept(&self, request: &Request<'_>) -> Result<Acceptance<'a>> {
        let key = request.verdict?;
        origin::admit(request.origin, self.origins)?;
        let protocol = protocols::choose(&request.protocols(), self.protocols);
        if self.need_protocol && protocol.is_none() {
            return Err(Error::HandshakeProtocol);
        }
        let pmd = match &self.pmd {
            Some(willing) => pmd::accept(request.extensions(), willing)?,
            None => None,
        };
        Ok(Acceptance {
            digest: key.digest(),
            headers: self.headers,
            pmd,
            protocol,
            head_len: request.head_len,
        })
    }
}

impl Acceptance<'_> {
    /// The agreed parameters of compression, if there is any.
    #[must_use]
    pub fn pmd(&self) -> Option<Params> {
        self.pmd.map(|agreement| agreement.params)
    }

    /// Writes the 101.
    pub fn write(&self, out: &mut [MaybeUninit<u8>]) -> Result<usize> {
        let extensions = self.pmd.map(|agreement| agreement.response());
        let contents = Contents {
            accept: &self.digest.encode(),
            protocol: self.protocol.unwrap_or_default(),
            extensions: extensions.as_ref().map_or(&[], ExtensionValue::as_bytes),
            headers: self.headers,
        };
        contents.write(out)
    }
}
