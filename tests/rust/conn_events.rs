//! Raw events: the location of their data, and their flags.

// All unsafe blocks here pass what lives during the call, or what must be refused.
#![allow(clippy::undocumented_unsafe_blocks)]

use crate::c::{WS_CLIENT, WS_SERVER, code};
use crate::conn::*;
use crate::pmd::USUAL;
use crate::rng::Rng;
use crate::zlib::{Deflate, Settings};
use core::ptr::null;
use wscodec::ffi::conn::{ws_event, ws_event_data};

fn data(conn: &Conn, buf: *const u8, event: &ws_event) -> *const u8 {
    unsafe { ws_event_data(conn.raw, buf.cast(), event) }.cast()
}

#[test]
fn data_that_was_not_collected_is_in_the_callers_buffer() {
    for side in SIDES {
        let mut conn = Conn::new(side);
        let mut buf =
            [from_peer(side, 0x81, "Hello"), from_peer(side, 0x8a, "")].concat();
        let (events, _) = conn.recv_raw(&mut buf, 64).unwrap();
        for event in &events {
            assert_eq!(event.flags & COLLECTED, 0);
            let at = buf.as_ptr().wrapping_add(event.off as usize);
            assert_eq!(data(&conn, buf.as_ptr(), event), at);
            assert!(data(&conn, null(), event).is_null(), "without its buffer");
        }
        assert_eq!(&buf[events[0].off as usize..][..5], b"Hello");
    }
}

#[test]
fn collected_data_is_valid_until_the_next_recv() {
    for side in SIDES {
        let mut conn = Conn::new(side);
        conn.recv_raw(&mut from_peer(side, 0x01, "Hel"), 64).unwrap();
        let (events, _) = conn.recv_raw(&mut from_peer(side, 0x80, "lo"), 64).unwrap();
        let [event] = events[..] else { panic!("{events:?}") };
        assert_eq!(event.flags & COLLECTED, COLLECTED);
        assert_eq!(conn.data_of(&event, &[]), b"Hello");
        conn.send(WS_OPCODE_TEXT, 0, b"x").unwrap();
        conn.output();
        conn.close(1000, b"").unwrap();
        assert_eq!(conn.data_of(&event, &[]), b"Hello", "other calls leave it alone");
        conn.recv_raw(&mut [], 64).unwrap();
        assert!(data(&conn, null(), &event).is_null(), "an event of an earlier call");
    }
}

#[test]
fn an_empty_collected_event_has_a_data_pointer() {
    for side in SIDES {
        let mut conn = Conn::new(side);
        let mut buf = [from_peer(side, 0x02, ""), from_peer(side, 0x80, "")].concat();
        let (events, _) = conn.recv_raw(&mut buf, 64).unwrap();
        assert_eq!((events[0].len, events[0].flags & COLLECTED), (0, COLLECTED));
        assert!(!data(&conn, null(), &events[0]).is_null());
    }
}

#[test]
fn invalid_arguments_have_no_data() {
    let mut conn = Conn::new(WS_SERVER);
    let mut buf = from_peer(WS_SERVER, 0x81, "a");
    let (events, _) = conn.recv_raw(&mut buf, 64).unwrap();
    let event = events[0];
    unsafe {
        let at = buf.as_ptr().cast();
        assert!(ws_event_data(null(), at, &event).is_null(), "no connection");
        assert!(ws_event_data(conn.raw, at, null()).is_null(), "no event");
        let shifted = (&raw const event).cast::<u8>().wrapping_add(1).cast();
        assert!(ws_event_data(conn.raw, at, shifted).is_null(), "a misaligned event");
    }
    for wrong in [
        ws_event { flags: COLLECTED, ..event },
        ws_event { flags: COLLECTED, opcode: 7, ..event },
        ws_event { flags: COLLECTED, opcode: 9, ..event },
        ws_event { flags: COLLECTED, off: u64::MAX, ..event },
        ws_event { flags: COLLECTED, len: u64::MAX, ..event },
    ] {
        assert!(data(&conn, null(), &wrong).is_null(), "{wrong:?}");
    }
}

