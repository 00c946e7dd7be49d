//! UTF-8: the standard library decides, for the whole text and for each of its prefixes.

use crate::c::{self, code};
use crate::rng::Rng;
use crate::source::Source;
use wscodec::simd::Isa;

pub fn run(data: &[u8]) {
    let mut source = Source::new(data);
    let mut rng = Rng::new(source.byte().into());
    let before = *source.pick(&["", "", "x", "\u{e9}", "\u{20ac}", "\u{1f600}"]);
    let times = 4 * source.below(256);
    let bytes = source.rest();
    any_state(bytes);
    // Vectors judge many bytes at once.
    let text = [before.repeat(times).as_bytes(), bytes].concat();
    for isa in Isa::all() {
        let rest = isa.skip_utf8(&text);
        assert!(text.ends_with(rest));
        judged_alike(&text, rest, text.len() - rest.len());
    }
    let invalid_at = first_invalid(&text);
    in_pieces(&text, &[text.len()], invalid_at);
    if before.is_empty() {
        in_pieces(&text, &vec![1; text.len()], invalid_at);
    }
    let longest = 1 + rng.below(40) * rng.below(40);
    in_pieces(&text, &rng.pieces(text.len(), longest), invalid_at);
}

/// What is skipped is valid, and changes nothing about the rest.
fn judged_alike(text: &[u8], rest: &[u8], skipped: usize) {
    let fault = |text, start| {
        let error = std::str::from_utf8(text).err()?;
        Some((start + error.valid_up_to(), error.error_len()))
    };
    assert_eq!(fault(rest, skipped), fault(text, 0));
}

/// The position of the first byte that no continuation can make valid.
fn first_invalid(text: &[u8]) -> Option<usize> {
    let error = std::str::from_utf8(text).err()?;
    error.error_len()?;
    let start = error.valid_up_to();
    let is_invalid = |at: &usize| {
        let character = std::str::from_utf8(&text[start..=*at]);
        character.is_err_and(|error| error.error_len().is_some())
    };
    (start..text.len()).find(is_invalid)
}

/// The whole characters at the start of a text.
fn valid_start(text: &[u8]) -> &str {
    let len =
        std::str::from_utf8(text).map_or_else(|error| error.valid_up_to(), str::len);
    std::str::from_utf8(&text[..len]).expect("valid up to here")
}

fn in_pieces(text: &[u8], pieces: &[usize], invalid_at: Option<usize>) {
    let start = valid_start(text);
    let (mut state, mut done) = (0, 0);
    for len in pieces {
        let result = c::utf8_validate(&mut state, &text[done..done + len]);
        done += len;
        let invalid = invalid_at.is_some_and(|at| at < done);
        assert_eq!(result, if invalid { code::UTF8 } else { 0 }, "at {done}");
        assert!(invalid || (state == 0) == start.is_char_boundary(done), "at {done}");
    }
}

/// A state that this function did not produce is refused, and left alone.
fn any_state(bytes: &[u8]) {
    let Some(state) = bytes.first_chunk().map(|bytes| u32::from_le_bytes(*bytes)) else {
        return;
    };
    let [pending @ .., len] = state.to_le_bytes();
    let is_start = |bytes: &[u8]| {
        std::str::from_utf8(bytes)
            .is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
    };
    let produced = match usize::from(len) {
        0 => state == 0,
        len @ 1..=3 => {
            is_start(&pending[..len]) && pending[len..].iter().all(|byte| *byte == 0)
        }
        _ => false,
    };
    let expected = match state {
        u32::MAX => code::UTF8,
        _ if produced => 0,
        _ => code::INVALID_ARGUMENT,
    };
    let mut after = state;
    assert_eq!(c::utf8_validate(&mut after, b""), expected);
    assert_eq!(after, state);
}
