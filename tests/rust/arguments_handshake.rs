//! Invalid arguments of the functions for the handshake: NULL, absurd lengths, unaligned
//! pointers, structs of other sizes.

// The pointers refer to live variables, or must be refused before they are used.
#![allow(clippy::undocumented_unsafe_blocks)]

use crate::arguments_frame::{ABSURD, dangling, unaligned};
use crate::c::code::{
    BUFFER_TOO_SMALL, HTTP_SYNTAX, INVALID_ARGUMENT, KEY as BAD_KEY, UNSUPPORTED,
};
use crate::handshake_parsed::{REQUEST, RESPONSE};
use crate::heads::{Head, KEY};
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use wscodec::ffi::fields::*;
use wscodec::ffi::handshake::*;
#[cfg(feature = "deflate")]
use wscodec::ffi::negotiation::{ws_pmd_accept_value, ws_pmd_confirm_value};

fn ptr(bytes: &[u8]) -> *const c_void {
    bytes.as_ptr().cast()
}

/// Calls with a valid pointer and length, then with each invalid pair.
fn bad_inputs(good: &[u8], call: impl Fn(*const c_void, usize) -> isize) {
    assert!(call(ptr(good), good.len()) > 0, "valid arguments");
    assert_eq!(call(null(), 1), INVALID_ARGUMENT);
    assert_eq!(call(null(), good.len()), INVALID_ARGUMENT);
    for absurd in ABSURD {
        assert_eq!(call(ptr(good), absurd), INVALID_ARGUMENT);
        assert_eq!(call(null(), absurd), INVALID_ARGUMENT);
    }
    let empty = call(null(), 0);
    assert_eq!(call(dangling(), 0), empty, "any empty buffer");
    assert_eq!(call(ptr(good), 0), empty, "any empty buffer");
}

/// As `bad_inputs`, for an output.
fn bad_outputs(call: impl Fn(*mut c_void, usize) -> isize) {
    let mut out = [0_u8; 1024];
    let to: *mut c_void = out.as_mut_ptr().cast();
    assert!(call(to, 1024) > 0, "valid arguments");
    assert_eq!(call(null_mut(), 1024), INVALID_ARGUMENT);
    for absurd in ABSURD {
        assert_eq!(call(to, absurd), INVALID_ARGUMENT);
        assert_eq!(call(null_mut(), absurd), INVALID_ARGUMENT);
    }
    assert_eq!(call(null_mut(), 0), BUFFER_TOO_SMALL);
    assert_eq!(call(dangling(), 0), BUFFER_TOO_SMALL);
}

#[test]
fn accept_key_refuses_invalid_arguments() {
    let mut out = [0_u8; 28];
    let to: *mut c_void = out.as_mut_ptr().cast();
    bad_inputs(KEY, |key, len| unsafe { ws_accept_key(key, len, to, 28) });
    assert_eq!(unsafe { ws_accept_key(null(), 0, to, 28) }, BAD_KEY);
    bad_outputs(|out, cap| unsafe { ws_accept_key(ptr(KEY), 24, out, cap) });
}

#[test]
fn make_key_refuses_invalid_outputs() {
    bad_outputs(|out, cap| unsafe { ws_make_key(out, cap) });
    let mut out = [7_u8; 24];
    let result = unsafe { ws_make_key(out.as_mut_ptr().cast(), 23) };
    assert_eq!((result, out), (BUFFER_TOO_SMALL, [7; 24]));
}

