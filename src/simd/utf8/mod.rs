//! The loops that check UTF-8. `faults` finds invalid bytes.

mod faults;
mod text_lanes;

use super::lanes::Lanes;
use crate::cut::Cut;
use faults::{BEFORE, faults, faults_at_start};

pub(super) use text_lanes::{TextLanes, Word, text_vector};

const WORD: usize = 16;

/// How many bytes are tested, for ASCII and for faults, before each branch.
const GROUP: usize = 256;

/// Any shorter text is left.
const SHORTEST: usize = WORD + BEFORE;

const _: () = assert!(super::SHORT_TEXT < SHORTEST);

/// Skips valid characters. What is left is to be judged by [`core::str::from_utf8`]. It is empty if
/// the text is valid and ends on a character boundary. If it is valid so far, what is left is the
/// incomplete character at its end. Otherwise the first invalid byte is near the start of what is
/// left. A text that is shorter than SHORTEST is left.
#[inline(always)]
pub(super) fn skip<L: TextLanes, W: Word>(
    proof: L::Proof,
    word_proof: W::Proof,
    text: &[u8],
) -> &[u8] {
    const { assert!(size_of::<W>() == WORD && GROUP % size_of::<L>() == 0) };
    if text.len() < WORD + size_of::<L>() {
        return skip_short::<W>(word_proof, text);
    }
    let first = text.get(..GROUP).unwrap_or(text);
    let is_ascii = all_ascii::<L>(proof, first);
    if !is_ascii && !is_valid_start::<L, W>(proof, word_proof, first) {
        return text;
    }
    if text.len() <= GROUP {
        return incomplete(text);
    }
    // Groups of aligned lanes, the first of which overlap the first group; with three bytes before
    // them.
    let aligned = text.as_ptr().align_offset(size_of::<L>());
    let mut rest = text.after(aligned + (GROUP - size_of::<L>() - BEFORE));
    if is_ascii {
        rest = skip_ascii::<L>(proof, rest);
    }
    while let Some(group) = rest.get(..BEFORE + GROUP) {
        if !all_faults::<L>(proof, group).is_zero() {
            return from_boundary(text, rest);
        }
        rest = rest.after(GROUP);
        if all_ascii::<L>(proof, group.after(BEFORE)) {
            rest = skip_ascii::<L>(proof, rest);
        }
    }
    // Fewer than GROUP bytes are left, so these include one that was judged. If that one is ASCII,
    // no character was incomplete there.
    if all_ascii::<L>(proof, text.after(text.len() - GROUP)) {
        return &[];
    }
    let last = text.len() - rest.len().max(BEFORE + size_of::<L>());
    if all_faults::<L>(proof, text.after(last)).is_zero() {
        incomplete(text)
    } else {
        from_boundary(text, rest)
    }
}

/// Whether the first bytes of a text are valid.
#[inline(always)]
fn is_valid_start<L: TextLanes, W: Word>(
    proof: L::Proof,
    word_proof: W::Proof,
    text: &[u8],
) -> bool {
    faults_at_start::<W>(word_proof, text).is_zero()
        && all_faults::<L>(proof, text.after(WORD - BEFORE)).is_zero()
}

/// As [`skip`], for a text of a few words.
#[inline(always)]
fn skip_short<W: Word>(proof: W::Proof, text: &[u8]) -> &[u8] {
    if text.len() < SHORTEST {
        return text;
    }
    let last = text.after(WORD.min(text.len() - WORD) - BEFORE);
    let seen = faults_at_start::<W>(proof, text).or(all_faults::<W>(proof, last));
    if seen.is_zero() { incomplete(text) } else { text }
}

/// The faults of all bytes after the first three; the last lanes overlap the ones before them.
#[inline(always)]
fn all_faults<L: TextLanes>(proof: L::Proof, text: &[u8]) -> L {
    let mut seen = L::zero(proof);
    let mut rest = text;
    while rest.len() > BEFORE + size_of::<L>() {
        seen = seen.or(faults(proof, rest));
        rest = rest.after(size_of::<L>());
    }
    let last = text.len() - (BEFORE + size_of::<L>());
    seen.or(faults(proof, text.after(last)))
}

/// Skips groups of ASCII; each is given with the three bytes before it.
#[inline(always)]
fn skip_ascii<L: Lanes>(proof: L::Proof, text: &[u8]) -> &[u8] {
    let mut rest = text;
    while let Some(group) = rest.get(BEFORE..BEFORE + GROUP) {
        if !all_ascii::<L>(proof, group) {
            break;
        }
        rest = rest.after(GROUP);
    }
    rest
}

/// Whether all is ASCII; the last lanes overlap the ones before them.
#[inline(always)]
fn all_ascii<L: Lanes>(proof: L::Proof, text: &[u8]) -> bool {
    let mut seen = L::zero(proof);
    let mut rest = text;
    while rest.len() > size_of::<L>() {
        seen = seen.or(lanes(proof, rest));
        rest = rest.after(size_of::<L>());
    }
    let last = text.len() - size_of::<L>();
    seen.or(lanes(proof, text.after(last))).is_ascii()
}

#[inline(always)]
fn lanes<L: Lanes>(proof: L::Proof, text: &[u8]) -> L {
    L::read(proof, text).unwrap_or(L::zero(proof))
}

/// The text from the last character boundary before an invalid part, given with the three bytes
/// before it.
#[cold]
fn from_boundary<'a>(text: &'a [u8], rest: &[u8]) -> &'a [u8] {
    let at = text.len() - rest.len() + BEFORE;
    text.after(at - incomplete(text.until(at)).len())
}

/// The incomplete character at the end of a text in which nothing is invalid.
#[inline(always)]
fn incomplete(text: &[u8]) -> &[u8] {
    let len = match text {
        [.., 0x00..=0x7f] => 0,
        [.., 0xc0..=0xff] => 1,
        [.., 0xe0..=0xff, _] => 2,
        [.., 0xf0..=0xff, _, _] => 3,
        _ => 0,
    };
    text.after(text.len() - len)
}
