//! ws_control: replies to control frames, for users of the decoder.

// All unsafe blocks here pass what lives during the call, or what must be refused.
#![allow(clippy::undocumented_unsafe_blocks)]

use crate::c::{self, WS_CLIENT, WS_SERVER, code};
use crate::conn::{self, Conn, Item, SIDES, all_from_peer, from_peer};
use crate::rng::{Rng, count};
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use wscodec::ffi::conn::WS_MAX_OUTPUT as ROOM;
use wscodec::ffi::control::*;
use wscodec::ffi::decoder::ws_decoder;
use wscodec::ffi::frame::ws_frame;

const KEY: [u8; 4] = [9, 8, 7, 6];

struct Control {
    raw: ws_control,
    side: u32,
}

impl Control {
    fn new(side: u32) -> Control {
        Control { raw: ws_control { opaque: [0; 18] }, side }
    }

    fn key(&self) -> *const c_void {
        if self.side == WS_CLIENT { KEY.as_ptr().cast() } else { null() }
    }

    /// The bytes that ws_control_feed() writes into `cap` bytes.
    fn feed_into(
        &mut self,
        frame: &ws_frame,
        buf: &[u8],
        cap: usize,
    ) -> Result<Vec<u8>, isize> {
        let mut out = vec![0xc5; cap + 8];
        let result = unsafe {
            let (key, to) = (self.key(), out.as_mut_ptr().cast());
            ws_control_feed(&mut self.raw, frame, buf.as_ptr().cast(), key, to, cap)
        };
        let len = usize::try_from(result).map_err(|_| result)?;
        assert!(
            out[len..].iter().all(|byte| *byte == 0xc5),
            "wrote more than it reported"
        );
        out.truncate(len);
        Ok(out)
    }

    /// First bytes and payloads of the frames that ws_control_feed() writes.
    fn feed(
        &mut self,
        frame: &ws_frame,
        buf: &[u8],
    ) -> Result<Vec<(u8, Vec<u8>)>, isize> {
        match self.feed_into(frame, buf, 0) {
            // This must have no effect.
            Err(code::BUFFER_TOO_SMALL) => {}
            outcome => return outcome.map(|bytes| conn::frames(self.side, &bytes)),
        }
        self.feed_into(frame, buf, ROOM).map(|bytes| conn::frames(self.side, &bytes))
    }

    fn close(&mut self, number: u16, reason: &[u8]) -> Result<Vec<(u8, Vec<u8>)>, isize> {
        let mut out = [0; ROOM];
        let result = unsafe {
            let (key, to) = (self.key(), out.as_mut_ptr().cast());
            let from = reason.as_ptr().cast();
            ws_control_close(&mut self.raw, number, from, reason.len(), key, to, ROOM)
        };
        let len = usize::try_from(result).map_err(|_| result)?;
        Ok(conn::frames(self.side, &out[..len]))
    }

    fn close_code(&self) -> u16 {
        unsafe { ws_control_close_code(&self.raw) }
    }

    fn reason(&self) -> Vec<u8> {
        let mut out = [0; 125];
        let len = unsafe { ws_control_reason(&self.raw, out.as_mut_ptr().cast(), 125) };
        out[..usize::try_from(len).unwrap()].to_vec()
    }
}

/// The replies to one piece of a stream.
fn replies_to(
    control: &mut Control,
    decoder: &mut ws_decoder,
    bytes: &[u8],
) -> Result<Vec<(u8, Vec<u8>)>, isize> {
    let (mut buf, mut start, mut all) = (bytes.to_vec(), 0, Vec::new());
    while start < buf.len() {
        let (frames, consumed) = c::feed(decoder, &mut buf[start..], 3)?;
        for frame in &frames {
            all.extend(control.feed(frame, &buf[start..])?);
        }
        start += consumed;
    }
    Ok(all)
}

fn replies(control: &mut Control, bytes: &[u8]) -> Result<Vec<(u8, Vec<u8>)>, isize> {
    replies_to(control, &mut c::decoder(control.side, 0), bytes)
}

