//! The loops for x86-64 with AVX2.

use super::portable::{self, Key};
use super::sse2::Vector;
use core::mem::MaybeUninit;

#[target_feature(enable = "avx2")]
pub(super) fn mask(bytes: &mut [u8], key: Key) {
    portable::mask::<Vector>(bytes, key);
}

#[target_feature(enable = "avx2")]
pub(super) fn mask_ascii(bytes: &mut [u8], key: Key) -> bool {
    portable::mask_ascii::<Vector>(bytes, key)
}

#[target_feature(enable = "avx2")]
pub(super) fn mask_copy(to: &mut [MaybeUninit<u8>], from: &[u8], key: Key) {
    portable::mask_copy::<Vector>(to, from, key);
}

#[target_feature(enable = "avx2")]
pub(super) fn is_utf8(text: &[u8]) -> bool {
    // SAFETY: this function is only compiled for, and called with, AVX2.
    unsafe { simdutf8::basic::imp::x86::avx2::validate_utf8(text) }.is_ok()
}
