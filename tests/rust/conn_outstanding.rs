//! Nothing is outstanding once all bytes are consumed. Faults are reported with the byte that has
//! them, however a damaged stream is cut and masked.

use crate::c::{self, code};
use crate::conn::*;
use crate::conn_allocator::{Fail, Recorder};
use crate::conn_splits::joined;
use crate::pmd::USUAL;
use crate::rng::{Rng, count};
use crate::wire;
use crate::zlib::{self, Deflate, Settings};
use wscodec::ffi::conn::{ws_allocator, ws_conn_init};

#[test]
fn an_invalid_block_type_is_an_error_with_the_byte_that_has_it() {
    for side in SIDES {
        for stream in [0, 1] {
            let mut conn = Conn::new(side).pmd(USUAL).option(WS_OPT_STREAM, stream);
            let bytes = from_peer(side, 0x42, reserved_type());
            let items = conn.read_by_bytes(&bytes, 64);
            assert_eq!(conn.state(), WS_STATE_FAILED, "{items:?}");
            assert!(items.contains(&Item::Error(code::COMPRESSION)), "{items:?}");
        }
    }
}

/// A block of fixed codes with an `a` leaves six bits of its last byte unused. Here they start a
/// block of the reserved type (RFC 1951, 3.2.3).
fn reserved_type() -> Vec<u8> {
    let mut bits = vec![0, 1, 0];
    // The codes of `a` and of the end of the block, highest bit first.
    bits.extend((0..8).rev().map(|i| (0x30 + b'a') >> i & 1));
    bits.extend([0; 7]);
    bits.extend([0, 1, 1]);
    bits.resize(24, 0);
    let byte = |bits: &[u8]| bits.iter().rev().fold(0, |byte, bit| byte << 1 | bit);
    bits.chunks(8).map(byte).collect()
}

/// Random messages, plain and compressed, in random fragments with pings between them, each frame
/// masked or not; then a few bits are flipped.
fn damaged_stream(rng: &mut Rng) -> Vec<u8> {
    let mut deflate = Deflate::new(Settings::USUAL);
    let mut bytes = Vec::new();
    for _ in 0..1 + rng.below(4) {
        let len = *rng.pick(&[0, 1, 5, 300, 5000, 40_000]);
        let message = match rng.below(3) {
            0 => vec![b'z'; len],
            1 => rng.bytes(len.min(5000)),
            _ => "añ€😀".repeat(len / 8).into_bytes(),
        };
        let compressed = !rng.once_in(4);
        let payload = match compressed {
            true => deflate.message(&message),
            false => message,
        };
        let rsv = if compressed { 0x40 } else { 0 };
        let (mut rest, mut first) = (&payload[..], rsv | *rng.pick(&[1, 2]));
        loop {
            let len = rng.below(rest.len() + 2).min(rest.len());
            let (fragment, after) = rest.split_at(len);
            rest = after;
            let last = rest.is_empty() && rng.once_in(2);
            let key = rng.once_in(2).then(|| [rng.byte(), rng.byte(), 7, rng.byte()]);
            let fin = if last { 0x80 } else { 0 };
            bytes.extend(wire::frame(fin | first, key, fragment));
            first = 0;
            if last {
                break;
            }
            if rng.once_in(4) {
                bytes.extend(wire::frame(0x89, key, b"ping"));
            }
        }
    }
    if rng.once_in(2) {
        for _ in 0..1 + rng.below(3) {
            let at = rng.below(bytes.len());
            bytes[at] ^= 1 << rng.below(8);
        }
    }
    bytes
}

