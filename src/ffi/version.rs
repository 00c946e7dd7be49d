//! Version and features

use super::accept::{ws_accept_spec, ws_accepted};
use super::conn::{ws_allocator, ws_conn, ws_event};
use super::control::ws_control;
use super::decoder::{ws_decoder, ws_out_frame};
use super::fields::{ws_request_fields, ws_response_fields};
use super::frame::ws_frame;
use super::handshake::{ws_handshake, ws_request_spec, ws_response, ws_response_spec};
use super::negotiation::{supported, ws_pmd_params};
use core::ffi::{c_char, c_int};

/// Incremented for incompatible ABI changes.
pub const WS_VERSION_MAJOR: u32 = 0;
/// Incremented for additions.
pub const WS_VERSION_MINOR: u32 = 1;
/// Incremented for bug fixes.
pub const WS_VERSION_PATCH: u32 = 0;

/// Returns the version of the loaded library: MAJOR * 10000 + MINOR * 100 + PATCH. The library may
/// be newer than the header you compiled with.
#[unsafe(no_mangle)]
pub extern "C" fn ws_version() -> u32 {
    WS_VERSION_MAJOR * 10000 + WS_VERSION_MINOR * 100 + WS_VERSION_PATCH
}

/// Returns the version of the loaded library as text, e.g. "0.1.0". Static, NUL-terminated.
#[unsafe(no_mangle)]
pub extern "C" fn ws_version_string() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// permessage-deflate is available.
pub const WS_FEATURE_DEFLATE: u32 = 0x1;

/// Returns the set of features (WS_FEATURE_*) compiled into this library. The functions of an
/// absent feature still exist, so linking never fails; they return WS_ERR_UNSUPPORTED.
#[unsafe(no_mangle)]
pub extern "C" fn ws_features() -> u32 {
    if supported().is_ok() { WS_FEATURE_DEFLATE } else { 0 }
}

/// ws_handshake
pub const WS_TYPE_HANDSHAKE: i32 = 1;
/// ws_response
pub const WS_TYPE_RESPONSE: i32 = 2;
/// ws_request_spec
pub const WS_TYPE_REQUEST_SPEC: i32 = 3;
/// ws_response_spec
pub const WS_TYPE_RESPONSE_SPEC: i32 = 4;
/// ws_frame
pub const WS_TYPE_FRAME: i32 = 5;
/// ws_decoder
pub const WS_TYPE_DECODER: i32 = 6;
/// ws_out_frame
pub const WS_TYPE_OUT_FRAME: i32 = 7;
/// ws_pmd_params
pub const WS_TYPE_PMD_PARAMS: i32 = 8;
/// ws_allocator
pub const WS_TYPE_ALLOCATOR: i32 = 9;
/// ws_accept_spec
pub const WS_TYPE_ACCEPT_SPEC: i32 = 10;
/// ws_event
pub const WS_TYPE_EVENT: i32 = 11;
/// ws_request_fields
pub const WS_TYPE_REQUEST_FIELDS: i32 = 12;
/// ws_response_fields
pub const WS_TYPE_RESPONSE_FIELDS: i32 = 13;
/// ws_accepted
pub const WS_TYPE_ACCEPTED: i32 = 14;
/// ws_control
pub const WS_TYPE_CONTROL: i32 = 15;
/// ws_conn: the memory that ws_conn_init() needs.
pub const WS_TYPE_CONN: i32 = 16;

/// Returns sizeof the struct named by `type` (WS_TYPE_*) as the library sees it; 0 for an unknown
/// type. A language binding compares it with its own declaration once, at load time: a frozen
/// struct must have the same size, an extensible one may be larger in the library.
#[unsafe(no_mangle)]
pub extern "C" fn ws_sizeof(r#type: c_int) -> usize {
    match r#type {
        WS_TYPE_HANDSHAKE => size_of::<ws_handshake>(),
        WS_TYPE_RESPONSE => size_of::<ws_response>(),
        WS_TYPE_REQUEST_SPEC => size_of::<ws_request_spec>(),
        WS_TYPE_RESPONSE_SPEC => size_of::<ws_response_spec>(),
        WS_TYPE_FRAME => size_of::<ws_frame>(),
        WS_TYPE_DECODER => size_of::<ws_decoder>(),
        WS_TYPE_OUT_FRAME => size_of::<ws_out_frame>(),
        WS_TYPE_PMD_PARAMS => size_of::<ws_pmd_params>(),
        WS_TYPE_ALLOCATOR => size_of::<ws_allocator>(),
        WS_TYPE_ACCEPT_SPEC => size_of::<ws_accept_spec>(),
        WS_TYPE_EVENT => size_of::<ws_event>(),
        WS_TYPE_REQUEST_FIELDS => size_of::<ws_request_fields>(),
        WS_TYPE_RESPONSE_FIELDS => size_of::<ws_response_fields>(),
        WS_TYPE_ACCEPTED => size_of::<ws_accepted>(),
        WS_TYPE_CONTROL => size_of::<ws_control>(),
        WS_TYPE_CONN => size_of::<ws_conn>(),
        _ => 0,
    }
}
