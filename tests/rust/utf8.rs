//! ws_utf8_validate() agrees with the standard library on any text in any pieces (RFC 3629;
//! RFC 6455, 8.1).

use crate::c::{self, code};
use crate::rng::{Rng, one_in};

/// The verdict on a text so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// It ends on a character boundary.
    Whole,
    /// It ends inside a character.
    Open,
    Invalid,
}

fn expected(text: &[u8]) -> Verdict {
    match std::str::from_utf8(text) {
        Ok(_) => Verdict::Whole,
        Err(error) if error.error_len().is_none() => Verdict::Open,
        Err(_) => Verdict::Invalid,
    }
}

/// Validates the next piece.
fn push(state: &mut u32, piece: &[u8]) -> Verdict {
    match (c::utf8_validate(state, piece), *state) {
        (0, 0) => Verdict::Whole,
        (0, _) => Verdict::Open,
        (code::UTF8, left) => {
            assert_ne!(left, 0, "a failed state must not be 0");
            Verdict::Invalid
        }
        other => panic!("unexpected: {other:?}"),
    }
}

fn whole(text: &[u8]) -> Verdict {
    push(&mut 0, text)
}

/// Checks every way of cutting the text.
fn every_split(text: &[u8]) {
    let len = text.len();
    for cuts in 0..1_u32 << len.saturating_sub(1) {
        let (mut state, mut from, mut verdict) = (0, 0, Verdict::Whole);
        for at in 1..=len {
            if at < len && cuts >> (at - 1) & 1 == 0 {
                continue;
            }
            verdict = push(&mut state, &text[from..at]);
            assert_eq!(verdict, expected(&text[..at]), "{text:02x?} up to {at}");
            from = at;
        }
        assert_eq!(verdict, expected(text), "{text:02x?}");
    }
}

#[test]
fn every_sequence_of_one_and_two_bytes_is_judged_as_by_std() {
    every_split(b"");
    for a in 0..=255 {
        every_split(&[a]);
        for b in 0..=255 {
            every_split(&[a, b]);
        }
    }
}

/// All sequences with these first bytes. The state after two bytes does not depend on the split, so
/// each third byte is tried once. If only some are tried, all are after some of the second bytes.
fn three_bytes(leads: impl Iterator<Item = u8>) {
    let one_in = one_in();
    for a in leads {
        for b in 0..=255 {
            let (mut in_two, mut in_one) = (0, 0);
            push(&mut in_two, &[a]);
            push(&mut in_two, &[b]);
            push(&mut in_one, &[a, b]);
            assert_eq!(in_two, in_one, "{a:02x} {b:02x}");
            for c in (0..=255).skip(usize::from(b) % one_in).step_by(one_in) {
                let (text, mut state) = ([a, b, c], in_one);
                let verdict = expected(&text);
                assert_eq!(whole(&text), verdict, "{text:02x?}");
                assert_eq!(push(&mut state, &[c]), verdict, "{text:02x?} by bytes");
            }
        }
    }
}

#[test]
fn every_sequence_of_three_bytes_after_ascii_is_judged_as_by_std() {
    three_bytes(0..=127);
}

#[test]
fn every_sequence_of_three_bytes_after_non_ascii_is_judged_as_by_std() {
    three_bytes(128..=255);
}

/// Every lead and second byte, with critical values of the others.
#[test]
fn splits_of_three_and_four_bytes_change_nothing() {
    let edges = [0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xe2, 0xff];
    for a in (0xc0..=0xff).chain([0x00, 0x7f, 0x80, 0xbf]) {
        for b in 0..=255 {
            for c in edges {
                every_split(&[a, b, c]);
            }
        }
        for b in edges {
            for c in edges {
                for d in edges {
                    every_split(&[a, b, c, d]);
                }
            }
        }
    }
}

#[test]
fn every_character_is_valid() {
    for character in ('\0'..=char::MAX).step_by(one_in()) {
        let mut buf = [0; 4];
        let text = character.encode_utf8(&mut buf).as_bytes();
        assert_eq!(whole(text), Verdict::Whole);
        let mut state = 0;
        for (at, byte) in text.iter().enumerate() {
            let last = at + 1 == text.len();
            let verdict = if last { Verdict::Whole } else { Verdict::Open };
            assert_eq!(push(&mut state, &[*byte]), verdict, "{character:?}");
        }
    }
}

