//! WS_OPT_MAX_FRAME, ANY_MASK, AUTO_CLOSE, COMPRESS_FROM, and limits that change.

use crate::c::{WS_CLIENT, WS_SERVER, code};
use crate::conn::*;
use crate::pmd::USUAL;
use crate::wire;
use crate::zlib::{Deflate, Settings};

// ---- WS_OPT_MAX_FRAME ----

#[test]
fn max_frame_applies_to_data_frames_only() {
    for side in SIDES {
        let mut conn = Conn::new(side).option(WS_OPT_MAX_FRAME, 10);
        let frames: Frames<'_> = &[(0x02, &[1; 10]), (0x89, &[2; 100]), (0x80, &[3; 10])];
        let items = conn.read(&all_from_peer(side, frames));
        assert_eq!(items.last(), Some(&binary([[1; 10], [3; 10]].concat())));
        for first in [0x82, 0x02] {
            let mut conn = Conn::new(side).option(WS_OPT_MAX_FRAME, 10);
            let header = wire::header(first, peer_key(side), 11);
            let items = conn.read(&header[..2]);
            assert_eq!(
                items,
                [Item::Error(code::TOO_BIG), close_reply(1009)],
                "at its length"
            );
        }
    }
}

#[test]
fn max_frame_counts_compressed_bytes() {
    let payload = Deflate::new(Settings::USUAL).message(&[7; 100_000]);
    for side in SIDES {
        let limit = payload.len() as u64;
        let mut conn = Conn::new(side).pmd(USUAL).option(WS_OPT_MAX_FRAME, limit);
        assert_eq!(conn.read(&from_peer(side, 0xc2, &payload)), [binary([7; 100_000])]);
        let mut conn = Conn::new(side).pmd(USUAL).option(WS_OPT_MAX_FRAME, limit - 1);
        assert_eq!(
            conn.read(&from_peer(side, 0xc2, &payload))[0],
            Item::Error(code::TOO_BIG)
        );
    }
}

// ---- WS_OPT_ANY_MASK ----

#[test]
fn any_mask_accepts_both_and_sending_is_unchanged() {
    for side in SIDES {
        let mut conn = Conn::new(side).option(WS_OPT_ANY_MASK, 1);
        for key in [None, Some([1, 2, 3, 4])] {
            assert_eq!(conn.read(&wire::frame(0x81, key, b"Hello")), [text("Hello")]);
        }
        let frame = conn.send_bytes(WS_OPCODE_TEXT, 0, b"x").unwrap();
        assert_eq!(frame[1] & 0x80 != 0, side == WS_CLIENT, "masked by a client alone");
        let mut strict = Conn::new(side);
        let wrong =
            wire::frame(0x81, if side == WS_SERVER { None } else { Some([0; 4]) }, b"x");
        assert_eq!(strict.read(&wrong)[0], Item::Error(code::MASK));
    }
}

// ---- WS_OPT_AUTO_CLOSE ----

#[test]
fn without_auto_close_the_caller_sends_the_close_reply_once() {
    for side in SIDES {
        let mut conn = Conn::new(side).option(WS_OPT_AUTO_CLOSE, 0);
        let frames: Frames<'_> = &[(0x89, b"p"), (0x88, b"\x03\xe8")];
        let items = conn.read(&all_from_peer(side, frames));
        assert_eq!(
            items,
            [ping("p"), pong_reply("p"), close(1000, "")],
            "only the pong is automatic"
        );
        assert_eq!(conn.state(), WS_STATE_CLOSING);
        assert_eq!(conn.send(WS_OPCODE_TEXT, 0, b"late").unwrap().1, b"late");
        assert_eq!(conn.finish(), 0, "as if the reply was not collected");
        assert_eq!(conn.close(1000, b"bye"), Ok(Some(close_payload(1000, b"bye"))));
        assert_eq!(conn.state(), WS_STATE_CLOSED);
        assert_eq!(conn.close(1000, b""), Ok(None));
        assert_eq!(conn.send(WS_OPCODE_TEXT, 0, b"late"), Err(code::INVALID_STATE));
    }
}

