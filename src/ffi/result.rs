//! Results

use crate::error::Error;
use core::ffi::c_char;

/// A count (>= 0) or one of WS_ERR_* (< 0). The signed twin of size_t.
pub type ws_result = isize;

/// One short English sentence about a result; of an unknown error, that it is unknown. Never NULL;
/// static.
#[unsafe(no_mangle)]
pub extern "C" fn ws_strerror(result: ws_result) -> *const c_char {
    match Error::try_from(result) {
        Ok(error) => error.entry().text,
        Err(_) if result >= 0 => c"no error",
        Err(_) => c"an unknown error",
    }
    .as_ptr()
}

/// The constant's name, e.g. "WS_ERR_UTF8"; "WS_OK" for any count, "WS_ERR_UNKNOWN" for an unknown
/// error. Static.
#[unsafe(no_mangle)]
pub extern "C" fn ws_errname(result: ws_result) -> *const c_char {
    match Error::try_from(result) {
        Ok(error) => error.entry().name,
        Err(_) if result >= 0 => c"WS_OK",
        Err(_) => c"WS_ERR_UNKNOWN",
    }
    .as_ptr()
}

/// The close code that tells the peer about an error: 1007 for WS_ERR_UTF8 and
/// WS_ERR_COMPRESSION, 1009 for WS_ERR_TOO_BIG, 1002 for what else the peer broke, 1011 for our
/// own failures and for an unknown error, 1000 for a count (RFC 6455, 7.4.1).
#[unsafe(no_mangle)]
pub extern "C" fn ws_close_code_for(error: ws_result) -> u16 {
    match Error::try_from(error) {
        Ok(error) => error.entry().close_code,
        Err(_) if error >= 0 => 1000,
        Err(_) => 1011,
    }
}

/// The HTTP status that answers a failed ws_parse_handshake() or ws_check_request(): 403 for
/// WS_ERR_HANDSHAKE_ORIGIN, 405 for WS_ERR_HTTP_METHOD, 426 for WS_ERR_HANDSHAKE_VERSION and
/// WS_ERR_NOT_UPGRADE, 431 for WS_ERR_HTTP_TOO_LARGE, 505 for WS_ERR_HTTP_VERSION, 500 for our own
/// failures, else 400, also for an unknown error and for a count.
#[unsafe(no_mangle)]
pub extern "C" fn ws_http_status(error: ws_result) -> u16 {
    Error::try_from(error).map_or(400, |error| error.entry().http_status)
}
