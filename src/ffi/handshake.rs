//! Opening handshake

use super::result::ws_result;
use super::{ptr, result_of};
use crate::error::{Error, Result};
use crate::handshake::headers::{self, MAX_FIELDS, MAX_HEAD};
use crate::handshake::key::{ACCEPT_LEN, KEY_LEN, Key};
use crate::handshake::names::Name;
use crate::handshake::values::Values;
use crate::handshake::{build, origin, protocols, reply, request, response};
use crate::output;
use crate::simd::OutByte;
use core::ffi::{c_int, c_void};

/// Length of a Sec-WebSocket-Key: the base64 of 16 bytes.
pub const WS_KEY_LEN: usize = 24;
/// Length of a Sec-WebSocket-Accept: the base64 of 20 bytes.
pub const WS_ACCEPT_LEN: usize = 28;
/// Longest request or response head, in bytes. (WS_MAX_HEADER is for frames.)
pub const WS_MAX_HEAD: usize = 65536;
/// Largest number of header fields in a head.
pub const WS_MAX_FIELDS: usize = 256;

const _: () = assert!(WS_KEY_LEN == KEY_LEN && WS_ACCEPT_LEN == ACCEPT_LEN);
const _: () = assert!(WS_MAX_HEAD == MAX_HEAD && WS_MAX_FIELDS == MAX_FIELDS);

/// Computes the Sec-WebSocket-Accept value for `key` (RFC 6455, 4.2.2): WS_ACCEPT_LEN characters,
/// without a NUL. Returns WS_ACCEPT_LEN. `key` must be WS_KEY_LEN characters, the base64 of 16
/// bytes, else the result is WS_ERR_HANDSHAKE_KEY. (The unused low bits of its last character may
/// be set, as in the example of RFC 6455, 4.1.)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_accept_key(
    key: *const c_void,
    key_len: usize,
    out: *mut c_void,
    out_cap: usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    result_of(|| unsafe {
        let (key, out) = (ptr::bytes(key, key_len)?, ptr::output(out, out_cap)?);
        let (key, to) = (Key::parse(key)?, out.first_chunk_mut());
        OutByte::write(to.ok_or(Error::BufferTooSmall)?, &key.accept());
        Ok(ACCEPT_LEN)
    })
}

/// A range of the buffer you passed in. Absent: {0, 0}. Present but empty: only len is 0. Frozen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct ws_span {
    /// Where the range starts in the buffer.
    pub off: u32,
    /// Its length in bytes.
    pub len: u32,
}

impl ws_span {
    /// The position of `range`, which is part of `buf`.
    pub(super) fn of(range: Option<&[u8]>, buf: &[u8]) -> Result<ws_span> {
        let Some(range) = range else { return Ok(ws_span::default()) };
        let off = range.as_ptr().addr().wrapping_sub(buf.as_ptr().addr());
        Ok(ws_span { off: span_u32(off)?, len: span_u32(range.len())? })
    }

    /// Fills the position of `found`, which is part of `buf`. Returns 1, or 0 if there is none.
    fn fill(&mut self, found: Option<&[u8]>, buf: &[u8]) -> Result<usize> {
        *self = ws_span::of(found, buf)?;
        Ok(found.is_some().into())
    }
}

/// Fails only for a list that the caller passed and that is 4 GiB long.
pub(super) fn span_u32(number: usize) -> Result<u32> {
    u32::try_from(number).map_err(|_| Error::InvalidArgument)
}

/// A client's opening request, as ws_parse_handshake() reads it. (ws_response is a server's
/// response.) Extensible.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct ws_handshake {
    /// "GET" for an upgrade.
    pub method: ws_span,
    /// "/chat?room=1"
    pub target: ws_span,
    /// "example.com:8080"; if the target is in absolute form, the host in the target.
    pub host: ws_span,
    /// Always sent by browsers; check it with ws_origin_allowed().
    pub origin: ws_span,
    /// Sec-WebSocket-Key; valid in an upgrade.
    pub key: ws_span,
    /// Length of the head in bytes, including the empty line.
    pub head_len: u32,
    /// The digits of the version: 11 is HTTP/1.1.
    pub http_version: u32,
}

impl ws_handshake {
    fn of(request: &request::Request<'_>, buf: &[u8]) -> Result<ws_handshake> {
        Ok(ws_handshake {
            method: ws_span::of(Some(request.method), buf)?,
            target: ws_span::of(Some(request.target), buf)?,
            host: ws_span::of(request.host, buf)?,
            origin: ws_span::of(request.origin, buf)?,
            key: ws_span::of(request.key, buf)?,
            head_len: span_u32(request.head_len)?,
            http_version: request.http_version.into(),
        })
    }
}

