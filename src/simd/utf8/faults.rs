//! Invalid bytes in UTF-8 (RFC 3629): the algorithm of J. Keiser and D. Lemire, "Validating UTF-8
//! In Less Than One Instruction Per Byte" (2021).
//!
//! Every byte is judged with the three before it:
//!
//! - A byte and the one before it are a pair. Three tables, for three of its four halves, say which
//!   faults a pair with that half may have. It has a fault if all three agree.
//! - A byte must be a continuation if a first byte of three or four is two places before it, or one
//!   of four is three places before it. Two continuations are a fault of the pair exactly if that
//!   is not so.
//!
//! So an incomplete character is found at the byte after it, and one at the end of the text is not
//! found. The bytes before are read again at their own addresses: shifting two vectors by a byte
//! takes more instructions, and those that move bytes are the scarcest.

use super::text_lanes::{TextLanes, Word};
use crate::simd::lanes::Lanes;

/// How many bytes before a byte it depends on.
pub(super) const BEFORE: usize = 3;

// The faults of a pair.

/// A first byte, and no continuation.
const TOO_SHORT: u8 = 1 << 0;
/// ASCII, and a continuation.
const TOO_LONG: u8 = 1 << 1;
/// E0, and a continuation below A0: the character needs two bytes only.
const OVERLONG_3: u8 = 1 << 2;
/// F4, and a continuation above 8F, or a first byte above F4: beyond U+10FFFF.
const TOO_LARGE: u8 = 1 << 3;
/// ED, and a continuation above 9F.
const SURROGATE: u8 = 1 << 4;
/// C0 or C1, and a continuation: the character needs one byte only.
const OVERLONG_2: u8 = 1 << 5;
/// A first byte above F4, and a continuation below 90: beyond U+10FFFF.
const TOO_LARGE_ABOVE_F4: u8 = 1 << 6;
/// F0, and a continuation below 90: the character needs three bytes only. No first byte can have
/// this fault and the one with the same bit.
const OVERLONG_4: u8 = 1 << 6;
/// Two continuations: the only fault that may be none. It has the highest bit.
const TWO_CONTINUATIONS: u8 = 1 << 7;
/// The faults that do not depend on the lower half of the first byte.
const ANY_LOWER: u8 = TOO_SHORT | TOO_LONG | TWO_CONTINUATIONS;
const ANY_CONTINUATION: u8 = TOO_LONG | OVERLONG_2 | TWO_CONTINUATIONS;
const ABOVE_F4: u8 = ANY_LOWER | TOO_LARGE | TOO_LARGE_ABOVE_F4;

/// By the upper half of the first byte.
const FIRST_UPPER: [u8; 16] = [
    TOO_LONG,
    TOO_LONG,
    TOO_LONG,
    TOO_LONG,
    TOO_LONG,
    TOO_LONG,
    TOO_LONG,
    TOO_LONG,
    TWO_CONTINUATIONS,
    TWO_CONTINUATIONS,
    TWO_CONTINUATIONS,
    TWO_CONTINUATIONS,
    TOO_SHORT | OVERLONG_2,
    TOO_SHORT,
    TOO_SHORT | OVERLONG_3 | SURROGATE,
    TOO_SHORT | TOO_LARGE | TOO_LARGE_ABOVE_F4 | OVERLONG_4,
];

/// By the lower half of the first byte.
const FIRST_LOWER: [u8; 16] = [
    ANY_LOWER | OVERLONG_3 | OVERLONG_2 | OVERLONG_4,
    ANY_LOWER | OVERLONG_2,
    ANY_LOWER,
    ANY_LOWER,
    ANY_LOWER | TOO_LARGE,
    ABOVE_F4,
    ABOVE_F4,
    ABOVE_F4,
    ABOVE_F4,
    ABOVE_F4,
    ABOVE_F4,
    ABOVE_F4,
    ABOVE_F4,
    ABOVE_F4 | SURROGATE,
    ABOVE_F4,
    ABOVE_F4,
];

/// By the upper half of the second byte.
const SECOND_UPPER: [u8; 16] = [
    TOO_SHORT,
    TOO_SHORT,
    TOO_SHORT,
    TOO_SHORT,
    TOO_SHORT,
    TOO_SHORT,
    TOO_SHORT,
    TOO_SHORT,
    ANY_CONTINUATION | OVERLONG_3 | TOO_LARGE_ABOVE_F4 | OVERLONG_4,
    ANY_CONTINUATION | OVERLONG_3 | TOO_LARGE,
    ANY_CONTINUATION | SURROGATE | TOO_LARGE,
    ANY_CONTINUATION | SURROGATE | TOO_LARGE,
    TOO_SHORT,
    TOO_SHORT,
    TOO_SHORT,
    TOO_SHORT,
];

/// 16 bytes, again and again.
#[inline(always)]
fn repeat<L: Lanes>(proof: L::Proof, bytes: [u8; 16]) -> L {
    // No lanes are longer.
    L::read(proof, [bytes; 4].as_flattened()).unwrap_or(L::zero(proof))
}

/// Judges the lanes after the first three bytes of a text, which must be that long. Each invalid
/// byte becomes a byte other than 0.
#[inline(always)]
pub(super) fn faults<L: TextLanes>(proof: L::Proof, text: &[u8]) -> L {
    match Window::read(proof, text) {
        Some(window) => window.faults(proof),
        None => L::zero(proof),
    }
}

/// Judges the first word of a text, which must be that long. Zeros stand before it: they are ASCII.
#[inline(always)]
pub(super) fn faults_at_start<W: Word>(proof: W::Proof, text: &[u8]) -> W {
    let bytes = W::read(proof, text).unwrap_or(W::zero(proof));
    let before =
        [bytes.after_zeros::<1>(), bytes.after_zeros::<2>(), bytes.after_zeros::<3>()];
    Window { bytes, before }.faults(proof)
}

/// Bytes, and those one, two and three places before each.
struct Window<L> {
    bytes: L,
    before: [L; BEFORE],
}

impl<L: TextLanes> Window<L> {
    /// The lanes after the first three bytes of `text`.
    #[inline(always)]
    fn read(proof: L::Proof, text: &[u8]) -> Option<Window<L>> {
        let read = |at| L::read(proof, text.get(at..)?);
        Some(Window { bytes: read(BEFORE)?, before: [read(2)?, read(1)?, read(0)?] })
    }

    #[inline(always)]
    fn faults(self, proof: L::Proof) -> L {
        let [first, second_last, third_last] = self.before;
        let lower = |lanes: L| lanes.and(repeat(proof, [0x0f; 16]));
        let pair = lower(first.upper_half())
            .look_up(repeat(proof, FIRST_UPPER))
            .and(lower(first).look_up(repeat(proof, FIRST_LOWER)))
            .and(lower(self.bytes.upper_half()).look_up(repeat(proof, SECOND_UPPER)));
        // The highest bit is set from E0 on, and from F0 on.
        let of_three = second_last.saturating_sub(repeat(proof, [0xe0 - 0x80; 16]));
        let of_four = third_last.saturating_sub(repeat(proof, [0xf0 - 0x80; 16]));
        of_three.or(of_four).and(repeat(proof, [TWO_CONTINUATIONS; 16])).xor(pair)
    }
}
