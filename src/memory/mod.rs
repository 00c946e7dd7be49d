//! Memory from an allocator that the caller may choose, and that may fail.
//!
//! Everything that holds memory keeps the allocator that it is from, and returns the memory when it
//! is dropped.
#![allow(unsafe_code)]

mod boxed;
mod buffer;

pub(crate) use boxed::Boxed;
pub(crate) use buffer::Buffer;

use crate::error::{Error, Result};
use core::ffi::c_void;
use core::ptr::NonNull;

/// Returns `size` bytes, or NULL.
pub type Alloc =
    unsafe extern "C" fn(user: *mut c_void, size: usize, align: usize) -> *mut c_void;
/// Changes the size of memory as realloc() does, or returns NULL and leaves it as it is.
pub type Resize = unsafe extern "C" fn(
    user: *mut c_void,
    ptr: *mut c_void,
    old_size: usize,
    new_size: usize,
    align: usize,
) -> *mut c_void;
/// Frees memory.
pub type Free =
    unsafe extern "C" fn(user: *mut c_void, ptr: *mut c_void, size: usize, align: usize);

/// The length of a size before memory, so that the memory is aligned as malloc()'s is.
const SIZE_LEN: usize = 16;

/// A source of memory.
#[derive(Clone, Copy, Debug)]
pub struct Allocator {
    alloc: Alloc,
    resize: Option<Resize>,
    free: Free,
    user: *mut c_void,
}

impl Allocator {
    /// The C library's.
    pub const SYSTEM: Allocator = Allocator {
        alloc: system_alloc,
        resize: Some(system_resize),
        free: system_free,
        user: core::ptr::null_mut(),
    };

    /// An allocator of the caller's.
    ///
    /// # Safety
    /// The functions keep the contract of malloc(), realloc() and free(), for as long as anything
    /// holds memory from here.
    #[must_use]
    pub const unsafe fn new(
        alloc: Alloc,
        resize: Option<Resize>,
        free: Free,
        user: *mut c_void,
    ) -> Allocator {
        Allocator { alloc, resize, free, user }
    }

    /// Memory that remembers its size, aligned to 16 bytes; NULL if there is none.
    #[must_use]
    pub fn alloc_sized(&self, size: usize) -> *mut c_void {
        let Some(total) = size.checked_add(SIZE_LEN) else {
            return core::ptr::null_mut();
        };
        // SAFETY: `alloc` accepts any size and any alignment that is a power of two, as new() was
        // promised.
        let start = unsafe { (self.alloc)(self.user, total, SIZE_LEN) };
        if start.is_null() {
            return start;
        }
        // SAFETY: `start` is aligned to SIZE_LEN, which is at least the alignment of usize, and points
        // to SIZE_LEN + size bytes, of which the first SIZE_LEN are skipped.
        unsafe {
            start.cast::<usize>().write(total);
            start.byte_add(SIZE_LEN)
        }
    }

    /// Frees what [`Allocator::alloc_sized`] returned.
    ///
    /// # Safety
    /// `ptr` is NULL, or it is from that function of this allocator and is not used again.
    pub unsafe fn free_sized(&self, ptr: *mut c_void) {
        if ptr.is_null() {
            return;
        }
        // SAFETY: alloc_sized() allocated from SIZE_LEN bytes before `ptr` on, and wrote the size
        // there.
        unsafe {
            let start = ptr.byte_sub(SIZE_LEN);
            (self.free)(self.user, start, start.cast::<usize>().read(), SIZE_LEN);
        }
    }

    /// Moves a value into memory from this allocator. [`Allocator::remove`] frees it.
    pub fn place<T>(&self, value: T) -> Result<NonNull<T>> {
        // SAFETY: `alloc` accepts any size and any alignment that is a power of two, as new() was
        // promised.
        let ptr = unsafe { (self.alloc)(self.user, size_of::<T>(), align_of::<T>()) };
        let ptr = NonNull::new(ptr.cast::<T>()).ok_or(Error::NoMemory)?;
        // SAFETY: fresh memory of the size and alignment of `T`.
        unsafe { ptr.write(value) };
        Ok(ptr)
    }

    /// Drops the value that [`Allocator::place`] placed, and frees its memory.
    ///
    /// # Safety
    /// `ptr` is from that function of this allocator, and nothing uses it again.
    pub unsafe fn remove<T>(&self, ptr: NonNull<T>) {
        // SAFETY: place() wrote a value there, in memory of this size and alignment. By the caller's
        // promise nothing refers to either any more.
        unsafe {
            ptr.drop_in_place();
            (self.free)(self.user, ptr.as_ptr().cast(), size_of::<T>(), align_of::<T>());
        }
    }
}

extern "C" fn system_alloc(_: *mut c_void, size: usize, _: usize) -> *mut c_void {
    // SAFETY: malloc() accepts any size, and aligns for every type of C, as all that is stored here needs.
    unsafe { libc::malloc(size) }
}

unsafe extern "C" fn system_resize(
    _: *mut c_void,
    ptr: *mut c_void,
    _: usize,
    new_size: usize,
    _: usize,
) -> *mut c_void {
    // SAFETY: the caller passes a pointer from system_alloc() or system_resize(), so it is malloc()'s.
    unsafe { libc::realloc(ptr, new_size) }
}

unsafe extern "C" fn system_free(_: *mut c_void, ptr: *mut c_void, _: usize, _: usize) {
    // SAFETY: the caller passes a pointer from system_alloc() or system_resize(), so it is malloc()'s.
    unsafe { libc::free(ptr) }
}
