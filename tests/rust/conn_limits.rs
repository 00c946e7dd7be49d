//! WS_OPT_MAX_MESSAGE: what it refuses, and at which byte.

use crate::c::{WS_SERVER, code};
use crate::conn::*;
use crate::conn_allocator::Recorder;
use crate::pmd::USUAL;
use crate::wire::{Form, header, header_in, hex};

fn limited(side: u32, stream: bool, limit: u64) -> Conn {
    Conn::new(side).option(WS_OPT_MAX_MESSAGE, limit).option(WS_OPT_STREAM, stream.into())
}

fn modes() -> impl Iterator<Item = (u32, bool)> {
    SIDES.into_iter().flat_map(|side| [(side, false), (side, true)])
}

const TOO_BIG: Item = Item::Error(code::TOO_BIG);

#[test]
fn a_message_may_be_exactly_as_long_as_the_limit() {
    for (side, stream) in modes() {
        for limit in [1, 5, 125, 126, 65_535, 65_536] {
            let payload = vec![b'x'; limit];
            let mut conn = limited(side, stream, limit as u64);
            assert_eq!(conn.read(&from_peer(side, 0x81, &payload)), [text(&payload)]);
            let longer = from_peer(side, 0x82, vec![b'x'; limit + 1]);
            assert_eq!(conn.read(&longer), [TOO_BIG, close_reply(1009)]);
        }
    }
}

#[test]
fn a_limit_is_checked_as_soon_as_the_length_has_arrived() {
    for (side, stream) in modes() {
        for (form, len) in [(Form::Short, 101), (Form::Two, 126), (Form::Eight, 1 << 40)]
        {
            // The error must not depend on the masking key, which follows the length.
            let mut bytes = header_in(form, 0x82, peer_key(side), len);
            bytes.truncate(bytes.len() - peer_key(side).map_or(0, |key| key.len()));
            let (last, head) = bytes.split_last().unwrap();
            let mut conn = limited(side, stream, 100);
            for byte in head {
                assert_eq!(conn.read(&[*byte]), []);
            }
            assert_eq!(conn.read(&[*last]), [TOO_BIG, close_reply(1009)], "{len}");
        }
    }
}

#[test]
fn the_lengths_of_fragments_are_added_up() {
    for (side, stream) in modes() {
        let head = all_from_peer(side, &[(0x02, b"abcd"), (0x00, b""), (0x00, b"efgh")]);
        let mut conn = limited(side, stream, 10);
        assert!(!conn.read(&head).contains(&TOO_BIG));
        let last = conn.read(&from_peer(side, 0x80, "ij"));
        assert!(matches!(last[..], [Item::Data(2, ..)]), "{last:?}");

        let mut conn = limited(side, stream, 10);
        conn.read(&head);
        // The second byte of this header is its length.
        let header = header(0x80, peer_key(side), 3);
        assert_eq!(conn.read(&header[..1]), []);
        assert_eq!(conn.read(&header[1..2]), [TOO_BIG, close_reply(1009)]);
    }
}

#[test]
fn many_small_fragments_reach_the_limit_too() {
    for (side, stream) in modes() {
        let mut conn = limited(side, stream, 100);
        conn.read(&from_peer(side, 0x01, ""));
        for _ in 0..100 {
            assert!(!conn.read(&from_peer(side, 0x00, "x")).contains(&TOO_BIG));
        }
        assert!(!conn.read(&from_peer(side, 0x00, "")).contains(&TOO_BIG));
        assert_eq!(conn.read(&from_peer(side, 0x00, "x")), [TOO_BIG, close_reply(1009)]);
    }
}

#[test]
fn every_message_starts_from_zero() {
    for (side, stream) in modes() {
        let mut conn = limited(side, stream, 5);
        for _ in 0..10 {
            assert_eq!(conn.read(&from_peer(side, 0x81, "Hello")), [text("Hello")]);
            let fragments = all_from_peer(side, &[(0x01, b"He"), (0x80, b"llo")]);
            assert!(!conn.read(&fragments).contains(&TOO_BIG));
        }
    }
}

#[test]
fn control_frames_do_not_count() {
    for (side, stream) in modes() {
        let mut conn = limited(side, stream, 1);
        let long = [b'p'; 125];
        let items = conn.read(&from_peer(side, 0x89, long));
        assert_eq!(items, [ping(long), pong_reply(long)]);
        assert_eq!(conn.read(&from_peer(side, 0x8a, long)), [pong(long)]);
        assert!(!conn.read(&from_peer(side, 0x01, "x")).contains(&TOO_BIG));
        assert_eq!(conn.read(&from_peer(side, 0x8a, "abc")), [pong("abc")]);
        let items = conn.read(&from_peer(side, 0x88, b"\x03\xe8reason"));
        assert_eq!(items, [close(1000, "reason"), close_reply(1000)]);
    }
}

