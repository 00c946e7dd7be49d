//! Payloads of at most 128 bytes: their first and their last bytes are read, masked and written,
//! which together are all of them. Where they overlap, both say the same.

use super::portable::Key;
use super::word::Word;
use crate::output::Room;
use core::mem::MaybeUninit;

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

    /// Over where they were read, or into a buffer of the same length.
    #[inline(always)]
    pub(super) fn write<R: Room>(&self, to: &mut [R]) {
        let last_at = Self::last_at(to.len());
        write(&self.first, to);
        write(&self.last, to.get_mut(last_at..).unwrap_or_default());
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

#[inline(always)]
fn write<W: Word, R: Room>(words: &[W], to: &mut [R]) {
    for (word, to) in words.iter().zip(to.chunks_exact_mut(size_of::<W>())) {
        word.write(to);
    }
}

/// Masks in place. Whether what comes out is ASCII.
#[inline(always)]
pub(super) fn mask<W: Word>(bytes: &mut [u8], key: Key) -> bool {
    const { assert!(size_of::<W>() == 16) };
    match bytes.len() {
        16.. => match bytes.len() {
            16..32 => mask_ends::<W, 1>(bytes, key),
            32..64 => mask_ends::<W, 2>(bytes, key),
            _ => mask_ends::<W, 4>(bytes, key),
        },
        8.. => mask_ends::<u64, 1>(bytes, key),
        4.. => mask_ends::<u32, 1>(bytes, key),
        _ => mask_few(bytes, key),
    }
}

#[inline(always)]
fn mask_ends<W: Word, const N: usize>(bytes: &mut [u8], key: Key) -> bool {
    let Some(ends) = Ends::<W, N>::of(bytes, key) else { return false };
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

/// Masks while copying to a buffer of the same length.
#[inline(always)]
pub(super) fn mask_copy<W: Word>(to: &mut [MaybeUninit<u8>], from: &[u8], key: Key) {
    const { assert!(size_of::<W>() == 16) };
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
        ends.write(to);
    }
}

#[inline(always)]
fn copy_few(to: &mut [MaybeUninit<u8>], from: &[u8], key: Key) {
    for ((to, from), key) in to.iter_mut().zip(from).zip(&key.0.to_le_bytes()) {
        to.write(from ^ key);
    }
}
