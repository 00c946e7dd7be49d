//! Safe wrappers of the C functions: slices in, vectors and numbers out. Every output buffer
//! has exactly the given capacity, between bytes that must not change.

// All unsafe blocks here pass slices that live during the call, with their own lengths.
#![allow(clippy::undocumented_unsafe_blocks)]

use core::ffi::{CStr, c_char, c_void};
use wscodec::ffi::decoder::{
    ws_decoder, ws_decoder_feed, ws_decoder_finish, ws_decoder_init, ws_frames_encode,
    ws_out_frame,
};
use wscodec::ffi::fields::{
    ws_check_request, ws_check_response, ws_request_fields, ws_response_fields,
};
pub(crate) use wscodec::ffi::frame::{
    WS_ANY_MASK, WS_ANY_RSV, WS_CLIENT, WS_DEFLATE, WS_KEEP_MASKED, WS_SERVER,
};
use wscodec::ffi::frame::{
    WS_BEGIN, WS_END, WS_FIN, WS_MASKED, ws_frame, ws_frame_decode, ws_frame_encode,
    ws_frame_header, ws_mask, ws_mask_copy,
};
use wscodec::ffi::handshake::{
    ws_accept_key, ws_build_reply, ws_build_request, ws_build_response, ws_bytes,
    ws_find_header, ws_handshake, ws_head_length, ws_make_key, ws_next_header,
    ws_origin_allowed, ws_parse_handshake, ws_parse_response, ws_request_spec,
    ws_response, ws_response_spec, ws_select_protocol, ws_select_protocol_value, ws_span,
};
use wscodec::ffi::negotiation::{
    ws_pmd_accept, ws_pmd_accept_value, ws_pmd_confirm, ws_pmd_confirm_value,
    ws_pmd_offer, ws_pmd_params,
};
use wscodec::ffi::text::{ws_close_build, ws_close_parse, ws_utf8_validate};

/// The errors, as the functions return them.
pub(crate) mod code {
    use wscodec::error::*;

    pub(crate) const INVALID_ARGUMENT: isize = WS_ERR_INVALID_ARGUMENT as isize;
    pub(crate) const BUFFER_TOO_SMALL: isize = WS_ERR_BUFFER_TOO_SMALL as isize;
    pub(crate) const INVALID_STATE: isize = WS_ERR_INVALID_STATE as isize;
    pub(crate) const NO_MEMORY: isize = WS_ERR_NO_MEMORY as isize;
    pub(crate) const UNSUPPORTED: isize = WS_ERR_UNSUPPORTED as isize;
    pub(crate) const RANDOM: isize = WS_ERR_RANDOM as isize;
    pub(crate) const HTTP_SYNTAX: isize = WS_ERR_HTTP_SYNTAX as isize;
    pub(crate) const HTTP_TOO_LARGE: isize = WS_ERR_HTTP_TOO_LARGE as isize;
    pub(crate) const NOT_UPGRADE: isize = WS_ERR_NOT_UPGRADE as isize;
    pub(crate) const HTTP_METHOD: isize = WS_ERR_HTTP_METHOD as isize;
    pub(crate) const HTTP_VERSION: isize = WS_ERR_HTTP_VERSION as isize;
    pub(crate) const HOST: isize = WS_ERR_HANDSHAKE_HOST as isize;
    pub(crate) const KEY: isize = WS_ERR_HANDSHAKE_KEY as isize;
    pub(crate) const VERSION: isize = WS_ERR_HANDSHAKE_VERSION as isize;
    pub(crate) const STATUS: isize = WS_ERR_HANDSHAKE_STATUS as isize;
    pub(crate) const ACCEPT: isize = WS_ERR_HANDSHAKE_ACCEPT as isize;
    pub(crate) const PROTOCOL: isize = WS_ERR_HANDSHAKE_PROTOCOL as isize;
    pub(crate) const EXTENSION: isize = WS_ERR_EXTENSION as isize;
    pub(crate) const ORIGIN: isize = WS_ERR_HANDSHAKE_ORIGIN as isize;
    pub(crate) const RESERVED_BITS: isize = WS_ERR_RESERVED_BITS as isize;
    pub(crate) const OPCODE: isize = WS_ERR_OPCODE as isize;
    pub(crate) const LENGTH: isize = WS_ERR_LENGTH as isize;
    pub(crate) const MASK: isize = WS_ERR_MASK as isize;
    pub(crate) const CONTROL_FRAME: isize = WS_ERR_CONTROL_FRAME as isize;
    pub(crate) const FRAGMENTATION: isize = WS_ERR_FRAGMENTATION as isize;
    pub(crate) const CLOSE_PAYLOAD: isize = WS_ERR_CLOSE_PAYLOAD as isize;
    pub(crate) const UTF8: isize = WS_ERR_UTF8 as isize;
    pub(crate) const TOO_BIG: isize = WS_ERR_TOO_BIG as isize;
    pub(crate) const COMPRESSION: isize = WS_ERR_COMPRESSION as isize;
    pub(crate) const EOF: isize = WS_ERR_EOF as isize;
}

