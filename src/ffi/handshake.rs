//! Opening handshake

use super::answer;
use super::ptr::{self, Extensible};
use super::result::ws_result;
use crate::error::{Error, Result};
use crate::handshake::headers::{self, MAX_FIELDS, MAX_HEAD};
use crate::handshake::key::{ACCEPT_LEN, KEY_LEN, Key};
use crate::handshake::names::Name;
use crate::handshake::values::Values;
use crate::handshake::{build, origin, protocols, reply, request, response};
use crate::output::{self, Room};
use core::ffi::{c_int, c_void};

/// Length of a Sec-WebSocket-Key: base64 of 16 bytes.
pub const WS_KEY_LEN: usize = 24;
/// Length of a Sec-WebSocket-Accept: base64 of 20 bytes.
pub const WS_ACCEPT_LEN: usize = 28;
/// Longest request or response head, in bytes. (WS_MAX_HEADER is about frames.)
pub const WS_MAX_HEAD: usize = 65536;
/// Most fields of a head.
pub const WS_MAX_FIELDS: usize = 256;

const _: () = assert!(WS_KEY_LEN == KEY_LEN && WS_ACCEPT_LEN == ACCEPT_LEN);
const _: () = assert!(WS_MAX_HEAD == MAX_HEAD && WS_MAX_FIELDS == MAX_FIELDS);

/// Writes the WS_ACCEPT_LEN characters that answer `key` (no NUL; RFC 6455, 4.2.2). The key
/// must be 24 characters, the base64 of 16 bytes, else WS_ERR_HANDSHAKE_KEY. (The bits of its
/// last character that belong to no byte may be set, as in the example of RFC 6455, 4.1.)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_accept_key(
    key: *const c_void,
    key_len: usize,
    out: *mut c_void,
    out_cap: usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    answer(|| unsafe {
        let (key, out) = (ptr::bytes(key, key_len)?, ptr::output(out, out_cap)?);
        let (key, to) = (Key::parse(key)?, out.first_chunk_mut());
        Room::write(to.ok_or(Error::BufferTooSmall)?, &key.accept());
        Ok(ACCEPT_LEN)
    })
}

/// A piece of the buffer that you passed in. {0, 0} if it is not there; len is 0 and off is
/// not if it is there and empty. Frozen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct ws_span {
    /// Where it starts in the buffer.
    pub off: u32,
    /// Its length in bytes.
    pub len: u32,
}

impl ws_span {
    /// Where `piece` lies in `buf`.
    pub(super) fn of(piece: Option<&[u8]>, buf: &[u8]) -> Result<ws_span> {
        let Some(piece) = piece else { return Ok(ws_span::default()) };
        let off = piece.as_ptr().addr().wrapping_sub(buf.as_ptr().addr());
        Ok(ws_span { off: span_u32(off)?, len: span_u32(piece.len())? })
    }

    /// Where a piece of `buf` lies that was looked for. Returns 1, or 0 if there is none.
    fn fill(&mut self, found: Option<&[u8]>, buf: &[u8]) -> Result<usize> {
        *self = ws_span::of(found, buf)?;
        Ok(found.is_some().into())
    }
}

/// Fails only for a list that the caller passed and that is 4 GiB long.
pub(super) fn span_u32(number: usize) -> Result<u32> {
    u32::try_from(number).map_err(|_| Error::InvalidArgument)
}

/// A client's opening request. Extensible.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct ws_handshake {
    /// "GET", for an upgrade.
    pub method: ws_span,
    /// "/chat?room=1"
    pub target: ws_span,
    /// "example.com:8080"; of a target in absolute form, the one there
    pub host: ws_span,
    /// A browser always sends it: ws_origin_allowed()
    pub origin: ws_span,
    /// Sec-WebSocket-Key, already checked.
    pub key: ws_span,
    /// Of the whole head, empty line included.
    pub head_len: u32,
    /// The digits of the request line: 11 is HTTP/1.1
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

/// Server: parses a request (RFC 6455, 4.2.1). Returns the length of its head, up to and
/// including the empty line (the bytes after it are the first frames), 0 if the empty line is
/// not there yet, or an error: at once for a complete line that is malformed, and for a head
/// beyond WS_MAX_HEAD bytes or WS_MAX_FIELDS fields. (If 0 fills your own, smaller buffer, that
/// is WS_ERR_HTTP_TOO_LARGE too.) One empty line before the request line is skipped; it counts in
/// head_len. For a head that arrives in many pieces, call ws_head_length() first.
///
/// It is an upgrade if Upgrade lists "websocket" and Connection lists "upgrade". Else the
/// result is WS_ERR_NOT_UPGRADE and *hs is filled: an ordinary HTTP request for you to answer,
/// its `key` unchecked. What is wrong is reported in this order: SYNTAX, NOT_UPGRADE; and of an
/// upgrade SYNTAX again (two Origins, a Transfer-Encoding, a Content-Length above 0, a target
/// that is neither a path nor an absolute URI of http, https, ws or wss, or has a fragment or
/// user information), METHOD, HTTP_VERSION, HOST, VERSION, KEY, EXTENSION; *hs is then zero.
///
/// A field that came more than once is judged as if its values had come in one line, joined with
/// ", " (RFC 9110, 5.3). A Sec-WebSocket-Extensions that is malformed anywhere is EXTENSION (RFC
/// 6455, 9.1); an empty one is as good as none. With a target in absolute form, Host must name the same host and port.
/// The target may hold UTF-8 that is not percent-encoded.
///
///     ws_handshake hs;
///     ws_result n = ws_parse_handshake(buf, len, &hs, sizeof hs);
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_parse_handshake(
    buf: *const c_void,
    len: usize,
    hs: *mut ws_handshake,
    hs_size: usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    answer(|| unsafe {
        let hs = Extensible::zeroed(hs, hs_size)?;
        let buf = ptr::bytes(buf, len)?;
        let Some(request) = request::parse(buf)? else { return Ok(0) };
        hs.set(ws_handshake::of(&request, buf)?);
        request.verdict.map(|_| request.head_len)
    })
}

