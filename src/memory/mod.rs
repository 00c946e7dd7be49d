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

/// The largest alignment that is requested.
const MAX_ALIGN: usize = 16;

/// The bytes before a sized block that hold its size: as many as keep the alignment.
#[cfg(feature = "deflate")]
const SIZE_LEN: usize = MAX_ALIGN;

/// A source of memory.
#[derive(Clone, Copy, Debug)]
pub struct Allocator {
    alloc: Alloc,
    resize: Option<Resize>,
    free: Free,
    user: *mut c_void,
}

// SAFETY: new() was promised that the functions may be called from any thread, as those of the C
// library may.
unsafe impl Send for Allocator {}

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
    /// `alloc` and `resize` return NULL, or memory of the requested size and alignment, which is a
    /// power of two and at most 16. `resize` keeps the contents as realloc() does, and `free`
    /// accepts what both returned. They may be called from any thread, and do not unwind. All of
    /// this holds as long as anything holds memory from here.
    #[must_use]
    pub const unsafe fn new(
        alloc: Alloc,
        resize: Option<Resize>,
        free: Free,
        user: *mut c_void,
    ) -> Allocator {
        Allocator { alloc, resize, free, user }
    }

    /// Memory that remembers its size, aligned as `alloc` aligns; NULL if there is none.
    #[must_use]
    #[cfg(feature = "deflate")]
    pub(crate) fn alloc_sized(&self, size: usize) -> *mut c_void {
        let Some(total) = size.checked_add(SIZE_LEN) else {
            return core::ptr::null_mut();
        };
        // SAFETY: `alloc` accepts any size and any alignment that is a power of two, as new() was
        // promised.
        let start = unsafe { (self.alloc)(self.user, total, SIZE_LEN) };
        if start.is_null() {
            return start;
        }
        // SAFETY: `start` is aligned at least as usize is, whichever allocator it is from, and
        // points to SIZE_LEN + size bytes, of which the first SIZE_LEN are skipped.
        unsafe {
            start.cast::<usize>().write(total);
            start.byte_add(SIZE_LEN)
        }
    }

    /// Frees what [`Allocator::alloc_sized`] returned.
    ///
    /// # Safety
    /// `ptr` is NULL, or it is from that function of this allocator and is not used again.
    #[cfg(feature = "deflate")]
    pub(crate) unsafe fn free_sized(&self, ptr: *mut c_void) {
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
    pub(crate) fn place<T>(&self, value: T) -> Result<NonNull<T>> {
        const { assert!(align_of::<T>() <= MAX_ALIGN) };
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
    pub(crate) unsafe fn remove<T>(&self, ptr: NonNull<T>) {
        // SAFETY: place() wrote a value there, in memory of this size and alignment. By the
        // caller's promise nothing refers to either any more.
        unsafe {
            ptr.drop_in_place();
            (self.free)(self.user, ptr.as_ptr().cast(), size_of::<T>(), align_of::<T>());
        }
    }
}

extern "C" fn system_alloc(_: *mut c_void, size: usize, _: usize) -> *mut c_void {
    // SAFETY: malloc() accepts any size, and its alignment suffices for all types stored here.
    unsafe { libc::malloc(size) }
}

unsafe extern "C" fn system_resize(
    _: *mut c_void,
    ptr: *mut c_void,
    _: usize,
    new_size: usize,
    _: usize,
) -> *mut c_void {
    // SAFETY: the caller passes a pointer from system_alloc() or system_resize(), so it is
    // malloc()'s.
    unsafe { libc::realloc(ptr, new_size) }
}

unsafe extern "C" fn system_free(_: *mut c_void, ptr: *mut c_void, _: usize, _: usize) {
    // SAFETY: the caller passes a pointer from system_alloc() or system_resize(), so it is
    // malloc()'s.
    unsafe { libc::free(ptr) }
}