pub(crate) const FIN: u8 = WS_FIN as u8;
pub(crate) const MASKED: u8 = WS_MASKED as u8;
pub(crate) const BEGIN: u8 = WS_BEGIN as u8;
pub(crate) const END: u8 = WS_END as u8;

/// A result is a count, or a negative error.
pub(crate) fn count(result: isize) -> Result<usize, isize> {
    usize::try_from(result).map_err(|_| result)
}

fn ptr(bytes: &[u8]) -> *const c_void {
    if bytes.is_empty() { core::ptr::null() } else { bytes.as_ptr().cast() }
}

/// Fills buffers, to show which bytes were written.
pub(crate) const CANARY: u8 = 0xc5;

/// Calls `write` with `cap` bytes. It must write exactly as many bytes as it reports.
fn written(
    cap: usize,
    write: impl Fn(*mut c_void, usize) -> isize,
) -> Result<Vec<u8>, isize> {
    let run = |fill: u8| {
        let mut room = vec![fill; cap + 32];
        let result = write(room[16..].as_mut_ptr().cast(), cap);
        (result, room)
    };
    let ((result, room), (_, other)) = (run(CANARY), run(!CANARY));
    let len = usize::try_from(result).unwrap_or(0);
    assert!(len <= cap, "reported more than the capacity");
    assert_eq!(room[..16], [CANARY; 16], "wrote before the buffer");
    assert!(
        room[16 + len..] == vec![CANARY; cap + 16 - len],
        "wrote more than it reported"
    );
    assert_eq!(room[16..16 + len], other[16..16 + len], "wrote less than it reported");
    count(result).map(|len| room[16..16 + len].to_vec())
}

/// As `written`, and checks the capacities that matter: the exact one works, and one byte less
/// is WS_ERR_BUFFER_TOO_SMALL.
pub(crate) fn exact(
    write: impl Fn(*mut c_void, usize) -> isize,
) -> Result<Vec<u8>, isize> {
    let output = match written(1 << 10, &write) {
        Err(code::BUFFER_TOO_SMALL) => written(1 << 18, &write)?,
        outcome => outcome?,
    };
    assert_eq!(written(output.len(), &write).as_ref(), Ok(&output), "exact size");
    if let Some(less) = output.len().checked_sub(1) {
        assert_eq!(written(less, &write), Err(code::BUFFER_TOO_SMALL), "one too small");
        assert_eq!(written(0, &write), Err(code::BUFFER_TOO_SMALL), "no room");
    }
    Ok(output)
}

pub(crate) fn text(pointer: *const c_char) -> &'static str {
    assert!(!pointer.is_null());
    // SAFETY: the library's strings are static and end in NUL.
    unsafe { CStr::from_ptr(pointer) }.to_str().unwrap()
}

// ---- frames ----

pub(crate) fn frame_decode(buf: &mut [u8], flags: u32) -> (isize, ws_frame) {
    let mut frame = ws_frame { payload_len: 1, message_opcode: 9, ..ws_frame::default() };
    let result =
        unsafe { ws_frame_decode(buf.as_mut_ptr().cast(), buf.len(), flags, &mut frame) };
    (result, frame)
}

