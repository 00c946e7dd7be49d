//! NEON, which is part of the target: the module is compiled only if it is, and needs no proof.

// From Rust 1.87 on, those functions of the instruction set that do not access memory are safe.
#![allow(unsafe_code, unused_unsafe)]

use super::lanes::{Lanes, vector};
use super::utf8::{self, Word, text_vector};
use core::arch::aarch64::*;

vector!(
    (),
    uint8x16_t,
    || vdupq_n_u8(0),
    |key| vreinterpretq_u8_s32(vdupq_n_s32(key)),
    veorq_u8,
    vorrq_u8,
    |bytes| vmaxvq_u8(bytes) < 0x80
);

text_vector!(
    vandq_u8,
    veorq_u8,
    vqsubq_u8,
    |bytes| vshrq_n_u8::<4>(bytes),
    vqtbl1q_u8,
    |bytes| vmaxvq_u8(bytes) == 0
);

impl Word for Vector {
    #[inline(always)]
    fn after_zeros<const N: usize>(self) -> Self {
        let zeros = Vector::zero(());
        // SAFETY: EXT is part of NEON, which the target has.
        Vector(unsafe {
            match N {
                1 => vextq_u8::<15>(zeros.0, self.0),
                2 => vextq_u8::<14>(zeros.0, self.0),
                _ => vextq_u8::<13>(zeros.0, self.0),
            }
        })
    }
}

/// As [`utf8::skip`].
pub(super) fn skip_utf8(text: &[u8]) -> &[u8] {
    utf8::skip::<Vector, Vector>((), (), text)
}
