//! Vectors judge text as the standard library and simdutf8 do: whether it is valid, and if not,
//! where it stops being so. Every instruction set of this processor is tested.

use crate::rng::{Rng, one_in};
use std::str::Utf8Error;
use wscodec::simd::Isa;

/// No more than this is left before a fault: a group of 256 bytes, after an incomplete character.
const NEAR: usize = 256 + 3;

/// Tests what an instruction set leaves of a text.
fn judge(isa: Isa, text: &[u8]) {
    let expected = std::str::from_utf8(text);
    let rest = isa.skip_utf8(text);
    let skipped = text.len() - rest.len();
    assert_eq!(&text[skipped..], rest, "{isa:?} leaves the end of {text:02x?}");
    let at = |error: Utf8Error, start| (start + error.valid_up_to(), error.error_len());
    assert_eq!(
        std::str::from_utf8(rest).map(drop).map_err(|error| at(error, skipped)),
        expected.map(drop).map_err(|error| at(error, 0)),
        "{isa:?} {text:02x?}",
    );
    let has_vectors = isa.skip_utf8(&[b'x'; 64]).is_empty();
    if has_vectors && text.len() > NEAR {
        let near = match expected {
            Ok(_) => rest.is_empty(),
            Err(error) if error.error_len().is_none() => rest.len() < 4,
            Err(error) => error.valid_up_to() - skipped <= NEAR,
        };
        assert!(near, "{isa:?} leaves {} bytes of {text:02x?}", rest.len());
    }
}

/// The same by every instruction set, and by simdutf8.
fn judge_by_all(text: &[u8]) {
    for isa in Isa::all() {
        judge(isa, text);
    }
    let expected = std::str::from_utf8(text).is_ok();
    assert_eq!(simdutf8::basic::from_utf8(text).is_ok(), expected, "{text:02x?}");
}

/// A text that starts at a multiple of 64.
#[repr(align(64))]
struct Aligned([u8; 600]);

/// Where words, lanes and groups start in an aligned text.
const BORDERS: [usize; 8] = [0, 16, 32, 64, 128, 256, 448, 512];

/// Puts bytes into a text at every position at which they touch a border: one that ends with them,
/// and one that goes on.
fn at_borders(bytes: &[u8], character: &str) {
    let mut around = Aligned([b'x'; 600]);
    for border in BORDERS {
        for before in 0..=bytes.len().min(border) {
            let at = border - before;
            let end = at + bytes.len();
            let text = &mut around.0;
            fill(&mut text[..at], character);
            text[at..end].copy_from_slice(bytes);
            fill(&mut text[end..], character);
            for isa in Isa::all() {
                judge(isa, &text[..end]);
                judge(isa, &text[..]);
            }
        }
    }
}

/// Whole characters, after as many letters as it takes.
fn fill(text: &mut [u8], character: &str) {
    let (start, rest) = text.split_at_mut(text.len() % character.len());
    start.fill(b'x');
    rest.chunks_exact_mut(character.len())
        .for_each(|room| room.copy_from_slice(character.as_bytes()));
}

#[test]
fn every_instruction_set_but_the_portable_one_checks_all_of_a_valid_text() {
    for isa in Isa::all().skip(1) {
        assert!(isa.skip_utf8("é€😀".repeat(8).as_bytes()).is_empty(), "{isa:?}");
    }
    #[cfg(target_arch = "aarch64")]
    assert!(Isa::Portable.skip_utf8("é€😀".repeat(8).as_bytes()).is_empty(), "NEON");
}

#[test]
fn every_byte_at_every_border() {
    for byte in 0..=255 {
        for character in ["x", "é", "€", "😀"] {
            at_borders(&[byte], character);
        }
    }
}