fn key_ptr(key: Option<&[u8; 4]>) -> *const c_void {
    key.map_or(core::ptr::null(), |key| key.as_ptr().cast())
}

pub(crate) fn frame_encode(
    opcode: i32,
    flags: u32,
    key: Option<[u8; 4]>,
    payload: &[u8],
) -> Result<Vec<u8>, isize> {
    exact(|out, cap| unsafe {
        let key = key_ptr(key.as_ref());
        ws_frame_encode(opcode, flags, key, ptr(payload), payload.len(), out, cap)
    })
}

pub(crate) fn frame_header(
    opcode: i32,
    flags: u32,
    key: Option<[u8; 4]>,
    len: u64,
) -> Result<Vec<u8>, isize> {
    exact(|out, cap| unsafe {
        ws_frame_header(opcode, flags, key_ptr(key.as_ref()), len, out, cap)
    })
}

pub(crate) fn mask(buf: &mut [u8], key: [u8; 4], pos: u64) {
    unsafe {
        ws_mask(buf.as_mut_ptr().cast(), buf.len(), key_ptr(Some(&key)), pos);
    }
}

pub(crate) fn mask_copy(dst: &mut [u8], src: &[u8], key: [u8; 4], pos: u64) {
    assert_eq!(dst.len(), src.len());
    unsafe {
        let (to, from) = (dst.as_mut_ptr().cast(), src.as_ptr().cast());
        ws_mask_copy(to, from, dst.len(), key_ptr(Some(&key)), pos);
    }
}

// ---- the decoder ----

pub(crate) fn decoder(flags: u32, max_payload: u64) -> ws_decoder {
    let mut decoder = ws_decoder { opaque: [u64::MAX; 8] };
    let result = unsafe { ws_decoder_init(&mut decoder, flags, max_payload) };
    assert_eq!(result, 0);
    decoder
}

/// The frames of one call, and how many bytes of `buf` were consumed.
pub(crate) fn feed(
    decoder: &mut ws_decoder,
    buf: &mut [u8],
    frames_cap: usize,
) -> Result<(Vec<ws_frame>, usize), isize> {
    let mut frames = vec![ws_frame::default(); frames_cap];
    let mut consumed = usize::MAX;
    let result = unsafe {
        let to = buf.as_mut_ptr().cast();
        ws_decoder_feed(
            decoder,
            to,
            buf.len(),
            frames.as_mut_ptr(),
            frames_cap,
            &mut consumed,
        )
    };
    match count(result) {
        Ok(count) => {
            frames.truncate(count);
            Ok((frames, consumed))
        }
        Err(error) => {
            assert_eq!(consumed, 0, "nothing is consumed with an error");
            Err(error)
        }
    }
}

pub(crate) fn finish(decoder: &ws_decoder) -> isize {
    unsafe { ws_decoder_finish(decoder) }
}

/// How many frames were encoded into `cap` bytes, and those bytes.
pub(crate) fn frames_encode(
    frames: &[ws_out_frame],
    cap: usize,
) -> Result<(usize, Vec<u8>), isize> {
    let mut room = vec![CANARY; cap + 16];
    let mut len = usize::MAX;
    let (from, to) = (frames.as_ptr(), room.as_mut_ptr().cast());
    let result = unsafe { ws_frames_encode(from, frames.len(), to, cap, &mut len) };
    if result < 0 {
        assert_eq!(len, 0, "nothing is written with an error");
    }
    assert!(room[cap..].iter().all(|byte| *byte == CANARY), "wrote beyond the buffer");
    let count = count(result)?;
    assert!(len <= cap);
    assert!(
        room[len..].iter().all(|byte| *byte == CANARY),
        "wrote more than it reported"
    );
    room.truncate(len);
    Ok((count, room))
}

// ---- the opening handshake ----

pub(crate) fn accept_key(key: &[u8]) -> Result<Vec<u8>, isize> {
    exact(|out, cap| unsafe { ws_accept_key(ptr(key), key.len(), out, cap) })
}

pub(crate) fn make_key() -> Vec<u8> {
    let mut key = [CANARY; 24];
    let result = unsafe { ws_make_key(key.as_mut_ptr().cast(), key.len()) };
    assert_eq!(result, 24);
    key.to_vec()
}

