//! Reading and judging a server's response to an opening request (RFC 6455, 4.1).

use super::extensions;
use super::headers::{Fields, Head};
use super::key::ACCEPT_LEN;
use super::names::{Name, eq_ignore_case};
use super::request::Request;
use super::start_line::StatusLine;
use super::values::{Occurrences, Values, list_has};
use crate::error::{Error, Result};

/// A parsed response. Its slices are parts of the buffer that was parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Response<'a> {
    pub status: u16,
    /// The reason phrase, which may be empty; None if even the space before it is missing.
    pub reason: Option<&'a [u8]>,
    /// The digits: 11 is HTTP/1.1.
    pub http_version: u16,
    /// The value of the first field that names a subprotocol.
    pub protocol: Option<&'a [u8]>,
    /// The value of the first field that lists extensions.
    pub first_extensions: Option<&'a [u8]>,
    /// Length of the whole head, with the empty line.
    pub head_len: usize,
    extensions: Occurrences<'a>,
    fields: Fields<'a>,
}

impl<'a> Response<'a> {
    /// The values that list the confirmed extensions.
    #[must_use]
    pub fn extensions(&self) -> Values<'a> {
        self.extensions.values(Name::SecWebSocketExtensions, &self.fields)
    }
}

/// Parses a response. A 101 is checked against the request that was sent, which is valid; a
/// response with another status is left to the caller. None if it is incomplete.
pub fn parse<'a>(buf: &'a [u8], request: &Request<'_>) -> Result<Option<Response<'a>>> {
    let Some(mut head) = Head::parse(buf)? else { return Ok(None) };
    let line = StatusLine::parse(head.start_line).ok_or(Error::HttpSyntax)?;
    let all = head.fields.clone();
    let mut fields = RecordedResponse::default();
    let read = head.read(|name, value| fields.record(name, value))?;
    let Some(head_len) = read else { return Ok(None) };
    if line.status == 101 {
        let key = request.verdict.map_err(|_| Error::InvalidArgument)?;
        fields.check_upgrade(line.http_version, &key.accept())?;
        fields.check_choice(&request.protocols(), &request.extensions(), &all)?;
    }
    Ok(Some(Response {
        status: line.status,
        reason: line.reason,
        http_version: line.http_version,
        protocol: fields.protocol.first,
        first_extensions: fields.extensions.first,
        head_len,
        extensions: fields.extensions,
        fields: all,
    }))
}

/// The fields of a response that decide whether it accepts the upgrade.
#[derive(Default)]
pub(super) struct RecordedResponse<'a> {
    upgrade: Occurrences<'a>,
    confirms_upgrade: bool,
    accept: Occurrences<'a>,
    protocol: Occurrences<'a>,
    extensions: Occurrences<'a>,
}

impl<'a> RecordedResponse<'a> {
    pub(super) fn record(&mut self, name: Name, value: &'a [u8]) {
        match name {
            Name::Upgrade => self.upgrade.record(value),
            Name::Connection => self.confirms_upgrade |= list_has(value, b"upgrade"),
            Name::SecWebSocketAccept => self.accept.record(value),
            Name::SecWebSocketProtocol => self.protocol.record(value),
            Name::SecWebSocketExtensions => self.extensions.record(value),
            // A 101 has no body, whatever its fields announce (RFC 9112, 6.3).
            _ => {}
        }
    }

    /// The rules of RFC 6455, 4.1 for a 101, in the order in which errors are reported. `accept`
    /// is the response to the key that was sent.
    pub(super) fn check_upgrade(
        &self,
        http_version: u16,
        accept: &[u8; ACCEPT_LEN],
    ) -> Result<()> {
        if http_version != 11 {
            return Err(Error::HttpVersion);
        }
        let upgrade = self.upgrade.single();
        let upgraded = upgrade.is_some_and(|value| eq_ignore_case(value, b"websocket"));
        if upgraded && self.confirms_upgrade && self.accept.single() == Some(accept) {
            Ok(())
        } else {
            Err(Error::HandshakeAccept)
        }
    }

    /// The subprotocol and the extensions must be among those that were offered. `all` are the
    /// fields of the head.
    pub(super) fn check_choice(
        &self,
        offered_protocols: &Values<'_>,
        offered_extensions: &Values<'_>,
        all: &Fields<'a>,
    ) -> Result<()> {
        if self.protocol.first.is_some() {
            let chosen = self.protocol.single().ok_or(Error::HandshakeProtocol)?;
            if !offered_protocols.clone().list_contains(chosen) {
                return Err(Error::HandshakeProtocol);
            }
        }
        let chosen = self.extensions.values(Name::SecWebSocketExtensions, all);
        extensions::check_choice(&chosen, offered_extensions)
    }
}
