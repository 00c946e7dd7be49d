//! ws_conn_send(): frames, pieces and masks (RFC 6455, 5).

use crate::c::{self, WS_CLIENT, WS_SERVER, code};
use crate::conn::*;
use crate::rng::Rng;
use crate::wire;
use std::collections::HashSet;

fn payload(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 7) as u8).collect()
}

const LENGTHS: [usize; 9] = [0, 1, 2, 125, 126, 65_535, 65_536, 65_537, 200_000];

#[test]
fn a_server_writes_unmasked_minimal_frames() {
    let mut conn = Conn::new(WS_SERVER);
    for len in LENGTHS {
        for (opcode, first) in [(WS_OPCODE_TEXT, 0x81), (WS_OPCODE_BINARY, 0x82)] {
            let sent = conn.send_bytes(opcode, 0, &payload(len)).unwrap();
            assert!(sent == wire::frame(first, None, &payload(len)), "{len}");
        }
    }
    for len in [0, 1, 125] {
        for (opcode, first) in [(WS_OPCODE_PING, 0x89), (WS_OPCODE_PONG, 0x8a)] {
            let sent = conn.send_bytes(opcode, 0, &payload(len)).unwrap();
            assert_eq!(sent, wire::frame(first, None, &payload(len)));
        }
    }
}

#[test]
fn a_client_masks_what_it_writes() {
    let mut conn = Conn::new(WS_CLIENT);
    for len in LENGTHS {
        let sent = conn.send_bytes(WS_OPCODE_BINARY, 0, &payload(len)).unwrap();
        let header = sent.len() - len;
        let key: [u8; 4] = sent[header - 4..header].try_into().unwrap();
        assert!(sent == wire::frame(0x82, Some(key), &payload(len)), "{len}");
    }
}

/// RFC 6455, 10.3. Two of 1000 random keys are equal in one of 8000 runs; three pairs never are.
#[test]
fn masking_keys_differ() {
    let mut conn = Conn::new(WS_CLIENT);
    let mut keys = HashSet::new();
    for i in 0..1000 {
        let sent = match i % 3 {
            0 => conn.send_bytes(WS_OPCODE_TEXT, WS_SEND_MORE, b"").unwrap(),
            1 => conn.send_bytes(WS_OPCODE_PING, 0, b"").unwrap(),
            _ => conn.send_bytes(WS_OPCODE_TEXT, 0, b"").unwrap(),
        };
        keys.insert(sent[2..6].to_vec());
    }
    assert!(keys.len() >= 998, "{} keys", keys.len());
    for bit in 0..32 {
        let ones = keys.iter().filter(|key| key[bit / 8] >> (bit % 8) & 1 == 1).count();
        assert!((350..650).contains(&ones), "bit {bit} is set {ones} times");
    }
}

#[test]
fn automatic_frames_have_fresh_keys_too() {
    let mut keys = HashSet::new();
    for _ in 0..50 {
        let mut conn = Conn::new(WS_CLIENT);
        for _ in 0..10 {
            conn.read_only(&from_peer(WS_CLIENT, 0x89, ""));
            keys.insert(conn.output_bytes(WS_MAX_OUTPUT).unwrap()[2..6].to_vec());
        }
        keys.insert(conn.close_into(1000, b"", WS_MAX_OUTPUT).unwrap()[2..6].to_vec());
    }
    assert!(keys.len() >= 548, "{} keys of 550", keys.len());
}

#[test]
fn each_piece_is_a_fragment_of_one_message() {
    for side in SIDES {
        for (opcode, first) in [(WS_OPCODE_TEXT, 1), (WS_OPCODE_BINARY, 2)] {
            let mut conn = Conn::new(side);
            for _ in 0..2 {
                assert_eq!(
                    conn.send(opcode, WS_SEND_MORE, b"Hel").unwrap(),
                    (first, b"Hel".to_vec())
                );
                assert_eq!(
                    conn.send(opcode, WS_SEND_MORE, b"lo").unwrap(),
                    (0, b"lo".to_vec())
                );
                assert_eq!(
                    conn.send(WS_OPCODE_PING, 0, b"p").unwrap(),
                    (0x89, b"p".to_vec())
                );
                assert_eq!(
                    conn.send(opcode, WS_SEND_MORE, b"").unwrap(),
                    (0, b"".to_vec())
                );
                assert_eq!(
                    conn.send(WS_OPCODE_PONG, 0, b"q").unwrap(),
                    (0x8a, b"q".to_vec())
                );
                assert_eq!(conn.send(opcode, 0, b"!").unwrap(), (0x80, b"!".to_vec()));
            }
            assert_eq!(conn.send(opcode, 0, b"").unwrap(), (0x80 | first, b"".to_vec()));
        }
    }
}

