//! The closing handshake from both sides (RFC 6455, 5.5.1 and 7).

use crate::c::code;
use crate::conn::*;

/// Once a close was sent and received, every frame is refused.
fn nothing_can_be_sent(conn: &mut Conn) {
    no_data_can_be_sent(conn);
    for opcode in [WS_OPCODE_PING, WS_OPCODE_PONG] {
        assert_eq!(conn.send(opcode, 0, b"late"), Err(code::INVALID_STATE));
        assert_eq!(conn.send(opcode, 0, b""), Err(code::INVALID_STATE));
    }
}

fn no_data_can_be_sent(conn: &mut Conn) {
    for opcode in [WS_OPCODE_TEXT, WS_OPCODE_BINARY] {
        assert_eq!(conn.send(opcode, 0, b"late"), Err(code::INVALID_STATE));
        assert_eq!(conn.send(opcode, 0, b""), Err(code::INVALID_STATE));
    }
    assert_eq!(
        conn.send(WS_OPCODE_TEXT, WS_SEND_MORE, b"late"),
        Err(code::INVALID_STATE)
    );
}

/// Between our close and the peer's, only pings and pongs can be sent (5.5.1 forbids data).
fn only_control_can_be_sent(conn: &mut Conn) {
    no_data_can_be_sent(conn);
    assert_eq!(conn.send(WS_OPCODE_PING, 0, b"a"), Ok((0x89, b"a".to_vec())));
    assert_eq!(conn.send(WS_OPCODE_PONG, 0, b"b"), Ok((0x8a, b"b".to_vec())));
}

#[test]
fn the_peers_close_is_echoed_with_its_code() {
    for side in SIDES {
        for number in [1000, 1001, 1003, 1007, 1011, 1014, 3000, 4999, 1005] {
            for reason in ["", "bye", "größe"] {
                if number == 1005 && !reason.is_empty() {
                    continue;
                }
                let payload = close_payload(number, reason.as_bytes());
                let mut conn = Conn::new(side);
                let items = conn.read_only(&from_peer(side, 0x88, &payload));
                assert_eq!(items, [close(number, reason)]);
                assert_eq!(conn.state(), WS_STATE_CLOSING);
                assert_eq!(conn.output(), [close_reply(number)]);
                assert_eq!(conn.state(), WS_STATE_CLOSED);
                assert_eq!(conn.output(), []);
                nothing_can_be_sent(&mut conn);
                assert_eq!(conn.close(1000, b""), Ok(None));
                assert_eq!(conn.state(), WS_STATE_CLOSED);
            }
        }
    }
}

#[test]
fn a_close_is_reported_only_when_it_is_complete() {
    for side in SIDES {
        let bytes = from_peer(side, 0x88, b"\x03\xe8bye");
        let (last, head) = bytes.split_last().unwrap();
        let mut conn = Conn::new(side);
        for byte in head {
            assert_eq!(conn.read(&[*byte]), []);
            assert_eq!(conn.state(), WS_STATE_OPEN);
        }
        assert_eq!(conn.read(&[*last]), [close(1000, "bye"), close_reply(1000)]);
    }
}

#[test]
fn bytes_after_a_close_are_consumed_and_ignored() {
    let late: [&[u8]; 5] =
        [b"\x81\x01a", b"\x83\x00", b"\x88\x00", b"\xff", b"\x81\x7f\xff\xff"];
    for side in SIDES {
        for late in late {
            let bytes = [&from_peer(side, 0x88, b"\x03\xe8"), late].concat();
            let mut conn = Conn::new(side);
            assert_eq!(conn.read(&bytes), [close(1000, ""), close_reply(1000)]);
            for cap in [1, 64] {
                let (events, consumed) = conn.recv(&mut late.to_vec(), cap).unwrap();
                assert_eq!((events.len(), consumed), (0, late.len()));
            }
            assert_eq!(conn.state(), WS_STATE_CLOSED);
            assert_eq!(conn.output(), []);
            assert_eq!(conn.finish(), 0);
        }
    }
}

