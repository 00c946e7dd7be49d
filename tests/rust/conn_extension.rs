//! WS_OPT_ALLOW_RSV: an extension that the application implements.

// All unsafe blocks here pass values that live during the call.
#![allow(clippy::undocumented_unsafe_blocks)]

use crate::c::code;
use crate::conn::*;
use crate::pmd::USUAL;
use wscodec::ffi::conn::ws_conn_set_pmd;

const BITS: [u8; 7] = [0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70];

#[test]
fn allowed_bits_are_valid_only_on_the_first_frame_of_a_message() {
    for side in SIDES {
        for allowed in BITS {
            for bits in BITS {
                let conn = || Conn::new(side).option(WS_OPT_ALLOW_RSV, allowed.into());
                let items = conn().read(&from_peer(side, 0x82 | bits, "a"));
                if bits & !allowed == 0 {
                    assert_eq!(items, [binary("a")]);
                } else {
                    assert_eq!(items[0], Item::Error(code::RESERVED_BITS));
                }
                for wrong in [0x89, 0x8a, 0x88] {
                    let items = conn().read(&from_peer(side, wrong | bits, ""));
                    assert_eq!(items[0], Item::Error(code::RESERVED_BITS), "control");
                }
                let mut conn = conn();
                conn.read(&from_peer(side, 0x02 | allowed, "a"));
                let items = conn.read(&from_peer(side, 0x80 | bits, "a"));
                assert_eq!(items[0], Item::Error(code::RESERVED_BITS), "a continuation");
            }
        }
    }
}

/// The flags of all events of data.
pub(crate) fn flags(conn: &mut Conn, bytes: &[u8], size: usize) -> Vec<u16> {
    let mut all = Vec::new();
    for piece in bytes.chunks(size) {
        let mut left = piece.to_vec();
        while !left.is_empty() {
            let (events, consumed) = conn.recv_raw(&mut left, 64).unwrap();
            all.extend(
                events.iter().filter(|event| event.opcode < 8).map(|event| event.flags),
            );
            left.drain(..consumed);
        }
    }
    all
}

#[test]
fn every_event_has_the_bits_of_its_message() {
    for side in SIDES {
        for bits in BITS {
            for stream in [0, 1] {
                for size in [1, 3, 1000] {
                    let mut conn = Conn::new(side)
                        .option(WS_OPT_ALLOW_RSV, 0x70)
                        .option(WS_OPT_STREAM, stream);
                    let frames: Frames<'_> =
                        &[(0x01 | bits, b"ab\xff"), (0x89, b"p"), (0x80, b"cd")];
                    let bytes = all_from_peer(side, frames);
                    for flags in flags(&mut conn, &bytes, size) {
                        assert_eq!(flags & 0x70, u16::from(bits), "{flags:x}");
                    }
                    let next = flags(&mut conn, &from_peer(side, 0x81, "plain"), size);
                    assert!(next.iter().all(|flags| flags & 0x70 == 0), "{next:x?}");
                }
            }
        }
    }
}

#[test]
fn text_with_extension_bits_is_not_validated() {
    for side in SIDES {
        let mut conn = Conn::new(side).option(WS_OPT_ALLOW_RSV, 0x40);
        let items = conn.recv_raw(&mut from_peer(side, 0xc1, b"\xff\xfe"), 64).unwrap().0;
        assert_eq!((items[0].opcode, items[0].len), (1, 2));
        let items = conn.read(&from_peer(side, 0x81, b"\xff"));
        assert_eq!(items[0], Item::Error(code::UTF8));
    }
}

#[test]
fn limits_apply_to_messages_with_extension_bits() {
    for side in SIDES {
        for option in [WS_OPT_MAX_MESSAGE, WS_OPT_MAX_FRAME] {
            let mut conn =
                Conn::new(side).option(WS_OPT_ALLOW_RSV, 0x40).option(option, 10);
            let items = conn.read(&from_peer(side, 0xc2, [0; 11]));
            assert_eq!(items[0], Item::Error(code::TOO_BIG));
        }
    }
}

#[test]
fn bits_are_sent_on_the_first_frame_of_a_message() {
    for side in SIDES {
        let mut conn = Conn::new(side).option(WS_OPT_ALLOW_RSV, 0x60);
        assert_eq!(conn.send(WS_OPCODE_TEXT, 0x60, b"a").unwrap().0, 0xe1);
        assert_eq!(
            conn.send(WS_OPCODE_BINARY, 0x20 | WS_SEND_MORE, b"a").unwrap().0,
            0x22
        );
        assert_eq!(
            conn.send(WS_OPCODE_BINARY, 0x20, b"a").unwrap().0,
            0x80,
            "the first piece decides"
        );
        assert_eq!(conn.send(WS_OPCODE_TEXT, 0x10, b"a"), Err(code::INVALID_ARGUMENT));
        assert_eq!(conn.send(WS_OPCODE_PING, 0x20, b"a"), Err(code::INVALID_ARGUMENT));
        let mut other = Conn::new(side);
        assert_eq!(other.send(WS_OPCODE_TEXT, 0x20, b"a"), Err(code::INVALID_ARGUMENT));
    }
}

#[test]
fn compression_and_allowed_bits_exclude_each_other() {
    for side in SIDES {
        let mut conn = Conn::new(side).pmd(USUAL);
        assert_eq!(conn.set(WS_OPT_ALLOW_RSV, 0x20), code::INVALID_STATE);
        assert_eq!(
            (conn.set(WS_OPT_ALLOW_RSV, 0), conn.get(WS_OPT_ALLOW_RSV)),
            (0, Ok(0))
        );
        let conn = Conn::new(side).option(WS_OPT_ALLOW_RSV, 0x20);
        assert_eq!(unsafe { ws_conn_set_pmd(conn.raw, &USUAL) }, code::INVALID_STATE);
        let conn = conn.option(WS_OPT_ALLOW_RSV, 0).pmd(USUAL);
        drop(conn);
        for wrong in [1, 0x80, 0x71, 0x100, u64::MAX] {
            assert_eq!(
                Conn::new(side).set(WS_OPT_ALLOW_RSV, wrong),
                code::INVALID_ARGUMENT
            );
        }
    }
}