pub(crate) fn parse_handshake(buf: &[u8]) -> (isize, ws_handshake) {
    let mut hs =
        ws_handshake { head_len: 77, http_version: 78, ..ws_handshake::default() };
    let result = unsafe {
        ws_parse_handshake(ptr(buf), buf.len(), &mut hs, size_of::<ws_handshake>())
    };
    (result, hs)
}

pub(crate) fn parse_response(buf: &[u8], request: &[u8]) -> (isize, ws_response) {
    let mut response = ws_response { head_len: 77, ..ws_response::default() };
    let result = unsafe {
        let size = size_of::<ws_response>();
        let (asked, asked_len) = (ptr(request), request.len());
        ws_parse_response(ptr(buf), buf.len(), asked, asked_len, &mut response, size)
    };
    (result, response)
}

/// The result, and how many bytes were scanned.
pub(crate) fn head_length(buf: &[u8], mut scanned: usize) -> (isize, usize) {
    let result = unsafe { ws_head_length(ptr(buf), buf.len(), &mut scanned) };
    (result, scanned)
}

/// The value of a field; NULL if it is absent.
fn field(value: Option<&[u8]>) -> ws_bytes {
    match value {
        Some(value) => ws_bytes { data: value.as_ptr().cast(), len: value.len() },
        None => ws_bytes { data: core::ptr::null(), len: 0 },
    }
}

/// The fields of ws_request_fields.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RequestFields<'a> {
    pub(crate) method: Option<&'a [u8]>,
    pub(crate) host: Option<&'a [u8]>,
    pub(crate) upgrade: Option<&'a [u8]>,
    pub(crate) connection: Option<&'a [u8]>,
    pub(crate) key: Option<&'a [u8]>,
    pub(crate) version: Option<&'a [u8]>,
    pub(crate) origin: Option<&'a [u8]>,
    pub(crate) extensions: Option<&'a [u8]>,
    pub(crate) content_length: Option<&'a [u8]>,
    pub(crate) transfer_encoding: Option<&'a [u8]>,
    pub(crate) connect_protocol: Option<&'a [u8]>,
    pub(crate) origins: Option<&'a [u8]>,
    pub(crate) http_version: u32,
}

impl RequestFields<'_> {
    pub(crate) fn raw(&self) -> ws_request_fields {
        ws_request_fields {
            method: field(self.method),
            host: field(self.host),
            upgrade: field(self.upgrade),
            connection: field(self.connection),
            key: field(self.key),
            version: field(self.version),
            origin: field(self.origin),
            extensions: field(self.extensions),
            content_length: field(self.content_length),
            transfer_encoding: field(self.transfer_encoding),
            connect_protocol: field(self.connect_protocol),
            origins: field(self.origins),
            http_version: self.http_version,
            reserved: 0,
        }
    }
}

pub(crate) fn check_request(fields: &RequestFields<'_>) -> isize {
    unsafe { ws_check_request(&fields.raw(), size_of::<ws_request_fields>()) }
}

/// Checks a request by the fields of its head; `rest` has what is no field of a head.
pub(crate) fn check_request_of(head: &[Field], rest: RequestFields<'_>) -> isize {
    let field = |name| joined(head, name);
    let (host, upgrade, connection) =
        (field("Host"), field("Upgrade"), field("Connection"));
    let (key, version) = (field("Sec-WebSocket-Key"), field("Sec-WebSocket-Version"));
    let (origin, extensions) = (field("Origin"), field("Sec-WebSocket-Extensions"));
    let (length, coding) = (field("Content-Length"), field("Transfer-Encoding"));
    check_request(&RequestFields {
        host: host.as_deref(),
        upgrade: upgrade.as_deref(),
        connection: connection.as_deref(),
        key: key.as_deref(),
        version: version.as_deref(),
        origin: origin.as_deref(),
        extensions: extensions.as_deref(),
        content_length: length.as_deref(),
        transfer_encoding: coding.as_deref(),
        ..rest
    })
}