/// Length of the head at the start of `buf`, of a request or a response, once its empty line is
/// there, else 0. Looks only at what is new, so that a head that arrives in many pieces takes
/// linear work: *scanned is 0 at first, and then as this function left it. `buf` may move and
/// grow, but what was scanned stays (else start again at 0); a `len` below *scanned is
/// WS_ERR_INVALID_ARGUMENT. WS_ERR_HTTP_TOO_LARGE beyond WS_MAX_HEAD; WS_ERR_HTTP_SYNTAX at once
/// for a control character that no head has (TLS, a bare LF). Nothing else is checked, and no
/// other function relies on the result.
///
///     size_t scanned = 0;
///     do len += more(buf + len);
///     while ((n = ws_head_length(buf, len, &scanned)) == 0);
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_head_length(
    buf: *const c_void,
    len: usize,
    scanned: *mut usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    answer(|| unsafe {
        let (scanned, buf) = (ptr::one_mut(scanned)?, ptr::bytes(buf, len)?);
        headers::head_length(buf, scanned).map(Option::unwrap_or_default)
    })
}

/// Walks the header fields of a complete head, e.g. for cookies or for a field that came more
/// than once. Start with *pos == 0. Returns 1 and fills name and value, 0 after the last one,
/// or an error: WS_ERR_HTTP_SYNTAX, WS_ERR_HTTP_TOO_LARGE, or WS_ERR_INVALID_ARGUMENT if the
/// head has no empty line at its end, or *pos is not from this function.
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
    answer(|| unsafe {
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

/// Finds the first field of a name (case is ignored) in a complete head. Returns 1, or 0 if
/// there is none; errors as for ws_next_header().
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
    answer(|| unsafe {
        let value = ptr::output_one(value)?.write(ws_span::default());
        let (head, name) = (ptr::bytes(head, head_len)?, ptr::bytes(name, name_len)?);
        let found = headers::find(head, name)?;
        value.fill(found, head)
    })
}

/// Picks the subprotocol to speak (RFC 6455, 11.3.4): the first in `supported` ("chat,
/// superchat": your order of preference) that the client's head offers, in however many
/// fields. Returns 1 and fills *chosen (a piece of `supported`), or 0; errors as for
/// ws_next_header(), and WS_ERR_INVALID_ARGUMENT if `supported` is no list of tokens.
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

/// The same from the value of Sec-WebSocket-Protocol (all of its values, joined with ", ").
/// (NULL, 0): the field did not come. What is no token in `offered` is passed over.
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
    // SAFETY: the caller's promise is passed on.
    answer(|| unsafe {
        let chosen = ptr::output_one(chosen)?.write(ws_span::default());
        let supported = ptr::bytes(supported, supported_len)?;
        let selected = protocols::select(&offered()?, supported)?;
        chosen.fill(selected, supported)
    })
}

/// Compares a browser's Origin with those you allow ("https://a.example
/// https://b.example:8443", separated by spaces). Whole origins only: scheme and host without
/// regard to case, and the port, which the scheme may imply; there are no wildcards. 1 if it is
/// one of them; 0 for everything else: "null", malformed text, what has no scheme, an entry with a
/// trailing slash or a comma, invalid arguments. "file://" may be listed. (ws_conn_accept() and
/// ws_check_request() refuse a list with an entry that could never match.)
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
    pub(super) const NONE: ws_bytes = ws_bytes { data: core::ptr::null(), len: 0 };

    /// None if it is {NULL, 0}.
    ///
    /// # Safety
    /// The pointer contract.
    pub(super) unsafe fn value<'a>(self) -> Result<Option<&'a [u8]>> {
        // SAFETY: the caller's promise is passed on.
        let bytes = unsafe { self.get() }?;
        Ok((!self.data.is_null()).then_some(bytes))
    }

    /// # Safety
    /// The pointer contract.
    pub(super) unsafe fn get<'a>(self) -> Result<&'a [u8]> {
        // SAFETY: the caller's promise is passed on.
        unsafe { ptr::bytes(self.data, self.len) }
    }
}

