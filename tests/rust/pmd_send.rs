//! Messages that connections compress, decompressed by zlib with the window that was agreed on.

use crate::c::{WS_CLIENT, WS_SERVER, code};
use crate::conn::*;
use crate::pmd::*;
use crate::rng::{Rng, count, one_in};
use crate::zlib::Inflate;
use wscodec::ffi::negotiation::ws_pmd_params;

/// Messages that compress well, badly and not at all, with lengths around all limits.
fn messages(rng: &mut Rng) -> Vec<Vec<u8>> {
    let (mut all, one_in) = (Vec::new(), one_in());
    for len in [0, 1, 5, 20, 125, 126, 300, 1000, 4095, 20_000, 65_535, 65_536, 140_000] {
        if !rng.once_in(one_in) {
            continue;
        }
        let len = len + rng.below(2);
        all.push(rng.bytes(len));
        all.push(vec![rng.byte(); len]);
        all.push((0..len).map(|_| *rng.pick(b"{}\":, etaoin")).collect());
        // A repetition at a distance up to and beyond the window.
        let unit_len = rng.below(40_000) + 1;
        let unit = rng.bytes(unit_len);
        all.push(unit.iter().copied().cycle().take(len).collect());
    }
    all
}

#[test]
fn compression_uses_no_larger_window_than_agreed() {
    let mut rng = Rng::new(51);
    for side in SIDES {
        for bits in 8..=15 {
            for resets in [false, true] {
                let mut conn = Conn::new(side).pmd(ours(side, bits, resets));
                let mut peer = Inflate::new(bits.into());
                for message in messages(&mut rng) {
                    if resets {
                        peer = Inflate::new(bits.into());
                    }
                    let payload = conn.compress(&message);
                    let read = peer.message(&payload);
                    assert!(read == Some(message), "{side} {bits} {resets}");
                }
            }
        }
    }
}

/// For a message that no other needs, the engine has less memory, but enough.
#[test]
fn a_message_alone_is_as_short_as_the_first_of_many() {
    let mut rng = Rng::new(57);
    for len in (4..40_000).step_by(370).chain([249, 250, 251, 762, 763, 1786, 1787]) {
        // The farthest reference that there is.
        let start = rng.bytes(len.min(100) / 2);
        let message = [&start[..], &rng.bytes(len), &start].concat();
        let compressed = [false, true].map(|resets| {
            Conn::new(WS_SERVER).pmd(ours(WS_SERVER, 15, resets)).compress(&message)
        });
        assert_eq!(compressed[0].len(), compressed[1].len(), "{len}");
    }
}

/// Its memory holds a symbol for each byte: more would take a second block.
#[test]
fn a_message_alone_without_repetitions_takes_one_block() {
    let mut rng = Rng::new(59);
    for len in (1..=8).flat_map(|level| (64 << level) - 3..=(64 << level) + 3) {
        let message: Vec<u8> = (0..len).map(|_| b' ' + rng.below(64) as u8).collect();
        let compressed = [false, true].map(|resets| {
            Conn::new(WS_SERVER).pmd(ours(WS_SERVER, 15, resets)).compress(&message)
        });
        assert_eq!(compressed[0].len(), compressed[1].len(), "{len}");
    }
}

#[test]
fn every_level_and_memory_level_compresses_correctly() {
    let (mut rng, one_in) = (Rng::new(52), one_in());
    let message =
        |rng: &mut Rng| [rng.bytes(3000), vec![7; 3000], rng.bytes(30_000)].concat();
    for level in 1..=9 {
        for mem_level in 1..=9 {
            if !rng.once_in(one_in) {
                continue;
            }
            let params = ws_pmd_params { level, mem_level, ..USUAL };
            let mut conn = Conn::new(WS_SERVER).pmd(params);
            let mut peer = Inflate::new(15);
            for _ in 0..3 {
                let message = message(&mut rng);
                let payload = conn.compress(&message);
                assert!(peer.message(&payload) == Some(message), "{level} {mem_level}");
                let most = if level == 1 { 36_020 } else { 36_000 - 1000 };
                assert!(payload.len() <= most, "{level} {mem_level}: {}", payload.len());
            }
        }
    }
}

