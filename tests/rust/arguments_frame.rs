//! Invalid arguments of the functions for frames: NULL, absurd lengths, unaligned pointers,
//! unknown flags.

// The pointers refer to live variables, or must be refused before they are used.
#![allow(clippy::undocumented_unsafe_blocks)]

use crate::c::code::{BUFFER_TOO_SMALL, INVALID_ARGUMENT};
use core::ffi::c_void;
use core::ptr::{null, null_mut, without_provenance_mut};
use wscodec::ffi::decoder::*;
use wscodec::ffi::frame::*;

/// Lengths that no object can have.
pub(crate) const ABSURD: [usize; 3] =
    [usize::MAX, isize::MAX as usize + 1, isize::MAX as usize + 2];

/// A pointer that is valid only with a length of 0.
pub(crate) fn dangling() -> *mut c_void {
    without_provenance_mut(1)
}

/// One byte beyond `pointer`. The alignment of `T` must be more than 1.
pub(crate) fn unaligned<T>(pointer: *mut T) -> *mut T {
    assert!(align_of::<T>() > 1);
    pointer.wrapping_byte_add(1)
}

const KEY: [u8; 4] = [1, 2, 3, 4];

fn key() -> *const c_void {
    KEY.as_ptr().cast()
}

#[test]
fn decode_refuses_bad_buffers() {
    let mut frame = ws_frame::default();
    unsafe {
        assert_eq!(ws_frame_decode(null_mut(), 1, 0, &mut frame), INVALID_ARGUMENT);
        for len in ABSURD {
            let result = ws_frame_decode(dangling(), len, 0, &mut frame);
            assert_eq!(result, INVALID_ARGUMENT);
        }
    }
    assert_eq!(frame, ws_frame::default());
}

#[test]
fn decode_accepts_an_empty_buffer_with_any_pointer() {
    let mut frame = ws_frame { opcode: 7, ..ws_frame::default() };
    unsafe {
        assert_eq!(ws_frame_decode(null_mut(), 0, 0, &mut frame), 0);
        assert_eq!(ws_frame_decode(dangling(), 0, 0, &mut frame), 0);
    }
    assert_eq!(frame, ws_frame::default());
}

#[test]
fn decode_refuses_bad_frames() {
    let mut buf = *b"\x81\x80\x01\x02\x03\x04";
    let mut frames = [ws_frame::default(); 2];
    let (to, len) = (buf.as_mut_ptr().cast(), buf.len());
    unsafe {
        assert_eq!(ws_frame_decode(to, len, 0, null_mut()), INVALID_ARGUMENT);
        let odd = unaligned(frames.as_mut_ptr());
        assert_eq!(ws_frame_decode(to, len, 0, odd), INVALID_ARGUMENT);
    }
    assert_eq!(frames, [ws_frame::default(); 2]);
}

#[test]
fn decode_and_init_refuse_unknown_flags() {
    let mut buf = *b"\x81\x80\x01\x02\x03\x04";
    for bit in 0..32 {
        let mut frame = ws_frame::default();
        let mut decoder = ws_decoder::default();
        let (decoded, init) = unsafe {
            let to = buf.as_mut_ptr().cast();
            (
                ws_frame_decode(to, buf.len(), 1 << bit, &mut frame),
                ws_decoder_init(&mut decoder, 1 << bit, 0),
            )
        };
        assert_eq!(decoded == INVALID_ARGUMENT, bit >= 5, "{bit}");
        assert_eq!(init, if bit >= 5 { INVALID_ARGUMENT } else { 0 }, "{bit}");
        if init != 0 {
            let fed = crate::c::feed(&mut decoder, &mut b"\x81\x80".to_vec(), 1);
            assert_eq!(fed.map(|_| ()), Err(INVALID_ARGUMENT), "it refuses all input");
        }
    }
}

#[test]
fn encode_refuses_bad_payloads_and_outputs() {
    let mut out = [0_u8; 16];
    let to: *mut c_void = out.as_mut_ptr().cast();
    unsafe {
        let encode = |payload: *const c_void, len, to, cap| {
            ws_frame_encode(2, 0x80, key(), payload, len, to, cap)
        };
        assert_eq!(encode(null(), 1, to, 16), INVALID_ARGUMENT);
        assert_eq!(encode(key(), 4, null_mut(), 16), INVALID_ARGUMENT);
        assert_eq!(encode(key(), 4, null_mut(), 0), BUFFER_TOO_SMALL);
        assert_eq!(encode(dangling(), 0, null_mut(), 0), BUFFER_TOO_SMALL);
        for absurd in ABSURD {
            assert_eq!(encode(dangling(), absurd, to, 16), INVALID_ARGUMENT);
            assert_eq!(encode(key(), 4, to, absurd), INVALID_ARGUMENT);
        }
    }
    assert_eq!(out, [0; 16]);
}

