//! From the head of a handshake to a connection: ws_conn_accept() and ws_conn_confirm(), with what
//! must hold for each call.

// All unsafe blocks here pass slices that live during the call, with their own lengths.
#![allow(clippy::undocumented_unsafe_blocks)]

use crate::c::{WS_CLIENT, code};
use crate::conn::Conn;
use core::ffi::c_void;
use core::ptr::{null, without_provenance_mut};
use wscodec::ffi::accept::{
    ws_accept_spec, ws_accepted, ws_conn_accept, ws_conn_confirm,
};
use wscodec::ffi::conn::{ws_allocator, ws_conn};
use wscodec::ffi::handshake::{ws_bytes, ws_response, ws_span};
use wscodec::ffi::negotiation::ws_pmd_params;

pub(crate) fn bytes(bytes: &[u8]) -> ws_bytes {
    ws_bytes { data: bytes.as_ptr().cast(), len: bytes.len() }
}

pub(crate) const NONE: ws_bytes = ws_bytes { data: null(), len: 0 };

pub(crate) fn spec(protocols: &[u8], headers: &[u8]) -> ws_accept_spec {
    ws_accept_spec {
        protocols: bytes(protocols),
        headers: bytes(headers),
        pmd: null(),
        allocator: null(),
        origins: NONE,
        flags: 0,
        reserved: 0,
    }
}

/// No field is zero.
pub(crate) const UNTOUCHED: ws_accepted = ws_accepted {
    conn: without_provenance_mut(77),
    error: 78,
    head_len: 79,
    protocol: ws_span { off: 80, len: 81 },
    reserved: 82,
};

pub(crate) fn is_zero(accepted: &ws_accepted) -> bool {
    let ws_accepted { conn, error, head_len, protocol, reserved } = *accepted;
    conn.is_null()
        && (error, head_len, protocol, reserved) == (0, 0, ws_span::default(), 0)
}

/// The result, the bytes that were written, and the filled struct.
pub(crate) fn accept_raw(
    buf: &[u8],
    spec: Option<&ws_accept_spec>,
    cap: usize,
) -> (isize, Vec<u8>, ws_accepted) {
    let mut room = vec![0xc5; cap + 16];
    let mut accepted = UNTOUCHED;
    let (from, to) = (buf.as_ptr().cast(), room.as_mut_ptr().cast::<c_void>());
    let size = spec.map_or(0, |_| size_of::<ws_accept_spec>());
    let spec = spec.map_or(null(), core::ptr::from_ref);
    let result = unsafe {
        let (to_size, len) = (size_of::<ws_accepted>(), buf.len());
        ws_conn_accept(from, len, spec, size, &mut accepted, to_size, to, cap)
    };
    let len = usize::try_from(result).unwrap_or(0);
    assert!(len <= cap);
    assert!(room[len..].iter().all(|byte| *byte == 0xc5), "wrote more than it reported");
    room.truncate(len);
    assert_eq!(is_zero(&accepted), result <= 0);
    assert_eq!(accepted.reserved, 0);
    if result > 0 {
        assert_eq!(accepted.conn.is_null(), accepted.error != 0);
        assert_eq!(room.starts_with(b"HTTP/1.1 101 "), accepted.error == 0);
    }
    (result, room, accepted)
}

/// The result, the connection, and the parsed response.
pub(crate) fn confirm_raw(
    buf: &[u8],
    request: &[u8],
    offered: Option<&ws_pmd_params>,
    allocator: *const ws_allocator,
) -> (isize, Option<Conn>, ws_response) {
    let mut conn: *mut ws_conn = without_provenance_mut(77);
    let mut response = ws_response { head_len: 77, ..ws_response::default() };
    let result = unsafe {
        ws_conn_confirm(
            buf.as_ptr().cast(),
            buf.len(),
            request.as_ptr().cast(),
            request.len(),
            offered.map_or(null(), core::ptr::from_ref),
            allocator,
            &mut conn,
            &mut response,
            size_of::<ws_response>(),
        )
    };
    assert_eq!(conn.is_null(), result <= 0);
    let filled = result > 0 || result == code::STATUS;
    assert_eq!(response != ws_response::default(), filled);
    let conn = (!conn.is_null()).then(|| Conn::of(conn, WS_CLIENT));
    (result, conn, response)
}
