//! Errors: when they are reported, that they are permanent, and the close frame for the peer.

use crate::c::{WS_CLIENT, WS_SERVER, code};
use crate::conn::*;
use crate::wire::hex;

/// A faulty stream of a client, the error, and the code for the peer.
const FAULTS: &[(&str, isize, u16)] = &[
    ("c1", code::RESERVED_BITS, 1002),
    ("a1", code::RESERVED_BITS, 1002),
    ("91", code::RESERVED_BITS, 1002),
    ("83", code::OPCODE, 1002),
    ("8f", code::OPCODE, 1002),
    ("09", code::CONTROL_FRAME, 1002),
    ("08", code::CONTROL_FRAME, 1002),
    ("80", code::FRAGMENTATION, 1002),
    ("00", code::FRAGMENTATION, 1002),
    ("0181 00000000 61 81", code::FRAGMENTATION, 1002),
    ("0181 00000000 61 02", code::FRAGMENTATION, 1002),
    ("8101", code::MASK, 1002),
    ("89fe", code::CONTROL_FRAME, 1002),
    ("88ff", code::CONTROL_FRAME, 1002),
    ("81fe 007d", code::LENGTH, 1002),
    ("81ff 80", code::LENGTH, 1002),
    ("81ff 000000000000", code::LENGTH, 1002),
    ("82ff 0000000000100001", code::TOO_BIG, 1009),
    ("8882 00000000 0001", code::CLOSE_PAYLOAD, 1002),
    ("8883 00000000 03e8ff", code::UTF8, 1007),
    ("8181 00000000 ff", code::UTF8, 1007),
    ("0181 00000000 e2 8081 00000000 82", code::UTF8, 1007),
];

#[test]
fn every_fault_has_its_error_and_close_code() {
    for (stream, error, close_code) in FAULTS {
        let mut conn = Conn::new(WS_SERVER);
        let items = conn.read(&hex(stream));
        assert_eq!(items, [Item::Error(*error), close_reply(*close_code)], "{stream}");
        assert_eq!(conn.state(), WS_STATE_FAILED);
    }
    let items = Conn::new(WS_CLIENT).read(&hex("8185"));
    assert_eq!(items, [Item::Error(code::MASK), close_reply(1002)]);
}

#[test]
fn an_error_is_permanent() {
    for (stream, error, _) in FAULTS {
        for collects in [false, true] {
            let mut conn = Conn::new(WS_SERVER);
            conn.read_in(&hex(stream), 4, collects);
            for late in ["", "8180 00000000", "8880 00000000", "c1"] {
                assert_eq!(conn.recv(&mut hex(late), 4).err(), Some(*error), "{stream}");
                assert_eq!(conn.state(), WS_STATE_FAILED);
            }
            assert_eq!(conn.finish(), *error);
            assert_eq!(conn.has_output(), !collects, "one close frame, not two");
        }
    }
}

#[test]
fn events_before_an_error_are_reported_first() {
    for (stream, error, close_code) in FAULTS {
        let bytes = [hex("8181 00000000 61 8a81 00000000 62"), hex(stream)].concat();
        for cap in [1, 2, 3, 64] {
            let items = Conn::new(WS_SERVER).read_in(&bytes, cap, true);
            let expected =
                [text("a"), pong("b"), Item::Error(*error), close_reply(*close_code)];
            assert_eq!(items, expected, "{stream}");
        }
    }
}

/// Neither the state nor the output changes, and sending still works.
#[test]
fn an_error_has_no_effect_before_the_call_that_returns_it() {
    for (stream, error, close_code) in FAULTS {
        let good = hex("8181 00000000 61");
        let mut buf = [good, hex(stream)].concat();
        let mut conn = Conn::new(WS_SERVER);
        let (events, consumed) = conn.recv(&mut buf, 64).unwrap();
        assert_eq!(events.len(), 1);
        assert_eq!(conn.state(), WS_STATE_OPEN, "{stream}");
        assert_eq!(conn.output(), []);
        assert_eq!(conn.send(WS_OPCODE_TEXT, 0, b"b"), Ok((0x81, b"b".to_vec())));
        assert_eq!(conn.recv(&mut buf[consumed..], 64).err(), Some(*error));
        assert_eq!(conn.state(), WS_STATE_FAILED);
        assert_eq!(conn.output(), [close_reply(*close_code)]);
    }
}

#[test]
fn a_pong_before_an_error_is_not_lost() {
    for (stream, error, close_code) in FAULTS {
        let bytes = [hex("8981 00000000 61"), hex(stream)].concat();
        let items = Conn::new(WS_SERVER).read(&bytes);
        let error = Item::Error(*error);
        let expected =
            [ping("a"), pong_reply("a"), error.clone(), close_reply(*close_code)];
        assert_eq!(items, expected);
        let mut conn = Conn::new(WS_SERVER);
        assert_eq!(conn.read_only(&bytes), [ping("a"), error]);
        assert_eq!(conn.output(), [pong_reply("a"), close_reply(*close_code)]);
    }
}

#[test]
fn an_error_is_returned_with_the_byte_that_proves_it() {
    for (stream, error, _) in FAULTS {
        let bytes = hex(stream);
        let (last, head) = bytes.split_last().unwrap();
        let mut conn = Conn::new(WS_SERVER);
        for byte in head {
            assert_eq!(conn.read(&[*byte]), [], "{stream}");
            assert_eq!(conn.state(), WS_STATE_OPEN);
        }
        assert_eq!(conn.read_only(&[*last]), [Item::Error(*error)], "{stream}");
    }
}

#[test]
fn a_failed_connection_frees_all_its_memory() {
    let recorder = crate::conn_allocator::Recorder::new();
    for (stream, ..) in FAULTS {
        for collects in [false, true] {
            let mut conn = Conn::with(WS_SERVER, &recorder.allocator()).unwrap();
            let bytes =
                [hex("0281 00000000 61 8981 00000000 62 8081 00000000 61"), hex(stream)];
            conn.read_in(&bytes.concat(), 4, collects);
            drop(conn);
            assert_eq!(recorder.blocks(), 0, "{stream}");
        }
    }
}

#[test]
fn an_invalid_argument_does_not_fail_the_connection() {
    for side in SIDES {
        let mut conn = Conn::new(side);
        let mut buf = from_peer(side, 0x81, "a");
        let before = buf.clone();
        assert_eq!(conn.recv(&mut buf, 0).err(), Some(code::INVALID_ARGUMENT));
        assert_eq!(buf, before);
        assert_eq!((conn.state(), conn.has_output()), (WS_STATE_OPEN, false));
        assert_eq!(conn.read(&buf), [text("a")]);
    }
}
