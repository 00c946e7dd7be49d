//! Messages as a connection reports them: whole and in place, collected, or in pieces.

use crate::conn::*;
use crate::wire;

const LENGTHS: [usize; 8] = [0, 1, 5, 125, 126, 65_535, 65_536, 70_000];

fn payload(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 31 % 251) as u8).collect()
}

#[test]
fn a_message_whole_in_the_buffer_is_reported_in_place() {
    for side in SIDES {
        for len in LENGTHS {
            let mut buf = from_peer(side, 0x82, payload(len));
            let header = buf.len() - len;
            let mut conn = Conn::new(side);
            let (events, consumed) = conn.recv(&mut buf, 4).unwrap();
            assert_eq!(consumed, buf.len());
            assert_eq!(events.len(), 1);
            assert_eq!(events[0].item, binary(payload(len)));
            assert_eq!(events[0].place, (len > 0).then_some(header), "{len}");
            assert_eq!(buf[header..], payload(len), "unmasked in place");
        }
    }
}

#[test]
fn several_messages_are_each_reported_in_place() {
    for side in SIDES {
        let mut buf =
            all_from_peer(side, &[(0x81, b"Hello"), (0x82, b"ab"), (0x81, b"c")]);
        let header = if side == 0 { 6 } else { 2 };
        let (events, consumed) = Conn::new(side).recv(&mut buf, 64).unwrap();
        let places: Vec<_> = events.iter().map(|event| event.place.unwrap()).collect();
        assert_eq!(places, [header, 2 * header + 5, 3 * header + 7]);
        assert_eq!(consumed, buf.len());
        let items: Vec<_> = events.into_iter().map(|event| event.item).collect();
        assert_eq!(items, [text("Hello"), binary("ab"), text("c")]);
    }
}

#[test]
fn a_message_cut_by_a_read_is_collected() {
    for side in SIDES {
        let bytes = from_peer(side, 0x81, "Hello, world");
        let header = bytes.len() - 12;
        for cut in header + 1..bytes.len() {
            let mut conn = Conn::new(side);
            assert_eq!(conn.read(&bytes[..cut]), []);
            let mut rest = bytes[cut..].to_vec();
            let (events, consumed) = conn.recv(&mut rest, 4).unwrap();
            assert_eq!((events.len(), consumed), (1, rest.len()));
            assert_eq!(events[0].item, text("Hello, world"));
            assert_eq!(events[0].place, None, "it is not in this buffer");
        }
    }
}

#[test]
fn a_whole_message_after_a_collected_one_is_reported_in_place() {
    for side in SIDES {
        let first = from_peer(side, 0x81, "Hello");
        let (head, tail) = first.split_at(first.len() - 2);
        let mut buf = [tail, &from_peer(side, 0x82, "xyz")].concat();
        let place = buf.len() - 3;
        let mut conn = Conn::new(side);
        assert_eq!(conn.read(head), []);
        let (mut events, consumed) = conn.recv(&mut buf, 4).unwrap();
        if events.len() == 1 {
            assert_eq!(consumed, 2);
            events.extend(conn.recv(&mut buf[2..], 4).unwrap().0);
            assert_eq!(events[1].place, Some(place - 2));
        } else {
            assert_eq!(events[1].place, Some(place));
        }
        assert_eq!((&events[0].item, events[0].place), (&text("Hello"), None));
        assert_eq!(events[1].item, binary("xyz"));
    }
}

#[test]
fn fragments_are_joined() {
    for side in SIDES {
        let bytes =
            all_from_peer(side, &[(0x01, b"Hel"), (0x00, b"lo, "), (0x80, b"you")]);
        assert_eq!(Conn::new(side).read(&bytes), [text("Hello, you")]);
        let bytes = all_from_peer(side, &[(0x02, b"\xff"), (0x80, b"\xfe")]);
        assert_eq!(Conn::new(side).read(&bytes), [binary(b"\xff\xfe")]);
    }
}

#[test]
fn fragments_of_several_reads_are_collected() {
    for side in SIDES {
        let mut conn = Conn::new(side);
        assert_eq!(conn.read(&from_peer(side, 0x01, "Hel")), []);
        let mut last = from_peer(side, 0x80, "lo");
        let (events, _) = conn.recv(&mut last, 4).unwrap();
        assert_eq!((&events[0].item, events[0].place), (&text("Hello"), None));
    }
}

