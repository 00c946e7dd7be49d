//! UTF-8 and close payloads

use super::result::ws_result;
use super::{ptr, result_of};
use crate::close::{self, ClosePayload};
use crate::error::Result;
use crate::output;
use crate::utf8::{self, Validator};
use core::ffi::{c_int, c_void};

/// Validates UTF-8 text that arrives in parts, and fails at the first byte that no continuation can
/// make valid (RFC 3629). Set *state to 0 before the first part. It is 0 again whenever the text so
/// far ends on a character boundary: test that at the end. Returns WS_OK or WS_ERR_UTF8; once the
/// text is invalid, every later call returns WS_ERR_UTF8. WS_ERR_INVALID_ARGUMENT for a *state that
/// this function did not produce.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_utf8_validate(
    state: *mut u32,
    buf: *const c_void,
    len: usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    result_of(|| unsafe {
        let (state, piece) = (ptr::one_mut(state)?, ptr::bytes(buf, len)?);
        let rest = if *state == 0 { utf8::skip_valid(piece) } else { piece };
        if *state == 0 && rest.is_empty() { Ok(0) } else { validate(state, rest) }
    })
}

/// What follows a text that is incomplete or invalid, or makes it so.
#[cold]
fn validate(state: &mut u32, piece: &[u8]) -> Result<usize> {
    let mut validator = Validator::from_state(*state)?;
    let outcome = validator.push(piece).map(|()| validator);
    *state = Validator::state(&outcome);
    outcome.map(|_| 0)
}

/// The purpose of the connection is fulfilled.
pub const WS_CLOSE_NORMAL: u32 = 1000;
/// The server shuts down, or the browser leaves the page.
pub const WS_CLOSE_GOING_AWAY: u32 = 1001;
/// The peer violated the protocol.
pub const WS_CLOSE_PROTOCOL_ERROR: u32 = 1002;
/// A type of data that cannot be accepted.
pub const WS_CLOSE_UNSUPPORTED_DATA: u32 = 1003;
/// Never on the wire: the close frame has no code.
pub const WS_CLOSE_NO_STATUS: u32 = 1005;
/// Never on the wire: there was no close frame.
pub const WS_CLOSE_ABNORMAL: u32 = 1006;
/// Data inconsistent with its type, e.g. text that is not UTF-8.
pub const WS_CLOSE_INVALID_DATA: u32 = 1007;
/// A message that violates a policy.
pub const WS_CLOSE_POLICY: u32 = 1008;
/// A message that is too big.
pub const WS_CLOSE_TOO_BIG: u32 = 1009;
/// Client: the server did not agree to a required extension.
pub const WS_CLOSE_EXTENSION: u32 = 1010;
/// An unexpected condition in the server.
pub const WS_CLOSE_INTERNAL_ERROR: u32 = 1011;
/// The server is restarting.
pub const WS_CLOSE_SERVICE_RESTART: u32 = 1012;
/// The server is overloaded.
pub const WS_CLOSE_TRY_AGAIN_LATER: u32 = 1013;
/// A gateway received an invalid response.
pub const WS_CLOSE_BAD_GATEWAY: u32 = 1014;

/// Reads the unmasked payload of a close frame (RFC 6455, 5.5.1). Returns the length of the reason,
/// which starts at payload + 2, and the code in *code; for an empty payload 0 and
/// WS_CLOSE_NO_STATUS. With an error *code is 0. Checks, in order:
///
///     1. WS_ERR_CONTROL_FRAME: longer than WS_MAX_CONTROL bytes
///     2. WS_ERR_CLOSE_PAYLOAD: 1 byte long, or a code that is not allowed
///     3. WS_ERR_UTF8: the reason
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_close_parse(
    payload: *const c_void,
    len: usize,
    code: *mut u16,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    result_of(|| unsafe {
        let code = ptr::output_one(code)?.write(0);
        let (parsed, reason) = close::parse(ptr::bytes(payload, len)?)?;
        *code = parsed;
        Ok(reason.len())
    })
}

/// Writes the payload of a close frame (RFC 6455, 5.5.1). Returns the length of the payload. With
/// WS_CLOSE_NO_STATUS it is empty, and there must be no reason. WS_ERR_INVALID_ARGUMENT for any
/// other code for which ws_close_code_valid() returns 0, and for a reason that is longer than 123
/// bytes or not UTF-8.
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
    result_of(|| unsafe {
        let (reason, out) = (ptr::bytes(reason, reason_len)?, ptr::output(out, out_cap)?);
        output::write_all(&[&[ClosePayload::new(code, reason)?.as_bytes()]], out)
    })
}

/// Returns 1 if this code may appear in a close frame, else 0 (RFC 6455, 7.4, and the codes
/// registered since): 1000 to 1003, 1007 to 1014, 3000 to 4999.
#[unsafe(no_mangle)]
pub extern "C" fn ws_close_code_valid(code: u16) -> c_int {
    close::is_valid_code(code).into()
}
