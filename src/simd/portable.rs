//! What the loops do. Each function is inlined into its callers, so that it is compiled for
//! their instruction set.

use crate::output::write;
use core::mem::MaybeUninit;

/// A masking key as it stands over the first byte (RFC 6455, 5.3).
#[derive(Clone, Copy, Debug)]
pub struct Key(u32);

impl Key {
    /// `pos` is the position of the first byte in its payload.
    #[inline(always)]
    #[must_use]
    pub fn at(key: [u8; 4], pos: u64) -> Key {
        Key(u32::from_le_bytes(key)).skip(pos)
    }

    /// As it stands over the byte so much further on.
    #[inline(always)]
    fn skip(self, bytes: u64) -> Key {
        let [low, ..] = bytes.to_le_bytes();
        Key(self.0.rotate_right(u32::from(low & 3).wrapping_mul(8)))
    }

    /// What is under it, masked.
    #[inline(always)]
    fn mask<const N: usize>(self, bytes: &[u8; N]) -> [u8; N] {
        let mut masked = *bytes;
        for (byte, key) in masked.iter_mut().zip(&self.over::<N>()) {
            *byte ^= key;
        }
        masked
    }

    /// As often as it fits.
    #[inline(always)]
    fn over<const N: usize>(self) -> [u8; N] {
        let mut bytes = [0; N];
        for word in bytes.chunks_exact_mut(4) {
            for (to, from) in word.iter_mut().zip(self.0.to_le_bytes()) {
                *to = from;
            }
        }
        bytes
    }
}

/// Bytes that are masked together. Two registers of 256 bits.
const BLOCK: usize = 64;

/// Masks in place.
#[inline(always)]
pub fn mask(bytes: &mut [u8], key: Key) {
    if bytes.len() > 2 * BLOCK {
        mask_blocks::<false>(bytes, key);
    } else {
        mask_short(bytes, key);
    }
}

/// Masks in place. Whether what comes out is ASCII.
#[inline(always)]
pub fn mask_ascii(bytes: &mut [u8], key: Key) -> bool {
    if bytes.len() > 2 * BLOCK {
        mask_blocks::<true>(bytes, key)
    } else {
        mask_short(bytes, key)
    }
}

/// Masks in place at most two blocks. Whether what comes out is ASCII.
#[inline(always)]
fn mask_short(bytes: &mut [u8], key: Key) -> bool {
    match bytes.len() {
        0..4 => mask_few(bytes, key),
        4..8 => mask_ends::<1>(bytes, key),
        8..16 => mask_ends::<2>(bytes, key),
        16..32 => mask_ends::<4>(bytes, key),
        32..64 => mask_ends::<8>(bytes, key),
        _ => mask_ends::<16>(bytes, key),
    }
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

/// Masks the first and the last `N` words, which together are all of them. Where they overlap,
/// both say the same.
#[inline(always)]
fn mask_ends<const N: usize>(bytes: &mut [u8], key: Key) -> bool {
    let Some(ends) = Ends::<N>::of(bytes, key) else { return true };
    ends.write(bytes);
    ends.is_ascii()
}

/// The first and the last words of a payload, masked. Words are what the compiler makes vectors
/// of here, as it does of bytes in longer loops.
struct Ends<const N: usize> {
    first: [u32; N],
    last: [u32; N],
}

impl<const N: usize> Ends<N> {
    #[inline(always)]
    fn of(bytes: &[u8], key: Key) -> Option<Ends<N>> {
        let last = bytes.get(Self::last_at(bytes.len())..)?;
        let last_key = key.skip(bytes.len() as u64);
        Some(Ends { first: load(bytes, key), last: load(last, last_key) })
    }

    #[inline(always)]
    fn last_at(len: usize) -> usize {
        len.wrapping_sub(size_of::<[u32; N]>())
    }

    #[inline(always)]
    fn write(&self, bytes: &mut [u8]) {
        let last_at = Self::last_at(bytes.len());
        store(bytes, &self.first);
        store(bytes.get_mut(last_at..).unwrap_or_default(), &self.last);
    }

    #[inline(always)]
    fn is_ascii(&self) -> bool {
        let mut all = 0;
        for (first, last) in self.first.iter().zip(&self.last) {
            all |= first | last;
        }
        all & 0x8080_8080 == 0
    }
}

#[inline(always)]
fn load<const N: usize>(bytes: &[u8], key: Key) -> [u32; N] {
    let mut words = [0; N];
    for (word, bytes) in words.iter_mut().zip(bytes.chunks_exact(4)) {
        *word = bytes.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes)) ^ key.0;
    }
    words
}

