//! What is done with any number of bytes. Loops are inlined into their callers, so that they are
//! compiled for their instruction set.

use super::short::{self, Ends};
use super::word::Word;
use crate::output::{self, Room};
use core::mem::MaybeUninit;

/// A masking key as it stands over the first byte (RFC 6455, 5.3).
#[derive(Clone, Copy, Debug)]
pub struct Key(pub(super) u32);

impl Key {
    /// `pos` is the position of the first byte in its payload.
    #[inline(always)]
    #[must_use]
    pub fn at(key: [u8; 4], pos: u64) -> Key {
        Key(u32::from_le_bytes(key)).skip(pos)
    }

    /// As it stands over the byte so much further on.
    #[inline(always)]
    pub(super) fn skip(self, bytes: u64) -> Key {
        let [low, ..] = bytes.to_le_bytes();
        Key(self.0.rotate_right(u32::from(low & 3).wrapping_mul(8)))
    }
}

/// Up to this length it pays neither to ask what this processor can do nor to align blocks.
pub(super) const SHORT: usize = 128;

/// From this length on it pays to align what is copied.
const ALIGNED_COPY: usize = 1024;

/// What is masked together where there is no vector for it.
pub(super) type Block = [u8; BLOCK];
const BLOCK: usize = 64;

impl Word for Block {
    #[inline(always)]
    fn zero() -> Self {
        [0; BLOCK]
    }

    #[inline(always)]
    fn read(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().copied()
    }

    #[inline(always)]
    fn write<R: Room>(self, to: &mut [R]) {
        if let Some(to) = to.first_chunk_mut() {
            R::write(to, &self);
        }
    }

    #[inline(always)]
    fn mask(mut self, key: Key) -> Self {
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
        let all = words.fold(0, |all, word| {
            all | word.first_chunk().map_or(0, |word| u32::from_le_bytes(*word))
        });
        all & 0x8080_8080 == 0
    }
}

/// Masks in place.
#[inline(always)]
pub(super) fn mask<B: Word>(bytes: &mut [u8], key: Key) {
    if bytes.len() > SHORT {
        mask_blocks::<B, false>(bytes, key);
    } else {
        mask_short(bytes, key);
    }
}

/// Masks in place. Whether what comes out is ASCII.
#[inline(always)]
pub(super) fn mask_ascii<B: Word>(bytes: &mut [u8], key: Key) -> bool {
    if bytes.len() > SHORT {
        mask_blocks::<B, true>(bytes, key)
    } else {
        mask_short(bytes, key)
    }
}

#[inline(never)]
fn mask_short(bytes: &mut [u8], key: Key) -> bool {
    short::mask::<u128>(bytes, key)
}

/// Masks the ends first, aside, and blocks between them that are aligned: a block that lies
/// across two cache lines takes twice as long. Whether what comes out is ASCII, if that is
/// asked.
#[inline(always)]
fn mask_blocks<B: Word, const ASKED: bool>(bytes: &mut [u8], key: Key) -> bool {
    let Some(ends) = Ends::<B, 1>::of(bytes, key) else { return false };
    let start = bytes.as_ptr().align_offset(size_of::<B>());
    let key = key.skip(start as u64);
    let mut all = B::zero();
    let between = bytes.get_mut(start..).unwrap_or_default();
    let mut blocks = between.chunks_exact_mut(size_of::<[B; 4]>());
    for four in &mut blocks {
        mask_each::<B, ASKED>(four, key, &mut all);
    }
    mask_each::<B, ASKED>(blocks.into_remainder(), key, &mut all);
    ends.write(bytes);
    all.is_ascii() && ends.is_ascii()
}

#[inline(always)]
fn mask_each<B: Word, const ASKED: bool>(bytes: &mut [u8], key: Key, all: &mut B) {
    for block in bytes.chunks_exact_mut(size_of::<B>()) {
        if let Some(masked) = B::read(block).map(|bytes| bytes.mask(key)) {
            masked.write(block);
            if ASKED {
                *all = all.or(masked);
            }
        }
    }
}

/// Masks while copying; stops at the shorter of the two.
#[inline(always)]
pub(super) fn mask_copy<B: Word>(to: &mut [MaybeUninit<u8>], from: &[u8], key: Key) {
    let (to, from) = output::same_len(to, from);
    if from.len() > SHORT {
        copy_blocks::<B>(to, from, key);
    } else {
        copy_short(to, from, key);
    }
}