/// Server: parses the opening request (RFC 6455, 4.2.1) at the start of `buf`. Returns the length
/// of the request's head, after which the first frames start; 0 if the head is incomplete; or an
/// error. *hs is zeroed unless the result is above 0 or WS_ERR_NOT_UPGRADE.
///
///     ws_handshake hs;
///     ws_result n = ws_parse_handshake(buf, len, &hs, sizeof hs);
///
/// A request is an upgrade if Upgrade lists "websocket" and Connection lists "upgrade". Any other
/// is WS_ERR_NOT_UPGRADE: an ordinary HTTP request, left to you. *hs is filled, its `key`
/// unchecked.
///
/// WS_ERR_HTTP_SYNTAX is returned as soon as a malformed line is complete, and
/// WS_ERR_HTTP_TOO_LARGE as soon as the head exceeds WS_MAX_HEAD bytes or WS_MAX_FIELDS fields. A
/// complete head is checked in this order, and the first failure is returned:
///
///     1. WS_ERR_NOT_UPGRADE
///     2. WS_ERR_HTTP_SYNTAX: two Origins; a Transfer-Encoding; a Content-Length
///        other than 0; a target that is neither a path nor an absolute URI of
///        http, https, ws or wss, or that has a fragment or user information
///     3. WS_ERR_HTTP_METHOD
///     4. WS_ERR_HTTP_VERSION
///     5. WS_ERR_HANDSHAKE_HOST
///     6. WS_ERR_HANDSHAKE_VERSION
///     7. WS_ERR_HANDSHAKE_KEY
///     8. WS_ERR_EXTENSION
///
/// A repeated field is judged as if its values had been sent in one line, joined with commas (RFC
/// 9110, 5.3). A Sec-WebSocket-Extensions that is malformed anywhere is WS_ERR_EXTENSION (RFC 6455,
/// 9.1); an empty one counts as absent. If the target is in absolute form, Host must name the same
/// host and port. The target may contain UTF-8 that is not percent-encoded. One empty line before
/// the request line is skipped, and counts in head_len.
///
/// If your buffer is smaller than WS_MAX_HEAD and full when 0 is returned, treat that as
/// WS_ERR_HTTP_TOO_LARGE. If a head arrives in many reads, call ws_head_length() first.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_parse_handshake(
    buf: *const c_void,
    len: usize,
    hs: *mut ws_handshake,
    hs_size: usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    result_of(|| unsafe {
        let hs = ptr::extensible_output(hs, hs_size)?;
        let buf = ptr::bytes(buf, len)?;
        let Some(request) = request::parse(buf)? else { return Ok(0) };
        hs.write(ws_handshake::of(&request, buf)?);
        request.verdict.map(|_| request.head_len)
    })
}

/// Returns the length of the request or response head at the start of `buf`, including its empty
/// line; 0 while the empty line has not arrived. Scans only new bytes, so a head that arrives in
/// many reads takes linear time. Set *scanned to 0 before the first call; then pass it as the last
/// call left it. `buf` may move and grow between calls, but the bytes already scanned must not
/// change.
///
///     size_t scanned = 0;
///     do len += more(buf + len);
///     while ((n = ws_head_length(buf, len, &scanned)) == 0);
///
/// Returns WS_ERR_HTTP_TOO_LARGE beyond WS_MAX_HEAD bytes, WS_ERR_INVALID_ARGUMENT if `len` is
/// below *scanned, and WS_ERR_HTTP_SYNTAX as soon as a control character arrives that no head
/// contains (from TLS, or a bare LF). It checks nothing else, and no other function relies on its
/// result.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_head_length(
    buf: *const c_void,
    len: usize,
    scanned: *mut usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    result_of(|| unsafe {
        let (scanned, buf) = (ptr::one_mut(scanned)?, ptr::bytes(buf, len)?);
        headers::head_length(buf, scanned).map(Option::unwrap_or_default)
    })
}