#[test]
fn bytes_after_a_close_leave_its_pending_reply_alone() {
    for side in SIDES {
        let bytes =
            all_from_peer(side, &[(0x88, b"\x03\xe8"), (0x89, b"late"), (0x83, b"")]);
        let mut conn = Conn::new(side);
        assert_eq!(conn.read_only(&bytes), [close(1000, "")]);
        assert_eq!(conn.read_only(&bytes), []);
        assert_eq!(conn.state(), WS_STATE_CLOSING);
        assert_eq!(conn.output(), [close_reply(1000)]);
    }
}

#[test]
fn a_close_inside_a_message_ends_it() {
    for side in SIDES {
        let bytes = all_from_peer(side, &[(0x01, b"Hel"), (0x88, b""), (0x80, b"lo")]);
        let mut conn = Conn::new(side);
        assert_eq!(conn.read(&bytes), [close(1005, ""), close_reply(1005)]);
        assert_eq!(conn.finish(), 0);
    }
}

#[test]
fn invalid_close_payloads_are_errors() {
    let codes = [0, 999, 1004, 1006, 1015, 1016, 2999, 5000, 65535];
    let mut cases: Vec<(Vec<u8>, isize, u16)> = codes
        .map(|number| (close_payload(number, b""), code::CLOSE_PAYLOAD, 1002))
        .to_vec();
    // 1005 means that there was no code, so it cannot be sent.
    cases.push((b"\x03\xed".to_vec(), code::CLOSE_PAYLOAD, 1002));
    cases.push((b"\x03".to_vec(), code::CLOSE_PAYLOAD, 1002));
    cases.push((b"\x03\xe8\xff".to_vec(), code::UTF8, 1007));
    cases.push((b"\x03\xe8\xc3".to_vec(), code::UTF8, 1007));
    cases.push((b"\x03\xe8ok\xed\xa0\x80".to_vec(), code::UTF8, 1007));
    cases.push((b"\x03\xed\xff".to_vec(), code::CLOSE_PAYLOAD, 1002));
    for side in SIDES {
        for (payload, error, reply_code) in &cases {
            let mut conn = Conn::new(side);
            let items = conn.read(&from_peer(side, 0x88, payload));
            assert_eq!(
                items,
                [Item::Error(*error), close_reply(*reply_code)],
                "{payload:x?}"
            );
            assert_eq!(conn.state(), WS_STATE_FAILED);
            assert_eq!(conn.finish(), *error);
        }
    }
}

// ---- closes of our own ----

#[test]
fn a_close_is_written_with_its_code_and_reason() {
    for side in SIDES {
        for (number, reason) in [(1000, "bye"), (1005, ""), (4000, ""), (1001, "größe")]
        {
            let mut conn = Conn::new(side);
            let payload = close_payload(number, reason.as_bytes());
            assert_eq!(conn.close(number, reason.as_bytes()), Ok(Some(payload)));
            assert_eq!(conn.state(), WS_STATE_CLOSING);
            assert_eq!(conn.output(), []);
            only_control_can_be_sent(&mut conn);
        }
        let mut conn = Conn::new(side);
        let longest = close_payload(1000, &[b'x'; 123]);
        assert_eq!(conn.close(1000, &[b'x'; 123]), Ok(Some(longest)));
    }
}

#[test]
fn the_peers_close_completes_our_close() {
    for side in SIDES {
        let mut conn = Conn::new(side);
        conn.close(1001, b"").unwrap();
        let items = conn.read(&from_peer(side, 0x88, b"\x03\xe9"));
        assert_eq!(items, [close(1001, "")], "a reply needs no reply");
        assert_eq!(conn.state(), WS_STATE_CLOSED);
        assert_eq!(conn.finish(), 0);
        assert_eq!(conn.read(b"\xff\xff"), []);
    }
}

#[test]
fn a_close_is_sent_only_once() {
    for side in SIDES {
        let mut conn = Conn::new(side);
        assert!(conn.close(1000, b"").unwrap().is_some());
        assert_eq!(conn.close(1000, b""), Ok(None));
        assert_eq!(conn.close(1011, b"again"), Ok(None));
        assert_eq!(conn.close_into(1000, b"", 0), Ok(vec![]), "no room is needed");
        assert_eq!(conn.state(), WS_STATE_CLOSING);
        conn.read(&from_peer(side, 0x88, b"\x03\xe8"));
        assert_eq!(conn.close(1000, b""), Ok(None));
        assert_eq!(conn.state(), WS_STATE_CLOSED);
    }
}