#[test]
fn incompressible_data_grows_by_at_most_5_bytes_per_4_kib() {
    let (mut rng, one_in) = (Rng::new(53), one_in());
    for side in SIDES {
        for level in [1, 2, 6, 9] {
            for mem_level in [1, 8] {
                let params = ws_pmd_params { level, mem_level, ..USUAL };
                let mut conn = Conn::new(side).pmd(params);
                let mut peer = Inflate::new(15);
                for len in (0..300).chain([1000, 4095, 4096, 65_535, 65_536, 300_000]) {
                    if !rng.once_in(one_in) {
                        continue;
                    }
                    let message = rng.bytes(len);
                    let bound = conn.bound(len);
                    assert!(
                        bound <= len + 5 * (len / 4095) + 15 + 14,
                        "{bound} for {len}"
                    );
                    let payload = conn.compress(&message);
                    assert!(payload.len() <= len + 5 * (len / 4095) + 15);
                    assert!(peer.message(&payload) == Some(message), "{level} {len}");
                }
            }
        }
    }
}

/// The engine itself stores it, within the bound; so it becomes part of the context.
#[test]
fn incompressible_data_keeps_the_context() {
    let mut rng = Rng::new(55);
    for side in SIDES {
        for (level, mem_level) in [(3, 0), (6, 0), (6, 6), (6, 9), (9, 0)] {
            let params = ws_pmd_params { level, mem_level, ..USUAL };
            let mut conn = Conn::new(side).pmd(params);
            let mut peer = Inflate::new(15);
            let noise = rng.bytes(15_000);
            for most in [15_100, 400] {
                let payload = conn.compress(&noise);
                assert!(payload.len() <= most, "level {level}: {}", payload.len());
                assert!(peer.message(&payload).as_ref() == Some(&noise));
            }
        }
    }
}

#[test]
fn one_byte_less_than_the_bound_is_too_small_without_effect() {
    for side in SIDES {
        let mut conn = Conn::new(side).pmd(USUAL);
        let mut peer = Inflate::new(15);
        for message in [&b""[..], b"Hello", &[b'x'; 70_000]] {
            let bound = conn.bound(message.len());
            for cap in [0, 1, bound - 1] {
                let refused = conn.send_into(WS_OPCODE_BINARY, 0, message, cap);
                assert_eq!(refused, Err(code::BUFFER_TOO_SMALL));
            }
            assert_eq!(peer.message(&conn.compress(message)), Some(message.to_vec()));
        }
        assert_eq!(conn.bound(usize::MAX), 0);
        assert_eq!(conn.bound(isize::MAX as usize), 0);
    }
}

#[test]
fn each_piece_of_a_message_is_a_frame_that_can_be_decompressed_at_once() {
    let mut rng = Rng::new(54);
    for side in SIDES {
        for resets in [false, true] {
            let mut conn = Conn::new(side).pmd(ours(side, 15, resets));
            let peer_side = if side == WS_SERVER { WS_CLIENT } else { WS_SERVER };
            let mut peer = Conn::new(peer_side).pmd(ours(side, 15, resets));
            let mut zlib = Inflate::new(15);
            for _ in 0..200 {
                let pieces: Vec<Vec<u8>> = (0..=rng.below(5))
                    .map(|_| {
                        let len = *rng.pick(&[0, 0, 1, 30, 3000]);
                        (0..len).map(|_| *rng.pick(b"abc\0")).collect()
                    })
                    .collect();
                let (mut payload, mut wire) = (Vec::new(), Vec::new());
                for (at, piece) in pieces.iter().enumerate() {
                    let more = if at + 1 < pieces.len() { WS_SEND_MORE } else { 0 };
                    // Only the flag of the first piece counts.
                    let plain = if at > 0 { WS_SEND_PLAIN } else { 0 };
                    let bytes =
                        conn.send_bytes(WS_OPCODE_TEXT, more | plain, piece).unwrap();
                    let frame = frames(side, &bytes).remove(0);
                    let first = if at == 0 { 0x41 } else { 0x00 };
                    assert_eq!(frame.0, first | if more == 0 { 0x80 } else { 0 });
                    payload.extend(frame.1);
                    wire.extend(bytes);
                    if rng.once_in(4) {
                        wire.extend(
                            conn.send_bytes(WS_OPCODE_PING, 0, b"still there?").unwrap(),
                        );
                    }
                }
                if resets {
                    zlib = Inflate::new(15);
                }
                let message = pieces.concat();
                assert_eq!(zlib.message(&payload), Some(message.clone()));
                let mut items = peer.read(&wire);
                items.retain(|item| matches!(item, Item::Data(..)));
                assert_eq!(items, [text(message)]);
            }
        }
    }
}

