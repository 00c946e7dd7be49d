//! UTF-8 and close payloads

use super::result::ws_result;
use super::{answer, ptr};
use crate::close::{self, ClosePayload};
use crate::error::Result;
use crate::output;
use crate::utf8::{self, Validator};
use core::ffi::{c_int, c_void};

/// Checks text that arrives in pieces, and fails at the first byte that no continuation can
/// make valid (RFC 3629). *state is 0 before the first piece, and 0 again whenever the text so
/// far ends on a character boundary: test that at the end. Returns WS_OK, or WS_ERR_UTF8 from
/// then on; for a *state that is not from here, WS_ERR_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_utf8_validate(
    state: *mut u32,
    buf: *const c_void,
    len: usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    answer(|| unsafe {
        let (state, piece) = (ptr::one_mut(state)?, ptr::bytes(buf, len)?);
        if *state == 0 && utf8::is_whole(piece) { Ok(0) } else { validate(state, piece) }
    })
}

#[inline(never)]
fn validate(state: &mut u32, piece: &[u8]) -> Result<usize> {
    let mut validator = Validator::from_state(*state)?;
    let outcome = validator.push(piece).map(|()| validator);
    *state = Validator::state(&outcome);
    outcome.map(|_| 0)
}

/// The purpose of the connection is fulfilled.
pub const WS_CLOSE_NORMAL: u32 = 1000;
/// A server goes down, or a browser leaves the page.
pub const WS_CLOSE_GOING_AWAY: u32 = 1001;
/// The peer broke the protocol.
pub const WS_CLOSE_PROTOCOL_ERROR: u32 = 1002;
/// A type of data that cannot be accepted.
pub const WS_CLOSE_UNSUPPORTED_DATA: u32 = 1003;
/// Never sent: "there was no code".
pub const WS_CLOSE_NO_STATUS: u32 = 1005;
/// Never sent: "there was no close".
pub const WS_CLOSE_ABNORMAL: u32 = 1006;
/// Data that is not what it should be, e.g. text that is not UTF-8.
pub const WS_CLOSE_INVALID_DATA: u32 = 1007;
/// A message that violates a policy.
pub const WS_CLOSE_POLICY: u32 = 1008;
/// A message that is too big.
pub const WS_CLOSE_TOO_BIG: u32 = 1009;
/// Client: the server did not agree to a required extension.
pub const WS_CLOSE_EXTENSION: u32 = 1010;
/// The server met an unexpected condition.
pub const WS_CLOSE_INTERNAL_ERROR: u32 = 1011;
/// The server restarts.
pub const WS_CLOSE_SERVICE_RESTART: u32 = 1012;
/// The server is overloaded.
pub const WS_CLOSE_TRY_AGAIN_LATER: u32 = 1013;
/// A gateway got an invalid answer.
pub const WS_CLOSE_BAD_GATEWAY: u32 = 1014;

/// Reads the (unmasked) payload of a close frame (RFC 6455, 5.5.1). *code is
/// WS_CLOSE_NO_STATUS if it is empty, and 0 with an error. The reason starts at payload + 2.
/// Returns the length of the reason, or WS_ERR_CLOSE_PAYLOAD, WS_ERR_UTF8 or, beyond
/// WS_MAX_CONTROL bytes, WS_ERR_CONTROL_FRAME.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_close_parse(
    payload: *const c_void,
    len: usize,
    code: *mut u16,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    answer(|| unsafe {
        let code = ptr::output_one(code)?.write(0);
        let (parsed, reason) = close::parse(ptr::bytes(payload, len)?)?;
        *code = parsed;
        Ok(reason.len())
    })
}

/// Writes a close payload; the reason is UTF-8, at most 123 bytes, else
/// WS_ERR_INVALID_ARGUMENT. With WS_CLOSE_NO_STATUS it is empty, and takes no reason. Returns
/// the bytes written.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_close_build(
    code: u16,
    reason: *const c_void,
    reason_len: usize,
    out: *mut c_void,
    out_cap: usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    answer(|| unsafe {
        let (reason, out) = (ptr::bytes(reason, reason_len)?, ptr::output(out, out_cap)?);
        output::write_all(&[&[ClosePayload::new(code, reason)?.as_bytes()]], out)
    })
}

/// 1 if this code may appear in a close frame, else 0 (RFC 6455, 7.4, and the codes that were
/// registered since).
#[unsafe(no_mangle)]
pub extern "C" fn ws_close_code_valid(code: u16) -> c_int {
    close::is_valid_code(code).into()
}