/// Reads the next header field of a complete head, e.g. to find cookies or every value of a
/// repeated field. Set *pos to 0 before the first call. Returns 1 and fills *name and *value, or 0
/// after the last field. Errors: WS_ERR_HTTP_SYNTAX; WS_ERR_HTTP_TOO_LARGE; WS_ERR_INVALID_ARGUMENT
/// if the head is incomplete, or *pos is neither 0 nor from this function.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_next_header(
    head: *const c_void,
    head_len: usize,
    pos: *mut usize,
    name: *mut ws_span,
    value: *mut ws_span,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    result_of(|| unsafe {
        let name = ptr::output_one(name).map(|name| name.write(ws_span::default()));
        let value = ptr::output_one(value).map(|value| value.write(ws_span::default()));
        let (name, value) = (name?, value?);
        let (pos, head) = (ptr::one_mut(pos)?, ptr::bytes(head, head_len)?);
        let Some(field) = headers::field_at(head, pos)? else { return Ok(0) };
        *name = ws_span::of(Some(field.name), head)?;
        *value = ws_span::of(Some(field.value), head)?;
        Ok(1)
    })
}

/// Finds a header field by its name (case-insensitive) in a complete head. Returns 1 and fills
/// *value with that of the first such field, or 0 if there is none. Errors as for ws_next_header().
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_find_header(
    head: *const c_void,
    head_len: usize,
    name: *const c_void,
    name_len: usize,
    value: *mut ws_span,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    result_of(|| unsafe {
        let value = ptr::output_one(value)?.write(ws_span::default());
        let (head, name) = (ptr::bytes(head, head_len)?, ptr::bytes(name, name_len)?);
        let found = headers::find(head, name)?;
        value.fill(found, head)
    })
}

/// Server: selects the subprotocol (RFC 6455, 11.3.4): the first in `supported` that the client's
/// head offers, in any number of fields. `supported` is a list such as "chat, superchat", most
/// preferred first. Returns 1 and fills *chosen (a range of `supported`), or 0 if none is offered.
/// Errors as for ws_next_header(), and WS_ERR_INVALID_ARGUMENT if `supported` is not a list of
/// distinct tokens.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_select_protocol(
    head: *const c_void,
    head_len: usize,
    supported: *const c_void,
    supported_len: usize,
    chosen: *mut ws_span,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    unsafe {
        let offered =
            || Values::in_head(ptr::bytes(head, head_len)?, Name::SecWebSocketProtocol);
        select_protocol(offered, supported, supported_len, chosen)
    }
}

/// Server: selects the subprotocol as ws_select_protocol() does, from the value of
/// Sec-WebSocket-Protocol. `offered` is the value, or all values joined with commas; (NULL, 0) if
/// the field is absent. Elements of `offered` that are not tokens are ignored.
/// WS_ERR_INVALID_ARGUMENT if `supported` is not a list of distinct tokens.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_select_protocol_value(
    offered: *const c_void,
    offered_len: usize,
    supported: *const c_void,
    supported_len: usize,
    chosen: *mut ws_span,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    unsafe {
        let offered = || Ok(Values::one(Some(ptr::bytes(offered, offered_len)?)));
        select_protocol(offered, supported, supported_len, chosen)
    }
}

/// # Safety
/// The pointer contract.
unsafe fn select_protocol<'a>(
    offered: impl FnOnce() -> Result<Values<'a>>,
    supported: *const c_void,
    supported_len: usize,
    chosen: *mut ws_span,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    result_of(|| unsafe {
        let chosen = ptr::output_one(chosen)?.write(ws_span::default());
        let supported = ptr::bytes(supported, supported_len)?;
        let selected = protocols::select(&offered()?, supported)?;
        chosen.fill(selected, supported)
    })
}

/// Server: checks whether a browser's Origin is allowed. `allowed` is a list, e.g.
/// "https://a.example https://b.example:8443", separated by spaces. Returns 1 if the Origin is in
/// it, else 0. Whole origins are compared: scheme and host case-insensitively, and the port, which
/// the scheme may imply. There are no wildcards. "file://" may be listed. Returns 0 for "null",
/// malformed text, text without a scheme, and invalid arguments; an entry with a trailing slash or
/// a comma matches nothing. (ws_conn_accept() and ws_check_request() reject a list with an entry
/// that can never match.)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_origin_allowed(
    origin: *const c_void,
    origin_len: usize,
    allowed: *const c_void,
    allowed_len: usize,
) -> c_int {
    // SAFETY: the caller keeps the pointer contract.
    unsafe {
        match (ptr::bytes(origin, origin_len), ptr::bytes(allowed, allowed_len)) {
            (Ok(origin), Ok(allowed)) => origin::is_allowed(origin, allowed).into(),
            _ => 0,
        }
    }
}

