//! Results

use crate::error::Error;
use core::ffi::c_char;

/// A count (>= 0) or one of WS_ERR_* (< 0). The signed counterpart of size_t.
pub type ws_result = isize;

/// Returns a short English phrase that describes a result. Never NULL, not even for an unknown
/// error. Static, NUL-terminated.
#[unsafe(no_mangle)]
pub extern "C" fn ws_strerror(result: ws_result) -> *const c_char {
    match Error::from_code(result) {
        Some(error) => error.entry().text,
        None if result >= 0 => c"no error",
        None => c"an unknown error",
    }
    .as_ptr()
}

/// Returns the name of a result's constant, e.g. "WS_ERR_UTF8"; "WS_OK" for any count,
/// "WS_ERR_UNKNOWN" for an unknown error. Static, NUL-terminated.
#[unsafe(no_mangle)]
pub extern "C" fn ws_errname(result: ws_result) -> *const c_char {
    match Error::from_code(result) {
        Some(error) => error.entry().name,
        None if result >= 0 => c"WS_OK",
        None => c"WS_ERR_UNKNOWN",
    }
    .as_ptr()
}

/// Returns the close code that reports an error to the peer (RFC 6455, 7.4.1):
///
///     1007  WS_ERR_UTF8, WS_ERR_COMPRESSION
///     1009  WS_ERR_TOO_BIG
///     1002  any other protocol violation
///     1011  an error of the caller or of the system, or an unknown error
///     1000  a count
#[unsafe(no_mangle)]
pub extern "C" fn ws_close_code_for(error: ws_result) -> u16 {
    match Error::from_code(error) {
        Some(error) => error.entry().close_code,
        None if error >= 0 => 1000,
        None => 1011,
    }
}

/// Returns the HTTP status that rejects a request for which ws_parse_handshake() or
/// ws_check_request() failed:
///
///     403  WS_ERR_HANDSHAKE_ORIGIN
///     405  WS_ERR_HTTP_METHOD
///     426  WS_ERR_HANDSHAKE_VERSION, WS_ERR_NOT_UPGRADE
///     431  WS_ERR_HTTP_TOO_LARGE
///     505  WS_ERR_HTTP_VERSION
///     500  an error of the caller or of the system
///     400  anything else: another error, an unknown error, or a count
#[unsafe(no_mangle)]
pub extern "C" fn ws_http_status(error: ws_result) -> u16 {
    Error::from_code(error).map_or(400, |error| error.entry().http_status)
}