/// The fields of ws_response_fields.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ResponseFields<'a> {
    pub(crate) upgrade: Option<&'a [u8]>,
    pub(crate) connection: Option<&'a [u8]>,
    pub(crate) accept: Option<&'a [u8]>,
    pub(crate) protocol: Option<&'a [u8]>,
    pub(crate) extensions: Option<&'a [u8]>,
    pub(crate) key: Option<&'a [u8]>,
    pub(crate) offered_protocols: Option<&'a [u8]>,
    pub(crate) offered_extensions: Option<&'a [u8]>,
    pub(crate) http_version: u32,
    pub(crate) status: u16,
}

impl ResponseFields<'_> {
    pub(crate) fn raw(&self) -> ws_response_fields {
        ws_response_fields {
            upgrade: field(self.upgrade),
            connection: field(self.connection),
            accept: field(self.accept),
            protocol: field(self.protocol),
            extensions: field(self.extensions),
            key: field(self.key),
            offered_protocols: field(self.offered_protocols),
            offered_extensions: field(self.offered_extensions),
            http_version: self.http_version,
            status: self.status,
            reserved: 0,
        }
    }
}

pub(crate) fn check_response(fields: &ResponseFields<'_>) -> isize {
    unsafe { ws_check_response(&fields.raw(), size_of::<ws_response_fields>()) }
}

/// Checks a response by the fields of its head and of its request's; `rest` has the key, and what
/// is no field of a head.
pub(crate) fn check_response_of(
    head: &[Field],
    asked: &[Field],
    rest: ResponseFields<'_>,
) -> isize {
    let field = |name| joined(head, name);
    let (upgrade, connection) = (field("Upgrade"), field("Connection"));
    let (accept, protocol) =
        (field("Sec-WebSocket-Accept"), field("Sec-WebSocket-Protocol"));
    let extensions = field("Sec-WebSocket-Extensions");
    let offered_protocols = joined(asked, "Sec-WebSocket-Protocol");
    let offered_extensions = joined(asked, "Sec-WebSocket-Extensions");
    check_response(&ResponseFields {
        upgrade: upgrade.as_deref(),
        connection: connection.as_deref(),
        accept: accept.as_deref(),
        protocol: protocol.as_deref(),
        extensions: extensions.as_deref(),
        offered_protocols: offered_protocols.as_deref(),
        offered_extensions: offered_extensions.as_deref(),
        ..rest
    })
}

/// The part of `buf` that a span names; None for {0, 0}.
pub(crate) fn piece(buf: &[u8], span: ws_span) -> Option<&[u8]> {
    let (off, len) = (span.off as usize, span.len as usize);
    (off != 0 || len != 0).then(|| &buf[off..off + len])
}

const NO_SPAN: ws_span = ws_span { off: 77, len: 78 };

/// A field's name and value.
pub(crate) type Field = (Vec<u8>, Vec<u8>);

/// All values of a field, joined; None if it is absent.
pub(crate) fn joined(fields: &[Field], name: &str) -> Option<Vec<u8>> {
    let named = |field: &&Field| field.0.eq_ignore_ascii_case(name.as_bytes());
    let values: Vec<&[u8]> =
        fields.iter().filter(named).map(|field| field.1.as_slice()).collect();
    (!values.is_empty()).then(|| values.join(&b", "[..]))
}

/// The next field from `pos` on; None after the last one.
pub(crate) fn next_header(head: &[u8], pos: &mut usize) -> Result<Option<Field>, isize> {
    let (mut name, mut value) = (NO_SPAN, NO_SPAN);
    let result =
        unsafe { ws_next_header(ptr(head), head.len(), pos, &mut name, &mut value) };
    if count(result)? == 0 {
        assert_eq!((name, value), (ws_span::default(), ws_span::default()));
        return Ok(None);
    }
    assert_eq!(result, 1);
    let get = |span| piece(head, span).unwrap().to_vec();
    Ok(Some((get(name), get(value))))
}

pub(crate) fn all_fields(head: &[u8]) -> Result<Vec<Field>, isize> {
    let (mut pos, mut fields) = (0, Vec::new());
    while let Some(field) = next_header(head, &mut pos)? {
        fields.push(field);
    }
    Ok(fields)
}