#[test]
fn encode_accepts_an_empty_payload_with_any_pointer() {
    for payload in [null_mut(), dangling()] {
        let mut out = [0_u8; 2];
        let to = out.as_mut_ptr().cast();
        let result = unsafe { ws_frame_encode(2, 0x80, null(), payload, 0, to, 2) };
        assert_eq!((result, out), (2, [0x82, 0]));
    }
}

#[test]
fn header_refuses_bad_outputs() {
    let mut out = [0_u8; 14];
    unsafe {
        let header = |to, cap| ws_frame_header(2, 0x80, key(), 5, to, cap);
        assert_eq!(header(null_mut(), 14), INVALID_ARGUMENT);
        assert_eq!(header(null_mut(), 0), BUFFER_TOO_SMALL);
        for absurd in ABSURD {
            assert_eq!(header(out.as_mut_ptr().cast(), absurd), INVALID_ARGUMENT);
        }
    }
    assert_eq!(out, [0; 14]);
}

#[test]
fn mask_does_nothing_with_bad_arguments() {
    let mut buf = [7_u8; 8];
    let to: *mut c_void = buf.as_mut_ptr().cast();
    unsafe {
        ws_mask(to, 8, null(), 0);
        ws_mask(null_mut(), 8, key(), 0);
        ws_mask(null_mut(), 0, key(), 0);
        ws_mask(dangling(), 0, key(), 0);
        for absurd in ABSURD {
            ws_mask(to, absurd, key(), 0);
        }
    }
    assert_eq!(buf, [7; 8]);
}

#[test]
fn mask_copy_does_nothing_with_bad_arguments() {
    let (src, mut dst) = ([7_u8; 8], [9_u8; 8]);
    let (from, to): (*const c_void, *mut c_void) =
        (src.as_ptr().cast(), dst.as_mut_ptr().cast());
    unsafe {
        ws_mask_copy(to, from, 8, null(), 0);
        ws_mask_copy(null_mut(), from, 8, key(), 0);
        ws_mask_copy(to, null(), 8, key(), 0);
        ws_mask_copy(null_mut(), null(), 8, key(), 0);
        ws_mask_copy(null_mut(), null(), 0, key(), 0);
        for absurd in ABSURD {
            ws_mask_copy(to, from, absurd, key(), 0);
            ws_mask_copy(to, to, absurd, key(), 0);
        }
    }
    assert_eq!((src, dst), ([7; 8], [9; 8]));
}

#[test]
fn mask_copy_works_in_place() {
    let mut buf = *b"Hello, world";
    let to: *mut c_void = buf.as_mut_ptr().cast();
    unsafe { ws_mask_copy(to, to, buf.len(), key(), 0) };
    assert_eq!(buf[..], crate::wire::masked(b"Hello, world", KEY));
}

#[test]
fn partly_overlapping_buffers_are_refused() {
    let mut buf = *b"Hello, world, hello";
    let to: *mut c_void = buf.as_mut_ptr().cast();
    unsafe {
        for off in [1, 7] {
            ws_mask_copy(to.byte_add(off), to, 8, key(), 0);
            ws_mask_copy(to, to.byte_add(off), 8, key(), 0);
            let payload = to.byte_add(off);
            let result = ws_frame_encode(2, 0x80, key(), payload, 8, to, 14);
            assert_eq!(result, INVALID_ARGUMENT);
        }
    }
    assert_eq!(buf, *b"Hello, world, hello");
}

#[test]
fn adjacent_buffers_are_accepted_in_either_order() {
    let mut buf = *b"Hello, world, hello.";
    let all: *mut c_void = buf.as_mut_ptr().cast();
    unsafe {
        ws_mask_copy(all, all.byte_add(8), 8, [0; 4].as_ptr().cast(), 0);
        ws_mask_copy(all.byte_add(16), all.byte_add(12), 4, [0; 4].as_ptr().cast(), 0);
        assert_eq!(buf, *b"orld, heorld, he, he");
        let (payload, out) = (all, all.byte_add(4));
        assert_eq!(ws_frame_encode(2, 0x80, null(), payload, 4, out, 6), 6);
        let (payload, out) = (all.byte_add(16), all.byte_add(10));
        assert_eq!(ws_frame_encode(2, 0x80, null(), payload, 4, out, 6), 6);
    }
    assert_eq!(buf, *b"orld\x82\x04orld\x82\x04, he, he");
}

#[test]
fn init_refuses_bad_decoders() {
    let mut decoders = [ws_decoder { opaque: [7; 8] }; 2];
    unsafe {
        assert_eq!(ws_decoder_init(null_mut(), 0, 0), INVALID_ARGUMENT);
        let odd = unaligned(decoders.as_mut_ptr());
        assert_eq!(ws_decoder_init(odd, 0, 0), INVALID_ARGUMENT);
    }
    assert_eq!(decoders[0].opaque, [7; 8]);
}