#[test]
fn without_auto_close_the_caller_sends_the_close_of_an_error() {
    for side in SIDES {
        let mut conn = Conn::new(side).option(WS_OPT_AUTO_CLOSE, 0);
        let items = conn.read(&all_from_peer(side, &[(0x89, b"p"), (0x83, b"")]));
        let error = Item::Error(code::OPCODE);
        assert_eq!(items, [ping("p"), pong_reply("p"), error]);
        assert_eq!((conn.state(), conn.output()), (WS_STATE_FAILED, vec![]));
        assert_eq!(conn.send(WS_OPCODE_TEXT, 0, b"late").unwrap().1, b"late");
        assert_eq!(conn.close(1002, b"why"), Ok(Some(close_payload(1002, b"why"))));
        assert_eq!((conn.state(), conn.close(1002, b"")), (WS_STATE_FAILED, Ok(None)));
        assert_eq!(conn.finish(), code::OPCODE);
    }
}

#[test]
fn without_auto_close_the_peers_close_completes_ours() {
    for side in SIDES {
        let mut conn = Conn::new(side).option(WS_OPT_AUTO_CLOSE, 0);
        conn.close(1001, b"").unwrap();
        assert_eq!(conn.state(), WS_STATE_CLOSING);
        assert_eq!(conn.read(&from_peer(side, 0x88, b"\x03\xe9")), [close(1001, "")]);
        assert_eq!(conn.state(), WS_STATE_CLOSED);
    }
}

// ---- WS_OPT_COMPRESS_FROM ----

#[test]
fn compress_from_sends_shorter_messages_uncompressed() {
    for side in SIDES {
        let mut conn = Conn::new(side).pmd(USUAL).option(WS_OPT_COMPRESS_FROM, 5);
        assert_eq!(
            conn.send(WS_OPCODE_TEXT, 0, b"four").unwrap(),
            (0x81, b"four".to_vec())
        );
        assert_eq!(conn.send(WS_OPCODE_TEXT, 0, b"").unwrap().0, 0x81);
        assert_eq!(conn.send(WS_OPCODE_TEXT, 0, b"fives").unwrap().0, 0xc1);
        assert_eq!(
            conn.send(WS_OPCODE_TEXT, WS_SEND_MORE, b"x").unwrap().0,
            0x41,
            "a message in pieces counts as long"
        );
        assert_eq!(conn.send(WS_OPCODE_TEXT, 0, b"y").unwrap().0, 0x80);
        assert_eq!(
            conn.send(WS_OPCODE_TEXT, WS_SEND_PLAIN, b"plain and long").unwrap().0,
            0x81
        );
    }
}

// ---- limits that change ----

#[test]
fn a_lowered_limit_applies_to_the_message_being_received() {
    for side in SIDES {
        for stream in [0, 1] {
            let begun = || {
                let mut conn = Conn::new(side).option(WS_OPT_STREAM, stream);
                conn.read(&from_peer(side, 0x02, [0; 50]));
                assert_eq!(conn.set(WS_OPT_MAX_MESSAGE, 49), 0);
                conn
            };
            let too_big = Item::Error(code::TOO_BIG);
            assert_eq!(begun().read(&from_peer(side, 0x89, "p"))[0], ping("p"));
            for (first, payload) in [(0x80, &b""[..]), (0x00, b""), (0x80, b"x")] {
                let items = begun().read(&from_peer(side, first, payload));
                assert_eq!(items[0], too_big, "{first:x} of {}", payload.len());
            }
            let header = wire::header(0x80, peer_key(side), 7);
            assert_eq!(
                begun().read(&header[..2])[0],
                too_big,
                "as soon as it is announced"
            );
        }
    }
}

