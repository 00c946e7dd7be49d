//! Judging a request or a response that an HTTP library has parsed: HTTP/1.1, and extended CONNECT
//! of HTTP/2 and HTTP/3 (RFC 8441, RFC 9220).

use super::extensions;
use super::headers::Fields;
use super::key::Key;
use super::names::Name;
use super::origin;
use super::request::RecordedRequest;
use super::response::RecordedResponse;
use super::start_line::RequestLine;
use super::values::{Values, parse_value};
use crate::error::{Error, Result};

/// The version of HTTP that carried a request or a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Http {
    /// HTTP/1.x, with the digits of the version: 11 is HTTP/1.1.
    One(u16),
    /// HTTP/2 or HTTP/3.
    Later,
}

impl Default for Http {
    fn default() -> Http {
        Http::One(11)
    }
}

impl Http {
    /// The version with these two digits.
    pub fn from_number(digits: u32) -> Result<Http> {
        match digits {
            10 => Ok(Http::One(10)),
            11 => Ok(Http::One(11)),
            20 | 30 => Ok(Http::Later),
            _ => Err(Error::InvalidArgument),
        }
    }
}

/// The fields of a request. The values of a repeated field are joined with ", "; None stands for
/// a field that is absent.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)]
pub struct ParsedRequest<'a> {
    pub method: Option<&'a [u8]>,
    pub host: Option<&'a [u8]>,
    pub upgrade: Option<&'a [u8]>,
    pub connection: Option<&'a [u8]>,
    pub key: Option<&'a [u8]>,
    pub version: Option<&'a [u8]>,
    pub origin: Option<&'a [u8]>,
    pub extensions: Option<&'a [u8]>,
    pub content_length: Option<&'a [u8]>,
    pub transfer_encoding: Option<&'a [u8]>,
    /// The pseudo-header :protocol.
    pub connect_protocol: Option<&'a [u8]>,
    /// The origins that the server allows; None for any.
    pub origins: Option<&'a [u8]>,
    pub http: Http,
}

impl<'a> ParsedRequest<'a> {
    /// Judges everything but the target.
    pub fn check(&self) -> Result<()> {
        origin::check_list(self.origins)?;
        let fields = match self.http {
            Http::One(version) => self.check_upgrade(version)?,
            Http::Later => self.check_connect()?,
        };
        origin::admit(fields.origin.first, self.origins)
    }

    fn check_upgrade(&self, http_version: u16) -> Result<RecordedRequest<'a>> {
        let mut fields = self.common_fields()?;
        let others = [
            (Name::Upgrade, self.upgrade),
            (Name::Connection, self.connection),
            (Name::SecWebSocketKey, self.key),
            (Name::ContentLength, self.content_length),
            (Name::TransferEncoding, self.transfer_encoding),
        ];
        record_each(&others, |name, value| fields.record(name, value))?;
        let method = parse_value(self.method)?.unwrap_or_default();
        // A valid target stands in for the one that the library has judged.
        let line = RequestLine { method, target: b"/", http_version };
        fields.check_upgrade(&line, &Fields::none())?;
        Ok(fields)
    }

    /// An extended CONNECT (RFC 8441, 5).
    fn check_connect(&self) -> Result<RecordedRequest<'a>> {
        let fields = self.common_fields()?;
        let method = parse_value(self.method)?;
        let protocol = parse_value(self.connect_protocol)?;
        if !protocol.is_some_and(|name| name.eq_ignore_ascii_case(b"websocket")) {
            return Err(Error::NotUpgrade);
        }
        fields.check_origin()?;
        if method != Some(b"CONNECT") {
            return Err(Error::HttpMethod);
        }
        fields.check_host(None)?;
        fields.check_version()?;
        fields.check_extensions(&Fields::none())?;
        Ok(fields)
    }

    /// The fields that matter in every version of HTTP.
    fn common_fields(&self) -> Result<RecordedRequest<'a>> {
        let mut fields = RecordedRequest::default();
        let values = [
            (Name::Host, self.host),
            (Name::SecWebSocketVersion, self.version),
            (Name::Origin, self.origin),
            (Name::SecWebSocketExtensions, self.extensions),
        ];
        record_each(&values, |name, value| fields.record(name, value))?;
        Ok(fields)
    }
}

/// The fields of a response, and what the request had. The values of a repeated field are joined
/// with ", "; None stands for a field that is absent or was not sent.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)]
pub struct ParsedResponse<'a> {
    pub upgrade: Option<&'a [u8]>,
    pub connection: Option<&'a [u8]>,
    pub accept: Option<&'a [u8]>,
    pub protocol: Option<&'a [u8]>,
    pub extensions: Option<&'a [u8]>,
    pub key: Option<&'a [u8]>,
    pub offered_protocols: Option<&'a [u8]>,
    pub offered_extensions: Option<&'a [u8]>,
    pub http: Http,
    pub status: u16,
}

impl<'a> ParsedResponse<'a> {
    /// Judges the response.
    pub fn check(&self) -> Result<()> {
        let sent = SentRequest::parse(self).map_err(|_| Error::InvalidArgument)?;
        let fields = self.fields()?;
        match (self.http, sent.key, self.status) {
            (Http::One(version), Some(key), 101) => {
                fields.check_upgrade(version, &key.accept())?;
            }
            (Http::Later, _, 200..=299) => {}
            _ => return Err(Error::HandshakeStatus),
        }
        fields.check_choice(&sent.protocols, &sent.extensions, &Fields::none())
    }

    fn fields(&self) -> Result<RecordedResponse<'a>> {
        let mut fields = RecordedResponse::default();
        let mut record = |name, value| fields.record(name, value);
        if self.http != Http::Later {
            let values = [
                (Name::Upgrade, self.upgrade),
                (Name::Connection, self.connection),
                (Name::SecWebSocketAccept, self.accept),
            ];
            record_each(&values, &mut record)?;
        }
        let values = [
            (Name::SecWebSocketProtocol, self.protocol),
            (Name::SecWebSocketExtensions, self.extensions),
        ];
        record_each(&values, &mut record)?;
        Ok(fields)
    }
}

/// The part of the request on which the response depends.
struct SentRequest<'a> {
    /// None in HTTP/2 and HTTP/3, which have no key.
    key: Option<Key>,
    protocols: Values<'a>,
    extensions: Values<'a>,
}

impl<'a> SentRequest<'a> {
    fn parse(parsed: &ParsedResponse<'a>) -> Result<SentRequest<'a>> {
        let key = match parsed.http {
            Http::One(_) => {
                Some(Key::parse(parse_value(parsed.key)?.unwrap_or_default())?)
            }
            Http::Later => None,
        };
        let extensions = Values::one(parse_value(parsed.offered_extensions)?);
        extensions::check(extensions.clone())?;
        let protocols = Values::one(parse_value(parsed.offered_protocols)?);
        Ok(SentRequest { key, protocols, extensions })
    }
}

/// Calls `record` with each field that is present.
fn record_each<'a>(
    fields: &[(Name, Option<&'a [u8]>)],
    mut record: impl FnMut(Name, &'a [u8]),
) -> Result<()> {
    for (name, value) in fields {
        if let Some(value) = parse_value(*value)? {
            record(*name, value);
        }
    }
    Ok(())
}