#[inline(always)]
fn store<const N: usize>(bytes: &mut [u8], words: &[u32; N]) {
    for (to, word) in bytes.chunks_exact_mut(4).zip(words) {
        if let Some(to) = to.first_chunk_mut() {
            *to = word.to_le_bytes();
        }
    }
}

#[inline(always)]
fn or<const N: usize>(all: &mut [u8; N], bytes: &[u8; N]) {
    for (all, byte) in all.iter_mut().zip(bytes) {
        *all |= byte;
    }
}

#[inline(always)]
fn is_ascii<const N: usize>(bytes: &[u8; N]) -> bool {
    let words = bytes.chunks_exact(4);
    let all = words.fold(0, |all, word| {
        all | word.first_chunk().map_or(0, |word| u32::from_le_bytes(*word))
    });
    all & 0x8080_8080 == 0
}

/// Masks the ends first, aside, and blocks between them that are aligned: a block that lies
/// across two cache lines takes twice as long. Whether what comes out is ASCII, if that is
/// asked.
#[inline(always)]
fn mask_blocks<const ASKED: bool>(bytes: &mut [u8], key: Key) -> bool {
    let Some(ends) = Ends::<16>::of(bytes, key) else { return true };
    let start = bytes.as_ptr().align_offset(BLOCK);
    let key = key.skip(start as u64);
    let mut all = [0; BLOCK];
    let between = bytes.get_mut(start..).unwrap_or_default();
    let mut blocks = between.chunks_exact_mut(4 * BLOCK);
    for four in &mut blocks {
        mask_each::<ASKED>(four, key, &mut all);
    }
    mask_each::<ASKED>(blocks.into_remainder(), key, &mut all);
    ends.write(bytes);
    is_ascii(&all) && ends.is_ascii()
}

#[inline(always)]
fn mask_each<const ASKED: bool>(bytes: &mut [u8], key: Key, all: &mut [u8; BLOCK]) {
    for block in bytes.chunks_exact_mut(BLOCK) {
        if let Some(block) = block.first_chunk_mut::<BLOCK>() {
            *block = key.mask(block);
            if ASKED {
                or(all, block);
            }
        }
    }
}

/// Masks while copying; stops at the shorter of the two.
#[inline(always)]
pub fn mask_copy(to: &mut [MaybeUninit<u8>], from: &[u8], key: Key) {
    let len = to.len().min(from.len());
    let to = to.get_mut(..len).unwrap_or_default();
    let from = from.get(..len).unwrap_or_default();
    match len {
        0..4 => copy_few(to, from, key),
        4..8 => copy_ends::<1>(to, from, key),
        8..16 => copy_ends::<2>(to, from, key),
        16..32 => copy_ends::<4>(to, from, key),
        32..64 => copy_ends::<8>(to, from, key),
        _ => copy_blocks(to, from, key),
    }
}

#[inline(always)]
fn copy_few(to: &mut [MaybeUninit<u8>], from: &[u8], key: Key) {
    for ((to, from), key) in to.iter_mut().zip(from).zip(&key.0.to_le_bytes()) {
        to.write(from ^ key);
    }
}

#[inline(always)]
fn copy_ends<const N: usize>(to: &mut [MaybeUninit<u8>], from: &[u8], key: Key) {
    let Some(ends) = Ends::<N>::of(from, key) else { return };
    let last_at = Ends::<N>::last_at(to.len());
    ends_write(to, &ends.first);
    ends_write(to.get_mut(last_at..).unwrap_or_default(), &ends.last);
}

#[inline(always)]
fn ends_write<const N: usize>(bytes: &mut [MaybeUninit<u8>], words: &[u32; N]) {
    for (to, word) in bytes.chunks_exact_mut(4).zip(words) {
        if let Some(to) = to.first_chunk_mut() {
            write(to, &word.to_le_bytes());
        }
    }
}

/// Blocks from the start on, and the end over the last of them.
#[inline(always)]
fn copy_blocks(to: &mut [MaybeUninit<u8>], from: &[u8], key: Key) {
    let mut rest = &mut *to;
    for block in from.chunks_exact(BLOCK) {
        let (Some((to, after)), Some(from)) =
            (rest.split_first_chunk_mut(), block.first_chunk::<BLOCK>())
        else {
            break;
        };
        write(to, &key.mask(from));
        rest = after;
    }
    copy_ends::<16>(to, from, key);
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
