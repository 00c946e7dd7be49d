//! The loops for x86-64 with AVX-512.

// Built only by compilers that have it.
#![allow(clippy::incompatible_msrv)]

use super::portable::{self, Key};
use super::sse2::Vector;
use core::mem::MaybeUninit;

#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) fn mask(bytes: &mut [u8], key: Key) {
    portable::mask::<Vector>(bytes, key);
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) fn mask_ascii(bytes: &mut [u8], key: Key) -> bool {
    portable::mask_ascii::<Vector>(bytes, key)
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) fn mask_copy(to: &mut [MaybeUninit<u8>], from: &[u8], key: Key) {
    portable::mask_copy::<Vector>(to, from, key);
}