#[test]
fn after_our_close_messages_are_reported_and_pings_get_pongs() {
    for side in SIDES {
        let mut conn = Conn::new(side);
        assert_eq!(conn.read(&from_peer(side, 0x01, "Hel")), []);
        conn.close(1000, b"").unwrap();
        let bytes = all_from_peer(
            side,
            &[
                (0x89, b"p"),
                (0x80, b"lo"),
                (0x82, b"x"),
                (0x88, b"\x03\xe8"),
                (0x81, b"l"),
            ],
        );
        let expected =
            [ping("p"), pong_reply("p"), text("Hello"), binary("x"), close(1000, "")];
        assert_eq!(conn.read(&bytes), expected);
    }
}

#[test]
fn a_pending_pong_survives_our_close_but_not_the_peers() {
    for side in SIDES {
        let mut conn = Conn::new(side);
        conn.read_only(&from_peer(side, 0x89, "p"));
        assert!(conn.close(1000, b"").unwrap().is_some());
        assert_eq!(conn.output(), [pong_reply("p")]);
        conn.read_only(&from_peer(side, 0x89, "q"));
        conn.read_only(&from_peer(side, 0x88, b"\x03\xe8"));
        assert_eq!((conn.output(), conn.state()), (vec![], WS_STATE_CLOSED));
    }
}

#[test]
fn close_after_the_peers_close_drops_the_pending_pong() {
    for side in SIDES {
        let mut conn = Conn::new(side);
        conn.read_only(&all_from_peer(side, &[(0x89, b"p"), (0x88, b"\x03\xe8")]));
        conn.read_only(&from_peer(side, 0x88, b"\x03\xe8"));
        assert!(conn.close(1000, b"").unwrap().is_some());
        assert_eq!((conn.output(), conn.state()), (vec![], WS_STATE_CLOSED));
    }
}

#[test]
fn an_error_after_our_close_has_no_close_frame() {
    for side in SIDES {
        let mut conn = Conn::new(side);
        conn.close(1000, b"").unwrap();
        let items = conn.read(&from_peer(side, 0x83, ""));
        assert_eq!(items, [Item::Error(code::OPCODE)]);
        assert_eq!(conn.state(), WS_STATE_FAILED);
        assert_eq!(conn.output(), []);
        assert_eq!(conn.close(1000, b""), Ok(None));
        assert_eq!(conn.finish(), code::OPCODE);
    }
}

#[test]
fn close_replaces_the_pending_reply_to_a_close() {
    for side in SIDES {
        for pings in [false, true] {
            let mut conn = Conn::new(side);
            if pings {
                conn.read_only(&from_peer(side, 0x89, "p"));
            }
            conn.read_only(&from_peer(side, 0x88, b"\x03\xe8bye"));
            let payload = close_payload(4000, b"mine");
            assert_eq!(conn.close(4000, b"mine"), Ok(Some(payload)));
            assert_eq!(conn.state(), WS_STATE_CLOSED);
            assert_eq!(conn.output(), [], "it replaced all pending output");
            assert_eq!(conn.close(4000, b"mine"), Ok(None));
            nothing_can_be_sent(&mut conn);
            assert_eq!(conn.finish(), 0);
        }
    }
}

#[test]
fn close_replaces_the_pending_close_of_an_error() {
    for side in SIDES {
        let mut conn = Conn::new(side);
        let items = conn.read_only(&from_peer(side, 0x83, ""));
        assert_eq!(items, [Item::Error(code::OPCODE)]);
        let payload = close_payload(1002, b"opcode 3");
        assert_eq!(conn.close(1002, b"opcode 3"), Ok(Some(payload)));
        assert_eq!(conn.output(), []);
        assert_eq!(conn.state(), WS_STATE_FAILED);
        assert_eq!(conn.close(1002, b""), Ok(None));
        nothing_can_be_sent(&mut conn);
    }
}

