//! AVX-512, which a processor of the target may lack.

// The module is compiled only if the compiler is 1.89 or later, which brought these functions.
#![allow(clippy::incompatible_msrv)]
#![allow(unsafe_code)]

use super::key::MaskKey;
use super::lanes::vector;
use super::long;
use super::ssse3;
use super::utf8::{self, text_vector};
use core::arch::x86_64::*;
use core::mem::MaybeUninit;

cpufeatures::new!(has_avx512, "avx512f", "avx512bw", "avx512vl");

/// Proof that this processor has AVX-512, as far as it is needed here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Avx512(());

vector!(
    Avx512,
    __m512i,
    _mm512_setzero_si512,
    _mm512_set1_epi32,
    _mm512_xor_si512,
    _mm512_or_si512,
    |bytes| _mm512_movepi8_mask(bytes) == 0
);

text_vector!(
    _mm512_and_si512,
    _mm512_xor_si512,
    _mm512_subs_epu8,
    |bytes| _mm512_srli_epi16::<4>(bytes),
    _mm512_shuffle_epi8,
    |bytes| _mm512_test_epi8_mask(bytes, bytes) == 0
);

impl Avx512 {
    pub(super) fn detect() -> Option<Avx512> {
        has_avx512::get().then_some(Avx512(()))
    }
}

// With a proof as an argument, these functions are safe to call. They are `unsafe` because Rust has
// safe functions with #[target_feature] only from 1.86 on.

/// As [`long::mask`].
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) unsafe fn mask<const CHECK_ASCII: bool>(
    avx512: Avx512,
    bytes: &mut [u8],
    key: MaskKey,
) -> bool {
    long::mask::<Vector, CHECK_ASCII>(avx512, bytes, key)
}

/// As [`long::mask_copy`].
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) unsafe fn mask_copy(
    avx512: Avx512,
    to: &mut [MaybeUninit<u8>],
    from: &[u8],
    key: MaskKey,
) {
    long::mask_copy::<Vector>(avx512, to, from, key);
}

/// As [`utf8::skip`].
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) unsafe fn skip_utf8(avx512: Avx512, text: &[u8]) -> &[u8] {
    utf8::skip::<Vector, ssse3::Vector>(avx512, avx512.into(), text)
}