fn found(result: isize, span: ws_span, buf: &[u8]) -> Result<Option<Vec<u8>>, isize> {
    match count(result)? {
        0 => assert_eq!(span, ws_span::default()),
        one => assert_eq!(one, 1),
    }
    Ok(piece(buf, span).map(<[u8]>::to_vec))
}

pub(crate) fn find_header(head: &[u8], name: &[u8]) -> Result<Option<Vec<u8>>, isize> {
    let mut span = NO_SPAN;
    let (from, len) = (ptr(name), name.len());
    let result = unsafe { ws_find_header(ptr(head), head.len(), from, len, &mut span) };
    found(result, span, head)
}

/// The chosen subprotocol, which must be a span of `supported`.
pub(crate) fn select_protocol(
    head: &[u8],
    supported: &[u8],
) -> Result<Option<Vec<u8>>, isize> {
    let mut span = NO_SPAN;
    let (from, len) = (ptr(supported), supported.len());
    let result =
        unsafe { ws_select_protocol(ptr(head), head.len(), from, len, &mut span) };
    chosen(result, span, supported)
}

/// As `select_protocol`, from the value of the field.
pub(crate) fn select_protocol_value(
    offered: Option<&[u8]>,
    supported: &[u8],
) -> Result<Option<Vec<u8>>, isize> {
    let (mut span, offered) = (NO_SPAN, field(offered));
    let (from, len) = (ptr(supported), supported.len());
    let result = unsafe {
        ws_select_protocol_value(offered.data, offered.len, from, len, &mut span)
    };
    chosen(result, span, supported)
}

fn chosen(
    result: isize,
    span: ws_span,
    supported: &[u8],
) -> Result<Option<Vec<u8>>, isize> {
    match count(result)? {
        0 => {
            assert_eq!(span, ws_span::default());
            Ok(None)
        }
        one => {
            assert_eq!(one, 1);
            let (off, len) = (span.off as usize, span.len as usize);
            Ok(Some(supported[off..off + len].to_vec()))
        }
    }
}

/// The bytes written and the agreed parameters; None if compression was not agreed on.
type Agreed = Result<Option<(Vec<u8>, [u8; 8])>, isize>;

/// Accepts an offer, from a head or from the value of the field.
fn accepted(
    params: ws_pmd_params,
    accept: impl Fn(*mut ws_pmd_params, *mut c_void, usize) -> isize,
) -> Agreed {
    let before = pmd_bytes(&params);
    let agreed = core::cell::Cell::new(before);
    let written = exact(|out, cap| {
        let mut params = params;
        let result = accept(&mut params, out, cap);
        agreed.set(pmd_bytes(&params));
        assert!(result > 0 || agreed.get() == before, "changed without an agreement");
        result
    })?;
    // `exact` may end with a capacity that is too small, so call once more.
    let mut params = params;
    let mut out = [0_u8; 256];
    accept(&mut params, out.as_mut_ptr().cast(), out.len());
    Ok((!written.is_empty()).then(|| (written, pmd_bytes(&params))))
}

/// The fields of the struct, in order.
pub(crate) fn pmd_bytes(params: &ws_pmd_params) -> [u8; 8] {
    let [a, b] = params.reserved;
    [
        params.server_no_context_takeover,
        params.client_no_context_takeover,
        params.server_max_window_bits,
        params.client_max_window_bits,
        params.level,
        params.mem_level,
        a,
        b,
    ]
}

pub(crate) fn pmd_accept(head: &[u8], params: ws_pmd_params) -> Agreed {
    accepted(params, |params, out, cap| unsafe {
        ws_pmd_accept(ptr(head), head.len(), params, out, cap)
    })
}

pub(crate) fn pmd_accept_value(offers: Option<&[u8]>, params: ws_pmd_params) -> Agreed {
    let offers = field(offers);
    accepted(params, |params, out, cap| unsafe {
        ws_pmd_accept_value(offers.data, offers.len, params, out, cap)
    })
}

pub(crate) fn pmd_offer(params: ws_pmd_params) -> Result<Vec<u8>, isize> {
    exact(|out, cap| unsafe { ws_pmd_offer(&params, out, cap) })
}

