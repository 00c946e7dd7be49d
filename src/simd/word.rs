//! Bytes that are masked at once.

use super::portable::Key;
use crate::output::Room;

/// A number, or a vector of an instruction set.
pub(super) trait Word: Copy {
    /// Nothing is set.
    fn zero() -> Self;
    /// The first bytes of these.
    fn read(bytes: &[u8]) -> Option<Self>;
    /// Over the first bytes of these.
    fn write<R: Room>(self, to: &mut [R]);
    /// Masks it.
    fn mask(self, key: Key) -> Self;
    /// What is set in either.
    fn or(self, other: Self) -> Self;
    /// Whether all bytes are.
    fn is_ascii(self) -> bool;
}

macro_rules! number {
    ($number:ty, $key:expr) => {
        impl Word for $number {
            #[inline(always)]
            fn zero() -> Self {
                0
            }

            #[inline(always)]
            fn read(bytes: &[u8]) -> Option<Self> {
                Some(<$number>::from_le_bytes(*bytes.first_chunk()?))
            }

            #[inline(always)]
            fn write<R: Room>(self, to: &mut [R]) {
                if let Some(to) = to.first_chunk_mut() {
                    R::write(to, &self.to_le_bytes());
                }
            }

            #[inline(always)]
            fn mask(self, key: Key) -> Self {
                self ^ $key(key.0)
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

number!(u32, |key| key);
number!(u64, twice);
number!(u128, |key| u128::from(twice(key)) << 64 | u128::from(twice(key)));

#[inline(always)]
fn twice(key: u32) -> u64 {
    u64::from(key) << 32 | u64::from(key)
}

/// Makes a [`Word`] of a vector, given the functions of its instruction set. Only functions that
/// are compiled for that may use it: nothing outside their file does.
#[cfg(target_arch = "x86_64")]
macro_rules! vector {
    ($vector:ty, $zero:ident, $all:ident, $xor:ident, $or:ident, $is_ascii:expr) => {
        /// The bytes.
        #[derive(Clone, Copy)]
        pub(super) struct Vector($vector);

        type Bytes = [u8; size_of::<$vector>()];

        // SAFETY, of all: the instructions are there, as the macro demands; a vector is as many
        // bytes, whatever they are. (To compilers before 1.87 all of these are unsafe, to later
        // ones some are not.)
        #[allow(unused_unsafe, clippy::undocumented_unsafe_blocks)]
        impl $crate::simd::word::Word for Vector {
            #[inline(always)]
            fn zero() -> Self {
                Vector(unsafe { $zero() })
            }

            #[inline(always)]
            fn read(bytes: &[u8]) -> Option<Self> {
                let bytes = *bytes.first_chunk()?;
                Some(Vector(unsafe { core::mem::transmute::<Bytes, $vector>(bytes) }))
            }

            #[inline(always)]
            fn write<R: $crate::output::Room>(self, to: &mut [R]) {
                if let Some(to) = to.first_chunk_mut() {
                    R::write(to, &unsafe {
                        core::mem::transmute::<$vector, Bytes>(self.0)
                    });
                }
            }

            #[inline(always)]
            fn mask(self, key: $crate::simd::portable::Key) -> Self {
                let key = i32::from_ne_bytes(key.0.to_ne_bytes());
                Vector(unsafe { $xor(self.0, $all(key)) })
            }

            #[inline(always)]
            fn or(self, other: Self) -> Self {
                Vector(unsafe { $or(self.0, other.0) })
            }

            #[inline(always)]
            fn is_ascii(self) -> bool {
                unsafe { $is_ascii(self.0) }
            }
        }
    };
}
#[cfg(target_arch = "x86_64")]
pub(super) use vector;