#[test]
fn only_a_ping_gets_a_reply_and_it_is_its_pong() {
    for side in SIDES {
        let mut control = Control::new(side);
        let frames: conn::Frames<'_> = &[
            (0x01, b"te"),
            (0x89, b"ping"),
            (0x80, b"xt"),
            (0x8a, b"pong"),
            (0x89, b""),
        ];
        let result = replies(&mut control, &all_from_peer(side, frames)).unwrap();
        assert_eq!(result, [(0x8a, b"ping".to_vec()), (0x8a, vec![])]);
        assert_eq!((control.close_code(), control.reason()), (0, vec![]));
    }
}

#[test]
fn a_close_is_echoed_with_its_code_and_is_the_last_reply() {
    for side in SIDES {
        for (payload, number, reason) in [
            (&b"\x03\xe9bye"[..], 1001, &b"bye"[..]),
            (b"", 1005, b""),
            (b"\x0f\xa0", 4000, b""),
        ] {
            let mut control = Control::new(side);
            let result = replies(&mut control, &from_peer(side, 0x88, payload)).unwrap();
            assert_eq!(result, [(0x88, conn::close_payload(number, b""))]);
            assert_eq!(
                (control.close_code(), control.reason()),
                (number, reason.to_vec())
            );
            assert_eq!(replies(&mut control, &from_peer(side, 0x89, "late")), Ok(vec![]));
            assert_eq!(
                control.close(1000, b""),
                Ok(vec![]),
                "a close was already written"
            );
            assert_eq!(control.reason(), reason, "the reason is kept");
        }
    }
}

#[test]
fn after_our_close_pings_get_a_pong_and_a_close_gets_no_reply() {
    for side in SIDES {
        let mut control = Control::new(side);
        let ours = control.close(1000, b"done").unwrap();
        assert_eq!(ours, [(0x88, conn::close_payload(1000, b"done"))]);
        assert_eq!(control.close(1001, b""), Ok(vec![]));
        let frames: conn::Frames<'_> = &[(0x89, b"p"), (0x88, b"\x03\xe8")];
        let result = replies(&mut control, &all_from_peer(side, frames)).unwrap();
        assert_eq!(result, [(0x8a, b"p".to_vec())]);
        assert_eq!(control.close_code(), 1000);
    }
}

#[test]
fn an_invalid_code_or_reason_is_refused_even_after_a_close() {
    for side in SIDES {
        let mut control = Control::new(side);
        assert!(control.close(1000, b"").is_ok());
        for (number, reason) in [(999, &b""[..]), (1005, b"x"), (1000, b"\xff")] {
            let closed = control.close(number, reason);
            assert_eq!(closed, Err(code::INVALID_ARGUMENT), "{number}");
        }
    }
}

#[test]
fn an_invalid_close_is_a_permanent_error_and_the_caller_closes() {
    for side in SIDES {
        for (payload, error) in [
            (&b"\x03"[..], code::CLOSE_PAYLOAD),
            (b"\x03\xed", code::CLOSE_PAYLOAD),
            (b"\x03\xe8\xff", code::UTF8),
        ] {
            let mut control = Control::new(side);
            assert_eq!(
                replies(&mut control, &from_peer(side, 0x88, payload)),
                Err(error)
            );
            for first in [0x89, 0x8a, 0x88, 0x82] {
                let late = replies(&mut control, &from_peer(side, first, ""));
                assert_eq!(late, Err(error), "{first:x}");
            }
            assert_eq!((control.close_code(), control.reason()), (0, vec![]));
            let number = wscodec::ffi::result::ws_close_code_for(error);
            let result = control.close(number, b"").unwrap();
            assert_eq!(result, [(0x88, conn::close_payload(number, b""))]);
        }
    }
}