#[test]
fn control_frames_between_fragments_are_reported_first() {
    for side in SIDES {
        let bytes = all_from_peer(
            side,
            &[(0x01, b"Hel"), (0x89, b"p"), (0x00, b"lo "), (0x8a, b"q"), (0x80, b"you")],
        );
        let expected = [ping("p"), pong_reply("p"), pong("q"), text("Hello you")];
        assert_eq!(Conn::new(side).read(&bytes), expected);
    }
}

#[test]
fn control_frames_cut_by_reads_are_reported_whole() {
    for side in SIDES {
        let bytes = [
            from_peer(side, 0x01, "Hel"),
            from_peer(side, 0x89, [b'p'; 125]),
            from_peer(side, 0x80, "lo"),
        ]
        .concat();
        for cut in 1..bytes.len() {
            let mut conn = Conn::new(side);
            let mut items = conn.read(&bytes[..cut]);
            items.extend(conn.read(&bytes[cut..]));
            let expected = [ping([b'p'; 125]), pong_reply([b'p'; 125]), text("Hello")];
            assert_eq!(items, expected, "cut at {cut}");
        }
    }
}

#[test]
fn empty_messages_are_reported_and_empty_fragments_are_not() {
    for side in SIDES {
        let bytes = all_from_peer(
            side,
            &[
                (0x81, b""),
                (0x82, b""),
                (0x01, b""),
                (0x80, b""),
                (0x02, b""),
                (0x00, b""),
                (0x00, b"x"),
                (0x80, b""),
                (0x8a, b""),
            ],
        );
        let expected = [text(""), binary(""), text(""), binary("x"), pong("")];
        assert_eq!(Conn::new(side).read(&bytes), expected);
    }
}

#[test]
fn one_slot_reports_one_event_per_call() {
    for side in SIDES {
        let bytes = all_from_peer(
            side,
            &[(0x81, b"a"), (0x82, b"b"), (0x8a, b"c"), (0x01, b"d"), (0x80, b"e")],
        );
        let expected = [text("a"), binary("b"), pong("c"), text("de")];
        assert_eq!(Conn::new(side).read_in(&bytes, 1, true), expected);
        let mut buf = bytes.clone();
        let (events, consumed) = Conn::new(side).recv(&mut buf, 1).unwrap();
        assert_eq!((events.len(), consumed), (1, bytes.len() / 5));
    }
}

#[test]
fn collected_data_survives_every_call_but_recv() {
    for side in SIDES {
        for first in [0x81, 0x89] {
            let bytes = from_peer(side, first, "Hello");
            let recorder = crate::conn_allocator::Recorder::new();
            let mut conn = Conn::with(side, &recorder.allocator()).unwrap();
            assert_eq!(conn.read(&bytes[..bytes.len() - 2]), []);
            let mut rest = bytes[bytes.len() - 2..].to_vec();
            let (events, _) = conn.recv_raw(&mut rest, 4).unwrap();
            let holds =
                |conn: &Conn| assert_eq!(conn.data_of(&events[0], &rest), b"Hello");
            holds(&conn);
            conn.output();
            holds(&conn);
            assert_eq!(
                conn.send(WS_OPCODE_TEXT, 0, b"other"),
                Ok((0x81, b"other".to_vec()))
            );
            holds(&conn);
            assert_eq!(conn.set(WS_OPT_KEEP_BUFFER, 0), 0);
            assert_eq!(conn.set(WS_OPT_MAX_MESSAGE, 1), 0);
            holds(&conn);
            assert_eq!(conn.close(1000, b""), Ok(Some(close_payload(1000, b""))));
            holds(&conn);
            assert_eq!(conn.finish(), crate::c::code::EOF);
            assert_eq!(conn.state(), WS_STATE_FAILED);
            holds(&conn);
        }
    }
}

// ---- in pieces ----

fn streaming(side: u32) -> Conn {
    Conn::new(side).option(WS_OPT_STREAM, 1)
}

fn piece(flags: u16, payload: &[u8]) -> Item {
    Item::Data(1, flags, payload.to_vec())
}

#[test]
fn pieces_are_reported_as_they_arrive() {
    for side in SIDES {
        let bytes = from_peer(side, 0x81, "Hello");
        let header = bytes.len() - 5;
        let mut conn = streaming(side);
        assert_eq!(conn.read(&bytes[..header]), [], "none of it has arrived yet");
        assert_eq!(conn.read(&bytes[header..header + 1]), [piece(FIRST, b"H")]);
        assert_eq!(conn.read(&bytes[header + 1..header + 3]), [piece(0, b"el")]);
        assert_eq!(conn.read(&bytes[header + 3..]), [piece(LAST, b"lo")]);
        assert_eq!(conn.read(&bytes), [piece(BOTH, b"Hello")]);
    }
}

