//! Opening handshake, from fields that an HTTP library has parsed

use super::handshake::ws_bytes;
use super::result::ws_result;
use super::{answer, ptr};
use crate::error::{Error, Result};
use crate::handshake::parsed::{Http, ParsedRequest, ParsedResponse};

/// A request that an HTTP library has parsed. Zero it, fill what came. {NULL, 0}: the field did
/// not come; {not NULL, 0}: it came and was empty. Extensible.
///
/// Pass a field that came more than once as all of its values, joined with ", " (RFC 9110, 5.3),
/// never as the first of them: a second Host, key, version, Origin or Content-Length is refused
/// by its comma. The functions that take heads judge the same combined value.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ws_request_fields {
    /// "GET"; "CONNECT" in HTTP/2 and HTTP/3
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
    /// Content-Length: a body would be read as frames.
    pub content_length: ws_bytes,
    /// Transfer-Encoding: likewise.
    pub transfer_encoding: ws_bytes,
    /// :protocol of HTTP/2 and HTTP/3 (RFC 8441, RFC 9220); not Sec-WebSocket-Protocol
    pub connect_protocol: ws_bytes,
    /// Yours: the Origins that you allow, as in ws_accept_spec; {NULL, 0}: any
    pub origins: ws_bytes,
    /// How the request came: 10, 11, 20 or 30
    pub http_version: u32,
    /// 0
    pub reserved: u32,
}

/// Server: judges a request that an HTTP library has parsed (RFC 6455, 4.2.1). WS_OK, or an
/// error. What is wrong is reported as by ws_parse_handshake(), and in the same order: SYNTAX for
/// a control character other than a tab in a value, NOT_UPGRADE, SYNTAX (Origin,
/// Transfer-Encoding, Content-Length), METHOD, HTTP_VERSION, HOST, VERSION, KEY, EXTENSION; then
/// WS_ERR_HANDSHAKE_ORIGIN. The target is the library's to check. Whitespace around a value is
/// ignored. WS_ERR_INVALID_ARGUMENT for another `http_version`, and for `origins` as in
/// ws_accept_spec.
///
/// From http_version 20 on, `upgrade`, `connection`, `key`, `content_length` and
/// `transfer_encoding` are ignored.
/// NOT_UPGRADE: no `connect_protocol`, or one that is not "websocket" in any case; METHOD: not
/// CONNECT. The response is the library's to send: a 200 without Sec-WebSocket-Accept, or
/// ws_http_status(), where a 426 becomes a 400 with "sec-websocket-version: 13" (HTTP/2 has no
/// Upgrade), or a 501 for another :protocol. Then comes ws_conn_new() with WS_SERVER: frames are
/// the same, and masked likewise. END_STREAM is the peer's end (ws_conn_finish()); a failed
/// connection ends with RST_STREAM(CANCEL) (RFC 8441, 5).
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_check_request(
    fields: *const ws_request_fields,
    fields_size: usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract, for the fields' own pointers too.
    answer(|| unsafe {
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

/// A response that an HTTP library has parsed, and what was sent. Zero it, fill what came and
/// what was sent; NULL and empty as above. Extensible.
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
    /// The Sec-WebSocket-Key that was sent
    pub key: ws_bytes,
    /// The Sec-WebSocket-Protocol that was sent
    pub offered_protocols: ws_bytes,
    /// The Sec-WebSocket-Extensions that was sent
    pub offered_extensions: ws_bytes,
    /// How the response came: 10, 11, 20 or 30
    pub http_version: u32,
    /// Of the response
    pub status: u16,
    /// 0
    pub reserved: u16,
}

/// Client: judges a response that an HTTP library has parsed (RFC 6455, 4.1). WS_OK, or the
/// error of ws_parse_response(), in the same order: SYNTAX for a control character other than a
/// tab in a value that came, STATUS, HTTP_VERSION, ACCEPT, PROTOCOL, EXTENSION. Whitespace around
/// a value is ignored. WS_ERR_INVALID_ARGUMENT for another `http_version`, and for what was sent:
/// a `key` that is not valid, malformed `offered_extensions`, a control character.
///
/// Over HTTP/1.1 the status must be 101. From http_version 20 on it may be any 2xx, and
/// `upgrade`, `connection`, `accept` and `key` are not looked at.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_check_response(
    fields: *const ws_response_fields,
    fields_size: usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract, for the fields' own pointers too.
    answer(|| unsafe {
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

/// What is reserved must be 0.
fn zero(reserved: u32) -> Result<()> {
    if reserved == 0 { Ok(()) } else { Err(Error::InvalidArgument) }
}
