//! The order of events and output, and the replies to pings.

use crate::c::{WS_CLIENT, WS_SERVER, code};
use crate::conn::*;

/// The echo loop of the header: handle the events, then collect the output.
fn echo(conn: &mut Conn, bytes: &[u8], cap: usize) -> Vec<(u8, Vec<u8>)> {
    let (mut buf, mut wire) = (bytes.to_vec(), Vec::new());
    let mut rest = &mut buf[..];
    loop {
        let (events, consumed) = conn.recv(rest, cap).unwrap();
        let count = events.len();
        for event in events {
            if let Item::Data(opcode, BOTH, payload) = event.item {
                wire.push(conn.send(opcode.into(), 0, &payload).unwrap());
            }
        }
        wire.extend(conn.output().into_iter().map(|item| match item {
            Item::Reply(first, payload) => (first, payload),
            other => panic!("{other:?}"),
        }));
        rest = &mut rest[consumed..];
        if count == 0 {
            return wire;
        }
    }
}

#[test]
fn an_echo_replies_in_the_order_of_the_frames() {
    for side in SIDES {
        let bytes = all_from_peer(
            side,
            &[(0x81, b"hi"), (0x89, b"ping"), (0x81, b"yo"), (0x88, b"\x03\xe9bye")],
        );
        let expected: Vec<(u8, Vec<u8>)> =
            [(0x81, &b"hi"[..]), (0x8a, b"ping"), (0x81, b"yo"), (0x88, b"\x03\xe9")]
                .map(|(first, payload)| (first, payload.to_vec()))
                .to_vec();
        for cap in [1, 2, 3, 64] {
            assert_eq!(echo(&mut Conn::new(side), &bytes, cap), expected, "cap {cap}");
            for cut in 0..=bytes.len() {
                let mut conn = Conn::new(side);
                let mut wire = echo(&mut conn, &bytes[..cut], cap);
                wire.extend(echo(&mut conn, &bytes[cut..], cap));
                assert_eq!(wire, expected, "cut at {cut}");
                assert_eq!(conn.state(), WS_STATE_CLOSED);
            }
        }
    }
}

#[test]
fn messages_can_be_sent_until_the_close_of_an_error_is_collected() {
    for side in SIDES {
        let bytes = all_from_peer(side, &[(0x81, b"hi"), (0x83, b"")]);
        let mut conn = Conn::new(side);
        let (events, consumed) = conn.recv(&mut bytes.clone(), 64).unwrap();
        assert_eq!(events.len(), 1);
        assert_eq!(conn.send(WS_OPCODE_TEXT, 0, b"hi"), Ok((0x81, b"hi".to_vec())));
        assert_eq!(
            conn.recv(&mut bytes[consumed..].to_vec(), 64).err(),
            Some(code::OPCODE)
        );
        assert_eq!(conn.send(WS_OPCODE_TEXT, 0, b"and"), Ok((0x81, b"and".to_vec())));
        assert_eq!(conn.output(), [close_reply(1002)]);
        assert_eq!(conn.send(WS_OPCODE_TEXT, 0, b"late"), Err(code::INVALID_STATE));
    }
}

// ---- pings ----

fn pings(side: u32, count: u32) -> Vec<u8> {
    (0..count).flat_map(|i| from_peer(side, 0x89, i.to_be_bytes())).collect()
}

#[test]
fn output_after_every_call_has_a_pong_for_every_ping() {
    for side in SIDES {
        let expected: Vec<Item> = (0..300_u32)
            .flat_map(|i| [ping(i.to_be_bytes()), pong_reply(i.to_be_bytes())])
            .collect();
        for cap in [1, 2, 64] {
            let items = Conn::new(side).read_in(&pings(side, 300), cap, true);
            assert_eq!(items, expected);
        }
    }
}

#[test]
fn unread_pongs_collapse_to_the_latest() {
    for side in SIDES {
        for chunk in [1, 7, 10_000] {
            let mut conn = Conn::new(side);
            let mut reported = Vec::new();
            for piece in pings(side, 300).chunks(chunk) {
                reported.extend(conn.read_only(piece));
            }
            let expected: Vec<Item> =
                (0..300_u32).map(|i| ping(i.to_be_bytes())).collect();
            assert_eq!(reported, expected, "all of them are reported");
            assert_eq!(conn.output(), [pong_reply(299_u32.to_be_bytes())]);
            assert_eq!(conn.output(), []);
        }
    }
}

#[test]
fn a_pending_pong_is_replaced_by_longer_and_shorter_ones() {
    for side in SIDES {
        let mut conn = Conn::new(side);
        for len in [3, 125, 0, 1, 124, 2, 0] {
            let payload = vec![len as u8; len];
            conn.read_only(&from_peer(side, 0x89, &payload));
            assert!(conn.has_output());
        }
        assert_eq!(conn.output(), [pong_reply("")]);
        conn.read_only(&from_peer(side, 0x89, [1; 100]));
        conn.read_only(&from_peer(side, 0x89, [2; 50]));
        assert_eq!(conn.output(), [pong_reply([2; 50])]);
    }
}

