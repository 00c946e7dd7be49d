//! Invalid arguments of the functions for text and close payloads.

// The pointers refer to live variables, or must be refused before they are used.
#![allow(clippy::undocumented_unsafe_blocks)]

use crate::arguments_frame::{ABSURD, dangling, unaligned};
use crate::c::code::{BUFFER_TOO_SMALL, INVALID_ARGUMENT};
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use wscodec::ffi::text::*;

const REASON: &[u8] = b"bye";

fn reason() -> *const c_void {
    REASON.as_ptr().cast()
}

#[test]
fn utf8_validate_refuses_invalid_arguments() {
    let mut states = [0_u32; 2];
    let state = states.as_mut_ptr();
    unsafe {
        assert_eq!(ws_utf8_validate(null_mut(), reason(), 3), INVALID_ARGUMENT);
        assert_eq!(ws_utf8_validate(unaligned(state), reason(), 3), INVALID_ARGUMENT);
        assert_eq!(ws_utf8_validate(state, null(), 1), INVALID_ARGUMENT);
        for absurd in ABSURD {
            assert_eq!(ws_utf8_validate(state, reason(), absurd), INVALID_ARGUMENT);
        }
        assert_eq!(*state, 0, "nothing has changed");
        assert_eq!(ws_utf8_validate(state, null(), 0), 0);
        assert_eq!(ws_utf8_validate(state, dangling(), 0), 0);
        assert_eq!(ws_utf8_validate(state, reason(), 3), 0);
    }
}

#[test]
fn close_parse_refuses_invalid_arguments() {
    let mut codes = [7_u16; 2];
    let code = codes.as_mut_ptr();
    let payload: *const c_void = b"\x03\xe8bye".as_ptr().cast();
    unsafe {
        assert_eq!(ws_close_parse(payload, 5, null_mut()), INVALID_ARGUMENT);
        assert_eq!(ws_close_parse(payload, 5, unaligned(code)), INVALID_ARGUMENT);
        assert_eq!(*code, 7);
        assert_eq!(ws_close_parse(null(), 5, code), INVALID_ARGUMENT);
        assert_eq!(*code, 0, "no code with an error");
        for absurd in ABSURD {
            assert_eq!(ws_close_parse(payload, absurd, code), INVALID_ARGUMENT);
        }
        for empty in [null(), dangling().cast_const()] {
            assert_eq!(ws_close_parse(empty, 0, code), 0);
            assert_eq!(*code, 1005);
        }
        assert_eq!(ws_close_parse(payload, 5, code), 3);
    }
}

#[test]
fn close_build_refuses_invalid_arguments() {
    let mut out = [0_u8; 125];
    let to: *mut c_void = out.as_mut_ptr().cast();
    unsafe {
        assert_eq!(ws_close_build(1000, null(), 3, to, 125), INVALID_ARGUMENT);
        assert_eq!(ws_close_build(1000, reason(), 3, null_mut(), 125), INVALID_ARGUMENT);
        assert_eq!(ws_close_build(1000, reason(), 3, null_mut(), 0), BUFFER_TOO_SMALL);
        for absurd in ABSURD {
            let result = ws_close_build(1000, reason(), absurd, to, 125);
            assert_eq!(result, INVALID_ARGUMENT);
            assert_eq!(ws_close_build(1000, reason(), 3, to, absurd), INVALID_ARGUMENT);
        }
        assert_eq!(*to.cast::<[u8; 125]>(), [0; 125], "nothing was written");
        assert_eq!(ws_close_build(1000, null(), 0, to, 125), 2);
        assert_eq!(ws_close_build(1000, dangling(), 0, to, 125), 2);
        assert_eq!(ws_close_build(1005, null(), 0, null_mut(), 0), 0);
    }
}
