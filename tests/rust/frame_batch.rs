//! ws_frames_encode(): many frames in one call.

use crate::c::{self, code};
use crate::wire::{KEY, frame};
use wscodec::ffi::decoder::ws_out_frame;

/// A frame to be sent, and its bytes on the wire.
fn out(
    first: u8,
    key: Option<[u8; 4]>,
    payload: &'static [u8],
) -> (ws_out_frame, Vec<u8>) {
    let frame_out = ws_out_frame {
        payload: payload.as_ptr().cast(),
        payload_len: payload.len(),
        mask_key: key.unwrap_or([0xff; 4]),
        opcode: first & 0x0f,
        flags: first & 0xf0 | if key.is_some() { 0x01 } else { 0 },
        reserved: [0; 2],
    };
    (frame_out, frame(first, key, payload))
}

static LONG: [u8; 300] = [b'x'; 300];

fn some() -> (Vec<ws_out_frame>, Vec<Vec<u8>>) {
    [
        out(0x01, None, b"Hel"),
        out(0x89, Some(KEY), b"ping"),
        out(0x80, Some(KEY), b""),
        out(0xc2, None, &LONG),
    ]
    .into_iter()
    .unzip()
}

#[test]
fn frames_are_written_one_after_another() {
    let (frames, wire) = some();
    assert_eq!(c::frames_encode(&frames, 400), Ok((4, wire.concat())));
    assert_eq!(c::frames_encode(&[], 0), Ok((0, vec![])));
}

#[test]
fn only_frames_that_fit_completely_are_written() {
    let (frames, wire) = some();
    for cap in wire[0].len()..=wire.concat().len() {
        let mut fit = wire.len();
        while wire[..fit].concat().len() > cap {
            fit -= 1;
        }
        let expected = Ok((fit, wire[..fit].concat()));
        assert_eq!(c::frames_encode(&frames, cap), expected, "{cap}");
    }
}

#[test]
fn too_little_room_for_the_first_is_an_error() {
    let (frames, wire) = some();
    for cap in 0..wire[0].len() {
        assert_eq!(c::frames_encode(&frames, cap), Err(code::BUFFER_TOO_SMALL));
    }
}

fn bad_frames() -> Vec<ws_out_frame> {
    let (good, _) = out(0x82, None, b"x");
    let (ping, _) = out(0x89, None, b"x");
    vec![
        ws_out_frame { opcode: 3, ..good },
        ws_out_frame { opcode: 0x12, ..good },
        ws_out_frame { flags: 0x82, ..good },
        ws_out_frame { flags: 0x88, ..good },
        ws_out_frame { flags: 0x00, ..ping },
        ws_out_frame { payload: LONG.as_ptr().cast(), payload_len: 126, ..ping },
        ws_out_frame { payload: core::ptr::null(), ..good },
        ws_out_frame { payload_len: usize::MAX, ..good },
        ws_out_frame { payload_len: isize::MAX as usize + 1, ..good },
    ]
}

#[test]
fn only_an_invalid_first_frame_is_an_error() {
    let (good, wire) = out(0x82, None, b"x");
    for bad in bad_frames() {
        let result = c::frames_encode(&[bad, good], 400);
        assert_eq!(result, Err(code::INVALID_ARGUMENT), "{bad:?}");
        let result = c::frames_encode(&[good, bad, good], 400);
        assert_eq!(result, Ok((1, wire.clone())), "{bad:?}");
    }
}

#[test]
fn a_frame_without_payload_needs_no_pointer() {
    let (empty, wire) = out(0x82, None, b"");
    let empty = ws_out_frame { payload: core::ptr::null(), ..empty };
    assert_eq!(c::frames_encode(&[empty], 2), Ok((1, wire)));
}
