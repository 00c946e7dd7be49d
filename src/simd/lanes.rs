//! Bytes that are read, masked and written together.

use super::key::MaskKey;
use super::out_byte::OutByte;

/// As many bytes as a number, an array or a vector holds.
pub(super) trait Lanes: Copy {
    /// What it takes to make one: for a vector, proof that the processor has the instructions. A
    /// method that has `self` needs no other proof.
    type Proof: Copy;

    /// Zeros.
    fn zero(proof: Self::Proof) -> Self;
    /// The first bytes of a slice; None if it has too few.
    fn read(proof: Self::Proof, bytes: &[u8]) -> Option<Self>;
    /// Writes them over the first bytes of a slice.
    fn write<B: OutByte>(self, to: &mut [B]);
    /// XORs them with the key, again and again.
    fn mask(self, key: MaskKey) -> Self;
    /// Every bit that is set in either.
    fn or(self, other: Self) -> Self;
    /// Whether no byte has its highest bit set.
    fn is_ascii(self) -> bool;
}

macro_rules! number {
    ($number:ty, $repeat:expr) => {
        impl Lanes for $number {
            type Proof = ();

            #[inline(always)]
            fn zero((): ()) -> Self {
                0
            }

            #[inline(always)]
            fn read((): (), bytes: &[u8]) -> Option<Self> {
                Some(<$number>::from_le_bytes(*bytes.first_chunk()?))
            }

            #[inline(always)]
            fn write<B: OutByte>(self, to: &mut [B]) {
                if let Some(to) = to.first_chunk_mut() {
                    B::write(to, &self.to_le_bytes());
                }
            }

            #[inline(always)]
            fn mask(self, key: MaskKey) -> Self {
                self ^ $repeat(key.0)
            }

            #[inline(always)]
            fn or(self, other: Self) -> Self {
                self | other
            }

            #[inline(always)]
            fn is_ascii(self) -> bool {
                self & (<$number>::MAX / 0xff * 0x80) == 0
            }
        }
    };
}

number!(u8, |key: u32| {
    let [a, ..] = key.to_le_bytes();
    a
});
number!(u16, |key: u32| {
    let [a, b, ..] = key.to_le_bytes();
    u16::from_le_bytes([a, b])
});
number!(u32, |key| key);
number!(u64, twice);
number!(u128, |key| u128::from(twice(key)) << 64 | u128::from(twice(key)));

#[inline(always)]
fn twice(key: u32) -> u64 {
    u64::from(key) << 32 | u64::from(key)
}

/// Defines `Vector` and makes it [`Lanes`], given the functions of its instruction set.
///
/// A `$proof` must exist only where the processor has that instruction set. Everything unsafe below
/// relies on it: a vector is made from a proof, so where there is a vector, there was one.
#[cfg(any(
    target_arch = "x86_64",
    all(target_arch = "aarch64", target_feature = "neon")
))]
macro_rules! vector {
    ($proof:ty, $vector:ty, $zero:expr, $repeat:expr, $xor:ident, $or:ident, $is_ascii:expr) => {
        #[derive(Clone, Copy)]
        pub(super) struct Vector($vector);

        type Bytes = [u8; size_of::<$vector>()];

        impl $crate::simd::lanes::Lanes for Vector {
            type Proof = $proof;

            #[inline(always)]
            fn zero(_: $proof) -> Self {
                // SAFETY: the argument proves that the processor has the instruction.
                Vector(unsafe { $zero() })
            }

            #[inline(always)]
            fn read(_: $proof, bytes: &[u8]) -> Option<Self> {
                let bytes: Bytes = *bytes.first_chunk()?;
                // SAFETY: a vector is an array of as many bytes, and any bytes are a valid one.
                Some(Vector(unsafe { core::mem::transmute::<Bytes, $vector>(bytes) }))
            }

            #[inline(always)]
            fn write<B: $crate::simd::out_byte::OutByte>(self, to: &mut [B]) {
                // SAFETY: a vector is an array of as many bytes, all of them initialised.
                let bytes = unsafe { core::mem::transmute::<$vector, Bytes>(self.0) };
                if let Some(to) = to.first_chunk_mut() {
                    B::write(to, &bytes);
                }
            }

            #[inline(always)]
            fn mask(self, key: $crate::simd::key::MaskKey) -> Self {
                let key = i32::from_ne_bytes(key.0.to_ne_bytes());
                // SAFETY: `self` was made from a proof that the processor has both instructions.
                Vector(unsafe { $xor(self.0, $repeat(key)) })
            }

            #[inline(always)]
            fn or(self, other: Self) -> Self {
                // SAFETY: `self` was made from a proof that the processor has the instruction.
                Vector(unsafe { $or(self.0, other.0) })
            }

            #[inline(always)]
            fn is_ascii(self) -> bool {
                // SAFETY: `self` was made from a proof that the processor has the instructions.
                unsafe { $is_ascii(self.0) }
            }
        }
    };
}
#[cfg(any(
    target_arch = "x86_64",
    all(target_arch = "aarch64", target_feature = "neon")
))]
pub(super) use vector;
