//! Opening handshake, from fields that an HTTP library has parsed

use super::handshake::ws_bytes;
use super::result::ws_result;
use super::{ptr, result_of};
use crate::error::{Error, Result};
use crate::handshake::parsed::{Http, ParsedRequest, ParsedResponse};

/// A request that an HTTP library has parsed. Zero it, then set the members that the request has.
/// Absent: {NULL, 0}. Present but empty: {not NULL, 0}. Extensible.
///
/// Pass a repeated field as all of its values, joined with commas (RFC 9110, 5.3), never as the
/// first one only: a second Host, key, version, Origin or Content-Length is then rejected because
/// of its comma. The functions that parse heads judge the same combined value.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ws_request_fields {
    /// "GET"; "CONNECT" in HTTP/2 and HTTP/3.
    pub method: ws_bytes,
    /// Host, or :authority
    pub host: ws_bytes,
    /// Upgrade
    pub upgrade: ws_bytes,
    /// Connection
    pub connection: ws_bytes,
    /// Sec-WebSocket-Key
    pub key: ws_bytes,
    /// Sec-WebSocket-Version
    pub version: ws_bytes,
    /// Origin
    pub origin: ws_bytes,
    /// Sec-WebSocket-Extensions
    pub extensions: ws_bytes,
    /// Content-Length. A body would be read as frames.
    pub content_length: ws_bytes,
    /// Transfer-Encoding. A body would be read as frames.
    pub transfer_encoding: ws_bytes,
    /// :protocol in HTTP/2 and HTTP/3 (RFC 8441, RFC 9220); not Sec-WebSocket-Protocol.
    pub connect_protocol: ws_bytes,
    /// Set by you: the origins that you allow, as in ws_accept_spec; {NULL, 0} allows any.
    pub origins: ws_bytes,
    /// The version of the request: 10, 11, 20 or 30.
    pub http_version: u32,
    /// 0
    pub reserved: u32,
}

/// Server: checks an opening request that an HTTP library has parsed (RFC 6455, 4.2.1). Returns
/// WS_OK or an error. Whitespace around a value is ignored. The target is left to the HTTP library.
/// The checks are those of ws_parse_handshake(), and the first failure is returned:
///
///      1. WS_ERR_INVALID_ARGUMENT: another http_version, or an invalid list
///         of origins (see ws_conn_accept())
///      2. WS_ERR_HTTP_SYNTAX: a control character other than a tab in a value
///      3. WS_ERR_NOT_UPGRADE
///      4. WS_ERR_HTTP_SYNTAX: two Origins; a Transfer-Encoding; a Content-Length
///         other than 0
///      5. WS_ERR_HTTP_METHOD
///      6. WS_ERR_HTTP_VERSION: http_version is 10
///      7. WS_ERR_HANDSHAKE_HOST
///      8. WS_ERR_HANDSHAKE_VERSION
///      9. WS_ERR_HANDSHAKE_KEY
///     10. WS_ERR_EXTENSION
///     11. WS_ERR_HANDSHAKE_ORIGIN
///
/// For HTTP/2 and HTTP/3 (`http_version` 20 and 30; RFC 8441, 5), `upgrade`, `connection`, `key`,
/// `content_length` and `transfer_encoding` are ignored. WS_ERR_NOT_UPGRADE then means that
/// `connect_protocol` is not "websocket" (case-insensitive), and WS_ERR_HTTP_METHOD that the method
/// is not CONNECT. The HTTP library sends the response: a 200 without Sec-WebSocket-Accept to
/// accept the request, else the status that ws_http_status() returns. Replace a 426, which HTTP/2
/// does not have, by a 400 with "sec-websocket-version: 13", or by a 501 for another :protocol.
///
/// After the 200, create the connection with ws_conn_new() and WS_SERVER: the frames are those of
/// HTTP/1.1, masking included. END_STREAM means what the end of a TCP connection means, and
/// RST_STREAM(CANCEL) what a reset means. Call ws_conn_finish() when END_STREAM arrives, and send
/// it after your close frame: a reset may discard a close frame that the peer has not read yet.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_check_request(
    fields: *const ws_request_fields,
    fields_size: usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract, for the fields' own pointers too.
    result_of(|| unsafe {
        let fields = ptr::extensible(fields, fields_size)?;
        let parsed = ParsedRequest {
            method: fields.method.value()?,
            host: fields.host.value()?,
            upgrade: fields.upgrade.value()?,
            connection: fields.connection.value()?,
            key: fields.key.value()?,
            version: fields.version.value()?,
            origin: fields.origin.value()?,
            extensions: fields.extensions.value()?,
            content_length: fields.content_length.value()?,
            transfer_encoding: fields.transfer_encoding.value()?,
            connect_protocol: fields.connect_protocol.value()?,
            origins: fields.origins.value()?,
            http: Http::from_number(fields.http_version)?,
        };
        zero(fields.reserved)?;
        parsed.check().map(|()| 0)
    })
}