#[test]
fn parse_handshake_refuses_invalid_arguments() {
    let request = Head::request().bytes();
    let size = size_of::<ws_handshake>();
    bad_inputs(&request, |buf, len| {
        let mut hs = ws_handshake { head_len: 7, ..ws_handshake::default() };
        let result = unsafe { ws_parse_handshake(buf, len, &mut hs, size) };
        assert_eq!(hs == ws_handshake::default(), result <= 0);
        result
    });
    let parse =
        |hs, size| unsafe { ws_parse_handshake(ptr(&request), request.len(), hs, size) };
    assert_eq!(parse(null_mut(), size), INVALID_ARGUMENT);
    assert_eq!(parse(null_mut(), 0), INVALID_ARGUMENT);
    for absurd in ABSURD {
        assert_eq!(parse(&mut ws_handshake::default(), absurd), INVALID_ARGUMENT);
    }
}

/// Bytes that are aligned for any struct.
#[repr(C, align(16))]
struct Room([u8; 512]);

/// Output structs as older and newer callers know them, at aligned and unaligned addresses.
/// Smaller and unaligned ones are refused; the tail of larger ones is zeroed.
fn sizes_of_output<T: Copy + PartialEq + core::fmt::Debug>(
    known: T,
    parse: impl Fn(*mut T, usize) -> isize,
) {
    let size = size_of::<T>();
    let mut room = Room([0xee; 512]);
    for smaller in 0..size {
        assert_eq!(parse(room.0.as_mut_ptr().cast(), smaller), INVALID_ARGUMENT);
    }
    for at in (0..16).filter(|at| at % align_of::<T>() != 0) {
        let to: *mut T = room.0[at..].as_mut_ptr().cast();
        assert_eq!(parse(to, size), INVALID_ARGUMENT, "unaligned");
    }
    assert_eq!(room.0, [0xee; 512], "nothing has changed");
    for larger in 0..40 {
        for at in (0..16).step_by(align_of::<T>()) {
            room.0.fill(0xee);
            let to: *mut T = room.0[at..].as_mut_ptr().cast();
            assert!(parse(to, size + larger) > 0);
            assert_eq!(unsafe { to.read() }, known);
            assert_eq!(room.0[at + size..at + size + larger], vec![0; larger]);
            let rest = &room.0[at + size + larger..];
            assert!(rest.iter().all(|byte| *byte == 0xee), "wrote beyond it");
            assert!(room.0[..at].iter().all(|byte| *byte == 0xee), "wrote before it");
        }
    }
}

#[test]
fn parse_handshake_fills_structs_of_newer_callers() {
    let request = Head::request().bytes();
    let (_, known) = crate::c::parse_handshake(&request);
    sizes_of_output(known, |hs, size| unsafe {
        ws_parse_handshake(ptr(&request), request.len(), hs, size)
    });
}

#[test]
fn parse_response_fills_structs_of_newer_callers() {
    let (request, response) = (Head::request().bytes(), Head::response().bytes());
    let (_, known) = crate::c::parse_response(&response, &request);
    sizes_of_output(known, |to, size| unsafe {
        let (asked, asked_len) = (ptr(&request), request.len());
        ws_parse_response(ptr(&response), response.len(), asked, asked_len, to, size)
    });
}

#[test]
fn parse_response_refuses_invalid_arguments() {
    let (request, response) = (Head::request().bytes(), Head::response().bytes());
    let size = size_of::<ws_response>();
    let parse = |buf, len, asked, asked_len| {
        let mut response = ws_response { status: 7, ..ws_response::default() };
        let result =
            unsafe { ws_parse_response(buf, len, asked, asked_len, &mut response, size) };
        assert_eq!(response == ws_response::default(), result <= 0);
        result
    };
    bad_inputs(&response, |buf, len| parse(buf, len, ptr(&request), request.len()));
    bad_inputs(&request, |asked, len| parse(ptr(&response), response.len(), asked, len));
    let (asked, asked_len) = (ptr(&request), request.len());
    for size in [size, 0] {
        let result = unsafe {
            let (buf, len) = (ptr(&response), response.len());
            ws_parse_response(buf, len, asked, asked_len, null_mut(), size)
        };
        assert_eq!(result, INVALID_ARGUMENT);
    }
}