#[test]
fn finish_refuses_bad_decoders() {
    let mut decoders = [ws_decoder::default(); 2];
    unsafe {
        assert_eq!(ws_decoder_finish(null()), INVALID_ARGUMENT);
        let odd = unaligned(decoders.as_mut_ptr());
        assert_eq!(ws_decoder_finish(odd), INVALID_ARGUMENT);
        assert_eq!(ws_decoder_finish(&decoders[0]), 0);
    }
}

/// The arguments of ws_decoder_feed(), to be made invalid one by one.
#[derive(Clone, Copy)]
struct Feed {
    decoder: *mut ws_decoder,
    buf: *mut c_void,
    len: usize,
    frames: *mut ws_frame,
    frames_cap: usize,
    consumed: *mut usize,
}

#[test]
fn feed_refuses_each_bad_argument_and_changes_nothing() {
    let mut decoders = [ws_decoder::default(); 2];
    let (mut buf, mut frames) = (*b"\x82\x81\x01\x02\x03\x04a", [ws_frame::default(); 4]);
    let mut consumed = [77_usize; 2];
    let good = Feed {
        decoder: decoders.as_mut_ptr(),
        buf: buf.as_mut_ptr().cast(),
        len: buf.len(),
        frames: frames.as_mut_ptr(),
        frames_cap: 4,
        consumed: consumed.as_mut_ptr(),
    };
    let mut bad = vec![
        Feed { decoder: null_mut(), ..good },
        Feed { decoder: unaligned(good.decoder), ..good },
        Feed { buf: null_mut(), ..good },
        Feed { frames: null_mut(), ..good },
        Feed { frames: unaligned(good.frames), ..good },
        Feed { frames_cap: 0, ..good },
        Feed { frames: null_mut(), frames_cap: 0, ..good },
        Feed { frames_cap: isize::MAX as usize / 40 + 1, ..good },
        Feed { consumed: null_mut(), ..good },
        Feed { consumed: unaligned(good.consumed), ..good },
    ];
    bad.extend(ABSURD.map(|len| Feed { len, ..good }));
    bad.extend(ABSURD.map(|frames_cap| Feed { frames_cap, ..good }));
    let feed = |a: Feed| unsafe {
        ws_decoder_feed(a.decoder, a.buf, a.len, a.frames, a.frames_cap, a.consumed)
    };
    for (at, arguments) in bad.into_iter().enumerate() {
        assert_eq!(feed(arguments), INVALID_ARGUMENT, "{at}");
    }
    let untouched = unsafe { (*good.decoder, *good.buf.cast::<[u8; 7]>()) };
    assert_eq!(untouched.0.opaque, [0; 8]);
    assert_eq!(untouched.1, *b"\x82\x81\x01\x02\x03\x04a");
    assert_eq!(feed(good), 1);
    assert_eq!(unsafe { *good.consumed }, 7);
}

#[test]
fn feed_accepts_an_empty_buffer_with_any_pointer() {
    for buf in [null_mut(), dangling()] {
        let (mut decoder, mut frame) = (ws_decoder::default(), ws_frame::default());
        let mut consumed = 77;
        let result = unsafe {
            ws_decoder_feed(&mut decoder, buf, 0, &mut frame, 1, &mut consumed)
        };
        assert_eq!((result, consumed), (0, 0));
    }
}

#[test]
fn frames_encode_refuses_bad_arguments() {
    let frames = [ws_out_frame {
        payload: key(),
        payload_len: 4,
        mask_key: KEY,
        opcode: 2,
        flags: 0x80,
        reserved: [0; 2],
    }; 2];
    let (mut out, mut written) = ([0_u8; 32], [77_usize; 2]);
    let (from, to): (_, *mut c_void) = (frames.as_ptr(), out.as_mut_ptr().cast());
    let len: *mut usize = written.as_mut_ptr();
    unsafe {
        assert_eq!(ws_frames_encode(null(), 1, to, 32, len), INVALID_ARGUMENT);
        assert_eq!(*len, 0);
        let odd = unaligned(from.cast_mut());
        assert_eq!(ws_frames_encode(odd, 1, to, 32, len), INVALID_ARGUMENT);
        assert_eq!(ws_frames_encode(from, 2, null_mut(), 32, len), INVALID_ARGUMENT);
        assert_eq!(ws_frames_encode(from, 2, to, 32, null_mut()), INVALID_ARGUMENT);
        assert_eq!(ws_frames_encode(from, 2, to, 32, unaligned(len)), INVALID_ARGUMENT);
        for absurd in ABSURD {
            assert_eq!(ws_frames_encode(from, absurd, to, 32, len), INVALID_ARGUMENT);
            assert_eq!(ws_frames_encode(from, 2, to, absurd, len), INVALID_ARGUMENT);
        }
        assert_eq!(*to.cast::<[u8; 32]>(), [0; 32]);
        assert_eq!(ws_frames_encode(null(), 0, null_mut(), 0, len), 0);
        assert_eq!(ws_frames_encode(from, 2, to, 32, len), 2);
        assert_eq!(*len, 12);
    }
}