#[test]
fn a_pending_pong_survives_messages() {
    for side in SIDES {
        let mut conn = Conn::new(side);
        let bytes = all_from_peer(side, &[(0x89, b"p"), (0x81, b"a"), (0x8a, b"q")]);
        assert_eq!(conn.read_only(&bytes), [ping("p"), text("a"), pong("q")]);
        assert_eq!(conn.send(WS_OPCODE_TEXT, 0, b"x"), Ok((0x81, b"x".to_vec())));
        assert_eq!(conn.output(), [pong_reply("p")]);
    }
}

#[test]
fn a_pong_gets_no_reply() {
    for side in SIDES {
        let mut conn = Conn::new(side);
        assert_eq!(
            conn.read(&from_peer(side, 0x8a, "unsolicited")),
            [pong("unsolicited")]
        );
        assert_eq!(conn.state(), WS_STATE_OPEN);
    }
}

#[test]
fn without_auto_pong_the_caller_sends_pongs() {
    for side in SIDES {
        let mut conn = Conn::new(side).option(WS_OPT_AUTO_PONG, 0);
        let bytes = all_from_peer(side, &[(0x89, b"a"), (0x89, b"b")]);
        assert_eq!(conn.read(&bytes), [ping("a"), ping("b")]);
        assert_eq!(conn.send(WS_OPCODE_PONG, 0, b"b"), Ok((0x8a, b"b".to_vec())));
        assert_eq!(conn.set(WS_OPT_AUTO_PONG, 1), 0);
        assert_eq!(conn.read(&from_peer(side, 0x89, "c")), [ping("c"), pong_reply("c")]);
        assert_eq!(conn.set(WS_OPT_AUTO_PONG, 0), 0);
        assert_eq!(conn.read(&from_peer(side, 0x89, "d")), [ping("d")]);
    }
}

// ---- the output ----

#[test]
fn too_little_room_for_output_has_no_effect() {
    for side in SIDES {
        let key = if side == WS_CLIENT { 4 } else { 0 };
        let mut conn = Conn::new(side);
        conn.read_only(&from_peer(side, 0x89, "ping"));
        let exact = 2 + key + 4;
        for cap in 0..exact {
            assert_eq!(conn.output_bytes(cap), Err(code::BUFFER_TOO_SMALL), "{cap}");
        }
        assert_eq!(conn.output_bytes(exact).unwrap().len(), exact);
        conn.read_only(&from_peer(side, 0x88, ""));
        for cap in 0..2 + key {
            assert_eq!(conn.output_bytes(cap), Err(code::BUFFER_TOO_SMALL));
            assert_eq!(conn.state(), WS_STATE_CLOSING);
        }
        assert_eq!(conn.output_bytes(2 + key).unwrap().len(), 2 + key);
        assert_eq!(conn.state(), WS_STATE_CLOSED);
    }
}

/// Both are pending: RFC 6455, 5.5.2 demands the pong, and the ping came first.
#[test]
fn output_is_at_most_a_pong_and_a_close() {
    for side in SIDES {
        for (first, payload, code) in [(0x88, &b"\x03\xe8"[..], 1000), (0x83, b"", 1002)]
        {
            let mut conn = Conn::new(side);
            conn.read_only(&from_peer(side, 0x89, [7; 125]));
            conn.read_only(&from_peer(side, first, payload));
            assert_eq!(conn.output(), [pong_reply([7; 125]), close_reply(code)]);
        }
    }
    let mut conn = Conn::new(WS_CLIENT);
    conn.read_only(&from_peer(WS_CLIENT, 0x89, [7; 125]));
    conn.read_only(&from_peer(WS_CLIENT, 0x88, b"\x03\xe8"));
    for cap in [0, 1, 130, 131, 138] {
        assert_eq!(conn.output_bytes(cap), Err(code::BUFFER_TOO_SMALL), "{cap}");
    }
    assert_eq!(conn.output_bytes(WS_MAX_OUTPUT).unwrap().len(), WS_MAX_OUTPUT);
}

#[test]
fn a_new_connection_has_no_output() {
    for side in SIDES {
        let mut conn = Conn::new(side);
        assert_eq!(conn.output_bytes(0), Ok(vec![]));
        assert_eq!(conn.output(), []);
        assert_eq!((conn.state(), conn.side), (WS_STATE_OPEN, side));
    }
}

#[test]
fn a_servers_replies_have_these_bytes() {
    let mut conn = Conn::new(WS_SERVER);
    conn.read_only(&all_from_peer(WS_SERVER, &[(0x89, b"Hi"), (0x88, b"\x0f\xa0why")]));
    assert_eq!(conn.output_bytes(WS_MAX_OUTPUT).unwrap(), b"\x8a\x02Hi\x88\x02\x0f\xa0");
}