#[test]
fn no_code_and_no_reason_are_known_before_the_whole_close_has_arrived() {
    for side in SIDES {
        for (first, payload) in
            [(0x88, &b"\x03\xe8bye"[..]), (0x89, b"ping"), (0x8a, b"pong")]
        {
            let bytes = from_peer(side, first, payload);
            for cut in 0..bytes.len() {
                let mut control = Control::new(side);
                assert_eq!(replies(&mut control, &bytes[..cut]), Ok(vec![]));
                assert_eq!(
                    (control.close_code(), control.reason()),
                    (0, vec![]),
                    "{cut}"
                );
            }
        }
    }
}

#[test]
fn too_little_room_has_no_effect() {
    for side in SIDES {
        let header = if side == WS_CLIENT { 6 } else { 2 };
        for (first, payload, written) in
            [(0x89, &[5; 125][..], 125), (0x88, b"\x03\xe8bye", 2), (0x89, b"", 0)]
        {
            let mut bytes = from_peer(side, first, payload);
            let (frames, _) = c::feed(&mut c::decoder(side, 0), &mut bytes, 4).unwrap();
            let mut control = Control::new(side);
            for cap in 0..header + written {
                let result = control.feed_into(&frames[0], &bytes, cap);
                assert_eq!(result, Err(code::BUFFER_TOO_SMALL), "{cap}");
                assert_eq!(control.close_code(), 0);
            }
            let result = control.feed_into(&frames[0], &bytes, header + written).unwrap();
            assert_eq!(result.len(), header + written);
        }
    }
}

#[test]
fn chunks_out_of_order_are_refused() {
    let frame = |pos, len, total| ws_frame {
        payload_len: total,
        chunk_pos: pos,
        chunk_len: len,
        opcode: 9,
        flags: 0x80,
        ..ws_frame::default()
    };
    let buf = [1; 130];
    for (before, next) in [
        (None, frame(1, 2, 5)),
        (Some(frame(0, 2, 5)), frame(0, 2, 5)),
        (Some(frame(0, 2, 5)), frame(3, 2, 5)),
        (Some(frame(0, 2, 5)), frame(2, 4, 5)),
        (None, frame(0, 6, 5)),
        (None, frame(0, 126, 126)),
        (None, frame(0, 1, u64::MAX)),
        (None, frame(u64::MAX, 1, 5)),
    ] {
        let mut control = Control::new(WS_SERVER);
        if let Some(frame) = before {
            assert_eq!(control.feed(&frame, &buf), Ok(vec![]));
        }
        assert_eq!(control.feed(&next, &buf), Err(code::INVALID_ARGUMENT), "{next:?}");
    }
    let reserved = ws_frame { opcode: 3, ..frame(0, 1, 1) };
    assert_eq!(
        Control::new(WS_SERVER).feed(&reserved, &buf),
        Err(code::INVALID_ARGUMENT)
    );
}

#[test]
fn invalid_arguments_are_refused() {
    let frame = ws_frame { opcode: 9, flags: 0x80, ..ws_frame::default() };
    let mut raw = ws_control { opaque: [0; 18] };
    let mut out = [0_u8; ROOM];
    let to: *mut c_void = out.as_mut_ptr().cast();
    unsafe {
        let shifted = (&raw mut raw).cast::<u8>().wrapping_add(1).cast();
        for control in [null_mut(), shifted] {
            let fed = ws_control_feed(control, &frame, null(), null(), to, ROOM);
            assert_eq!(fed, code::INVALID_ARGUMENT);
            assert_eq!(ws_control_close_code(control), 0);
            assert_eq!(ws_control_reason(control, to, ROOM), code::INVALID_ARGUMENT);
        }
        let fed = ws_control_feed(&mut raw, null(), null(), null(), to, ROOM);
        assert_eq!(fed, code::INVALID_ARGUMENT, "no frame");
        let fed = ws_control_feed(&mut raw, &frame, null(), null(), null_mut(), 1);
        assert_eq!(fed, code::INVALID_ARGUMENT, "no output");
        let one = ws_frame { payload_len: 1, chunk_len: 1, ..frame };
        let fed = ws_control_feed(&mut raw, &one, null(), null(), to, ROOM);
        assert_eq!(fed, code::INVALID_ARGUMENT, "no buffer");
        let closed = ws_control_close(shifted, 1000, null(), 0, null(), to, ROOM);
        assert_eq!(closed, code::INVALID_ARGUMENT);
        for (number, len) in [(1005, 1), (999, 0), (1000, 124)] {
            let text = [b'x'; 124];
            let from = text.as_ptr().cast();
            let closed = ws_control_close(&mut raw, number, from, len, null(), to, ROOM);
            assert_eq!(closed, code::INVALID_ARGUMENT, "{number}");
        }
        // Without a control there is no state.
        for _ in 0..2 {
            let closed = ws_control_close(null_mut(), 1000, null(), 0, null(), to, ROOM);
            assert_eq!((closed, &out[..4]), (4, &b"\x88\x02\x03\xe8"[..]));
        }
    }
}