/// Bytes that you pass in. Frozen.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ws_bytes {
    /// NULL only with a length of 0.
    pub data: *const c_void,
    /// In bytes.
    pub len: usize,
}

impl ws_bytes {
    /// None if it is {NULL, 0}.
    ///
    /// # Safety
    /// The pointer contract.
    pub(super) unsafe fn value<'a>(self) -> Result<Option<&'a [u8]>> {
        // SAFETY: the caller keeps the pointer contract.
        let bytes = unsafe { self.get() }?;
        Ok((!self.data.is_null()).then_some(bytes))
    }

    /// # Safety
    /// The pointer contract.
    pub(super) unsafe fn get<'a>(self) -> Result<&'a [u8]> {
        // SAFETY: the caller keeps the pointer contract.
        unsafe { ptr::bytes(self.data, self.len) }
    }
}

/// The contents of a 101 response. Zero it, then set the members you need. Extensible.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ws_response_spec {
    /// The client's Sec-WebSocket-Key; required.
    pub key: ws_bytes,
    /// The chosen subprotocol, or empty.
    pub protocol: ws_bytes,
    /// The chosen extensions, or empty.
    pub extensions: ws_bytes,
    /// Additional complete "Name: value\r\n" lines, or empty.
    pub headers: ws_bytes,
}

/// Server: writes the 101 response that accepts the connection (RFC 6455, 4.2.2), up to and
/// including its empty line. (ws_build_reply() writes every other response.) Returns the length of
/// the response. Invalid contents are WS_ERR_INVALID_ARGUMENT: see ws_build_request().
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_build_response(
    spec: *const ws_response_spec,
    spec_size: usize,
    out: *mut c_void,
    out_cap: usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract, also for the pointers in the spec.
    result_of(|| unsafe {
        let spec = ptr::extensible(spec, spec_size)?;
        let spec = build::ResponseSpec {
            key: spec.key.get()?,
            protocol: spec.protocol.get()?,
            extensions: spec.extensions.get()?,
            headers: spec.headers.get()?,
        };
        build::response(&spec, ptr::output(out, out_cap)?)
    })
}

/// Server: writes a complete response other than a 101, with body, Content-Length and "Connection:
/// close"; close the connection after it. (ws_build_response() writes a 101.) Returns the length of
/// the response. status: 200..599. `headers` are complete lines as in ws_response_spec. A 426 gets
/// "Connection: Upgrade, close", "Upgrade: websocket" and "Sec-WebSocket-Version: 13" (RFC 9110,
/// 7.8); a 405 gets "Allow: GET" unless `headers` has Allow.
///
/// `headers` may contain one Content-Length, a decimal number. Then `body` must be empty: you send
/// the body yourself, or none, as in a response to HEAD. A 204 must have neither body nor
/// Content-Length; a 205 no body and no Content-Length but 0; a 304 no body. No Content-Length is
/// added to a 204 or a 304. A violation of these rules is WS_ERR_INVALID_ARGUMENT, as is anything
/// that ws_build_request() refuses.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_build_reply(
    status: u16,
    headers: *const c_void,
    headers_len: usize,
    body: *const c_void,
    body_len: usize,
    out: *mut c_void,
    out_cap: usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    result_of(|| unsafe {
        let (headers, body) =
            (ptr::bytes(headers, headers_len)?, ptr::bytes(body, body_len)?);
        reply::build(status, headers, body, ptr::output(out, out_cap)?)
    })
}

/// Client: writes a new random Sec-WebSocket-Key: WS_KEY_LEN characters, without a NUL. Returns
/// WS_KEY_LEN. WS_ERR_RANDOM if the system's random generator fails.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_make_key(out: *mut c_void, out_cap: usize) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    result_of(|| unsafe {
        let out = ptr::output(out, out_cap)?;
        output::write_all(&[&[Key::random()?.as_bytes()]], out)
    })
}

/// The contents of an opening request. Zero it, then set the members you need. Extensible.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ws_request_spec {
    /// "example.com" or "example.com:8080"; required.
    pub host: ws_bytes,
    /// "/chat", or an absolute URI of http or https with the host of `host`; required.
    pub target: ws_bytes,
    /// 16 random bytes in base64, e.g. from ws_make_key(); required.
    pub key: ws_bytes,
    /// "https://example.com", or empty.
    pub origin: ws_bytes,
    /// "chat, superchat", or empty.
    pub protocols: ws_bytes,
    /// Extensions to offer, or empty.
    pub extensions: ws_bytes,
    /// Additional complete "Name: value\r\n" lines, or empty.
    pub headers: ws_bytes,
}