#[test]
fn both_loops_and_any_cut_read_damaged_streams_alike() {
    let mut rng = Rng::new(93);
    let (mut failed, all) = (0, count("WSCODEC_STREAMS", 400));
    for _ in 0..all {
        let bytes = damaged_stream(&mut rng);
        let side = *rng.pick(&SIDES);
        let limit = *rng.pick(&[0, 0, 300, 39_000]);
        for stream in [0, 1] {
            let conn = || {
                let conn = Conn::new(side).pmd(USUAL).option(WS_OPT_ANY_MASK, 1);
                conn.option(WS_OPT_STREAM, stream).option(WS_OPT_MAX_MESSAGE, limit)
            };
            let at_once = joined(conn().read(&bytes));
            failed += usize::from(at_once.iter().any(|i| matches!(i, Item::Error(_))));
            let longest = *rng.pick(&[3, 50, 5000]);
            let (mut by_result, mut by_bytes) = (conn(), conn());
            let (mut one, mut two, mut rest) = (Vec::new(), Vec::new(), &bytes[..]);
            while !rest.is_empty() && by_result.state() != WS_STATE_FAILED {
                let (piece, after) =
                    rest.split_at((1 + rng.below(longest)).min(rest.len()));
                rest = after;
                let cap = *rng.pick(&[1, 2, 3, 64]);
                one.extend(by_result.read_in(piece, cap, true));
                two.extend(by_bytes.read_by_bytes(piece, cap));
            }
            assert!(one == two, "the loops differ: {bytes:02x?}");
            assert!(joined(one) == at_once, "cuts matter: {bytes:02x?}");
        }
    }
    assert!(failed > all / 5, "{failed} of {all}");
}

/// The first `len` bytes have the same result at once and one by one.
#[test]
fn the_byte_that_fails_does_not_depend_on_cuts() {
    let mut rng = Rng::new(94);
    for _ in 0..count("WSCODEC_STREAMS", 60) {
        let bytes = damaged_stream(&mut rng);
        let bytes = &bytes[..bytes.len().min(400)];
        let stream = rng.below(2) as u64;
        let conn = || {
            Conn::new(c::WS_SERVER)
                .pmd(USUAL)
                .option(WS_OPT_ANY_MASK, 1)
                .option(WS_OPT_STREAM, stream)
        };
        let mut bytewise = conn();
        for len in 1..=bytes.len() {
            bytewise.read(&bytes[len - 1..len]);
            let mut whole = conn();
            whole.read(&bytes[..len]);
            assert_eq!(whole.state(), bytewise.state(), "{len} of {bytes:02x?}");
        }
    }
}

/// A limit that is lowered between two pieces of one compressed input.
#[test]
fn a_lowered_limit_applies_to_outstanding_pieces() {
    let payload = Deflate::new(Settings::USUAL).message(&[0; 100_000]);
    for side in SIDES {
        let bytes = from_peer(side, 0xc2, &payload);
        for (limit, more) in [(10, 0), (16_384, 0), (20_000, 3616), (99_999, 83_615)] {
            for without_bytes in [false, true] {
                let mut conn = Conn::new(side).pmd(USUAL).option(WS_OPT_STREAM, 1);
                let (events, consumed) = conn.recv(&mut bytes.clone(), 64).unwrap();
                assert_eq!(events[0].item, Item::Data(2, FIRST, vec![0; 16_384]));
                assert_eq!(conn.set(WS_OPT_MAX_MESSAGE, limit), 0);
                if without_bytes {
                    assert_eq!(conn.recv(&mut [], 64).unwrap().0.len(), 0);
                }
                let items = conn.read_by_bytes(&bytes[consumed..], 64);
                let reached = items.iter().map(|item| match item {
                    Item::Data(2, 0, data) => data.len(),
                    Item::Error(code::TOO_BIG) | Item::Reply(0x88, _) => 0,
                    other => panic!("{other:?}"),
                });
                assert_eq!(reached.sum::<usize>(), more, "{limit}");
                assert_eq!(conn.state(), WS_STATE_FAILED);
                assert_eq!(conn.get(WS_INFO_ANNOUNCED), Ok(16_384.max(limit + 1)));
            }
        }
    }
}