#[test]
fn next_header_refuses_invalid_arguments() {
    let head = Head::request().bytes();
    let (mut pos, mut spans) = ([0_usize; 2], [ws_span::default(); 4]);
    let (at, name) = (pos.as_mut_ptr(), spans.as_mut_ptr());
    let value = unsafe { name.add(2) };
    bad_inputs(&head, |head, len| unsafe {
        *at = 0;
        ws_next_header(head, len, at, name, value)
    });
    // An output that is valid is zeroed, even if another argument is invalid.
    unsafe { [*name, *value] = [ws_span { off: 7, len: 7 }; 2] };
    unsafe { *at = 0 };
    for (bad_name, bad_value) in
        [(null_mut(), value), (unaligned(name), value), (name, null_mut())]
    {
        let (from, len) = (ptr(&head), head.len());
        let result = unsafe { ws_next_header(from, len, at, bad_name, bad_value) };
        assert_eq!(result, INVALID_ARGUMENT);
    }
    assert_eq!(unsafe { [*name, *value] }, [ws_span::default(); 2]);
    let next = |at, name, value| unsafe {
        ws_next_header(ptr(&head), head.len(), at, name, value)
    };
    unsafe { *at = 0 };
    assert_eq!(next(null_mut(), name, value), INVALID_ARGUMENT);
    assert_eq!(next(at, null_mut(), value), INVALID_ARGUMENT);
    assert_eq!(next(at, name, null_mut()), INVALID_ARGUMENT);
    assert_eq!(next(unaligned(at), name, value), INVALID_ARGUMENT);
    assert_eq!(next(at, unaligned(name), value), INVALID_ARGUMENT);
    assert_eq!(next(at, name, unaligned(value)), INVALID_ARGUMENT);
    assert_eq!(unsafe { *at }, 0, "nothing has changed");
    assert_eq!(next(at, name, value), 1);
}

#[test]
fn find_header_refuses_invalid_arguments() {
    let head = Head::request().bytes();
    let mut spans = [ws_span::default(); 2];
    let value = spans.as_mut_ptr();
    let name: &[u8] = b"Host";
    bad_inputs(&head, |head, len| unsafe {
        ws_find_header(head, len, ptr(name), name.len(), value)
    });
    bad_inputs(name, |name, len| unsafe {
        ws_find_header(ptr(&head), head.len(), name, len, value)
    });
    for bad in [null_mut(), unaligned(value)] {
        let result = unsafe { ws_find_header(ptr(&head), head.len(), ptr(name), 4, bad) };
        assert_eq!(result, INVALID_ARGUMENT);
    }
}

#[test]
fn select_protocol_refuses_invalid_arguments() {
    let head = Head::request().add("Sec-WebSocket-Protocol", "chat").bytes();
    let mut spans = [ws_span::default(); 2];
    let chosen = spans.as_mut_ptr();
    let supported: &[u8] = b"chat";
    bad_inputs(&head, |head, len| unsafe {
        ws_select_protocol(head, len, ptr(supported), 4, chosen)
    });
    bad_inputs(supported, |supported, len| unsafe {
        ws_select_protocol(ptr(&head), head.len(), supported, len, chosen)
    });
    for bad in [null_mut(), unaligned(chosen)] {
        let (head_len, from) = (head.len(), ptr(supported));
        let result = unsafe { ws_select_protocol(ptr(&head), head_len, from, 4, bad) };
        assert_eq!(result, INVALID_ARGUMENT);
    }
}

#[test]
fn origin_allowed_is_false_for_invalid_arguments() {
    let origin: &[u8] = b"https://a";
    let (good, len) = (ptr(origin), origin.len());
    let mut bad = vec![(null(), 0), (null(), len), (dangling().cast_const(), 0)];
    bad.extend(ABSURD.map(|absurd| (good, absurd)));
    unsafe {
        assert_eq!(ws_origin_allowed(good, len, good, len), 1);
        for (pointer, bad_len) in bad {
            assert_eq!(ws_origin_allowed(pointer, bad_len, good, len), 0);
            assert_eq!(ws_origin_allowed(good, len, pointer, bad_len), 0);
        }
    }
}

