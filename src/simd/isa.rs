//! Which instruction set is used, found out while the program runs.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
use super::avx2::{self, Avx2};
#[cfg(all(target_arch = "x86_64", wscodec_avx512))]
use super::avx512::{self, Avx512};
use super::key::MaskKey;
use super::portable::Block;
use super::{baseline, long};
use core::mem::MaybeUninit;

/// An instruction set that this processor has: a variant holds the proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isa {
    /// No detected instructions: portable loops, compiled for the baseline.
    Portable,
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
            Avx2::detect().map(Isa::Avx2),
            #[cfg(all(target_arch = "x86_64", wscodec_avx512))]
            Avx2::detect().and_then(Avx512::detect).map(Isa::Avx512),
        ]
        .into_iter()
        .flatten()
    }

    /// The best that this processor has.
    #[must_use]
    pub fn best() -> Isa {
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = Avx2::detect() {
            #[cfg(wscodec_avx512)]
            if let Some(avx512) = Avx512::detect(avx2) {
                return Isa::Avx512(avx512);
            }
            return Isa::Avx2(avx2);
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
            // SAFETY: `avx2` proves that the processor has AVX2, all that the function asks for.
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2(avx2) => unsafe { avx2::mask::<CHECK_ASCII>(avx2, bytes, key) },
            // SAFETY: `avx512` proves that the processor has the three parts of AVX-512 that the function
            // asks for.
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
            // SAFETY: `avx2` proves that the processor has AVX2, all that the function asks for.
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2(avx2) => unsafe { avx2::mask_copy(avx2, to, from, key) },
            // SAFETY: `avx512` proves that the processor has the three parts of AVX-512 that the function
            // asks for.
            #[cfg(all(target_arch = "x86_64", wscodec_avx512))]
            Isa::Avx512(avx512) => unsafe { avx512::mask_copy(avx512, to, from, key) },
        }
    }

    /// Whether all of the text is valid UTF-8 that ends on a character boundary.
    #[must_use]
    pub fn is_utf8(self, text: &[u8]) -> bool {
        match self {
            Isa::Portable => baseline::is_utf8(text),
            // SAFETY: `avx2` proves that the processor has AVX2, all that the function asks for.
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2(avx2) => unsafe { avx2::is_utf8(avx2, text) },
            // SAFETY: a processor with `avx512` has AVX2 as well, all that the function asks for.
            #[cfg(all(target_arch = "x86_64", wscodec_avx512))]
            Isa::Avx512(avx512) => unsafe { avx2::is_utf8(avx512.avx2(), text) },
        }
    }
}
