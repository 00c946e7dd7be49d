//! AVX2, which a processor of the target may lack.
#![allow(unsafe_code)]

use super::key::MaskKey;
use super::lanes::vector;
use super::long;
use super::ssse3;
use super::utf8::{self, text_vector};
use core::arch::x86_64::*;
use core::mem::MaybeUninit;

cpufeatures::new!(has_avx2, "avx2");

/// Proof that this processor has AVX2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Avx2(());

vector!(
    Avx2,
    __m256i,
    _mm256_setzero_si256,
    _mm256_set1_epi32,
    _mm256_xor_si256,
    _mm256_or_si256,
    |bytes| _mm256_movemask_epi8(bytes) == 0
);

text_vector!(
    _mm256_and_si256,
    _mm256_xor_si256,
    _mm256_subs_epu8,
    |bytes| _mm256_srli_epi16::<4>(bytes),
    _mm256_shuffle_epi8,
    |bytes| _mm256_testz_si256(bytes, bytes) == 1
);

impl Avx2 {
    pub(super) fn detect() -> Option<Avx2> {
        has_avx2::get().then_some(Avx2(()))
    }
}

// With a proof as an argument, these functions are safe to call. They are `unsafe` because Rust has
// safe functions with #[target_feature] only from 1.86 on.

/// As [`long::mask`].
#[target_feature(enable = "avx2")]
pub(super) unsafe fn mask<const CHECK_ASCII: bool>(
    avx2: Avx2,
    bytes: &mut [u8],
    key: MaskKey,
) -> bool {
    long::mask::<Vector, CHECK_ASCII>(avx2, bytes, key)
}

/// As [`long::mask_copy`].
#[target_feature(enable = "avx2")]
pub(super) unsafe fn mask_copy(
    avx2: Avx2,
    to: &mut [MaybeUninit<u8>],
    from: &[u8],
    key: MaskKey,
) {
    long::mask_copy::<Vector>(avx2, to, from, key);
}

/// As [`utf8::skip`].
#[target_feature(enable = "avx2")]
pub(super) unsafe fn skip_utf8(avx2: Avx2, text: &[u8]) -> &[u8] {
    utf8::skip::<Vector, ssse3::Vector>(avx2, avx2.into(), text)
}