#[test]
fn a_copied_control_is_independent() {
    let mut control = Control::new(WS_SERVER);
    let mut copy = Control { raw: control.raw, side: WS_SERVER };
    control.close(1000, b"").unwrap();
    assert_eq!(copy.close(1000, b"").unwrap().len(), 1);
}

#[test]
fn any_bytes_are_a_valid_state() {
    let mut rng = Rng::new(93);
    for _ in 0..20_000 {
        let mut control = Control::new(*rng.pick(&SIDES));
        for word in &mut control.raw.opaque {
            *word = rng.next();
        }
        let len = rng.below(126);
        let frame = ws_frame {
            payload_len: rng.below(130) as u64,
            chunk_pos: rng.below(130) as u64,
            chunk_len: len as u64,
            opcode: *rng.pick(&[0, 1, 8, 9, 10, 11]),
            flags: 0x80,
            ..ws_frame::default()
        };
        let _ = control.feed(&frame, &[7; 130]);
        let _ = control.close(1000, b"");
        assert!(control.reason().len() <= 125);
        control.close_code();
    }
}

/// However the stream is cut.
#[test]
fn replies_and_errors_equal_those_of_a_connection() {
    let mut rng = Rng::new(94);
    let mut errors = 0;
    for _ in 0..count("WSCODEC_STREAMS", 20_000) {
        let side = *rng.pick(&SIDES);
        let mut bytes = Vec::new();
        for _ in 0..rng.below(6) {
            let len = *rng.pick(&[0, 1, 2, 5, 125]);
            let payload = rng.bytes(len);
            bytes.extend(match rng.below(5) {
                0 => from_peer(side, 0x82, payload),
                1 => from_peer(side, 0x8a, payload),
                2 => {
                    let number = *rng.pick(&[1000, 1001, 1005, 3000, 999]);
                    let reason = *rng.pick(&[&b""[..], b"bye", b"\xff"]);
                    from_peer(
                        side,
                        0x88,
                        [&u16::to_be_bytes(number)[..], reason].concat(),
                    )
                }
                _ => from_peer(side, 0x89, payload),
            });
        }
        let (mut conn, mut control) = (Conn::new(side), Control::new(side));
        let mut decoder = c::decoder(side, 0);
        if rng.once_in(4) {
            conn.close(1000, b"").unwrap();
            control.close(1000, b"").unwrap();
        }
        let (mut rest, mut theirs, mut ours) = (&bytes[..], Vec::new(), Vec::new());
        while !rest.is_empty() && conn.state() != conn::WS_STATE_FAILED {
            let (piece, after) = rest.split_at((1 + rng.below(40)).min(rest.len()));
            rest = after;
            for item in conn.read(piece) {
                match item {
                    Item::Reply(first, payload) => theirs.push((first, payload)),
                    Item::Error(error) => {
                        let result = replies_to(&mut control, &mut decoder, piece);
                        // Replies before the error, in the same piece, are lost with it.
                        assert_eq!(result, Err(error));
                        errors += 1;
                    }
                    _ => {}
                }
            }
            if conn.state() != conn::WS_STATE_FAILED {
                ours.extend(replies_to(&mut control, &mut decoder, piece).unwrap());
                assert_eq!(ours, theirs, "{bytes:02x?}");
            }
        }
    }
    assert!(errors > 100, "{errors}");
}
