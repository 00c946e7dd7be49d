//! Masking (RFC 6455, 5.3): byte i of a payload is XORed with byte i mod 4 of the key.
//! Masking and unmasking are the same.

use crate::simd;
use crate::simd::portable::Key;
use core::mem::MaybeUninit;

/// Masks in place. `pos` is the position of `buf` in its payload.
#[inline(always)]
pub fn apply(buf: &mut [u8], key: [u8; 4], pos: u64) {
    simd::mask(buf, Key::at(key, pos));
}

/// The same. Whether what comes out is ASCII.
#[inline(always)]
pub fn apply_ascii(buf: &mut [u8], key: [u8; 4], pos: u64) -> bool {
    simd::mask_ascii(buf, Key::at(key, pos))
}

/// Masks while copying; stops at the shorter of the two.
#[inline(always)]
pub fn copy(to: &mut [MaybeUninit<u8>], from: &[u8], key: [u8; 4], pos: u64) {
    simd::mask_copy(to, from, Key::at(key, pos));
}