#[test]
fn the_data_of_a_close_is_its_reason_without_the_code() {
    for side in SIDES {
        let bytes = from_peer(side, 0x88, close_payload(1000, b"bye"));
        let (mut whole, mut buf) = (Conn::new(side), bytes.clone());
        let (events, _) = whole.recv_raw(&mut buf, 64).unwrap();
        assert_eq!(&buf[events[0].off as usize..][..3], b"bye");
        let mut cut = Conn::new(side);
        let (mut head, mut tail) =
            (bytes[..bytes.len() - 2].to_vec(), bytes[bytes.len() - 2..].to_vec());
        cut.recv_raw(&mut head, 64).unwrap();
        let (events, _) = cut.recv_raw(&mut tail, 64).unwrap();
        assert_eq!(events[0].flags & COLLECTED, COLLECTED);
        assert_eq!((events[0].close_code, events[0].len), (1000, 3));
        assert_eq!(cut.data_of(&events[0], &[]), b"bye");
    }
}

/// Counts the events with WS_EVENT_FRAME_END, and joins their data.
fn frame_ends(
    conn: &mut Conn,
    bytes: &[u8],
    pieces: &mut dyn FnMut() -> usize,
) -> (usize, Vec<u8>) {
    let (mut ends, mut all, mut rest) = (0, Vec::new(), bytes);
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(pieces().min(rest.len()));
        rest = after;
        let mut left = piece.to_vec();
        while !left.is_empty() {
            let (events, consumed) = conn.recv_raw(&mut left, 3).unwrap();
            for event in events.iter().filter(|event| event.opcode < 8) {
                ends += usize::from(event.flags & FRAME_END != 0);
                all.extend(conn.data_of(event, &left));
            }
            left.drain(..consumed);
        }
    }
    (ends, all)
}

#[test]
fn with_stream_each_data_frame_has_exactly_one_frame_end() {
    let text = b"the quick brown fox ".repeat(3000);
    let compressed = Deflate::new(Settings::USUAL).message(&text);
    let mut rng = Rng::new(92);
    for side in SIDES {
        let plain: Frames<'_> =
            &[(0x02, b"abc"), (0x00, b""), (0x89, b"p"), (0x00, b"de"), (0x80, b"")];
        let middle = compressed.len() / 2;
        let deflated: Frames<'_> = &[
            (0x42, b""),
            (0x00, &compressed[..1]),
            (0x00, &compressed[1..middle]),
            (0x00, b""),
            (0x80, &compressed[middle..]),
            (0xc2, b"\x00"),
            (0xc2, b""),
        ];
        for (frames, pmd, expected) in
            [(plain, false, &b"abcde"[..]), (deflated, true, &text)]
        {
            let bytes = all_from_peer(side, frames);
            let data_frames =
                frames.iter().filter(|(first, _)| first & 0x08 == 0).count();
            for longest in [1, 2, 3, 7, 100, 100_000] {
                let mut conn = Conn::new(side).option(WS_OPT_STREAM, 1);
                if pmd {
                    conn = conn.pmd(USUAL);
                }
                let mut next = || 1 + rng.below(longest);
                let (ends, data) = frame_ends(&mut conn, &bytes, &mut next);
                assert_eq!(ends, data_frames, "pieces of up to {longest}, {pmd}");
                assert!(data == expected, "pieces of up to {longest}, {pmd}");
            }
        }
    }
}

#[test]
fn a_call_without_bytes_reports_no_event() {
    let message = vec![0; 100_000];
    let payload = Deflate::new(Settings::USUAL).message(&message);
    let mut conn = Conn::new(WS_CLIENT).pmd(USUAL).option(WS_OPT_STREAM, 1);
    let bytes = from_peer(WS_CLIENT, 0xc2, &payload);
    let (events, consumed) = conn.recv_raw(&mut bytes.clone(), 64).unwrap();
    assert_eq!(events.len(), 1, "a piece");
    assert!(consumed < bytes.len(), "more pieces are outstanding");
    assert_eq!(
        conn.recv(&mut [], 64).unwrap().0.len(),
        0,
        "pieces are reported with the remaining bytes"
    );
    let rest = conn.read(&bytes[consumed..]);
    let more: usize = rest
        .iter()
        .map(|item| match item {
            Item::Data(_, _, data) => data.len(),
            other => panic!("{other:?}"),
        })
        .sum();
    assert_eq!(events[0].len as usize + more, message.len());
}

#[test]
fn an_error_consumes_nothing() {
    for side in SIDES {
        let mut conn = Conn::new(side);
        assert_eq!(conn.recv(&mut [0xff; 8], 64).unwrap_err(), code::RESERVED_BITS);
    }
}
