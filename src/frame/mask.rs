//! Masking (RFC 6455, 5.3): byte i of a payload is XORed with byte i mod 4 of the key.
//! Masking and unmasking are the same.

use core::mem::MaybeUninit;

/// Wide enough for the compiler to use the vector registers of every target.
const STEP: usize = 64;

/// The key as it repeats from position `pos` of the payload on.
#[inline]
fn pattern(key: [u8; 4], pos: u64) -> [u8; STEP] {
    let turn = u32::from(pos.to_le_bytes()[0] & 3).wrapping_mul(8);
    let turned = u32::from_le_bytes(key).rotate_right(turn);
    let mut pattern = [0; STEP];
    for word in pattern.chunks_exact_mut(4) {
        for (to, from) in word.iter_mut().zip(turned.to_le_bytes()) {
            *to = from;
        }
    }
    pattern
}

/// Masks in place. `pos` is the position of `buf` in its payload.
#[inline]
pub fn apply(buf: &mut [u8], key: [u8; 4], pos: u64) {
    let pattern = pattern(key, pos);
    let mut chunks = buf.chunks_exact_mut(STEP);
    for chunk in &mut chunks {
        for (byte, key) in chunk.iter_mut().zip(&pattern) {
            *byte ^= key;
        }
    }
    for (byte, key) in chunks.into_remainder().iter_mut().zip(&pattern) {
        *byte ^= key;
    }
}

/// Masks while copying; stops at the shorter of the two.
#[inline]
pub fn copy(to: &mut [MaybeUninit<u8>], from: &[u8], key: [u8; 4], pos: u64) {
    let pattern = pattern(key, pos);
    for (to, from) in to.chunks_mut(STEP).zip(from.chunks(STEP)) {
        for ((to, from), key) in to.iter_mut().zip(from).zip(&pattern) {
            to.write(from ^ key);
        }
    }
}