/// With every pair in them: the tables decide about pairs.
#[test]
fn every_sequence_of_two_bytes_at_a_border() {
    for isa in Isa::all() {
        let mut text = *b"0123456789abcde__0123456789abcdef";
        for (first, second) in (0..=255).flat_map(|a| (0..=255).map(move |b| (a, b))) {
            text[15..17].copy_from_slice(&[first, second]);
            judge(isa, &text);
            judge(isa, &text[..17 + 2]);
            judge(isa, &text[15..]);
        }
    }
}

/// The least and the greatest byte of each kind that RFC 3629 distinguishes.
const KINDS: [u8; 24] = [
    0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1,
    0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff,
];

#[test]
fn every_sequence_of_three_and_four_kinds_of_bytes_at_every_border() {
    let (mut rng, one_in) = (Rng::new(86), one_in());
    for first in KINDS.into_iter().filter(|byte| *byte >= 0x80) {
        for second in KINDS {
            for third in [0x7f, 0x80, 0xbf, 0xc2] {
                if !rng.once_in(one_in) {
                    continue;
                }
                at_borders(&[first, second, third], "x");
                for fourth in [0x7f, 0x80, 0xbf] {
                    at_borders(&[first, second, third, fourth], "x");
                }
            }
        }
    }
}

/// Lengths up to some groups, and those at which the loops take other branches.
fn lengths() -> impl Iterator<Item = usize> {
    (0..=400).chain([511, 512, 513, 577, 1023, 1024, 1025, 1087, 2049])
}

#[test]
fn one_character_at_every_position_in_ascii() {
    for isa in Isa::all() {
        for len in lengths() {
            let mut text = vec![b'x'; len];
            judge(isa, &text);
            for at in 0..len {
                text[at] = 0x80;
                judge(isa, &text);
                if at > 0 {
                    text[at - 1] = 0xc3;
                    judge(isa, &text);
                    text[at - 1] = b'x';
                }
                text[at] = b'x';
            }
        }
    }
}

#[test]
fn one_invalid_byte_at_every_position_in_characters_of_each_length() {
    for character in ["é", "€", "😀"] {
        for len in lengths().filter(|len| len % 7 < 2) {
            let mut text = vec![b'x'; len];
            fill(&mut text, character);
            for at in 0..len {
                for invalid in [b'x', 0x80, 0xc3, 0xff] {
                    let valid = std::mem::replace(&mut text[at], invalid);
                    for isa in Isa::all() {
                        judge(isa, &text);
                    }
                    text[at] = valid;
                }
            }
        }
    }
}

#[test]
fn every_end_of_a_text_at_every_alignment() {
    let mut text = vec![b'x'; 700];
    fill(&mut text, "aé€😀");
    for start in 0..64 {
        for end in (start..text.len()).filter(|end| end % 5 == 0 || *end > 640) {
            for isa in Isa::all() {
                judge(isa, &text[start..end]);
            }
        }
    }
}

#[test]
fn random_bytes() {
    let mut rng = Rng::new(84);
    for _ in 0..20_000 {
        let len = rng.below(300);
        judge_by_all(&rng.bytes(len));
    }
}

/// Runs of characters of each length, valid or with one or two faults, cut at both ends.
#[test]
fn random_texts_with_faults() {
    let mut rng = Rng::new(85);
    for _ in 0..40_000 {
        let mut text = Vec::new();
        for _ in 0..rng.below(12) {
            let character =
                *rng.pick(&["a", "é", "߿", "€", "\u{ffff}", "😀", "\u{10ffff}"]);
            text.extend(character.repeat(rng.below(90) / character.len()).bytes());
        }
        for _ in 0..rng.below(3).min(text.len()) {
            let at = rng.below(text.len());
            match rng.below(4) {
                0 => text[at] = rng.byte(),
                1 => text[at] ^= 1 << rng.below(8),
                2 => drop(text.remove(at)),
                _ => text.insert(at, rng.byte()),
            }
        }
        let start = rng.below(4).min(text.len());
        let end = (text.len() - rng.below(4).min(text.len())).max(start);
        judge_by_all(&text[start..end]);
    }
}
