//! What needs no instruction set: numbers, arrays, and loops over bytes, which the compiler may
//! turn into vectors.

use super::key::MaskKey;
use super::lanes::Lanes;
use super::out_byte::OutByte;

/// 16 bytes.
pub(super) type Wide = u128;

/// The lanes of [`super::long`] where there is no vector for them.
pub(super) type Block = [u8; BLOCK];
const BLOCK: usize = 64;

impl Lanes for Block {
    type Proof = ();

    #[inline(always)]
    fn zero((): ()) -> Self {
        [0; BLOCK]
    }

    #[inline(always)]
    fn read((): (), bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().copied()
    }

    #[inline(always)]
    fn write<B: OutByte>(self, to: &mut [B]) {
        if let Some(to) = to.first_chunk_mut() {
            B::write(to, &self);
        }
    }

    #[inline(always)]
    fn mask(mut self, key: MaskKey) -> Self {
        let mut keys = [0; BLOCK];
        for word in keys.chunks_exact_mut(4) {
            for (to, from) in word.iter_mut().zip(key.0.to_le_bytes()) {
                *to = from;
            }
        }
        for (byte, key) in self.iter_mut().zip(&keys) {
            *byte ^= key;
        }
        self
    }

    #[inline(always)]
    fn or(mut self, other: Self) -> Self {
        for (byte, other) in self.iter_mut().zip(&other) {
            *byte |= other;
        }
        self
    }

    #[inline(always)]
    fn is_ascii(self) -> bool {
        let words = self.chunks_exact(4);
        let seen = words.fold(0, |seen, word| {
            seen | word.first_chunk().map_or(0, |word| u32::from_le_bytes(*word))
        });
        seen & 0x8080_8080 == 0
    }
}

/// Position of the first control character; a tab does not count as one.
#[must_use]
pub fn find_control(text: &[u8]) -> Option<usize> {
    position(text, is_control)
}

/// Position of the first byte that is neither a letter nor a digit nor a hyphen.
#[must_use]
pub fn find_non_name(text: &[u8]) -> Option<usize> {
    position(text, |b| !is_name(b))
}

#[inline(always)]
pub(super) fn is_control(b: u8) -> bool {
    (b < b' ') & (b != b'\t') | (b == 0x7f)
}

/// Whether the byte is a letter, a digit or a hyphen, as most bytes of field names are.
#[inline(always)]
pub(super) fn is_name(b: u8) -> bool {
    ((b | 0x20).wrapping_sub(b'a') < 26) | (b.wrapping_sub(b'0') < 10) | (b == b'-')
}

/// Position of the first byte that matches.
#[inline(always)]
fn position(text: &[u8], pred: impl Fn(u8) -> bool + Copy) -> Option<usize> {
    let rest = skip_blocks::<8>(skip_blocks::<32>(text, pred), pred);
    let found = rest.iter().position(|b| pred(*b))?;
    Some(text.len() - rest.len() + found)
}

/// Skips whole blocks in which no byte matches.
#[inline(always)]
fn skip_blocks<const N: usize>(mut text: &[u8], pred: impl Fn(u8) -> bool) -> &[u8] {
    while let Some((block, rest)) = text.split_first_chunk::<N>() {
        if block.iter().fold(false, |any, b| any | pred(*b)) {
            break;
        }
        text = rest;
    }
    text
}