#[test]
fn sending_works_until_the_close_reply_is_collected() {
    for side in SIDES {
        for (first, payload) in [(0x88, &b"\x03\xe8"[..]), (0x83, b"")] {
            let mut conn = Conn::new(side);
            assert_eq!(
                conn.send(WS_OPCODE_TEXT, WS_SEND_MORE, b"a"),
                Ok((0x01, b"a".to_vec()))
            );
            conn.read_only(&from_peer(side, first, payload));
            let state = conn.state();
            assert_eq!(conn.send(WS_OPCODE_PING, 0, b"p"), Ok((0x89, b"p".to_vec())));
            assert_eq!(conn.send(WS_OPCODE_TEXT, 0, b"b"), Ok((0x80, b"b".to_vec())));
            assert_eq!(conn.send(WS_OPCODE_BINARY, 0, b"c"), Ok((0x82, b"c".to_vec())));
            assert!(conn.has_output(), "a query collects nothing");
            assert_eq!(conn.send(WS_OPCODE_TEXT, 0, b"d"), Ok((0x81, b"d".to_vec())));
            assert_eq!(conn.output_bytes(1), Err(code::BUFFER_TOO_SMALL));
            assert_eq!(conn.state(), state);
            assert_eq!(conn.send(WS_OPCODE_TEXT, 0, b"e"), Ok((0x81, b"e".to_vec())));
            assert_eq!(conn.output().len(), 1);
            nothing_can_be_sent(&mut conn);
        }
    }
}

#[test]
fn close_may_interrupt_a_message_in_pieces() {
    for side in SIDES {
        let mut conn = Conn::new(side);
        conn.send(WS_OPCODE_TEXT, WS_SEND_MORE, b"a").unwrap();
        assert!(conn.close(1000, b"").unwrap().is_some());
        only_control_can_be_sent(&mut conn);
    }
}

#[test]
fn invalid_codes_and_reasons_are_refused_without_effect() {
    let long = [b'x'; 124];
    let cases: [(u16, &[u8]); 12] = [
        (0, b""),
        (999, b""),
        (1004, b""),
        (1005, b"reason"),
        (1006, b""),
        (1015, b""),
        (2999, b""),
        (5000, b""),
        (1000, &long),
        (1000, b"\xff"),
        (1000, b"\xc3"),
        (1000, b"\xed\xa0\x80"),
    ];
    for side in SIDES {
        let mut conn = Conn::new(side);
        conn.read_only(&from_peer(side, 0x89, "p"));
        for (number, reason) in cases {
            assert_eq!(
                conn.close(number, reason),
                Err(code::INVALID_ARGUMENT),
                "{number}"
            );
            assert_eq!(conn.state(), WS_STATE_OPEN);
        }
        assert_eq!(conn.send(WS_OPCODE_TEXT, 0, b"a"), Ok((0x81, b"a".to_vec())));
        assert_eq!(conn.output(), [pong_reply("p")], "nothing was dropped");
    }
}

#[test]
fn an_invalid_code_or_reason_is_refused_even_after_a_close() {
    for side in SIDES {
        let mut conn = Conn::new(side);
        assert!(conn.close(1000, b"").unwrap().is_some());
        for (number, reason) in [(999, &b""[..]), (1005, b"x"), (1000, b"\xff")] {
            let closed = conn.close(number, reason);
            assert_eq!(closed, Err(code::INVALID_ARGUMENT), "{number}");
        }
    }
}

#[test]
fn too_little_room_for_a_close_has_no_effect() {
    for side in SIDES {
        let exact = if side == crate::c::WS_CLIENT { 2 + 4 + 5 } else { 2 + 5 };
        let mut conn = Conn::new(side);
        conn.read_only(&from_peer(side, 0x89, "p"));
        for cap in 0..exact {
            assert_eq!(conn.close_into(1000, b"bye", cap), Err(code::BUFFER_TOO_SMALL));
            assert_eq!(conn.state(), WS_STATE_OPEN);
            assert!(conn.has_output(), "the pong is still pending");
        }
        assert_eq!(conn.close_into(1000, b"bye", exact).unwrap().len(), exact);
        assert_eq!(conn.state(), WS_STATE_CLOSING);
    }
}

/// Both sides close at once: each close is the reply to the other.
#[test]
fn closes_that_cross_complete_each_other() {
    for side in SIDES {
        let mut conn = Conn::new(side);
        assert!(conn.close(1001, b"").unwrap().is_some());
        assert_eq!(conn.read(&from_peer(side, 0x88, b"\x0f\xa0x")), [close(4000, "x")]);
        assert_eq!((conn.state(), conn.finish()), (WS_STATE_CLOSED, 0));
    }
}
