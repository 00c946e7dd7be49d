//! Payloads of at most 128 bytes: their first and their last bytes are read, masked and written,
//! which together are all of them. Where they overlap, both say the same.

use super::portable::Key;
use crate::output;
use core::mem::MaybeUninit;

/// Bytes that are masked at once: a number, or a vector of an instruction set.
pub(super) trait Word: Copy {
    /// Nothing is set.
    fn zero() -> Self;
    /// The first bytes of these.
    fn read(bytes: &[u8]) -> Option<Self>;
    /// Over the first bytes of these.
    fn write(self, to: &mut [u8]);
    /// Likewise.
    fn write_new(self, to: &mut [MaybeUninit<u8>]);
    /// Masks it.
    fn mask(self, key: Key) -> Self;
    /// What is set in either.
    fn or(self, other: Self) -> Self;
    /// Whether all bytes are.
    fn is_ascii(self) -> bool;
}

macro_rules! word {
    ($number:ty, $key:expr) => {
        impl Word for $number {
            #[inline(always)]
            fn zero() -> Self {
                0
            }

            #[inline(always)]
            fn read(bytes: &[u8]) -> Option<Self> {
                Some(<$number>::from_le_bytes(*bytes.first_chunk()?))
            }

            #[inline(always)]
            fn write(self, to: &mut [u8]) {
                if let Some(to) = to.first_chunk_mut() {
                    *to = self.to_le_bytes();
                }
            }

            #[inline(always)]
            fn write_new(self, to: &mut [MaybeUninit<u8>]) {
                if let Some(to) = to.first_chunk_mut() {
                    output::write(to, &self.to_le_bytes());
                }
            }

            #[inline(always)]
            fn mask(self, key: Key) -> Self {
                self ^ $key(key.0)
            }

            #[inline(always)]
            fn or(self, other: Self) -> Self {
                self | other
            }

            #[inline(always)]
            fn is_ascii(self) -> bool {
                self & (<$number>::MAX / 0xff * 0x80) == 0
            }
        }
    };
}

word!(u32, |key| key);
word!(u64, twice);
word!(u128, |key| u128::from(twice(key)) << 64 | u128::from(twice(key)));

#[inline(always)]
fn twice(key: u32) -> u64 {
    u64::from(key) << 32 | u64::from(key)
}

/// The first and the last `N` words, masked.
pub(super) struct Ends<W, const N: usize> {
    first: [W; N],
    last: [W; N],
}

impl<W: Word, const N: usize> Ends<W, N> {
    /// None if there are not that many.
    #[inline(always)]
    pub(super) fn of(bytes: &[u8], key: Key) -> Option<Self> {
        let last = bytes.get(Self::last_at(bytes.len())..)?;
        let last_key = key.skip(bytes.len() as u64);
        Some(Ends { first: read(bytes, key)?, last: read(last, last_key)? })
    }

    #[inline(always)]
    fn last_at(len: usize) -> usize {
        len.wrapping_sub(size_of::<[W; N]>())
    }

    /// Over where they were read.
    #[inline(always)]
    pub(super) fn write(&self, to: &mut [u8]) {
        for (word, to) in self.first.iter().zip(to.chunks_exact_mut(size_of::<W>())) {
            word.write(to);
        }
        let last = to.get_mut(Self::last_at(to.len())..).unwrap_or_default();
        for (word, to) in self.last.iter().zip(last.chunks_exact_mut(size_of::<W>())) {
            word.write(to);
        }
    }

    /// Likewise, in a buffer of the same length.
    #[inline(always)]
    pub(super) fn write_new(&self, to: &mut [MaybeUninit<u8>]) {
        for (word, to) in self.first.iter().zip(to.chunks_exact_mut(size_of::<W>())) {
            word.write_new(to);
        }
        let last = to.get_mut(Self::last_at(to.len())..).unwrap_or_default();
        for (word, to) in self.last.iter().zip(last.chunks_exact_mut(size_of::<W>())) {
            word.write_new(to);
        }
    }

    #[inline(always)]
    pub(super) fn is_ascii(&self) -> bool {
        let mut all = W::zero();
        for (first, last) in self.first.iter().zip(&self.last) {
            all = all.or(*first).or(*last);
        }
        all.is_ascii()
    }
}

#[inline(always)]
fn read<W: Word, const N: usize>(bytes: &[u8], key: Key) -> Option<[W; N]> {
    let mut words = [W::zero(); N];
    for (word, bytes) in words.iter_mut().zip(bytes.chunks_exact(size_of::<W>())) {
        *word = W::read(bytes)?.mask(key);
    }
    Some(words)
}

/// Masks in place. Whether what comes out is ASCII. `W` has 16 bytes.
#[inline(always)]
pub(super) fn mask<W: Word>(bytes: &mut [u8], key: Key) -> bool {
    match bytes.len() {
        64.. => mask_ends::<W, 4>(bytes, key),
        32.. => mask_ends::<W, 2>(bytes, key),
        16.. => mask_ends::<W, 1>(bytes, key),
        8.. => mask_ends::<u64, 1>(bytes, key),
        4.. => mask_ends::<u32, 1>(bytes, key),
        _ => mask_few(bytes, key),
    }
}

#[inline(always)]
fn mask_ends<W: Word, const N: usize>(bytes: &mut [u8], key: Key) -> bool {
    let Some(ends) = Ends::<W, N>::of(bytes, key) else { return true };
    ends.write(bytes);
    ends.is_ascii()
}

#[inline(always)]
fn mask_few(bytes: &mut [u8], key: Key) -> bool {
    let mut all = 0;
    for (byte, key) in bytes.iter_mut().zip(&key.0.to_le_bytes()) {
        *byte ^= key;
        all |= *byte;
    }
    all < 0x80
}

/// Masks while copying to a buffer of the same length. `W` has 16 bytes.
#[inline(always)]
pub(super) fn mask_copy<W: Word>(to: &mut [MaybeUninit<u8>], from: &[u8], key: Key) {
    match from.len() {
        64.. => copy_ends::<W, 4>(to, from, key),
        32.. => copy_ends::<W, 2>(to, from, key),
        16.. => copy_ends::<W, 1>(to, from, key),
        8.. => copy_ends::<u64, 1>(to, from, key),
        4.. => copy_ends::<u32, 1>(to, from, key),
        _ => copy_few(to, from, key),
    }
}

#[inline(always)]
fn copy_ends<W: Word, const N: usize>(to: &mut [MaybeUninit<u8>], from: &[u8], key: Key) {
    if let Some(ends) = Ends::<W, N>::of(from, key) {
        ends.write_new(to);
    }
}

#[inline(always)]
fn copy_few(to: &mut [MaybeUninit<u8>], from: &[u8], key: Key) {
    for ((to, from), key) in to.iter_mut().zip(from).zip(&key.0.to_le_bytes()) {
        to.write(from ^ key);
    }
}