/// What to put into an answer. Zero it, fill what you need. Extensible.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ws_response_spec {
    /// The client's Sec-WebSocket-Key; required.
    pub key: ws_bytes,
    /// Chosen subprotocol, or empty.
    pub protocol: ws_bytes,
    /// Chosen extensions, or empty.
    pub extensions: ws_bytes,
    /// Further complete "Name: value\r\n" lines, or empty.
    pub headers: ws_bytes,
}

/// Server: writes "HTTP/1.1 101 Switching Protocols" and its header fields, with the one empty
/// line that ends them (RFC 6455, 4.2.2).
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_build_response(
    spec: *const ws_response_spec,
    spec_size: usize,
    out: *mut c_void,
    out_cap: usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract, for the spec's own pointers too.
    answer(|| unsafe {
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

/// Server: writes a whole response that is not an upgrade, with Content-Length and Connection:
/// close; a 426 says "Connection: Upgrade, close", "Upgrade: websocket" and Sec-WebSocket-Version: 13
/// (RFC 9110, 7.8), a 405 says Allow: GET unless `headers` does. status: 200..599; `headers` are
/// complete lines. Close the connection after it.
///
/// `headers` may have one Content-Length, a decimal number: then `body` must be empty, and
/// follows in pieces, or never, as in response to HEAD. A 204 takes neither a body nor
/// Content-Length, a 205 no body and no Content-Length but 0, a 304 no body; a 204 and a 304 get
/// no Content-Length of ours.
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
    answer(|| unsafe {
        let (headers, body) =
            (ptr::bytes(headers, headers_len)?, ptr::bytes(body, body_len)?);
        reply::build(status, headers, body, ptr::output(out, out_cap)?)
    })
}

/// Client: writes a fresh random key of WS_KEY_LEN characters. WS_ERR_RANDOM if the operating
/// system has no randomness.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_make_key(out: *mut c_void, out_cap: usize) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    answer(|| unsafe {
        let out = ptr::output(out, out_cap)?;
        output::write_all(&[&[Key::random()?.as_bytes()]], out)
    })
}

/// What to put into an opening request. Zero it, fill what you need. Extensible.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ws_request_spec {
    /// "example.com" or "example.com:8080"; required.
    pub host: ws_bytes,
    /// "/chat"; required.
    pub target: ws_bytes,
    /// 16 random bytes in base64, e.g. from ws_make_key(); required.
    pub key: ws_bytes,
    /// "https://example.com", or empty.
    pub origin: ws_bytes,
    /// "chat, superchat", or empty.
    pub protocols: ws_bytes,
    /// Extensions to offer, or empty.
    pub extensions: ws_bytes,
    /// Further complete "Name: value\r\n" lines, or empty.
    pub headers: ws_bytes,
}

/// Client: writes the opening request (RFC 6455, 4.1). Like every builder here it refuses with
/// WS_ERR_INVALID_ARGUMENT a bad key, whatever would smuggle in another header, and `headers`
/// with one that is the builder's: Upgrade, Connection, Sec-WebSocket-*, Content-Length (but for
/// ws_build_reply()), Transfer-Encoding, and here Host; Origin only if `origin` is set. A head
/// that nobody would read, beyond WS_MAX_HEAD bytes or 240 such lines, is refused too. The target
/// is a path, or an absolute URI of http or https with the host of `host`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_build_request(
    spec: *const ws_request_spec,
    spec_size: usize,
    out: *mut c_void,
    out_cap: usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract, for the spec's own pointers too.
    answer(|| unsafe {
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

/// A server's answer. Extensible.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct ws_response {
    /// Chosen by the server: the value of the first Sec-WebSocket-Protocol.
    pub protocol: ws_span,
    /// Confirmed by the server: the value of the first Sec-WebSocket-Extensions.
    pub extensions: ws_span,
    /// Of the whole head, empty line included.
    pub head_len: u32,
    /// Set even when it is not 101.
    pub status: u16,
    /// The digits of the status line: 11 is HTTP/1.1
    pub http_version: u16,
    /// "Switching Protocols"; often empty
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

/// Client: parses an answer and checks it against the request that was sent (the bytes that
/// ws_build_request() wrote: key, subprotocols and extensions are read from there). Result as
/// for ws_parse_handshake(), errors in this order: SYNTAX, STATUS, HTTP_VERSION, ACCEPT,
/// PROTOCOL, EXTENSION (malformed, not offered, or confirmed twice). With STATUS *response is
/// filled; a caller may skip head_len bytes of a 1xx. Content-Length and Transfer-Encoding of a
/// 101 mean nothing (RFC 9112, 6.3).
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
    answer(|| unsafe {
        let filled = Extensible::zeroed(response, response_size)?;
        let (buf, request) = (ptr::bytes(buf, len)?, ptr::bytes(request, request_len)?);
        let request = request::parse_sent(request)?;
        let Some(response) = response::parse(buf, &request)? else { return Ok(0) };
        filled.set(ws_response::of(&response, buf)?);
        if response.status == 101 {
            Ok(response.head_len)
        } else {
            Err(Error::HandshakeStatus)
        }
    })
}