/// Client: writes the opening request (RFC 6455, 4.1), up to and including its empty line. Returns
/// the length of the request. Keep the request: ws_parse_response() and ws_conn_confirm() check the
/// response against it.
///
/// Like ws_build_response() and ws_build_reply(), it returns WS_ERR_INVALID_ARGUMENT for invalid
/// contents: a key that is not the base64 of 16 bytes; anything that would inject a header field; a
/// head that would exceed WS_MAX_HEAD bytes, or more than 240 lines in `headers`, since this
/// library would refuse to read it; and `headers` with a field that the function writes itself:
///
///     all three            Sec-WebSocket-*, Upgrade, Connection,
///                          Transfer-Encoding
///     ws_build_request()   Host, Content-Length; Origin if origin is set
///     ws_build_response()  Content-Length
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_build_request(
    spec: *const ws_request_spec,
    spec_size: usize,
    out: *mut c_void,
    out_cap: usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract, also for the pointers in the spec.
    result_of(|| unsafe {
        let spec = ptr::extensible(spec, spec_size)?;
        let spec = build::RequestSpec {
            host: spec.host.get()?,
            target: spec.target.get()?,
            key: spec.key.get()?,
            origin: spec.origin.get()?,
            protocols: spec.protocols.get()?,
            extensions: spec.extensions.get()?,
            headers: spec.headers.get()?,
        };
        build::request(&spec, ptr::output(out, out_cap)?)
    })
}

/// A server's response to the opening request, as ws_parse_response() reads it. (ws_handshake is a
/// client's request.) Extensible.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct ws_response {
    /// Chosen by the server: the value of the first Sec-WebSocket-Protocol.
    pub protocol: ws_span,
    /// Confirmed by the server: the value of the first Sec-WebSocket-Extensions.
    pub extensions: ws_span,
    /// Length of the head in bytes, including the empty line.
    pub head_len: u32,
    /// Set even if it is not 101.
    pub status: u16,
    /// The digits of the version: 11 is HTTP/1.1.
    pub http_version: u16,
    /// "Switching Protocols"; often empty.
    pub reason: ws_span,
}

impl ws_response {
    pub(super) fn of(
        response: &response::Response<'_>,
        buf: &[u8],
    ) -> Result<ws_response> {
        Ok(ws_response {
            protocol: ws_span::of(response.protocol, buf)?,
            extensions: ws_span::of(response.first_extensions, buf)?,
            head_len: span_u32(response.head_len)?,
            status: response.status,
            http_version: response.http_version,
            reason: ws_span::of(response.reason, buf)?,
        })
    }
}

/// Client: parses the server's response and checks it against the request (RFC 6455, 4.1).
/// `request` is the head that ws_build_request() wrote: the response must match its key,
/// subprotocols and extensions. Returns the length of the response's head, after which the first
/// frames start; 0 if the head is incomplete; or an error. *response is zeroed unless the result is
/// above 0 or WS_ERR_HANDSHAKE_STATUS. After a 1xx other than 101, skip head_len bytes and parse
/// again.
///
/// WS_ERR_INVALID_ARGUMENT if `request` is not a valid upgrade. WS_ERR_HTTP_SYNTAX and
/// WS_ERR_HTTP_TOO_LARGE are returned as by ws_parse_handshake(). A complete head is checked in
/// this order, and the first failure is returned:
///
///     1. WS_ERR_HANDSHAKE_STATUS
///     2. WS_ERR_HTTP_VERSION
///     3. WS_ERR_HANDSHAKE_ACCEPT
///     4. WS_ERR_HANDSHAKE_PROTOCOL
///     5. WS_ERR_EXTENSION: malformed, not offered, or confirmed twice
///
/// Content-Length and Transfer-Encoding of a 101 are ignored (RFC 9112, 6.3).
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_parse_response(
    buf: *const c_void,
    len: usize,
    request: *const c_void,
    request_len: usize,
    response: *mut ws_response,
    response_size: usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    result_of(|| unsafe {
        let filled = ptr::extensible_output(response, response_size)?;
        let (buf, request) = (ptr::bytes(buf, len)?, ptr::bytes(request, request_len)?);
        let request = request::parse_sent(request)?;
        let Some(response) = response::parse(buf, &request)? else { return Ok(0) };
        filled.write(ws_response::of(&response, buf)?);
        if response.status == 101 {
            Ok(response.head_len)
        } else {
            Err(Error::HandshakeStatus)
        }
    })
}
