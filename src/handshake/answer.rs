//! A server's whole side of the opening handshake (RFC 6455, 4.2).

use super::{negotiate, request, response};
use crate::deflate::Params;
use crate::deflate::negotiate::{self as pmd, Terms, Text};
use crate::error::{Error, Result};
use core::mem::MaybeUninit;

/// What a head deserves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// It is not complete.
    Incomplete,
    /// A 101.
    Accept(Acceptance<'a>),
    /// The reply that fits this error.
    Refuse(Error),
}

/// What the 101 says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acceptance<'a> {
    key: &'a [u8],
    protocol: &'a [u8],
    pmd: Option<(Params, Terms)>,
}

/// Judges a head; `protocols` are those that the server speaks, as it prefers them, and `pmd`
/// is how it is willing to compress.
pub fn judge<'a>(
    head: &'a [u8],
    protocols: &'a [u8],
    pmd: Option<&Params>,
) -> Result<Verdict<'a>> {
    let request = match request::parse(head) {
        Ok(Some(request)) if request.is_upgrade => request,
        Ok(Some(_)) => return Ok(Verdict::Refuse(Error::NotUpgrade)),
        Ok(None) => return Ok(Verdict::Incomplete),
        Err(error) => return Ok(Verdict::Refuse(error)),
    };
    let protocol = negotiate::select(&request.fields, protocols)?.unwrap_or_default();
    let pmd = match pmd {
        Some(willing) => pmd::accept_in(request.fields.clone(), willing)?,
        None => None,
    };
    Ok(Verdict::Accept(Acceptance {
        key: request.key.unwrap_or_default(),
        protocol,
        pmd,
    }))
}

impl Acceptance<'_> {
    /// What compression is agreed on.
    #[must_use]
    pub fn pmd(&self) -> Option<Params> {
        self.pmd.map(|(params, _)| params)
    }

    /// Writes the 101, with further complete lines.
    pub fn write(&self, headers: &[u8], out: &mut [MaybeUninit<u8>]) -> Result<usize> {
        let Acceptance { key, protocol, .. } = *self;
        let extensions = self.pmd.map_or(Text::default(), |(_, answer)| answer.write());
        let extensions = extensions.as_bytes();
        let spec = response::Spec { key, protocol, extensions, headers };
        response::build(&spec, out)
    }
}

/// Writes the reply that refuses a request because of an error, and says why.
pub fn refuse(error: Error, out: &mut [MaybeUninit<u8>]) -> Result<usize> {
    let entry = error.entry();
    let headers = b"Content-Type: text/plain\r\n";
    response::build_reply(entry.http_status, headers, entry.text.to_bytes(), out)
}
