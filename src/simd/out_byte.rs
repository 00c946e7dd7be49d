//! Writing bytes into memory that may be uninitialised.
#![allow(unsafe_code)]

use crate::cut::Cut;
use core::mem::MaybeUninit;

/// A byte that can be written: one that is initialised, or one that may not be.
pub(crate) trait OutByte: Sized {
    /// Writes all bytes at once. (The compiler may turn a loop over the bytes into as many stores.)
    fn write<const N: usize>(to: &mut [Self; N], from: &[u8; N]);
}

impl OutByte for u8 {
    #[inline(always)]
    fn write<const N: usize>(to: &mut [u8; N], from: &[u8; N]) {
        *to = *from;
    }
}

impl OutByte for MaybeUninit<u8> {
    #[inline(always)]
    fn write<const N: usize>(to: &mut [Self; N], from: &[u8; N]) {
        // SAFETY: `to` points to N bytes, borrowed exclusively, and an array of bytes needs no
        // alignment.
        unsafe { to.as_mut_ptr().cast::<[u8; N]>().write(*from) };
    }
}

/// Calls memcpy(), for as many bytes as the shorter of the two has.
#[inline(always)]
pub(super) fn memcpy(to: &mut [MaybeUninit<u8>], from: &[u8]) {
    let len = to.len().min(from.len());
    // SAFETY: both slices have at least `len` bytes, and they do not overlap, since `to` is
    // borrowed exclusively.
    unsafe { core::ptr::copy_nonoverlapping(from.as_ptr(), to.as_mut_ptr().cast(), len) };
}

/// Cuts both to the length of the shorter.
#[inline(always)]
pub(super) fn same_len<'a, 'b>(
    to: &'a mut [MaybeUninit<u8>],
    from: &'b [u8],
) -> (&'a mut [MaybeUninit<u8>], &'b [u8]) {
    let len = to.len().min(from.len());
    (to.until_mut(len), from.until(len))
}
