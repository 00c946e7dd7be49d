//! Payloads of at most 128 bytes, without a loop.
//!
//! One of 21 bytes is masked as two words of 16 bytes, its first and its last ones. Bytes 5 to 15
//! are in both:
//!
//! ```text
//!     0         5                    15        20
//!     |-------------- head -----------|
//!               |-------------- tail -----------|
//! ```
//!
//! ```text
//!     head = load(from, 0)
//!     tail = load(from, len - 16)
//!     store(to, 0,        head ^ key)
//!     store(to, len - 16, tail ^ rotate(key, len - 16))
//! ```
//!
//! A byte that is in both words is stored twice, with the same value. In place, both words are
//! loaded before either is stored: else the tail would mask masked bytes again. This covers every
//! length from 16 to 32; other lengths need other words: head and tail each have the largest power
//! of two, 64 at most, that is not more than the length. Copying without a mask is masking with a
//! key of zeros.

use super::key::MaskKey;
use super::lanes::Lanes;
use super::out_byte::OutByte;
use crate::cut::Cut;
use core::mem::MaybeUninit;

/// The longest payload that [`run`] covers. Up to this length it costs more than it saves to look
/// up what the processor can do, to align, or to call memcpy().
pub(super) const SHORT: usize = 128;

/// Where a payload is read and written.
pub(super) trait Payload: Sized {
    type Outcome;

    fn len(&self) -> usize;
    /// Masks the first and the last `N` words; does nothing if there are fewer.
    fn head_and_tail<W: Lanes<Proof = ()>, const N: usize>(
        self,
        key: MaskKey,
    ) -> Self::Outcome;
}

/// A payload in place.
impl Payload for &mut [u8] {
    /// Whether the result is ASCII.
    type Outcome = bool;

    #[inline(always)]
    fn len(&self) -> usize {
        <[u8]>::len(self)
    }

    #[inline(always)]
    fn head_and_tail<W: Lanes<Proof = ()>, const N: usize>(self, key: MaskKey) -> bool {
        let Some(words) = HeadTail::<W, N>::read((), self, key) else {
            return true; // There are no bytes.
        };
        words.write(self);
        words.is_ascii(())
    }
}

/// A payload that is only read.
impl Payload for &[u8] {
    /// Whether it is ASCII.
    type Outcome = bool;

    #[inline(always)]
    fn len(&self) -> usize {
        <[u8]>::len(self)
    }

    #[inline(always)]
    fn head_and_tail<W: Lanes<Proof = ()>, const N: usize>(self, key: MaskKey) -> bool {
        let Some(words) = HeadTail::<W, N>::read((), self, key) else {
            return true; // There are no bytes.
        };
        words.is_ascii(())
    }
}

/// A payload that is copied to a buffer of the same length.
impl Payload for (&mut [MaybeUninit<u8>], &[u8]) {
    type Outcome = ();

    #[inline(always)]
    fn len(&self) -> usize {
        self.1.len()
    }

    #[inline(always)]
    fn head_and_tail<W: Lanes<Proof = ()>, const N: usize>(self, key: MaskKey) {
        let (to, from) = self;
        // The head is written before the tail is read, which needs fewer registers.
        let Some(tail_at) = from.len().checked_sub(size_of::<[W; N]>()) else { return };
        if let Some(head) = read::<W, N>((), from, key) {
            write(&head, to);
        }
        if let Some(tail) = read::<W, N>((), from.after(tail_at), key.skip(tail_at)) {
            write(&tail, to.after_mut(tail_at));
        }
    }
}

/// Masks a payload of at most [`SHORT`] bytes. `W` is a word of 16 bytes.
#[inline(always)]
pub(super) fn run<W: Lanes<Proof = ()>, P: Payload>(
    payload: P,
    key: MaskKey,
) -> P::Outcome {
    const { assert!(size_of::<W>() == 16) };
    // 64 is tested after 32, so that small payloads, the most frequent ones, pass few tests.
    match payload.len() {
        32.. if payload.len() < 64 => payload.head_and_tail::<W, 2>(key),
        32.. => payload.head_and_tail::<W, 4>(key),
        16.. => payload.head_and_tail::<W, 1>(key),
        8.. => payload.head_and_tail::<u64, 1>(key),
        4.. => payload.head_and_tail::<u32, 1>(key),
        2.. => payload.head_and_tail::<u16, 1>(key),
        _ => payload.head_and_tail::<u8, 1>(key),
    }
}

/// The first and the last `N` words of a payload, masked.
pub(super) struct HeadTail<W, const N: usize> {
    head: [W; N],
    tail: [W; N],
}

impl<W: Lanes, const N: usize> HeadTail<W, N> {
    const SIZE: usize = size_of::<[W; N]>();

    /// None if the payload has fewer than `N` words.
    #[inline(always)]
    pub(super) fn read(proof: W::Proof, from: &[u8], key: MaskKey) -> Option<Self> {
        let tail_at = from.len().checked_sub(Self::SIZE)?;
        let head = read(proof, from, key)?;
        let tail = read(proof, from.after(tail_at), key.skip(tail_at))?;
        Some(HeadTail { head, tail })
    }

    /// Writes them to a buffer of the length of the payload.
    #[inline(always)]
    pub(super) fn write<B: OutByte>(&self, to: &mut [B]) {
        let tail_at = to.len() - Self::SIZE;
        write(&self.head, to);
        write(&self.tail, to.after_mut(tail_at));
    }

    #[inline(always)]
    pub(super) fn is_ascii(&self, proof: W::Proof) -> bool {
        let mut seen = W::zero(proof);
        for (head, tail) in self.head.iter().zip(&self.tail) {
            seen = seen.or(*head).or(*tail);
        }
        seen.is_ascii()
    }
}

#[inline(always)]
fn read<W: Lanes, const N: usize>(
    proof: W::Proof,
    from: &[u8],
    key: MaskKey,
) -> Option<[W; N]> {
    let mut words = [W::zero(proof); N];
    for (word, bytes) in words.iter_mut().zip(from.chunks_exact(size_of::<W>())) {
        *word = W::read(proof, bytes)?.mask(key);
    }
    Some(words)
}

#[inline(always)]
fn write<W: Lanes, B: OutByte>(words: &[W], to: &mut [B]) {
    for (word, to) in words.iter().zip(to.chunks_exact_mut(size_of::<W>())) {
        word.write(to);
    }
}
