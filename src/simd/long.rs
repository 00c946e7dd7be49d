//! Loops over payloads of more than 128 bytes, for lanes of at most 64 bytes.

use super::key::MaskKey;
use super::lanes::Lanes;
use super::out_byte::same_len;
use super::short::HeadTail;
use crate::cut::Cut;
use core::mem::MaybeUninit;

/// From this length on it pays to align what is written by a copy.
const ALIGNED_COPY: usize = 1024;

/// Masks in place. Returns whether the result is ASCII; only if `CHECK_ASCII`.
///
/// The first and the last lanes are read before the lanes between them are masked, and written
/// after. Those between are aligned: one that crosses the boundary of a cache line takes twice as
/// long.
#[inline(always)]
pub(super) fn mask<L: Lanes, const CHECK_ASCII: bool>(
    proof: L::Proof,
    bytes: &mut [u8],
    key: MaskKey,
) -> bool {
    let Some(ends) = HeadTail::<L, 1>::read(proof, bytes, key) else { return false };
    let start = bytes.as_ptr().align_offset(size_of::<L>());
    let key = key.skip(start);
    let mut seen = L::zero(proof);
    let mut fours = bytes.after_mut(start).chunks_exact_mut(size_of::<[L; 4]>());
    for four in &mut fours {
        mask_each::<L, CHECK_ASCII>(proof, four, key, &mut seen);
    }
    mask_each::<L, CHECK_ASCII>(proof, fours.into_remainder(), key, &mut seen);
    ends.write(bytes);
    seen.is_ascii() && ends.is_ascii(proof)
}

/// Masks all whole lanes, and adds their bits to `seen`.
#[inline(always)]
fn mask_each<L: Lanes, const CHECK_ASCII: bool>(
    proof: L::Proof,
    bytes: &mut [u8],
    key: MaskKey,
    seen: &mut L,
) {
    for bytes in bytes.chunks_exact_mut(size_of::<L>()) {
        let Some(lanes) = L::read(proof, bytes) else { return };
        let masked = lanes.mask(key);
        masked.write(bytes);
        if CHECK_ASCII {
            *seen = seen.or(masked);
        }
    }
}

/// Masks while copying as many bytes as the shorter of the two has. Many lanes are aligned where
/// they are written.
#[inline(always)]
pub(super) fn mask_copy<L: Lanes>(
    proof: L::Proof,
    to: &mut [MaybeUninit<u8>],
    from: &[u8],
    key: MaskKey,
) {
    // They have the same length already, but the compiler must know it.
    let (to, from) = same_len(to, from);
    let Some(last) = from.len().checked_sub(size_of::<L>()) else { return };
    let start = if from.len() < ALIGNED_COPY {
        0
    } else {
        mask_copy_at::<L>(proof, to, from, key, 0);
        to.as_ptr().align_offset(size_of::<L>())
    };
    let between = to.after_mut(start).chunks_exact_mut(size_of::<L>());
    let key_between = key.skip(start);
    for (to, from) in between.zip(from.after(start).chunks_exact(size_of::<L>())) {
        mask_copy_at::<L>(proof, to, from, key_between, 0);
    }
    // The last lanes overlap the ones before them.
    mask_copy_at::<L>(proof, to, from, key, last);
}

/// Masks and copies the lanes at a position.
#[inline(always)]
fn mask_copy_at<L: Lanes>(
    proof: L::Proof,
    to: &mut [MaybeUninit<u8>],
    from: &[u8],
    key: MaskKey,
    at: usize,
) {
    if let Some(lanes) = L::read(proof, from.after(at)) {
        lanes.mask(key.skip(at)).write(to.after_mut(at));
    }
}
