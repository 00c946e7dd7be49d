//! What every x86-64 has beyond the loops: of 16 bytes at once, which of them are meant. The
//! compiler makes no such instructions of a loop.

// Those of its functions that read no memory are unsafe to older compilers alone.
#![allow(unused_unsafe)]

use super::portable;
use super::word::{Word, vector};
use core::arch::x86_64::{
    __m128i, _mm_andnot_si128, _mm_cmpeq_epi8, _mm_max_epu8, _mm_min_epu8,
    _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8, _mm_set1_epi32, _mm_setzero_si128,
    _mm_xor_si128,
};

const SIZE: usize = size_of::<Vector>();

#[inline]
pub(super) fn control_at(text: &[u8]) -> Option<usize> {
    first(text, Vector::controls, portable::is_control)
}

#[inline]
pub(super) fn uncommon_at(text: &[u8]) -> Option<usize> {
    first(text, |block| !block.common(), |b| !portable::is_common(b))
}

/// Position of the first byte that is meant. `which` tells it of 16 bytes, a bit for each.
#[inline(always)]
fn first(
    text: &[u8],
    which: impl Fn(Vector) -> u16,
    meant: impl Fn(u8) -> bool,
) -> Option<usize> {
    let (mut rest, mut at) = (text, 0);
    while let Some((block, after)) = rest.split_at_checked(SIZE) {
        if let Some(found) = lowest(which(Vector::read(block)?)) {
            return Some(found.wrapping_add(at));
        }
        (rest, at) = (after, SIZE.wrapping_add(at));
    }
    // The last bytes, of which those that were looked at before are not meant.
    let at = text.len().wrapping_sub(SIZE);
    match text.get(at..) {
        Some(block) => Some(lowest(which(Vector::read(block)?))?.wrapping_add(at)),
        None => text.iter().position(|b| meant(*b)),
    }
}

#[inline(always)]
fn lowest(bits: u16) -> Option<usize> {
    if bits == 0 { None } else { usize::try_from(bits.trailing_zeros()).ok() }
}

vector!(
    __m128i,
    _mm_setzero_si128,
    _mm_set1_epi32,
    _mm_xor_si128,
    _mm_or_si128,
    |bytes| _mm_movemask_epi8(bytes) == 0
);

// SAFETY, of all: every x86-64 has SSE2.
#[allow(clippy::undocumented_unsafe_blocks)]
impl Vector {
    #[inline(always)]
    fn all(byte: u8) -> Vector {
        Vector(unsafe { _mm_set1_epi8(i8::from_ne_bytes([byte])) })
    }

    #[inline(always)]
    fn but_not(self, other: Vector) -> Vector {
        Vector(unsafe { _mm_andnot_si128(other.0, self.0) })
    }

    #[inline(always)]
    fn equal(self, other: Vector) -> Vector {
        Vector(unsafe { _mm_cmpeq_epi8(self.0, other.0) })
    }

    #[inline(always)]
    fn within(self, least: u8, most: u8) -> Vector {
        let above = unsafe { _mm_max_epu8(self.0, Vector::all(least).0) };
        self.equal(Vector(unsafe { _mm_min_epu8(above, Vector::all(most).0) }))
    }

    /// The highest bit of each byte.
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // There are 16 of them.
    fn bits(self) -> u16 {
        unsafe { _mm_movemask_epi8(self.0) as u16 }
    }

    #[inline(always)]
    fn controls(self) -> u16 {
        let low = self.within(0, 0x1f).but_not(self.equal(Vector::all(b'\t')));
        low.or(self.equal(Vector::all(0x7f))).bits()
    }

    #[inline(always)]
    fn common(self) -> u16 {
        let letters = self.or(Vector::all(0x20)).within(b'a', b'z');
        let digits = self.within(b'0', b'9');
        letters.or(digits).or(self.equal(Vector::all(b'-'))).bits()
    }
}