#[inline(never)]
fn copy_short(to: &mut [MaybeUninit<u8>], from: &[u8], key: Key) {
    short::mask_copy::<u128>(to, from, key);
}

/// Blocks, aligned where they are written if they are many; then the last one, over the one
/// before it.
#[inline(always)]
fn copy_blocks<B: Word>(to: &mut [MaybeUninit<u8>], from: &[u8], key: Key) {
    let start = if from.len() < ALIGNED_COPY {
        0
    } else {
        copy_block::<B>(to, from, key, 0);
        to.as_ptr().align_offset(size_of::<B>())
    };
    let last = from.len().wrapping_sub(size_of::<B>());
    let key_there = key.skip(start as u64);
    let between = to.get_mut(start..).unwrap_or_default();
    let blocks = from.get(start..).unwrap_or_default().chunks_exact(size_of::<B>());
    for (to, from) in between.chunks_exact_mut(size_of::<B>()).zip(blocks) {
        copy_block::<B>(to, from, key_there, 0);
    }
    copy_block::<B>(to, from, key, last);
}

/// The block at `pos`.
#[inline(always)]
fn copy_block<B: Word>(to: &mut [MaybeUninit<u8>], from: &[u8], key: Key, pos: usize) {
    if let (Some(to), Some(block)) =
        (to.get_mut(pos..), from.get(pos..).and_then(B::read))
    {
        block.mask(key.skip(pos as u64)).write(to);
    }
}

/// What is left behind the whole blocks of ASCII that this starts with; nothing, if that is all.
#[inline(always)]
#[cfg_attr(not(target_arch = "x86_64"), expect(dead_code))]
pub(super) fn skip_ascii<B: Word>(text: &[u8]) -> &[u8] {
    let mut rest = text;
    while let Some((four, after)) = rest.split_at_checked(size_of::<[B; 4]>()) {
        if !is_ascii::<B>(four) {
            return rest;
        }
        rest = after;
    }
    let last = text.get(text.len().wrapping_sub(size_of::<[B; 4]>())..);
    if last.is_some_and(is_ascii::<B>) { &[] } else { rest }
}

/// Of four blocks.
#[inline(always)]
fn is_ascii<B: Word>(four: &[u8]) -> bool {
    let mut all = B::zero();
    for block in four.chunks_exact(size_of::<B>()) {
        if let Some(block) = B::read(block) {
            all = all.or(block);
        }
    }
    all.is_ascii()
}

/// Whether this is UTF-8, from beginning to end.
#[inline]
pub fn is_utf8(text: &[u8]) -> bool {
    core::str::from_utf8(text).is_ok()
}

/// Position of the first control character; a tab is none.
#[inline]
#[must_use]
pub fn control_at(text: &[u8]) -> Option<usize> {
    first(text, is_control)
}

/// Position of the first byte that is none of those that are common in names.
#[inline]
#[must_use]
pub fn uncommon_at(text: &[u8]) -> Option<usize> {
    first(text, |b| !is_common(b))
}

#[inline(always)]
pub(super) fn is_control(b: u8) -> bool {
    (b < b' ') & (b != b'\t') | (b == 0x7f)
}

/// Letters, digits and the hyphen.
#[inline(always)]
pub(super) fn is_common(b: u8) -> bool {
    ((b | 0x20).wrapping_sub(b'a') < 26) | (b.wrapping_sub(b'0') < 10) | (b == b'-')
}

/// Position of the first byte that is meant.
#[inline(always)]
fn first(text: &[u8], meant: impl Fn(u8) -> bool + Copy) -> Option<usize> {
    let rest = skip_blocks::<8>(skip_blocks::<32>(text, meant), meant);
    let found = rest.iter().position(|b| meant(*b))?;
    text.len().checked_sub(rest.len())?.checked_add(found)
}

/// What is left behind the whole blocks in which nothing is meant.
#[inline(always)]
fn skip_blocks<const N: usize>(mut text: &[u8], meant: impl Fn(u8) -> bool) -> &[u8] {
    while let Some((block, rest)) = text.split_first_chunk::<N>() {
        if block.iter().fold(false, |any, b| any | meant(*b)) {
            break;
        }
        text = rest;
    }
    text
}