const EMPTY: ws_bytes = ws_bytes { data: null(), len: 0 };

fn bytes(bytes: &'static [u8]) -> ws_bytes {
    ws_bytes { data: ptr(bytes), len: bytes.len() }
}

fn response_spec() -> ws_response_spec {
    ws_response_spec {
        key: bytes(KEY),
        protocol: EMPTY,
        extensions: EMPTY,
        headers: EMPTY,
    }
}

fn request_spec() -> ws_request_spec {
    ws_request_spec {
        host: bytes(b"a"),
        target: bytes(b"/"),
        key: bytes(KEY),
        origin: EMPTY,
        protocols: EMPTY,
        extensions: EMPTY,
        headers: EMPTY,
    }
}

/// Input structs as older and newer callers know them, at aligned and unaligned addresses.
/// Smaller and unaligned ones are refused; the tail of larger ones must be zero.
fn sizes_of_input<T: Copy>(spec: T, build: impl Fn(*const T, usize) -> isize) {
    let size = size_of::<T>();
    for at in 0..16 {
        let mut room = Room([0; 512]);
        let to: *mut T = room.0[at..].as_mut_ptr().cast();
        unsafe { to.write_unaligned(spec) };
        if at % align_of::<T>() != 0 {
            assert_eq!(build(to, size), INVALID_ARGUMENT, "unaligned");
            continue;
        }
        for smaller in 0..size {
            assert_eq!(build(to, smaller), INVALID_ARGUMENT);
        }
        for larger in 0..40 {
            assert!(build(to, size + larger) > 0, "a zero tail");
        }
        for tail in 0..40 {
            room.0[at + size + tail] = 1;
            let from = room.0[at..].as_ptr().cast();
            assert_eq!(build(from, size + 40), UNSUPPORTED);
            assert!(build(from, size + tail) > 0, "bytes beyond the size do not count");
            room.0[at + size + tail] = 0;
        }
    }
    assert_eq!(build(null(), size), INVALID_ARGUMENT);
    assert_eq!(build(null(), 0), INVALID_ARGUMENT);
    for absurd in ABSURD {
        assert_eq!(build(&spec, absurd), INVALID_ARGUMENT);
    }
}

#[test]
fn build_response_reads_specs_of_newer_callers() {
    sizes_of_input(response_spec(), |spec, size| {
        let mut out = [0_u8; 512];
        unsafe { ws_build_response(spec, size, out.as_mut_ptr().cast(), 512) }
    });
}

#[test]
fn build_request_reads_specs_of_newer_callers() {
    sizes_of_input(request_spec(), |spec, size| {
        let mut out = [0_u8; 512];
        unsafe { ws_build_request(spec, size, out.as_mut_ptr().cast(), 512) }
    });
}

fn bad_bytes() -> Vec<ws_bytes> {
    let mut bad = vec![ws_bytes { data: null(), len: 1 }];
    bad.extend(ABSURD.map(|len| ws_bytes { data: ptr(KEY), len }));
    bad
}

#[test]
fn build_response_refuses_invalid_arguments() {
    let build = |spec: &ws_response_spec, out, cap| unsafe {
        ws_build_response(spec, size_of::<ws_response_spec>(), out, cap)
    };
    bad_outputs(|out, cap| build(&response_spec(), out, cap));
    for bad in bad_bytes() {
        let spec = response_spec();
        for spec in [
            ws_response_spec { key: bad, ..spec },
            ws_response_spec { protocol: bad, ..spec },
            ws_response_spec { extensions: bad, ..spec },
            ws_response_spec { headers: bad, ..spec },
        ] {
            let mut out = [0_u8; 512];
            assert_eq!(build(&spec, out.as_mut_ptr().cast(), 512), INVALID_ARGUMENT);
            assert_eq!(out, [0; 512]);
        }
    }
}

