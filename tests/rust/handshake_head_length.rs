//! ws_head_length(): the end of a head, in linear time.

use crate::c::{self, code};
use crate::heads::Head;
use crate::rng::Rng;

fn heads() -> Vec<Vec<u8>> {
    let mut heads = vec![
        Head::request().bytes(),
        Head::response().bytes(),
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        Head::request().add("X", b"y\tz \xe9").add("X-Empty", "").bytes(),
    ];
    let after_an_empty_line =
        heads.iter().map(|head| [b"\r\n", head.as_slice()].concat());
    heads.extend(after_an_empty_line.collect::<Vec<_>>());
    heads
}

#[test]
fn the_length_is_known_exactly_with_the_last_byte() {
    for head in heads() {
        let followed = [head.as_slice(), b"\x81\x02hi\r\n\r\n"].concat();
        for len in 0..=followed.len() {
            let (result, scanned) = c::head_length(&followed[..len], 0);
            let expected = if len < head.len() { 0 } else { head.len() };
            assert_eq!(result, expected as isize);
            assert!(scanned <= len);
        }
    }
}

#[test]
fn splits_do_not_matter() {
    let mut rng = Rng::new(31);
    for head in heads() {
        let followed = [head.as_slice(), b"\x81\x02hi"].concat();
        for _ in 0..300 {
            let (mut len, mut scanned, mut result) = (0, 0, 0);
            while result == 0 && len < followed.len() {
                len = (len + rng.below(20)).min(followed.len());
                (result, scanned) = c::head_length(&followed[..len], scanned);
            }
            assert_eq!(result, head.len() as isize);
            // Another call returns the same.
            assert_eq!(c::head_length(&followed, scanned).0, result);
        }
    }
}

/// Bytes that were scanned may change without effect, except for the last two.
#[test]
fn nothing_is_scanned_twice() {
    let head = Head::request().add("Cookie", "c".repeat(5000)).bytes();
    let cut = head.len() - 500;
    let (result, scanned) = c::head_length(&head[..cut], 0);
    assert_eq!((result, scanned), (0, cut));
    let mut overwritten = head.clone();
    overwritten[..cut - 2].fill(0);
    assert_eq!(c::head_length(&overwritten, scanned).0, head.len() as isize);
}

#[test]
fn a_control_character_is_an_error_at_once() {
    for bytes in [
        &b"\x16\x03\x01\x02\x00"[..],
        b"\n",
        b"GET / HTTP/1.1\n",
        b"GET / HTTP/1.1\r\r",
        b"GET / HTTP/1.1\rX",
        b"GET / HTTP/1.1\r\nX: a\0",
        b"GET / HTTP/1.1\r\nX: \x7f",
        b"GET / HTTP/1.1\r\n\r\r",
    ] {
        let mut scanned = 0;
        for len in 0..bytes.len() {
            let result;
            (result, scanned) = c::head_length(&bytes[..len], scanned);
            if result != 0 {
                assert_eq!(
                    (result, bytes),
                    (code::HTTP_SYNTAX, b"\x16\x03\x01\x02\x00".as_slice())
                );
            }
        }
        assert_eq!(c::head_length(bytes, 0).0, code::HTTP_SYNTAX);
        let (result, scanned) = c::head_length(bytes, scanned);
        assert_eq!(result, code::HTTP_SYNTAX);
        assert_eq!(c::head_length(bytes, scanned).0, code::HTTP_SYNTAX, "again");
    }
}

#[test]
fn a_head_beyond_the_limit_is_too_large() {
    let head = |len: usize| {
        let room = len - Head::request().add("X", "").bytes().len();
        Head::request().add("X", vec![b'x'; room]).bytes()
    };
    assert_eq!(c::head_length(&head(65_536), 0).0, 65_536);
    assert_eq!(c::head_length(&head(65_537), 0).0, code::HTTP_TOO_LARGE);
    assert_eq!(c::head_length(&vec![b'x'; 65_535], 0), (0, 65_535));
    assert_eq!(c::head_length(&vec![b'x'; 65_536], 65_535).0, code::HTTP_TOO_LARGE);
    assert_eq!(c::head_length(&vec![b'x'; 100_000], 65_536).0, code::HTTP_TOO_LARGE);
}

#[test]
fn a_buffer_shorter_than_what_was_scanned_is_an_invalid_argument() {
    let head = Head::request().bytes();
    assert_eq!(c::head_length(&head[..5], 6), (code::INVALID_ARGUMENT, 6));
    assert_eq!(c::head_length(b"", 1), (code::INVALID_ARGUMENT, 1));
    assert_eq!(c::head_length(b"", usize::MAX), (code::INVALID_ARGUMENT, usize::MAX));
    assert_eq!(c::head_length(b"", 0), (0, 0));
}

#[test]
fn the_length_equals_that_of_parse_handshake() {
    for head in heads() {
        let (parsed, hs) = c::parse_handshake(&head);
        if parsed > 0 || parsed == code::NOT_UPGRADE {
            assert_eq!(c::head_length(&head, 0).0 as u32, hs.head_len);
        }
    }
}