#[test]
fn a_lowered_limit_applies_inside_a_frame() {
    for side in SIDES {
        for stream in [0, 1] {
            let bytes = from_peer(side, 0x82, [0; 100]);
            let (head, tail) = bytes.split_at(bytes.len() - 50);
            let mut conn = Conn::new(side).option(WS_OPT_STREAM, stream);
            conn.read(head);
            assert_eq!(conn.set(WS_OPT_MAX_MESSAGE, 60), 0);
            assert!(
                !conn.read(&tail[..10]).contains(&Item::Error(code::TOO_BIG)),
                "60 of 60"
            );
            assert_eq!(conn.read(&tail[10..11])[0], Item::Error(code::TOO_BIG));
            assert_eq!(conn.get(WS_INFO_ANNOUNCED), Ok(61));
        }
    }
}

#[test]
fn a_lowered_limit_applies_to_a_compressed_message() {
    let payload = Deflate::new(Settings::USUAL).message(&b"0123456789".repeat(10));
    for side in SIDES {
        for stream in [0, 1] {
            let begun = || {
                let mut conn = Conn::new(side).pmd(USUAL).option(WS_OPT_STREAM, stream);
                conn.read(&from_peer(side, 0x42, &payload));
                assert_eq!(conn.set(WS_OPT_MAX_MESSAGE, 99), 0);
                conn
            };
            for last in [&b""[..], b"\x00"] {
                let items = begun().read(&from_peer(side, 0x80, last));
                assert_eq!(items[0], Item::Error(code::TOO_BIG));
            }
        }
    }
}

#[test]
fn a_compressed_message_beyond_a_lowered_limit_reports_its_decompressed_length() {
    let payload = Deflate::new(Settings::USUAL).message(&b"0123456789".repeat(10));
    for side in SIDES {
        for last in [&b""[..], b"\x00"] {
            let mut conn = Conn::new(side).pmd(USUAL);
            conn.read(&from_peer(side, 0x42, &payload));
            assert_eq!(conn.set(WS_OPT_MAX_MESSAGE, 99), 0);
            conn.read(&from_peer(side, 0x80, last));
            assert_eq!(conn.get(WS_INFO_ANNOUNCED), Ok(100), "{last:?}");
        }
    }
}

#[test]
fn a_raised_limit_applies_to_the_message_being_received() {
    for side in SIDES {
        let mut conn = Conn::new(side).option(WS_OPT_MAX_MESSAGE, 10);
        conn.read(&from_peer(side, 0x02, [0; 10]));
        assert_eq!(conn.set(WS_OPT_MAX_MESSAGE, 20), 0);
        assert_eq!(conn.read(&from_peer(side, 0x80, [0; 10])), [binary([0; 20])]);
    }
}

/// A frame may announce at most 16 times the limit plus 64 KiB.
#[test]
fn a_compressed_payload_far_beyond_the_limit_is_refused_at_its_header() {
    for side in SIDES {
        let limit = 100;
        let most = 16 * limit + 65_536;
        let header = |first, len| wire::header(first, peer_key(side), len);
        let conn = || Conn::new(side).pmd(USUAL).option(WS_OPT_MAX_MESSAGE, limit);
        let too_big = [Item::Error(code::TOO_BIG), close_reply(1009)];
        assert_eq!(conn().read(&header(0xc2, most)), []);
        assert_eq!(conn().read(&header(0xc2, most + 1)), too_big);
        let mut split = conn();
        let empty = b"\x00\x00\x00\xff\xff".repeat(1000);
        assert_eq!(split.read(&from_peer(side, 0x42, &empty)), []);
        let left = most - empty.len() as u64;
        assert_eq!(split.read(&header(0x80, left + 1)), too_big);
        let unlimited = Conn::new(side).pmd(USUAL).option(WS_OPT_MAX_MESSAGE, 0);
        let mut unlimited = unlimited;
        assert_eq!(unlimited.read(&header(0xc2, 1 << 40)), []);
    }
}
