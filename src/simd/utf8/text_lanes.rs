//! What the check of UTF-8 needs of a vector, in addition to [`Lanes`].

use crate::simd::lanes::Lanes;

/// Lanes that are used as numbers of 8 bits.
pub(in crate::simd) trait TextLanes: Lanes {
    fn and(self, other: Self) -> Self;
    fn xor(self, other: Self) -> Self;
    /// 0 where the other number is greater.
    fn saturating_sub(self, other: Self) -> Self;
    /// Moves the upper half of each byte to its lower half; the new upper half may be anything.
    fn upper_half(self) -> Self;
    /// Replaces each byte, which is less than 16, by that byte of a table. The table is the first
    /// 16 bytes, which the others repeat.
    fn look_up(self, table: Self) -> Self;
    fn is_zero(self) -> bool;
}

/// 16 bytes, for short texts.
pub(in crate::simd) trait Word: TextLanes {
    /// Moves each byte `N` places on, which are one to three. The first `N` bytes become 0.
    fn after_zeros<const N: usize>(self) -> Self;
}

/// Makes `Vector`, as `vector!` has defined it, [`TextLanes`], given the functions of its
/// instruction set.
macro_rules! text_vector {
    ($and:ident, $xor:ident, $saturating_sub:ident, $upper_half:expr, $look_up:ident, $is_zero:expr) => {
        impl $crate::simd::utf8::TextLanes for Vector {
            #[inline(always)]
            fn and(self, other: Self) -> Self {
                // SAFETY: `self` was made from a proof that the processor has the instruction.
                Vector(unsafe { $and(self.0, other.0) })
            }

            #[inline(always)]
            fn xor(self, other: Self) -> Self {
                // SAFETY: `self` was made from a proof that the processor has the instruction.
                Vector(unsafe { $xor(self.0, other.0) })
            }

            #[inline(always)]
            fn saturating_sub(self, other: Self) -> Self {
                // SAFETY: `self` was made from a proof that the processor has the instruction.
                Vector(unsafe { $saturating_sub(self.0, other.0) })
            }

            #[inline(always)]
            fn upper_half(self) -> Self {
                // SAFETY: `self` was made from a proof that the processor has the instruction.
                Vector(unsafe { $upper_half(self.0) })
            }

            #[inline(always)]
            fn look_up(self, table: Self) -> Self {
                // SAFETY: `self` was made from a proof that the processor has the instruction.
                Vector(unsafe { $look_up(table.0, self.0) })
            }

            #[inline(always)]
            fn is_zero(self) -> bool {
                // SAFETY: `self` was made from a proof that the processor has the instructions.
                unsafe { $is_zero(self.0) }
            }
        }
    };
}
pub(in crate::simd) use text_vector;