#[test]
fn default_limit_is_1_mib() {
    for (side, stream) in modes() {
        for (len, fits) in [(1 << 20, true), ((1 << 20) + 1, false)] {
            let mut conn = Conn::new(side).option(WS_OPT_STREAM, stream.into());
            let items = conn.read(&header(0x82, peer_key(side), len));
            assert_eq!(items.is_empty(), fits);
        }
    }
}

#[test]
fn a_limit_of_0_accepts_any_length() {
    for (side, stream) in modes() {
        let recorder = Recorder::new();
        let mut conn = Conn::with(side, &recorder.allocator()).unwrap();
        let mut conn = {
            conn.set(WS_OPT_MAX_MESSAGE, 0);
            conn.set(WS_OPT_STREAM, stream.into());
            conn
        };
        assert_eq!(conn.get(WS_OPT_MAX_MESSAGE), Ok(0));
        conn.read(&from_peer(side, 0x02, "Hello"));
        // Together with the bytes before, more than 2^63 - 1.
        let mut bytes = header(0x00, peer_key(side), (1 << 63) - 1);
        bytes.extend(b"xy");
        let items = conn.read(&bytes);
        assert!(
            items.iter().all(|item| matches!(item, Item::Data(2, 0, _))),
            "{items:?}"
        );
        assert_eq!(conn.state(), WS_STATE_OPEN);
        assert!(recorder.peak() < 1024, "{} bytes", recorder.peak());
    }
}

#[test]
fn the_largest_limits_do_not_wrap_around() {
    for (side, stream) in modes() {
        for limit in [u64::MAX, (1 << 63) - 1, 1 << 63] {
            let mut conn = limited(side, stream, limit);
            assert_eq!(conn.get(WS_OPT_MAX_MESSAGE), Ok(limit));
            conn.read(&from_peer(side, 0x02, "Hello"));
            let items = conn.read(&header(0x00, peer_key(side), (1 << 63) - 1));
            let fits = 5 + (1_u128 << 63) - 1 <= u128::from(limit);
            assert_eq!(items.is_empty(), fits, "{limit}");
        }
    }
}

#[test]
fn a_limit_may_be_set_at_any_time() {
    for side in SIDES {
        let mut conn = limited(side, false, 5);
        assert_eq!(conn.read(&from_peer(side, 0x81, "Hello")), [text("Hello")]);
        assert_eq!(conn.set(WS_OPT_MAX_MESSAGE, 6), 0);
        assert_eq!(conn.read(&from_peer(side, 0x81, "Hello!")), [text("Hello!")]);
        assert_eq!(conn.set(WS_OPT_MAX_MESSAGE, 3), 0);
        let items = conn.read(&from_peer(side, 0x81, "Hell"));
        assert_eq!(items, [TOO_BIG, close_reply(1009)]);
    }
}

#[test]
fn a_compressed_message_beyond_a_lowered_limit_is_refused_at_its_next_header() {
    for side in SIDES {
        let mut conn = Conn::new(side).pmd(USUAL);
        let stored = hex("00 0500 faff 48656c6c6f");
        assert_eq!(conn.read(&from_peer(side, 0x42, stored)), []);
        conn.set(WS_OPT_MAX_MESSAGE, 4);
        assert_eq!(conn.read_only(&header(0x00, peer_key(side), 1)), [TOO_BIG]);
    }
}

#[test]
fn a_lowered_limit_and_invalid_text_are_judged_in_the_order_of_the_bytes() {
    for (invalid_at, expected) in [
        (3, code::UTF8),
        (4, code::UTF8),
        (5, code::UTF8),
        (6, code::TOO_BIG),
        (19, code::TOO_BIG),
    ] {
        for step in 1..=18 {
            let mut text = [b'a'; 20];
            text[invalid_at] = 0xff;
            let frame = from_peer(WS_SERVER, 0x81, text);
            let (start, rest) = frame.split_at(frame.len() - 18);
            let mut conn = Conn::new(WS_SERVER);
            assert_eq!(conn.read(start), []);
            conn.set(WS_OPT_MAX_MESSAGE, 5);
            let items = rest.chunks(step).flat_map(|cut| conn.read(cut));
            let errors: Vec<_> =
                items.filter(|item| matches!(item, Item::Error(_))).collect();
            assert_eq!(errors[0], Item::Error(expected), "{invalid_at}, {step}");
        }
    }
}

#[test]
fn an_invalid_length_is_reported_before_the_limit() {
    let mut conn = limited(WS_SERVER, false, 5);
    let items = conn.read(&hex("82fe 0007"));
    assert_eq!(items, [Item::Error(code::LENGTH), close_reply(1002)]);
}

#[test]
fn messages_before_too_big_are_reported() {
    for side in SIDES {
        let bytes =
            all_from_peer(side, &[(0x81, b"Hello"), (0x89, b"p"), (0x81, b"too long")]);
        let items = limited(side, false, 5).read(&bytes);
        let expected =
            [text("Hello"), ping("p"), pong_reply("p"), TOO_BIG, close_reply(1009)];
        assert_eq!(items, expected);
    }
}