#[test]
fn another_opcode_inside_a_message_is_refused() {
    for side in SIDES {
        for (opcode, other) in
            [(WS_OPCODE_TEXT, WS_OPCODE_BINARY), (WS_OPCODE_BINARY, WS_OPCODE_TEXT)]
        {
            let mut conn = Conn::new(side);
            conn.send(opcode, WS_SEND_MORE, b"a").unwrap();
            for flags in [0, WS_SEND_MORE] {
                assert_eq!(conn.send(other, flags, b"b"), Err(code::INVALID_STATE));
            }
            assert_eq!(conn.send(opcode, 0, b"c").unwrap(), (0x80, b"c".to_vec()));
            assert_eq!(conn.send(other, 0, b"d").unwrap().0, 0x80 | other as u8);
        }
    }
}

/// The next piece continues the same message, and nothing was sent.
#[test]
fn a_refused_send_has_no_effect() {
    let long = [0; 126];
    let refused: [(i32, u32, &[u8]); 18] = [
        (0, 0, b"a"),
        (0, WS_SEND_MORE, b"a"),
        (3, 0, b"a"),
        (7, 0, b"a"),
        (8, 0, b""),
        (8, 0, b"\x03\xe8"),
        (11, 0, b""),
        (15, 0, b""),
        (16 + WS_OPCODE_TEXT, 0, b"a"),
        (256 + WS_OPCODE_TEXT, 0, b"a"),
        (-1, 0, b"a"),
        (i32::MIN + WS_OPCODE_TEXT, 0, b"a"),
        (WS_OPCODE_PING, 0, &long),
        (WS_OPCODE_PONG, 0, &long),
        (WS_OPCODE_TEXT, 4, b"a"),
        (WS_OPCODE_TEXT, 0x80, b"a"),
        (WS_OPCODE_TEXT, u32::MAX, b"a"),
        (WS_OPCODE_PING, 4, b"a"),
    ];
    for side in SIDES {
        for inside in [false, true] {
            let mut conn = Conn::new(side);
            if inside {
                conn.send(WS_OPCODE_TEXT, WS_SEND_MORE, b"x").unwrap();
            }
            for (opcode, flags, payload) in refused {
                let result = conn.send_into(opcode, flags, payload, 1000);
                assert_eq!(result, Err(code::INVALID_ARGUMENT), "{opcode} {flags}");
            }
            // A control frame has no pieces.
            for opcode in [WS_OPCODE_PING, WS_OPCODE_PONG] {
                let result = conn.send_into(opcode, WS_SEND_MORE, b"a", 1000);
                let refusals = [Err(code::INVALID_ARGUMENT), Err(code::INVALID_STATE)];
                assert!(refusals.contains(&result), "{result:?}");
            }
            assert_eq!((conn.state(), conn.has_output()), (WS_STATE_OPEN, false));
            let first = if inside { 0x80 } else { 0x81 };
            assert_eq!(
                conn.send(WS_OPCODE_TEXT, 0, b"y").unwrap(),
                (first, b"y".to_vec())
            );
        }
    }
}

#[test]
fn too_little_room_has_no_effect() {
    for side in SIDES {
        let key = if side == WS_CLIENT { 4 } else { 0 };
        for len in [0, 1, 125, 126, 65_536] {
            let mut conn = Conn::new(side);
            let exact = wire::header(0x82, None, len as u64).len() + key + len;
            for cap in [0, 1, exact / 2, exact - 1] {
                for flags in [0, WS_SEND_MORE] {
                    let result =
                        conn.send_into(WS_OPCODE_BINARY, flags, &payload(len), cap);
                    assert_eq!(result, Err(code::BUFFER_TOO_SMALL), "{len} in {cap}");
                }
            }
            let sent = conn.send(WS_OPCODE_TEXT, 0, b"").unwrap();
            assert_eq!(sent, (0x81, vec![]), "no message was begun");
        }
    }
}

#[test]
fn the_bound_is_enough_and_at_most_14_bytes_more() {
    for side in SIDES {
        for len in LENGTHS {
            let mut conn = Conn::new(side);
            let bound = conn.bound(len);
            assert!(bound >= len && bound <= len + 14, "{len}: {bound}");
            let sent = conn.send_into(WS_OPCODE_BINARY, 0, &payload(len), bound).unwrap();
            assert!(sent.len() <= bound);
            assert_eq!(conn.bound(len), bound, "it does not change");
        }
    }
}

#[test]
fn the_bound_of_an_absurd_length_is_0() {
    for side in SIDES {
        let conn = Conn::new(side);
        for len in
            [usize::MAX, usize::MAX - 1, isize::MAX as usize + 1, isize::MAX as usize]
        {
            assert_eq!(conn.bound(len), 0, "{len:x}");
        }
        // No buffer can hold so many bytes and a header.
        assert_eq!(conn.bound(isize::MAX as usize - 1), 0);
        let large = isize::MAX as usize - 14;
        assert!(conn.bound(large) > large && conn.bound(large) <= isize::MAX as usize);
    }
}

