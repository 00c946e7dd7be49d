//! Masking, UTF-8, and the search in heads, with the instructions that the processor has.
//!
//! [`portable`] says what is done with any number of bytes, and `short` with few. Both go by
//! words (`word`): numbers and arrays, of which the compiler makes what it can, or the vectors of
//! `sse2`, `avx2` and `avx512`, a file for each instruction set. SSE2 is part of every x86-64, as
//! NEON is of every 64-bit ARM; the others are chosen while the program runs. UTF-8 is the crate
//! `simdutf8`'s where it has instructions for it.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(all(target_arch = "x86_64", wscodec_avx512))]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
pub mod portable;
mod short;
#[cfg(target_arch = "x86_64")]
mod sse2;
mod word;

use crate::output;
use core::mem::MaybeUninit;
use portable::{Key, SHORT};

/// 16 bytes that are masked at once, on every processor of the target.
#[cfg(target_arch = "x86_64")]
type Wide = sse2::Vector;
#[cfg(not(target_arch = "x86_64"))]
type Wide = u128;

/// Up to this length vectors take longer to check text.
const SHORT_TEXT: usize = 32;

#[cfg(target_arch = "x86_64")]
cpufeatures::new!(has_avx2, "avx2");
#[cfg(all(target_arch = "x86_64", wscodec_avx512))]
cpufeatures::new!(has_avx512, "avx512f", "avx512bw", "avx512vl");

/// Instructions that this processor has, as [`Level::all`] and [`Level::best`] found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level(Set);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    /// What the target has by definition.
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(all(target_arch = "x86_64", wscodec_avx512))]
    Avx512,
}

impl Level {
    /// What every processor of the target has.
    pub const PORTABLE: Level = Level(Set::Portable);

    /// All that this processor has.
    pub fn all() -> impl Iterator<Item = Level> {
        [
            Some(Set::Portable),
            #[cfg(target_arch = "x86_64")]
            has_avx2::get().then_some(Set::Avx2),
            #[cfg(all(target_arch = "x86_64", wscodec_avx512))]
            has_avx512::get().then_some(Set::Avx512),
        ]
        .into_iter()
        .flatten()
        .map(Level)
    }

    /// The best that it has.
    #[inline]
    #[must_use]
    pub fn best() -> Level {
        #[cfg(all(target_arch = "x86_64", wscodec_avx512))]
        if has_avx512::get() {
            return Level(Set::Avx512);
        }
        #[cfg(target_arch = "x86_64")]
        if has_avx2::get() {
            return Level(Set::Avx2);
        }
        Level::PORTABLE
    }

    /// Masks in place.
    pub fn mask(self, bytes: &mut [u8], key: Key) {
        match self.0 {
            Set::Portable => portable::mask::<portable::Block>(bytes, key),
            // SAFETY: a level is only made if the processor has it.
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => unsafe { avx2::mask(bytes, key) },
            // SAFETY: likewise.
            #[cfg(all(target_arch = "x86_64", wscodec_avx512))]
            Set::Avx512 => unsafe { avx512::mask(bytes, key) },
        }
    }

    /// Masks in place. Whether what comes out is ASCII.
    pub fn mask_ascii(self, bytes: &mut [u8], key: Key) -> bool {
        match self.0 {
            Set::Portable => portable::mask_ascii::<portable::Block>(bytes, key),
            // SAFETY: likewise.
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => unsafe { avx2::mask_ascii(bytes, key) },
            // SAFETY: likewise.
            #[cfg(all(target_arch = "x86_64", wscodec_avx512))]
            Set::Avx512 => unsafe { avx512::mask_ascii(bytes, key) },
        }
    }

    /// Masks while copying; stops at the shorter of the two.
    pub fn mask_copy(self, to: &mut [MaybeUninit<u8>], from: &[u8], key: Key) {
        match self.0 {
            Set::Portable => portable::mask_copy::<portable::Block>(to, from, key),
            // SAFETY: likewise.
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => unsafe { avx2::mask_copy(to, from, key) },
            // SAFETY: likewise.
            #[cfg(all(target_arch = "x86_64", wscodec_avx512))]
            Set::Avx512 => unsafe { avx512::mask_copy(to, from, key) },
        }
    }

    /// Whether this is UTF-8, from beginning to end.
    #[must_use]
    pub fn is_utf8(self, text: &[u8]) -> bool {
        match self.0 {
            #[cfg(target_arch = "aarch64")]
            Set::Portable => neon::is_utf8(text),
            #[cfg(not(target_arch = "aarch64"))]
            Set::Portable => portable::is_utf8(text),
            // SAFETY: likewise.
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => unsafe { avx2::is_utf8(text) },
            // SAFETY: likewise, and who has AVX-512 has AVX2.
            #[cfg(all(target_arch = "x86_64", wscodec_avx512))]
            Set::Avx512 => unsafe { avx2::is_utf8(text) },
        }
    }
}

/// Masks in place.
#[inline(always)]
pub(crate) fn mask(bytes: &mut [u8], key: Key) {
    if bytes.len() <= SHORT {
        short::mask::<Wide>(bytes, key);
    } else {
        mask_long(bytes, key);
    }
}

/// Masks in place. Whether what comes out is ASCII.
#[inline(never)]
pub(crate) fn mask_ascii(bytes: &mut [u8], key: Key) -> bool {
    if bytes.len() <= SHORT {
        short::mask::<Wide>(bytes, key)
    } else {
        mask_ascii_long(bytes, key)
    }
}

/// Masks while copying; stops at the shorter of the two.
#[inline(always)]
pub(crate) fn mask_copy(to: &mut [MaybeUninit<u8>], from: &[u8], key: Key) {
    let (to, from) = output::same_len(to, from);
    if from.len() <= SHORT {
        short::mask_copy::<Wide>(to, from, key);
    } else {
        mask_copy_long(to, from, key);
    }
}

/// Whether this is UTF-8, from beginning to end.
#[inline(always)]
pub(crate) fn is_utf8(text: &[u8]) -> bool {
    if text.len() <= SHORT_TEXT { portable::is_utf8(text) } else { is_utf8_long(text) }
}

/// Position of the first control character; a tab is none.
#[inline(always)]
#[must_use]
pub fn control_at(text: &[u8]) -> Option<usize> {
    #[cfg(target_arch = "x86_64")]
    return sse2::control_at(text);
    #[cfg(not(target_arch = "x86_64"))]
    portable::control_at(text)
}

/// Position of the first byte that is neither a letter nor a digit nor a hyphen.
#[inline(always)]
#[must_use]
pub fn uncommon_at(text: &[u8]) -> Option<usize> {
    #[cfg(target_arch = "x86_64")]
    return sse2::uncommon_at(text);
    #[cfg(not(target_arch = "x86_64"))]
    portable::uncommon_at(text)
}

// Functions of their own, so that the short ways need to save no registers for them.

#[inline(never)]
fn mask_long(bytes: &mut [u8], key: Key) {
    Level::best().mask(bytes, key);
}

#[inline(never)]
fn mask_ascii_long(bytes: &mut [u8], key: Key) -> bool {
    Level::best().mask_ascii(bytes, key)
}

#[inline(never)]
fn mask_copy_long(to: &mut [MaybeUninit<u8>], from: &[u8], key: Key) {
    Level::best().mask_copy(to, from, key);
}

#[inline(never)]
fn is_utf8_long(text: &[u8]) -> bool {
    Level::best().is_utf8(text)
}
