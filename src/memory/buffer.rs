//! Bytes that grow.

use super::Allocator;
use crate::error::{Error, Result};
use crate::output;
use core::ffi::c_void;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

/// Like the standard library's `Vec<u8>`, but its allocator is the caller's and may fail.
#[derive(Debug)]
pub(crate) struct Buffer {
    allocator: Allocator,
    /// Dangling while `capacity` is 0.
    ptr: NonNull<u8>,
    /// How many bytes are initialised, from the start.
    len: usize,
    capacity: usize,
}

// SAFETY: it owns the memory, and its allocator is Send.
unsafe impl Send for Buffer {}

impl Buffer {
    /// Holds no memory yet.
    pub(crate) fn new(allocator: Allocator) -> Buffer {
        Buffer { allocator, ptr: NonNull::dangling(), len: 0, capacity: 0 }
    }

    pub(crate) fn allocator(&self) -> &Allocator {
        &self.allocator
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: the first `len` bytes are allocated and initialised. With a length of 0 a
        // dangling pointer suffices.
        unsafe { core::slice::from_raw_parts(self.ptr.as_ptr(), self.len) }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Removes the bytes, and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }

    /// Keeps the first `len` bytes.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Ensures that `more` bytes can be appended. A buffer that has to grow doubles, but not beyond
    /// `max` unless it needs to.
    pub(crate) fn reserve(&mut self, more: usize, max: usize) -> Result<()> {
        let len = self.len.checked_add(more).ok_or(Error::NoMemory)?;
        if len > self.capacity {
            let double = self.capacity.saturating_mul(2).min(max);
            self.grow(len.max(double))?;
        }
        Ok(())
    }

    /// Lets `write` append at most `max` bytes, in the memory that there is.
    pub(crate) fn fill<T>(
        &mut self,
        max: usize,
        write: impl for<'a> FnOnce(&'a mut [MaybeUninit<u8>]) -> (&'a [u8], T),
    ) -> T {
        let room = (self.capacity - self.len).min(max);
        // SAFETY: `capacity` bytes are allocated, and `len + room` are at most as many. Nothing
        // else refers to them, since `self` is borrowed exclusively.
        let room = unsafe {
            let end = self.ptr.as_ptr().add(self.len);
            core::slice::from_raw_parts_mut(end.cast::<MaybeUninit<u8>>(), room)
        };
        let (written, outcome) = output::fill(room, write);
        self.len += written;
        outcome
    }

    /// Appends `bytes`, and grows as [`Buffer::reserve`] does.
    pub(crate) fn extend(&mut self, bytes: &[u8], max: usize) -> Result<()> {
        self.reserve(bytes.len(), max)?;
        // SAFETY: reserve() has made sure of as many bytes after the first `len`. `bytes` are not
        // among them, since `self` is borrowed exclusively.
        unsafe {
            let end = self.ptr.as_ptr().add(self.len);
            core::ptr::copy_nonoverlapping(bytes.as_ptr(), end, bytes.len());
        }
        self.len += bytes.len();
        Ok(())
    }

    fn grow(&mut self, capacity: usize) -> Result<()> {
        if isize::try_from(capacity).is_err() {
            return Err(Error::NoMemory);
        }
        let Allocator { alloc, resize, free, user } = self.allocator;
        let old = self.ptr.as_ptr().cast::<c_void>();
        let new = match resize {
            // SAFETY: `old` is from this allocator, with this size and alignment.
            Some(resize) if self.capacity > 0 => unsafe {
                resize(user, old, self.capacity, capacity, 1)
            },
            // SAFETY: `alloc` accepts any size, and 1 is a power of two.
            _ => unsafe { alloc(user, capacity, 1) },
        };
        let new = NonNull::new(new.cast::<u8>()).ok_or(Error::NoMemory)?;
        if resize.is_none() && self.capacity > 0 {
            // SAFETY: two different blocks, both of at least `len` bytes. The old one is from this
            // allocator, with this size and alignment, and is not used again.
            unsafe {
                core::ptr::copy_nonoverlapping(self.ptr.as_ptr(), new.as_ptr(), self.len);
                free(user, old, self.capacity, 1);
            }
        }
        (self.ptr, self.capacity) = (new, capacity);
        Ok(())
    }

    /// Removes the bytes, and frees the memory.
    pub(crate) fn release(&mut self) {
        *self = Buffer::new(self.allocator);
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if self.capacity > 0 {
            let Allocator { free, user, .. } = self.allocator;
            // SAFETY: the memory is from this allocator, with this size and alignment, and its
            // owner is gone after this.
            unsafe { free(user, self.ptr.as_ptr().cast(), self.capacity, 1) }
        }
    }
}
