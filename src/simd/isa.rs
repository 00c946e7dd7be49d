//! Which instruction set is used, found out while the program runs.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
use super::avx2::{self, Avx2};
#[cfg(all(target_arch = "x86_64", wscodec_avx512))]
use super::avx512::{self, Avx512};
use super::key::MaskKey;
use super::portable::Block;
#[cfg(target_arch = "x86_64")]
use super::ssse3::{self, Ssse3};
use super::{baseline, long};
use core::mem::MaybeUninit;

/// An instruction set that this processor has: a variant holds the proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isa {
    /// No detected instructions: portable loops, compiled for the baseline.
    Portable,
    /// Vectors of 16 bytes, for text alone: the baseline has what masking needs.
    #[cfg(target_arch = "x86_64")]
    Ssse3(Ssse3),
    /// Vectors of 32 bytes.
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    /// Vectors of 64 bytes.
    #[cfg(all(target_arch = "x86_64", wscodec_avx512))]
    Avx512(Avx512),
}

impl Isa {
    /// All that this processor has; the best is the last.
    pub fn all() -> impl Iterator<Item = Isa> {
        [
            Some(Isa::Portable),
            #[cfg(target_arch = "x86_64")]
            Ssse3::detect().map(Isa::Ssse3),
            #[cfg(target_arch = "x86_64")]
            Avx2::detect().map(Isa::Avx2),
            #[cfg(all(target_arch = "x86_64", wscodec_avx512))]
            Avx512::detect().map(Isa::Avx512),
        ]
        .into_iter()
        .flatten()
    }

    /// The best that this processor has.
    #[must_use]
    pub fn best() -> Isa {
        #[cfg(all(target_arch = "x86_64", wscodec_avx512))]
        if let Some(avx512) = Avx512::detect() {
            return Isa::Avx512(avx512);
        }
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = Avx2::detect() {
            return Isa::Avx2(avx2);
        }
        #[cfg(target_arch = "x86_64")]
        if let Some(ssse3) = Ssse3::detect() {
            return Isa::Ssse3(ssse3);
        }
        Isa::Portable
    }

    /// Masks more than 128 bytes in place. Returns whether the result is ASCII; only if
    /// `CHECK_ASCII`.
    pub(super) fn mask<const CHECK_ASCII: bool>(
        self,
        bytes: &mut [u8],
        key: MaskKey,
    ) -> bool {
        match self {
            Isa::Portable => long::mask::<Block, CHECK_ASCII>((), bytes, key),
            #[cfg(target_arch = "x86_64")]
            Isa::Ssse3(_) => long::mask::<Block, CHECK_ASCII>((), bytes, key),
            // SAFETY: `avx2` proves that the processor has AVX2, all that the function asks for.
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2(avx2) => unsafe { avx2::mask::<CHECK_ASCII>(avx2, bytes, key) },
            // SAFETY: `avx512` proves that the processor has the three parts of AVX-512 that the
            // function asks for.
            #[cfg(all(target_arch = "x86_64", wscodec_avx512))]
            Isa::Avx512(avx512) => unsafe {
                avx512::mask::<CHECK_ASCII>(avx512, bytes, key)
            },
        }
    }

    /// Masks while copying more than 128 bytes to a buffer of the same length.
    pub(super) fn mask_copy(self, to: &mut [MaybeUninit<u8>], from: &[u8], key: MaskKey) {
        match self {
            Isa::Portable => long::mask_copy::<Block>((), to, from, key),
            #[cfg(target_arch = "x86_64")]
            Isa::Ssse3(_) => long::mask_copy::<Block>((), to, from, key),
            // SAFETY: `avx2` proves that the processor has AVX2, all that the function asks for.
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2(avx2) => unsafe { avx2::mask_copy(avx2, to, from, key) },
            // SAFETY: `avx512` proves that the processor has the three parts of AVX-512 that the
            // function asks for.
            #[cfg(all(target_arch = "x86_64", wscodec_avx512))]
            Isa::Avx512(avx512) => unsafe { avx512::mask_copy(avx512, to, from, key) },
        }
    }

    /// Skips valid characters with vectors. What is left is to be judged by
    /// [`core::str::from_utf8`], which finds a fault near its start. It is empty if the text is
    /// valid and ends on a character boundary, unless it is too short or there are no vectors.
    #[must_use]
    pub fn skip_utf8(self, text: &[u8]) -> &[u8] {
        match self {
            Isa::Portable => baseline::skip_utf8(text),
            // SAFETY: `ssse3` proves that the processor has SSSE3, all that the function asks for.
            #[cfg(target_arch = "x86_64")]
            Isa::Ssse3(ssse3) => unsafe { ssse3::skip_utf8(ssse3, text) },
            // SAFETY: `avx2` proves that the processor has AVX2, all that the function asks for.
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2(avx2) => unsafe { avx2::skip_utf8(avx2, text) },
            // SAFETY: `avx512` proves that the processor has the three parts of AVX-512 that the
            // function asks for.
            #[cfg(all(target_arch = "x86_64", wscodec_avx512))]
            Isa::Avx512(avx512) => unsafe { avx512::skip_utf8(avx512, text) },
        }
    }
}