/// The agreed parameters; None if the server did not confirm compression.
fn confirmed(
    mut params: ws_pmd_params,
    confirm: impl Fn(*mut ws_pmd_params) -> isize,
) -> Result<Option<[u8; 8]>, isize> {
    let before = pmd_bytes(&params);
    let result = confirm(&mut params);
    assert!(result == 1 || pmd_bytes(&params) == before, "changed without compression");
    count(result).map(|one| (one == 1).then(|| pmd_bytes(&params)))
}

pub(crate) fn pmd_confirm(
    head: &[u8],
    params: ws_pmd_params,
) -> Result<Option<[u8; 8]>, isize> {
    confirmed(params, |params| unsafe { ws_pmd_confirm(ptr(head), head.len(), params) })
}

pub(crate) fn pmd_confirm_value(
    value: Option<&[u8]>,
    params: ws_pmd_params,
) -> Result<Option<[u8; 8]>, isize> {
    let value = field(value);
    confirmed(params, |params| unsafe {
        ws_pmd_confirm_value(value.data, value.len, params)
    })
}

pub(crate) fn origin_allowed(origin: &[u8], allowed: &[u8]) -> bool {
    let result = unsafe {
        ws_origin_allowed(ptr(origin), origin.len(), ptr(allowed), allowed.len())
    };
    assert!(result == 0 || result == 1);
    result == 1
}

fn bytes(bytes: &[u8]) -> ws_bytes {
    ws_bytes { data: ptr(bytes), len: bytes.len() }
}

/// The fields of ws_response_spec.
#[derive(Clone, Copy, Default)]
pub(crate) struct Response<'a> {
    pub(crate) key: &'a [u8],
    pub(crate) protocol: &'a [u8],
    pub(crate) extensions: &'a [u8],
    pub(crate) headers: &'a [u8],
}

pub(crate) fn build_response(spec: &Response<'_>) -> Result<Vec<u8>, isize> {
    let spec = ws_response_spec {
        key: bytes(spec.key),
        protocol: bytes(spec.protocol),
        extensions: bytes(spec.extensions),
        headers: bytes(spec.headers),
    };
    exact(|out, cap| unsafe {
        ws_build_response(&spec, size_of::<ws_response_spec>(), out, cap)
    })
}

/// The fields of ws_request_spec.
#[derive(Clone, Copy, Default)]
pub(crate) struct Request<'a> {
    pub(crate) host: &'a [u8],
    pub(crate) target: &'a [u8],
    pub(crate) key: &'a [u8],
    pub(crate) origin: &'a [u8],
    pub(crate) protocols: &'a [u8],
    pub(crate) extensions: &'a [u8],
    pub(crate) headers: &'a [u8],
}

pub(crate) fn build_request(spec: &Request<'_>) -> Result<Vec<u8>, isize> {
    let spec = ws_request_spec {
        host: bytes(spec.host),
        target: bytes(spec.target),
        key: bytes(spec.key),
        origin: bytes(spec.origin),
        protocols: bytes(spec.protocols),
        extensions: bytes(spec.extensions),
        headers: bytes(spec.headers),
    };
    exact(|out, cap| unsafe {
        ws_build_request(&spec, size_of::<ws_request_spec>(), out, cap)
    })
}

pub(crate) fn build_reply(
    status: u16,
    headers: &[u8],
    body: &[u8],
) -> Result<Vec<u8>, isize> {
    exact(|out, cap| unsafe {
        let (from, len) = (ptr(body), body.len());
        ws_build_reply(status, ptr(headers), headers.len(), from, len, out, cap)
    })
}

// ---- text ----

pub(crate) fn utf8_validate(state: &mut u32, piece: &[u8]) -> isize {
    unsafe { ws_utf8_validate(state, ptr(piece), piece.len()) }
}

/// The result, which is the length of the reason or an error, and the code.
pub(crate) fn close_parse(payload: &[u8]) -> (isize, u16) {
    let mut code = 7777;
    let result = unsafe { ws_close_parse(ptr(payload), payload.len(), &mut code) };
    (result, code)
}

pub(crate) fn close_build(code: u16, reason: &[u8]) -> Result<Vec<u8>, isize> {
    exact(|out, cap| unsafe { ws_close_build(code, ptr(reason), reason.len(), out, cap) })
}