#[test]
fn build_request_refuses_invalid_arguments() {
    let build = |spec: &ws_request_spec, out, cap| unsafe {
        ws_build_request(spec, size_of::<ws_request_spec>(), out, cap)
    };
    bad_outputs(|out, cap| build(&request_spec(), out, cap));
    for bad in bad_bytes() {
        let spec = request_spec();
        for spec in [
            ws_request_spec { host: bad, ..spec },
            ws_request_spec { target: bad, ..spec },
            ws_request_spec { key: bad, ..spec },
            ws_request_spec { origin: bad, ..spec },
            ws_request_spec { protocols: bad, ..spec },
            ws_request_spec { extensions: bad, ..spec },
            ws_request_spec { headers: bad, ..spec },
        ] {
            let mut out = [0_u8; 512];
            assert_eq!(build(&spec, out.as_mut_ptr().cast(), 512), INVALID_ARGUMENT);
            assert_eq!(out, [0; 512]);
        }
    }
}

#[test]
fn build_reply_refuses_invalid_arguments() {
    let (lines, body): (&[u8], &[u8]) = (b"X: y\r\n", b"body");
    let mut out = [0_u8; 512];
    let to: *mut c_void = out.as_mut_ptr().cast();
    bad_inputs(lines, |lines, len| unsafe {
        ws_build_reply(400, lines, len, ptr(body), 4, to, 512)
    });
    bad_inputs(body, |body, len| unsafe {
        ws_build_reply(400, ptr(lines), lines.len(), body, len, to, 512)
    });
    bad_outputs(|out, cap| unsafe {
        ws_build_reply(400, null(), 0, null(), 0, out, cap)
    });
}

#[test]
fn parse_handshake_zeroes_the_struct_on_error() {
    let mut hs = ws_handshake { head_len: 7, http_version: 8, ..ws_handshake::default() };
    let (bad, size) = (b"no request\r\n", size_of::<ws_handshake>());
    let result = unsafe { ws_parse_handshake(ptr(bad), bad.len(), &mut hs, size) };
    assert_eq!((result, hs), (HTTP_SYNTAX, ws_handshake::default()));
}

#[test]
fn head_length_refuses_invalid_arguments() {
    let head = Head::request().bytes();
    let mut scanned = [0_usize; 2];
    let at = scanned.as_mut_ptr();
    bad_inputs(&head, |head, len| unsafe {
        *at = 0;
        ws_head_length(head, len, at)
    });
    unsafe { *at = 0 };
    for bad in [null_mut(), unaligned(at)] {
        let result = unsafe { ws_head_length(ptr(&head), head.len(), bad) };
        assert_eq!(result, INVALID_ARGUMENT);
    }
    assert_eq!(unsafe { *at }, 0, "nothing has changed");
}

#[test]
fn select_protocol_value_refuses_invalid_arguments() {
    let mut spans = [ws_span::default(); 2];
    let chosen = spans.as_mut_ptr();
    let chat: &[u8] = b"chat";
    bad_inputs(chat, |offered, len| unsafe {
        ws_select_protocol_value(offered, len, ptr(chat), 4, chosen)
    });
    bad_inputs(chat, |supported, len| unsafe {
        ws_select_protocol_value(ptr(chat), 4, supported, len, chosen)
    });
    for bad in [null_mut(), unaligned(chosen)] {
        let result = unsafe { ws_select_protocol_value(ptr(chat), 4, ptr(chat), 4, bad) };
        assert_eq!(result, INVALID_ARGUMENT);
    }
}

