//! SSE2, which is part of the target: the module is compiled only if it is, and needs no proof.
//! The compiler does not find the instructions that tell which of 16 bytes match.

// From Rust 1.87 on, those functions of the instruction set that do not access memory are safe.
#![allow(unsafe_code, unused_unsafe)]

use super::lanes::{Lanes, vector};
use super::portable;
use core::arch::x86_64::*;

const SIZE: usize = size_of::<Vector>();

vector!(
    (),
    __m128i,
    _mm_setzero_si128,
    _mm_set1_epi32,
    _mm_xor_si128,
    _mm_or_si128,
    |bytes| _mm_movemask_epi8(bytes) == 0
);

/// Position of the first control character; a tab does not count as one.
#[must_use]
pub fn find_control(text: &[u8]) -> Option<usize> {
    position(text, Vector::controls, portable::is_control)
}

/// Position of the first byte that is neither a letter nor a digit nor a hyphen.
#[must_use]
pub fn find_non_name(text: &[u8]) -> Option<usize> {
    position(text, |block| !block.names(), |b| !portable::is_name(b))
}

/// Position of the first byte that matches. `matches` tests 16 bytes, and returns a bit for each.
#[inline(always)]
fn position(
    text: &[u8],
    matches: impl Fn(Vector) -> u16,
    pred: impl Fn(u8) -> bool,
) -> Option<usize> {
    let (mut rest, mut at) = (text, 0);
    while let Some((block, after)) = rest.split_at_checked(SIZE) {
        if let Some(found) = lowest(matches(Vector::read((), block)?)) {
            return Some(at + found);
        }
        (rest, at) = (after, at + SIZE);
    }
    // The last 16 bytes: those of them that were tested before do not match.
    match text.last_chunk::<SIZE>() {
        Some(block) => {
            Some(text.len() - SIZE + lowest(matches(Vector::read((), block)?))?)
        }
        None => text.iter().position(|b| pred(*b)),
    }
}

#[inline(always)]
fn lowest(bits: u16) -> Option<usize> {
    if bits == 0 { None } else { usize::try_from(bits.trailing_zeros()).ok() }
}

impl Vector {
    #[inline(always)]
    fn repeat(byte: u8) -> Vector {
        // SAFETY: the instruction is part of SSE2, which the target has.
        Vector(unsafe { _mm_set1_epi8(i8::from_ne_bytes([byte])) })
    }

    #[inline(always)]
    fn and_not(self, other: Vector) -> Vector {
        // SAFETY: PANDN is part of SSE2, which the target has.
        Vector(unsafe { _mm_andnot_si128(other.0, self.0) })
    }

    #[inline(always)]
    fn min(self, other: Vector) -> Vector {
        // SAFETY: PMINUB is part of SSE2, which the target has.
        Vector(unsafe { _mm_min_epu8(self.0, other.0) })
    }

    #[inline(always)]
    fn max(self, other: Vector) -> Vector {
        // SAFETY: PMAXUB is part of SSE2, which the target has.
        Vector(unsafe { _mm_max_epu8(self.0, other.0) })
    }

    /// Sets all bits of each byte that is equal in both.
    #[inline(always)]
    fn equal(self, other: Vector) -> Vector {
        // SAFETY: PCMPEQB is part of SSE2, which the target has.
        Vector(unsafe { _mm_cmpeq_epi8(self.0, other.0) })
    }

    /// Sets all bits of each byte that is in the range.
    #[inline(always)]
    fn within(self, least: u8, most: u8) -> Vector {
        let clamped = self.max(Vector::repeat(least)).min(Vector::repeat(most));
        self.equal(clamped)
    }

    /// The highest bit of each byte.
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // There are 16 of them.
    fn bits(self) -> u16 {
        // SAFETY: PMOVMSKB is part of SSE2, which the target has.
        unsafe { _mm_movemask_epi8(self.0) as u16 }
    }

    /// Which bytes are control characters, except tabs.
    #[inline(always)]
    fn controls(self) -> u16 {
        let low = self.within(0, 0x1f).and_not(self.equal(Vector::repeat(b'\t')));
        low.or(self.equal(Vector::repeat(0x7f))).bits()
    }

    /// Which bytes are letters, digits or hyphens.
    #[inline(always)]
    fn names(self) -> u16 {
        let letters = self.or(Vector::repeat(0x20)).within(b'a', b'z');
        let digits = self.within(b'0', b'9');
        letters.or(digits).or(self.equal(Vector::repeat(b'-'))).bits()
    }
}