#[test]
fn a_plain_message_is_uncompressed_and_not_part_of_the_context() {
    for side in SIDES {
        let mut conn = Conn::new(side).pmd(USUAL);
        let mut peer = Inflate::new(15);
        let once = conn.compress(b"Hello, hello, hello");
        assert!(peer.message(&once).is_some());
        let plain = conn.send(WS_OPCODE_TEXT, WS_SEND_PLAIN, b"Something else").unwrap();
        assert_eq!(plain, (0x81, b"Something else".to_vec()));
        let plain =
            conn.send(WS_OPCODE_TEXT, WS_SEND_PLAIN | WS_SEND_MORE, b"Some").unwrap();
        assert_eq!(plain, (0x01, b"Some".to_vec()));
        assert_eq!(
            conn.send(WS_OPCODE_TEXT, 0, b"thing").unwrap(),
            (0x80, b"thing".to_vec())
        );
        let again = conn.compress(b"Hello, hello, hello");
        assert!(again.len() < once.len());
        assert_eq!(peer.message(&again), Some(b"Hello, hello, hello".to_vec()));
    }
}

#[test]
fn zlib_reads_random_messages_with_random_parameters() {
    let mut rng = Rng::new(55);
    for _ in 0..count("WSCODEC_STREAMS", 300) {
        let side = *rng.pick(&SIDES);
        let bits = 8 + rng.below(8) as u8;
        let resets = rng.once_in(2);
        let params = ws_pmd_params {
            level: rng.below(10) as u8,
            mem_level: rng.below(10) as u8,
            ..ours(side, bits, resets)
        };
        let mut conn = Conn::new(side).pmd(params);
        let mut zlib = Inflate::new(bits.into());
        for _ in 0..rng.below(12) {
            let (mut message, mut payload) = (Vec::new(), Vec::new());
            let pieces = *rng.pick(&[1, 1, 1, 2, 5]);
            for piece in 1..=pieces {
                let part = random_part(&mut rng);
                let more = if piece < pieces { WS_SEND_MORE } else { 0 };
                payload.extend(conn.send(WS_OPCODE_BINARY, more, &part).unwrap().1);
                message.extend(part);
            }
            if resets {
                zlib = Inflate::new(bits.into());
            }
            assert!(zlib.message(&payload) == Some(message), "{params:?}");
        }
    }
}

/// Noise, a few letters, repeated bytes, or several of these.
fn random_part(rng: &mut Rng) -> Vec<u8> {
    let mut part = Vec::new();
    for _ in 0..rng.below(4) {
        let len = *rng.pick(&[0, 1, 2, 10, 100, 1000, 10_000, 70_000]);
        let len = rng.below(len + 1);
        match rng.below(4) {
            0 => part.extend(rng.bytes(len)),
            1 => part.extend((0..len).map(|_| *rng.pick(b"abcd"))),
            2 => part.extend(vec![rng.byte(); len]),
            _ => part.extend((0..len).map(|_| rng.byte() & 0x0f)),
        }
    }
    part
}