#[test]
#[cfg(feature = "deflate")]
fn pmd_value_functions_refuse_invalid_arguments() {
    let offer: &[u8] = b"permessage-deflate";
    let mut params = [crate::pmd::USUAL; 2];
    let mut out = [0_u8; 1024];
    let to: *mut c_void = out.as_mut_ptr().cast();
    bad_inputs(offer, |offer, len| unsafe {
        ws_pmd_accept_value(offer, len, params.as_ptr().cast_mut(), to, 1024)
    });
    bad_inputs(offer, |offer, len| unsafe {
        ws_pmd_confirm_value(offer, len, params.as_ptr().cast_mut())
    });
    let (from, len) = (ptr(offer), offer.len());
    bad_outputs(|out, cap| unsafe {
        ws_pmd_accept_value(from, len, params.as_ptr().cast_mut(), out, cap)
    });
    unsafe {
        assert_eq!(
            ws_pmd_accept_value(from, len, null_mut(), to, 1024),
            INVALID_ARGUMENT
        );
        assert_eq!(ws_pmd_confirm_value(from, len, null_mut()), INVALID_ARGUMENT);
        params[0].level = 10;
        let bad = params.as_mut_ptr();
        assert_eq!(ws_pmd_accept_value(from, len, bad, to, 1024), INVALID_ARGUMENT);
        assert_eq!(ws_pmd_confirm_value(from, len, bad), INVALID_ARGUMENT);
    }
}

#[test]
fn check_functions_read_fields_of_newer_callers() {
    // These return WS_OK, while `sizes_of_input` expects a count.
    sizes_of_input(REQUEST.raw(), |fields, size| {
        let result = unsafe { ws_check_request(fields, size) };
        if result == 0 { 1 } else { result }
    });
    sizes_of_input(RESPONSE.raw(), |fields, size| {
        let result = unsafe { ws_check_response(fields, size) };
        if result == 0 { 1 } else { result }
    });
}

/// Even of those that are not needed.
#[test]
fn check_functions_refuse_every_invalid_field() {
    for http_version in [11, 20] {
        let good = ws_request_fields { http_version, ..REQUEST.raw() };
        let check = |fields: ws_request_fields| unsafe {
            ws_check_request(&fields, size_of::<ws_request_fields>())
        };
        for bad in bad_bytes() {
            for fields in [
                ws_request_fields { method: bad, ..good },
                ws_request_fields { host: bad, ..good },
                ws_request_fields { upgrade: bad, ..good },
                ws_request_fields { connection: bad, ..good },
                ws_request_fields { key: bad, ..good },
                ws_request_fields { version: bad, ..good },
                ws_request_fields { origin: bad, ..good },
                ws_request_fields { extensions: bad, ..good },
                ws_request_fields { content_length: bad, ..good },
                ws_request_fields { transfer_encoding: bad, ..good },
                ws_request_fields { connect_protocol: bad, ..good },
                ws_request_fields { origins: bad, ..good },
            ] {
                assert_eq!(check(fields), INVALID_ARGUMENT);
            }
        }
        assert_eq!(check(ws_request_fields { reserved: 1, ..good }), INVALID_ARGUMENT);
        let good = ws_response_fields { http_version, ..RESPONSE.raw() };
        let check = |fields: ws_response_fields| unsafe {
            ws_check_response(&fields, size_of::<ws_response_fields>())
        };
        for bad in bad_bytes() {
            for fields in [
                ws_response_fields { upgrade: bad, ..good },
                ws_response_fields { connection: bad, ..good },
                ws_response_fields { accept: bad, ..good },
                ws_response_fields { protocol: bad, ..good },
                ws_response_fields { extensions: bad, ..good },
                ws_response_fields { key: bad, ..good },
                ws_response_fields { offered_protocols: bad, ..good },
                ws_response_fields { offered_extensions: bad, ..good },
            ] {
                assert_eq!(check(fields), INVALID_ARGUMENT);
            }
        }
        assert_eq!(check(ws_response_fields { reserved: 1, ..good }), INVALID_ARGUMENT);
    }
}
