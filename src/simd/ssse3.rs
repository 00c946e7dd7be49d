//! SSSE3, which a processor of the target may lack: SSE2 has no lookup in a table.
#![allow(unsafe_code)]

use super::avx2::Avx2;
#[cfg(wscodec_avx512)]
use super::avx512::Avx512;
use super::lanes::vector;
use super::utf8::{self, Word, text_vector};
use core::arch::x86_64::*;

cpufeatures::new!(has_ssse3, "ssse3");

/// Proof that this processor has SSSE3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ssse3(());

vector!(
    Ssse3,
    __m128i,
    _mm_setzero_si128,
    _mm_set1_epi32,
    _mm_xor_si128,
    _mm_or_si128,
    |bytes| _mm_movemask_epi8(bytes) == 0
);

text_vector!(
    _mm_and_si128,
    _mm_xor_si128,
    _mm_subs_epu8,
    |bytes| _mm_srli_epi16::<4>(bytes),
    _mm_shuffle_epi8,
    |bytes| _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_setzero_si128())) == 0xffff
);

impl Word for Vector {
    #[inline(always)]
    fn after_zeros<const N: usize>(self) -> Self {
        // SAFETY: `self` was made from a proof that the processor has the instruction.
        Vector(unsafe {
            match N {
                1 => _mm_slli_si128::<1>(self.0),
                2 => _mm_slli_si128::<2>(self.0),
                _ => _mm_slli_si128::<3>(self.0),
            }
        })
    }
}

impl Ssse3 {
    pub(super) fn detect() -> Option<Ssse3> {
        has_ssse3::get().then_some(Ssse3(()))
    }
}

/// To the compiler, AVX2 includes SSSE3.
impl From<Avx2> for Ssse3 {
    fn from(_: Avx2) -> Ssse3 {
        Ssse3(())
    }
}

/// To the compiler, AVX-512 includes SSSE3.
#[cfg(wscodec_avx512)]
impl From<Avx512> for Ssse3 {
    fn from(_: Avx512) -> Ssse3 {
        Ssse3(())
    }
}

// With a proof as an argument, this function is safe to call. It is `unsafe` because Rust has safe
// functions with #[target_feature] only from 1.86 on.

/// As [`utf8::skip`].
#[target_feature(enable = "ssse3")]
pub(super) unsafe fn skip_utf8(ssse3: Ssse3, text: &[u8]) -> &[u8] {
    utf8::skip::<Vector, Vector>(ssse3, ssse3, text)
}
