//! Text must be UTF-8, and fails at the first byte that no continuation can make valid (RFC 6455,
//! 8.1).

use crate::c::code;
use crate::conn::*;
use crate::wire::{self, header};

/// A text, and the number of bytes after which it is known to be invalid.
const INVALID: &[(&[u8], usize)] = &[
    (b"\x80", 1),
    (b"\xff", 1),
    (b"\xfe", 1),
    (b"\xc0\x80", 1),
    (b"\xc1\xbf", 1),
    (b"\xf5\x80\x80\x80", 1),
    (b"ab\xffcd", 3),
    (b"\xc3\x28", 2),
    (b"\xc3\xc3\xa9", 2),
    (b"\xe0\x80\x80", 2),
    (b"\xe0\x9f\xbf", 2),
    (b"\xed\xa0\x80", 2),
    (b"\xed\xbf\xbf", 2),
    (b"\xe2\x82\x28", 3),
    (b"\xf0\x80\x80\x80", 2),
    (b"\xf0\x8f\xbf\xbf", 2),
    (b"\xf4\x90\x80\x80", 2),
    (b"\xf0\x9f\x98\x28", 4),
    (b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited", 13),
    (b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90\x80\x80edited", 13),
];

const VALID: &[&str] = &[
    "",
    "a",
    "é",
    "€",
    "😀",
    "\0",
    "\u{7f}\u{80}\u{7ff}\u{800}",
    "\u{d7ff}\u{e000}\u{ffff}",
    "\u{10000}\u{10ffff}",
    "aé€😀b",
    "κόσμε",
];

fn conn(side: u32, stream: bool) -> Conn {
    Conn::new(side).option(WS_OPT_STREAM, stream.into())
}

/// Reads bytes one at a time; returns how many were read until the error, and the error.
fn first_error(conn: &mut Conn, bytes: &[u8]) -> Option<(usize, isize)> {
    bytes.iter().enumerate().find_map(|(i, byte)| {
        conn.read_only(&[*byte]).into_iter().find_map(|item| match item {
            Item::Error(error) => Some((i + 1, error)),
            _ => None,
        })
    })
}

fn modes() -> impl Iterator<Item = (u32, bool)> {
    SIDES.into_iter().flat_map(|side| [(side, false), (side, true)])
}

#[test]
fn invalid_text_fails_at_its_first_invalid_byte() {
    for (side, stream) in modes() {
        for (text, at) in INVALID {
            for first in [0x81, 0x01] {
                let bytes = from_peer(side, first, text);
                let header = bytes.len() - text.len();
                let mut conn = conn(side, stream);
                let expected = Some((header + at, code::UTF8));
                assert_eq!(first_error(&mut conn, &bytes), expected, "{text:x?}");
                assert_eq!(conn.output(), [close_reply(1007)]);
            }
        }
    }
}

/// The frame announces more bytes than have arrived.
#[test]
fn invalid_text_fails_before_its_frame_is_complete() {
    for (side, stream) in modes() {
        for (text, at) in INVALID {
            for len in [126, 65_536, 1 << 20] {
                let key = peer_key(side);
                let mut bytes = header(0x81, key, len);
                let header = bytes.len();
                let padded = [&[b'x'; 40], *text].concat();
                bytes.extend(wire::masked(&padded, key.unwrap_or_default()));
                let mut all_at_once = conn(side, stream);
                let items = all_at_once.read(&bytes);
                assert_eq!(items.last(), Some(&close_reply(1007)), "{text:x?}");
                let error = first_error(&mut conn(side, stream), &bytes);
                assert_eq!(error, Some((header + 40 + at, code::UTF8)));
            }
        }
    }
}

#[test]
fn in_stream_mode_the_bytes_before_the_first_invalid_one_are_reported() {
    for side in SIDES {
        for (text, at) in INVALID {
            let items = conn(side, true).read_only(&from_peer(side, 0x81, text));
            let mut expected = vec![Item::Error(code::UTF8)];
            if *at > 1 {
                expected.insert(0, Item::Data(1, FIRST, text[..at - 1].to_vec()));
            }
            assert_eq!(items, expected, "{text:x?}");
        }
    }
}

/// The invalid character is cut at each of its bytes by two frames, with a ping between them.
#[test]
fn invalid_text_cut_by_frames_fails_at_the_same_byte() {
    for (side, stream) in modes() {
        for (text, at) in INVALID {
            for cut in 0..text.len() {
                let head = [
                    from_peer(side, 0x01, &text[..cut]),
                    from_peer(side, 0x89, "\u{ff}p"),
                    from_peer(side, 0x00, ""),
                ];
                let tail = from_peer(side, 0x00, &text[cut..]);
                let mut conn = conn(side, stream);
                if cut >= *at {
                    assert!(first_error(&mut conn, &head[0]).is_some());
                    continue;
                }
                assert_eq!(first_error(&mut conn, &head.concat()), None);
                conn.output();
                let header = tail.len() - (text.len() - cut);
                let expected = Some((header + at - cut, code::UTF8));
                assert_eq!(first_error(&mut conn, &tail), expected, "{text:x?} at {cut}");
            }
        }
    }
}

#[test]
fn a_text_must_not_end_inside_a_character() {
    for (side, stream) in modes() {
        for text in VALID {
            for len in 0..text.len() {
                if text.is_char_boundary(len) {
                    continue;
                }
                let part = &text.as_bytes()[..len];
                let whole = from_peer(side, 0x81, part);
                let items = conn(side, stream).read(&whole);
                assert_eq!(items.last(), Some(&close_reply(1007)), "{text} at {len}");
                let error = first_error(&mut conn(side, stream), &whole);
                assert_eq!(error, Some((whole.len(), code::UTF8)));
                let fragments = [from_peer(side, 0x01, part), from_peer(side, 0x80, "")];
                let items = conn(side, stream).read(&fragments.concat());
                assert_eq!(items.last(), Some(&close_reply(1007)));
            }
        }
    }
}

/// Every cut into two frames, and every cut into two reads.
#[test]
fn valid_text_may_be_cut_anywhere() {
    for side in SIDES {
        for valid in VALID {
            let payload = valid.as_bytes();
            for cut in 0..=payload.len() {
                let bytes = [
                    from_peer(side, 0x01, &payload[..cut]),
                    from_peer(side, 0x89, "p"),
                    from_peer(side, 0x80, &payload[cut..]),
                ]
                .concat();
                let expected = [ping("p"), pong_reply("p"), text(valid)];
                for read in 0..=bytes.len() {
                    let mut conn = Conn::new(side);
                    let mut items = conn.read(&bytes[..read]);
                    items.extend(conn.read(&bytes[read..]));
                    assert_eq!(items, expected, "{valid} at {cut}, {read}");
                }
            }
        }
    }
}

#[test]
fn every_text_starts_with_a_new_character() {
    for (side, stream) in modes() {
        let bytes = all_from_peer(
            side,
            &[(0x81, b"a"), (0x82, b"\xe2\x82"), (0x81, "€".as_bytes()), (0x81, b"\x82")],
        );
        let items = conn(side, stream).read(&bytes);
        let expected = [
            text("a"),
            binary(b"\xe2\x82"),
            text("€"),
            Item::Error(code::UTF8),
            close_reply(1007),
        ];
        assert_eq!(items, expected);
    }
}

#[test]
fn only_text_messages_are_validated() {
    for (side, stream) in modes() {
        let bytes =
            all_from_peer(side, &[(0x82, b"\xff\xc0"), (0x89, b"\xff"), (0x8a, b"\x80")]);
        let expected =
            [binary(b"\xff\xc0"), ping(b"\xff"), pong_reply(b"\xff"), pong(b"\x80")];
        assert_eq!(conn(side, stream).read(&bytes), expected);
    }
}

#[test]
fn without_check_utf8_any_bytes_are_text() {
    for side in SIDES {
        for (invalid, _) in INVALID {
            let bytes = from_peer(side, 0x81, invalid);
            let mut unchecked = Conn::new(side).option(WS_OPT_CHECK_UTF8, 0);
            assert_eq!(unchecked.read(&bytes), [text(invalid)]);
            let cut =
                all_from_peer(side, &[(0x01, &invalid[..1]), (0x80, &invalid[1..])]);
            assert_eq!(unchecked.read(&cut), [text(invalid)]);
            let mut pieces = conn(side, true).option(WS_OPT_CHECK_UTF8, 0);
            assert_eq!(pieces.read(&bytes), [text(invalid)]);
        }
    }
}

/// The bytes before it are reported as they arrive; those after it never are.
#[test]
fn no_piece_contains_the_invalid_byte() {
    for side in SIDES {
        for (invalid, at) in INVALID {
            let bytes = from_peer(side, 0x01, invalid);
            for cut in 0..=bytes.len() {
                let mut conn = conn(side, true);
                let mut items = conn.read(&bytes[..cut]);
                if conn.state() == WS_STATE_OPEN {
                    items.extend(conn.read(&bytes[cut..]));
                }
                let mut reported = Vec::new();
                for item in &items[..items.len() - 2] {
                    let Item::Data(1, _, piece) = item else { panic!("{item:?}") };
                    reported.extend(piece);
                }
                assert!(reported.len() < *at, "{invalid:x?}: {items:?}");
                assert!(invalid.starts_with(&reported));
            }
        }
    }
}
