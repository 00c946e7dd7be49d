//! Opening handshake

use super::answer;
use super::ptr::{self, Extensible};
use super::result::ws_result;
use crate::error::{Error, Result};
use crate::handshake::accept::{ACCEPT_LEN, KEY_LEN, Key};
use crate::handshake::headers::{self, MAX_HEAD};
use crate::handshake::{negotiate, origin, request, response};
use crate::output::{self, Room};
use core::ffi::{c_int, c_void};

/// Length of a Sec-WebSocket-Key: base64 of 16 bytes.
pub const WS_KEY_LEN: usize = 24;
/// Length of a Sec-WebSocket-Accept: base64 of 20 bytes.
pub const WS_ACCEPT_LEN: usize = 28;
/// Longest request or response head, in bytes.
pub const WS_MAX_HEAD: usize = 16384;

const _: () = assert!(
    WS_KEY_LEN == KEY_LEN && WS_ACCEPT_LEN == ACCEPT_LEN && WS_MAX_HEAD == MAX_HEAD
);

/// Writes the WS_ACCEPT_LEN characters that answer `key` (no NUL; RFC 6455, 4.2.2). The key
/// must be the canonical base64 of 16 bytes, else WS_ERR_HANDSHAKE_KEY.
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
        key.write_accept(Room::write(to.ok_or(Error::BufferTooSmall)?, &[0; ACCEPT_LEN]));
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
    fn of(piece: Option<&[u8]>, buf: &[u8]) -> Result<ws_span> {
        let Some(piece) = piece else { return Ok(ws_span::default()) };
        let off = piece.as_ptr().addr().wrapping_sub(buf.as_ptr().addr());
        Ok(ws_span { off: span_u32(off)?, len: span_u32(piece.len())? })
    }
}

/// Fails only for a list that the caller passed and that is 4 GiB long.
fn span_u32(number: usize) -> Result<u32> {
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
    /// "example.com:8080"
    pub host: ws_span,
    /// A browser always sends it: ws_origin_allowed()
    pub origin: ws_span,
    /// Sec-WebSocket-Key, already checked.
    pub key: ws_span,
    /// Of the whole head, empty line included.
    pub head_len: u32,
    /// 0
    pub reserved: u32,
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
            reserved: 0,
        })
    }
}

/// Server: parses a request (RFC 6455, 4.2.1). Returns the length of its head, up to and
/// including the empty line (the bytes after it are the first frames), 0 if the empty line is
/// not there yet, or an error: at once for a complete line that is malformed, and for a head
/// beyond WS_MAX_HEAD bytes or 128 fields. (If 0 fills your own, smaller buffer, that is
/// WS_ERR_HTTP_TOO_LARGE too.)
///
/// It is an upgrade if Upgrade lists "websocket" and Connection lists "upgrade". Else the
/// result is WS_ERR_NOT_UPGRADE and *hs is filled: an ordinary HTTP request for you to answer,
/// its `key` unchecked. What is wrong is reported in this order: SYNTAX, NOT_UPGRADE; and of an
/// upgrade SYNTAX again (two Origins, a Transfer-Encoding, a Content-Length above 0), METHOD,
/// HTTP_VERSION, HOST, VERSION, KEY; *hs is then zero.
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
        if request.is_upgrade { Ok(request.head_len) } else { Err(Error::NotUpgrade) }
    })
}

/// Walks the header fields of a complete head, e.g. for cookies or for a field that came more
/// than once. Start with *pos == 0. Returns 1 and fills name and value, 0 after the last one,
/// or an error: WS_ERR_HTTP_SYNTAX, WS_ERR_HTTP_TOO_LARGE, or WS_ERR_INVALID_ARGUMENT if the end
/// of the head is met and missing.
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
        let name = ptr::output_one(name)?.write(ws_span::default());
        let value = ptr::output_one(value)?.write(ws_span::default());
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
        *value = ws_span::of(found, head)?;
        Ok(found.is_some().into())
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
    answer(|| unsafe {
        let chosen = ptr::output_one(chosen)?.write(ws_span::default());
        let head = ptr::bytes(head, head_len)?;
        let supported = ptr::bytes(supported, supported_len)?;
        let found = negotiate::select_protocol(head, supported)?;
        *chosen = ws_span::of(found, supported)?;
        Ok(found.is_some().into())
    })
}

/// Compares a browser's Origin with those you allow ("https://a.example
/// https://b.example:8443", separated by spaces). Whole origins only: scheme and host without
/// regard to case, and the port, which the scheme may imply; there are no wildcards. 1 if it is
/// one of them; 0 for everything else, "null", malformed text and invalid arguments included.
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
        let spec = response::Spec {
            key: spec.key.get()?,
            protocol: spec.protocol.get()?,
            extensions: spec.extensions.get()?,
            headers: spec.headers.get()?,
        };
        response::build(&spec, ptr::output(out, out_cap)?)
    })
}

/// Server: writes a whole answer that is not an upgrade, with Content-Length (not a 204 or
/// 304, which take no body) and Connection: close; a 426 also names Upgrade: websocket and
/// Sec-WebSocket-Version: 13, a 405 names Allow: GET unless `headers` does. status: 200..599;
/// `headers` are complete lines. Close the connection after it.
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
        response::build_reply(status, headers, body, ptr::output(out, out_cap)?)
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
    /// From ws_make_key(); required.
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
/// with one that is the builder's: Upgrade, Connection, Sec-WebSocket-*, Content-Length,
/// Transfer-Encoding, and here Host; Origin only if `origin` is set. A head that nobody would
/// read, beyond WS_MAX_HEAD bytes or 112 such lines, is refused too.
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
        let spec = request::Spec {
            host: spec.host.get()?,
            target: spec.target.get()?,
            key: spec.key.get()?,
            origin: spec.origin.get()?,
            protocols: spec.protocols.get()?,
            extensions: spec.extensions.get()?,
            headers: spec.headers.get()?,
        };
        request::build(&spec, ptr::output(out, out_cap)?)
    })
}

/// A server's answer. Extensible.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct ws_response {
    /// Chosen by the server.
    pub protocol: ws_span,
    /// Agreed to by the server.
    pub extensions: ws_span,
    /// Of the whole head, empty line included.
    pub head_len: u32,
    /// Set even when it is not 101.
    pub status: u16,
    /// 0
    pub reserved: u16,
}

impl ws_response {
    fn of(response: &response::Response<'_>, buf: &[u8]) -> Result<ws_response> {
        Ok(ws_response {
            protocol: ws_span::of(response.protocol, buf)?,
            extensions: ws_span::of(response.extensions, buf)?,
            head_len: span_u32(response.head_len)?,
            status: response.status,
            reserved: 0,
        })
    }
}

/// Client: parses an answer and checks it against the request that was sent (the bytes that
/// ws_build_request() wrote: key, subprotocols and extensions are read from there). Result as
/// for ws_parse_handshake(), errors in this order: SYNTAX, STATUS, HTTP_VERSION, ACCEPT,
/// PROTOCOL, EXTENSION. With STATUS *response is filled; a caller may skip head_len bytes of a
/// 1xx.
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
        let Some(response) = response::parse(buf, request)? else { return Ok(0) };
        filled.set(ws_response::of(&response, buf)?);
        if response.status == 101 {
            Ok(response.head_len)
        } else {
            Err(Error::HandshakeStatus)
        }
    })
}