#[test]
fn characters_may_be_cut_anywhere() {
    let text = "12345\u{10ffff}\u{fffd}\u{7ff}12345".as_bytes();
    for cut in 0..=text.len() {
        for second in cut..=text.len() {
            let mut state = 0;
            for piece in [&text[..cut], &text[cut..second], b"", &text[second..]] {
                assert_ne!(push(&mut state, piece), Verdict::Invalid);
            }
            assert_eq!(state, 0, "{cut} {second}");
        }
    }
}

#[test]
fn a_failure_is_final() {
    let mut state = 0;
    assert_eq!(push(&mut state, b"\xff"), Verdict::Invalid);
    for piece in [&b""[..], b"a", b"\xff", b"abc"] {
        assert_eq!(push(&mut state, piece), Verdict::Invalid);
    }
}

#[test]
fn random_texts_in_random_pieces_are_judged_as_by_std() {
    let mut rng = Rng::new(13);
    for _ in 0..3000 {
        let count = rng.below(60);
        let mut text: Vec<u8> = (0..count)
            .map(|_| *rng.pick(&['a', '\u{e9}', '\u{20ac}', '\u{10348}', '\u{10ffff}']))
            .collect::<String>()
            .into();
        if rng.once_in(2) && !text.is_empty() {
            let at = rng.below(text.len());
            text[at] = rng.byte();
        }
        text.truncate(text.len() - rng.below(3).min(text.len()));
        let (mut state, mut done) = (0, 0);
        while done < text.len() {
            let piece = (1 + rng.below(9)).min(text.len() - done);
            done += piece;
            let verdict = push(&mut state, &text[done - piece..done]);
            assert_eq!(verdict, expected(&text[..done]), "{text:02x?} up to {done}");
        }
        assert_eq!(whole(&text), expected(&text), "{text:02x?}");
    }
}

/// Long enough for vectors, and cut where their loops have borders and elsewhere.
#[test]
fn long_texts_may_be_cut_in_two_anywhere() {
    let valid = "Здравствуй, мир! 你好，世界。 Καλημέρα 🙂🚀 and ASCII ".repeat(5);
    let mut texts = vec![valid.clone().into_bytes()];
    for at in [0, 1, 15, 16, 17, 63, 64, 65, 127, 128, 130, 200, valid.len() - 1] {
        for byte in [b'x', 0x80, 0xc3, 0xff] {
            let mut text = valid.clone().into_bytes();
            text[at] = byte;
            texts.push(text);
        }
    }
    for text in texts {
        for cut in 0..=text.len() {
            let mut state = 0;
            let first = push(&mut state, &text[..cut]);
            assert_eq!(first, expected(&text[..cut]), "{cut} of {text:02x?}");
            assert_eq!(
                push(&mut state, &text[cut..]),
                expected(&text),
                "{cut} of {text:02x?}"
            );
        }
    }
}

/// A state that no call produced is refused or handled like any other.
#[test]
fn any_number_is_a_harmless_state() {
    let mut rng = Rng::new(14);
    let edges = [1, 0xff, 0x100, 0x8000_0000, u32::MAX - 1, u32::MAX];
    let random = (0..300_000).map(|_| rng.next() as u32).collect::<Vec<_>>();
    let small = (0..70_000)
        .chain((0..=255).flat_map(|low| (0..=4).map(move |len| len << 24 | low)));
    let (mut refused, mut ordinary) = (0, 0);
    for garbage in edges.into_iter().chain(random).chain(small) {
        let mut state = garbage;
        match c::utf8_validate(&mut state, b"\x80a") {
            code::INVALID_ARGUMENT => {
                assert_eq!(state, garbage, "nothing has changed");
                refused += 1;
            }
            result => {
                assert!(result == 0 || result == code::UTF8, "{garbage:x}: {result}");
                ordinary += 1;
            }
        }
    }
    assert!(refused > 300_000 && ordinary > 50, "{refused} {ordinary}");
}
