//! One value in memory from an allocator.

use super::Allocator;
use crate::error::Result;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

/// Like the standard library's `Box`, but its allocator is the caller's and may fail.
#[derive(Debug)]
pub(crate) struct Boxed<T>(NonNull<Block<T>>);

#[derive(Debug)]
struct Block<T> {
    allocator: Allocator,
    value: T,
}

// SAFETY: it owns the value and the memory, and its allocator is Send.
unsafe impl<T: Send> Send for Boxed<T> {}

impl<T> Boxed<T> {
    /// Allocates memory for `value`.
    pub(crate) fn new(value: T, allocator: &Allocator) -> Result<Boxed<T>> {
        allocator.place(Block { allocator: *allocator, value }).map(Boxed)
    }
}

impl<T> Deref for Boxed<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: new() placed the block, which is there until the drop, and it is reached through
        // `self` alone.
        unsafe { &self.0.as_ref().value }
    }
}

impl<T> DerefMut for Boxed<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: new() placed the block, which is there until the drop, and it is reached through
        // `self` alone, which is borrowed exclusively.
        unsafe { &mut self.0.as_mut().value }
    }
}

impl<T> Drop for Boxed<T> {
    fn drop(&mut self) {
        // SAFETY: the block is from the allocator that it holds, and its owner is gone after this.
        unsafe {
            let allocator = self.0.as_ref().allocator;
            allocator.remove(self.0);
        }
    }
}
