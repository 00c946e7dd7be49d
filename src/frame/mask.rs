//! Masking (RFC 6455, 5.3): byte i of a payload is XORed with byte i mod 4 of the masking key.
//! Masking and unmasking are the same operation.

use crate::simd::{self, MaskKey};
use core::mem::MaybeUninit;

/// Masks in place. `pos` is the position of `buf` in its payload.
#[inline(always)]
pub fn apply(buf: &mut [u8], key: [u8; 4], pos: u64) {
    simd::mask(buf, MaskKey::at(key, pos));
}

/// Masks in place, and returns whether the result is ASCII.
#[inline(always)]
pub fn apply_ascii(buf: &mut [u8], key: [u8; 4], pos: u64) -> bool {
    simd::mask_ascii(buf, MaskKey::at(key, pos))
}

/// Masks while copying as many bytes as the shorter of the two has.
#[inline(always)]
pub fn copy(to: &mut [MaybeUninit<u8>], from: &[u8], key: [u8; 4], pos: u64) {
    simd::mask_copy(to, from, MaskKey::at(key, pos));
}