#[test]
fn sent_text_is_not_validated_and_plain_has_no_effect_without_compression() {
    for side in SIDES {
        let mut conn = Conn::new(side);
        assert_eq!(
            conn.send(WS_OPCODE_TEXT, 0, b"\xff").unwrap(),
            (0x81, b"\xff".to_vec())
        );
        assert_eq!(
            conn.send(WS_OPCODE_TEXT, WS_SEND_PLAIN, b"a").unwrap(),
            (0x81, b"a".to_vec())
        );
        assert_eq!(
            conn.send(WS_OPCODE_TEXT, WS_SEND_PLAIN | WS_SEND_MORE, b"a").unwrap(),
            (0x01, b"a".to_vec())
        );
        assert_eq!(conn.send(WS_OPCODE_TEXT, 0, b"b").unwrap(), (0x80, b"b".to_vec()));
    }
}

#[test]
fn sending_allocates_only_a_clients_keys_and_works_without() {
    for side in SIDES {
        for denied in [false, true] {
            let recorder = crate::conn_allocator::Recorder::new();
            let mut conn = Conn::with(side, &recorder.allocator()).unwrap();
            if denied {
                recorder.fail(crate::conn_allocator::Fail::From(1));
            }
            for len in LENGTHS {
                conn.send(WS_OPCODE_BINARY, WS_SEND_MORE, &payload(len)).unwrap();
                conn.send(WS_OPCODE_PING, 0, b"p").unwrap();
                conn.send(WS_OPCODE_BINARY, 0, &payload(len)).unwrap();
            }
            conn.close(1000, &[b'x'; 123]).unwrap();
            let keys = usize::from(side == WS_CLIENT && !denied);
            assert_eq!(recorder.blocks(), 1 + keys);
        }
    }
}

/// The frames of the accepted calls are a stream that the other side's decoder reads.
#[test]
fn random_sends_write_a_valid_stream() {
    let mut rng = Rng::new(21);
    for round in 0..400 {
        let side = SIDES[round % 2];
        let (mut conn, mut wire, mut open) = (Conn::new(side), Vec::new(), None);
        for _ in 0..rng.below(40) {
            let opcode = *rng.pick(&[
                WS_OPCODE_TEXT,
                WS_OPCODE_TEXT,
                WS_OPCODE_BINARY,
                WS_OPCODE_BINARY,
                WS_OPCODE_PING,
                WS_OPCODE_PONG,
            ]);
            let flags = if opcode < 8 && rng.once_in(2) { WS_SEND_MORE } else { 0 };
            let len = *rng.pick(&[0, 1, 100, 125, 126, 200]);
            let cap = if rng.once_in(4) { rng.below(200) } else { 1000 };
            let legal = if opcode < 8 {
                open.is_none_or(|open| open == opcode)
            } else {
                len <= 125
            };
            match conn.send_into(opcode, flags, &payload(len), cap) {
                Ok(sent) => {
                    assert!(legal, "{opcode} of {len} inside {open:?}");
                    if opcode < 8 {
                        open = (flags == WS_SEND_MORE).then_some(opcode);
                    }
                    wire.extend(sent);
                }
                Err(code::BUFFER_TOO_SMALL) => assert!(cap < conn.bound(len)),
                Err(_) => assert!(!legal),
            }
        }
        let total = wire.len();
        let mut decoder = c::decoder(WS_SERVER + WS_CLIENT - side, 0);
        let (_, consumed) = c::feed(&mut decoder, &mut wire, 1000).unwrap();
        assert_eq!(consumed, total);
        let end = if open.is_some() { code::EOF } else { 0 };
        assert_eq!(c::finish(&decoder), end);
    }
}

#[test]
fn a_connection_reads_what_another_sends() {
    for side in SIDES {
        let (mut here, mut there) =
            (Conn::new(side), Conn::new(WS_SERVER + WS_CLIENT - side));
        for len in LENGTHS {
            let mut sent =
                here.send_bytes(WS_OPCODE_BINARY, WS_SEND_MORE, &payload(len)).unwrap();
            sent.extend(here.send_bytes(WS_OPCODE_PING, 0, b"p").unwrap());
            sent.extend(here.send_bytes(WS_OPCODE_BINARY, 0, b"end").unwrap());
            let whole = [&payload(len)[..], b"end"].concat();
            assert!(there.read(&sent) == [ping("p"), pong_reply("p"), binary(whole)]);
        }
        let closing = here.close_into(4000, b"bye", WS_MAX_OUTPUT).unwrap();
        assert_eq!(there.read_only(&closing), [close(4000, "bye")]);
        let reply = there.output_bytes(WS_MAX_OUTPUT).unwrap();
        assert_eq!(here.read(&reply), [close(4000, "")]);
        assert_eq!((here.state(), there.state()), (WS_STATE_CLOSED, WS_STATE_CLOSED));
    }
}