#[test]
fn pieces_are_reported_in_place() {
    for side in SIDES {
        let bytes = from_peer(side, 0x82, payload(300));
        let header = bytes.len() - 300;
        let mut conn = streaming(side);
        for (from, to) in
            [(0, header + 10), (header + 10, header + 11), (header + 11, 300)]
        {
            let mut buf = bytes[from..to].to_vec();
            let (events, consumed) = conn.recv(&mut buf, 4).unwrap();
            assert_eq!((events.len(), consumed), (1, to - from));
            let start = header.saturating_sub(from);
            assert_eq!(events[0].place, Some(start));
            let expected = &payload(300)[from + start - header..to - header];
            assert_eq!(buf[start..], *expected);
        }
    }
}

#[test]
fn pieces_of_continuations_have_the_opcode_of_their_message() {
    for side in SIDES {
        let mut conn = streaming(side);
        let mut items = conn.read(&from_peer(side, 0x01, "Hel"));
        items.extend(conn.read(&from_peer(side, 0x00, "lo ")));
        items.extend(conn.read(&from_peer(side, 0x89, "p")));
        items.extend(conn.read(&from_peer(side, 0x80, "you")));
        let expected = [
            piece(FIRST, b"Hel"),
            piece(0, b"lo "),
            ping("p"),
            pong_reply("p"),
            piece(LAST, b"you"),
        ];
        assert_eq!(items, expected);
    }
}

#[test]
fn a_message_that_ends_with_an_empty_frame_has_a_last_piece() {
    for side in SIDES {
        let bytes = all_from_peer(side, &[(0x01, b"a"), (0x80, b"")]);
        let mut conn = streaming(side);
        assert_eq!(conn.read(&bytes), [piece(FIRST, b"a"), piece(LAST, b"")]);
        assert_eq!(conn.read(&from_peer(side, 0x81, "")), [piece(BOTH, b"")]);
    }
}

#[test]
fn a_piece_may_end_inside_a_character() {
    for side in SIDES {
        let bytes = from_peer(side, 0x81, "a€");
        let mut conn = streaming(side);
        let len = bytes.len();
        assert_eq!(conn.read(&bytes[..len - 1]), [piece(FIRST, b"a\xe2\x82")]);
        assert_eq!(conn.read(&bytes[len - 1..]), [piece(LAST, b"\xac")]);
    }
}

#[test]
fn pieces_are_not_collected() {
    for side in SIDES {
        let recorder = crate::conn_allocator::Recorder::new();
        let mut conn =
            Conn::with(side, &recorder.allocator()).unwrap().option(WS_OPT_STREAM, 1);
        for (i, byte) in from_peer(side, 0x82, payload(1000)).chunks(1).enumerate() {
            conn.read(byte);
            assert_eq!(recorder.blocks(), 1, "at byte {i}");
        }
        assert_eq!(recorder.asked(), 1);
    }
}

#[test]
fn control_frames_are_reported_whole_with_stream() {
    for side in SIDES {
        let mut conn = streaming(side);
        let bytes = all_from_peer(side, &[(0x89, b"ping"), (0x88, b"\x03\xe8bye")]);
        let items: Vec<_> = bytes.chunks(1).flat_map(|byte| conn.read(byte)).collect();
        let expected =
            [ping("ping"), pong_reply("ping"), close(1000, "bye"), close_reply(1000)];
        assert_eq!(items, expected);
    }
}

#[test]
fn one_slot_reports_one_piece_per_call() {
    for side in SIDES {
        let bytes = all_from_peer(side, &[(0x01, b"a"), (0x00, b"b"), (0x80, b"c")]);
        let items = streaming(side).read_in(&bytes, 1, true);
        assert_eq!(items, [piece(FIRST, b"a"), piece(0, b"b"), piece(LAST, b"c")]);
    }
}

#[test]
fn a_header_alone_is_not_an_event() {
    for side in SIDES {
        for len in [1, 126, 65_536] {
            for first in [0x81, 0x01] {
                let header = wire::header(first, peer_key(side), len);
                assert_eq!(Conn::new(side).read(&header), []);
                assert_eq!(streaming(side).read(&header), []);
            }
        }
    }
}