#[test]
fn a_collected_piece_survives_every_call_but_recv() {
    let payload = Deflate::new(Settings::USUAL).message(&[7; 50_000]);
    for side in SIDES {
        let mut conn = Conn::new(side).pmd(USUAL).option(WS_OPT_STREAM, 1);
        let mut bytes = from_peer(side, 0xc2, &payload);
        let (events, _) = conn.recv_raw(&mut bytes, 64).unwrap();
        assert_eq!(events[0].flags & COLLECTED, COLLECTED);
        conn.send(WS_OPCODE_BINARY, 0, &[9; 50_000]).unwrap();
        assert_eq!(conn.set(WS_OPT_KEEP_BUFFER, 0), 0);
        assert_eq!(conn.set(WS_OPT_MAX_MESSAGE, 1), 0);
        conn.output();
        conn.close(1000, b"").unwrap();
        assert_eq!(conn.finish(), code::EOF);
        assert_eq!(conn.data_of(&events[0], &[]), [7; 16_384]);
    }
}

/// Each allocation fails once, in a connection in the caller's memory: the data reported before
/// is correct, a failed send can be repeated, and nothing leaks.
#[test]
fn failed_allocations_stop_a_compressed_stream_but_a_send_can_be_repeated() {
    let message = "añ€😀".repeat(8000);
    let payload = Deflate::new(Settings::USUAL).message(message.as_bytes());
    let (head, tail) = payload.split_at(payload.len() / 2);
    let frames: Frames<'_> = &[(0x41, head), (0x89, b"p"), (0x80, tail)];
    for side in SIDES {
        let bytes = all_from_peer(side, frames);
        for (stream, cut) in [(0, 1), (0, 10_000), (1, 1), (1, 10_000)] {
            let mut nth = 1;
            loop {
                let recorder = Recorder::failing(Fail::Only(nth));
                let mut room = Room([0; 256]);
                let mut conn = conn_in(&mut room, side, &recorder.allocator());
                conn = conn.pmd(USUAL).option(WS_OPT_STREAM, stream);
                let first = conn.send(WS_OPCODE_TEXT, 0, message.as_bytes());
                let sent = first.or_else(|error| {
                    assert_eq!(error, code::NO_MEMORY);
                    conn.send(WS_OPCODE_TEXT, 0, message.as_bytes())
                });
                let read = zlib::Inflate::new(15).message(&sent.unwrap().1);
                assert!(read.as_deref() == Some(message.as_bytes()), "{nth}");
                let mut items = Vec::new();
                for piece in bytes.chunks(cut) {
                    items.extend(conn.read_by_bytes(piece, 3));
                    if conn.state() == WS_STATE_FAILED {
                        break;
                    }
                }
                check_stopped(&conn, &items, &message);
                drop(conn);
                assert_eq!(recorder.blocks(), 0, "{nth}");
                if recorder.refused() == 0 {
                    break;
                }
                nth += 1;
            }
            assert!(nth > 5, "{nth} allocations");
        }
    }
}

#[repr(align(16))]
pub(crate) struct Room(pub(crate) [u8; 256]);

pub(crate) fn conn_in(room: &mut Room, side: u32, allocator: &ws_allocator) -> Conn {
    // SAFETY: the room is large and aligned enough, and outlives the connection.
    let raw = unsafe { ws_conn_init(room.0.as_mut_ptr().cast(), 256, side, allocator) };
    assert!(!raw.is_null());
    Conn::of(raw, side)
}

/// All of the message was reported, or the start of it and the error.
fn check_stopped(conn: &Conn, items: &[Item], message: &str) {
    let mut data = Vec::new();
    for item in items {
        match item {
            Item::Data(1, _, piece) => data.extend(piece),
            Item::Error(error) => assert_eq!(*error, code::NO_MEMORY),
            Item::Ping(_) | Item::Reply(..) => {}
            other => panic!("{other:?}"),
        }
    }
    assert!(message.as_bytes().starts_with(&data));
    assert!(conn.state() == WS_STATE_FAILED || data.len() == message.len());
}