/// A response that an HTTP library has parsed, and the request that was sent. Zero it, then set the
/// members that the response has and those that were sent. Absent: {NULL, 0}. Present but empty:
/// {not NULL, 0}. Extensible.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ws_response_fields {
    /// Upgrade
    pub upgrade: ws_bytes,
    /// Connection
    pub connection: ws_bytes,
    /// Sec-WebSocket-Accept
    pub accept: ws_bytes,
    /// Sec-WebSocket-Protocol
    pub protocol: ws_bytes,
    /// Sec-WebSocket-Extensions
    pub extensions: ws_bytes,
    /// The Sec-WebSocket-Key that was sent.
    pub key: ws_bytes,
    /// The Sec-WebSocket-Protocol that was sent.
    pub offered_protocols: ws_bytes,
    /// The Sec-WebSocket-Extensions that was sent.
    pub offered_extensions: ws_bytes,
    /// The version of the response: 10, 11, 20 or 30.
    pub http_version: u32,
    /// The status of the response.
    pub status: u16,
    /// 0
    pub reserved: u16,
}

/// Client: checks a response that an HTTP library has parsed (RFC 6455, 4.1). Returns WS_OK or an
/// error. Whitespace around a value is ignored. The first failure is returned:
///
///     1. WS_ERR_INVALID_ARGUMENT: another http_version; an invalid key;
///        malformed offered_extensions; a control character in what was sent
///     2. WS_ERR_HTTP_SYNTAX: a control character other than a tab in a value
///        of the response
///     3. WS_ERR_HANDSHAKE_STATUS: not 101; over HTTP/2 and HTTP/3 not 2xx
///     4. WS_ERR_HTTP_VERSION: http_version is 10
///     5. WS_ERR_HANDSHAKE_ACCEPT
///     6. WS_ERR_HANDSHAKE_PROTOCOL
///     7. WS_ERR_EXTENSION: malformed, not offered, or confirmed twice
///
/// For HTTP/2 and HTTP/3, `upgrade`, `connection`, `accept` and `key` are ignored.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_check_response(
    fields: *const ws_response_fields,
    fields_size: usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract, for the fields' own pointers too.
    result_of(|| unsafe {
        let fields = ptr::extensible(fields, fields_size)?;
        let parsed = ParsedResponse {
            upgrade: fields.upgrade.value()?,
            connection: fields.connection.value()?,
            accept: fields.accept.value()?,
            protocol: fields.protocol.value()?,
            extensions: fields.extensions.value()?,
            key: fields.key.value()?,
            offered_protocols: fields.offered_protocols.value()?,
            offered_extensions: fields.offered_extensions.value()?,
            http: Http::from_number(fields.http_version)?,
            status: fields.status,
        };
        zero(fields.reserved.into())?;
        parsed.check().map(|()| 0)
    })
}

/// A reserved member must be 0.
fn zero(reserved: u32) -> Result<()> {
    if reserved == 0 { Ok(()) } else { Err(Error::InvalidArgument) }
}
