//! The loops for x86-64 with AVX-512. Whoever calls them has it.

// Built only by compilers that have it.
#![allow(clippy::incompatible_msrv)]

use super::portable::{self, Key};
use super::word::vector;
use core::arch::x86_64::{
    __m512i, _mm512_movepi8_mask, _mm512_or_si512, _mm512_set1_epi32,
    _mm512_setzero_si512, _mm512_xor_si512,
};
use core::mem::MaybeUninit;

vector!(
    __m512i,
    _mm512_setzero_si512,
    _mm512_set1_epi32,
    _mm512_xor_si512,
    _mm512_or_si512,
    |bytes| _mm512_movepi8_mask(bytes) == 0
);

#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) unsafe fn mask(bytes: &mut [u8], key: Key) {
    portable::mask::<Vector>(bytes, key);
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) unsafe fn mask_ascii(bytes: &mut [u8], key: Key) -> bool {
    portable::mask_ascii::<Vector>(bytes, key)
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) unsafe fn mask_copy(to: &mut [MaybeUninit<u8>], from: &[u8], key: Key) {
    portable::mask_copy::<Vector>(to, from, key);
}
