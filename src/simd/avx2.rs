//! The loops for x86-64 with AVX2. Whoever calls them has it.

use super::portable::{self, Key};
use super::word::vector;
use core::arch::x86_64::{
    __m256i, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi32,
    _mm256_setzero_si256, _mm256_xor_si256,
};
use core::mem::MaybeUninit;

vector!(
    __m256i,
    _mm256_setzero_si256,
    _mm256_set1_epi32,
    _mm256_xor_si256,
    _mm256_or_si256,
    |bytes| _mm256_movemask_epi8(bytes) == 0
);

#[target_feature(enable = "avx2")]
pub(super) unsafe fn mask(bytes: &mut [u8], key: Key) {
    portable::mask::<Vector>(bytes, key);
}

#[target_feature(enable = "avx2")]
pub(super) unsafe fn mask_ascii(bytes: &mut [u8], key: Key) -> bool {
    portable::mask_ascii::<Vector>(bytes, key)
}

#[target_feature(enable = "avx2")]
pub(super) unsafe fn mask_copy(to: &mut [MaybeUninit<u8>], from: &[u8], key: Key) {
    portable::mask_copy::<Vector>(to, from, key);
}

#[target_feature(enable = "avx2")]
pub(super) unsafe fn is_utf8(text: &[u8]) -> bool {
    let rest = portable::skip_ascii::<Vector>(text);
    // SAFETY: whoever calls this has AVX2.
    rest.is_empty()
        || unsafe { simdutf8::basic::imp::x86::avx2::validate_utf8(rest) }.is_ok()
}
