//! Memory from an allocator that the caller may choose, and that may fail.
#![allow(unsafe_code)]

use crate::error::{Error, Result};
use crate::output;
use core::ffi::c_void;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

/// Gives `size` bytes, or NULL.
pub type Alloc =
    unsafe extern "C" fn(user: *mut c_void, size: usize, align: usize) -> *mut c_void;
/// Moves memory to where there is more of it, or gives NULL and leaves it alone.
pub type Resize = unsafe extern "C" fn(
    user: *mut c_void,
    ptr: *mut c_void,
    old_size: usize,
    new_size: usize,
    align: usize,
) -> *mut c_void;
/// Takes memory back.
pub type Free =
    unsafe extern "C" fn(user: *mut c_void, ptr: *mut c_void, size: usize, align: usize);

/// What a size in front of memory takes, so that the memory is aligned as malloc()'s is.
const SIZE_LEN: usize = 16;

/// Where memory comes from.
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

    /// # Safety
    /// The functions keep the contract of malloc(), realloc() and free(), for as long as
    /// anything holds memory from here.
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
        // SAFETY: new() was promised a function that can be called so.
        let start = unsafe { (self.alloc)(self.user, total, SIZE_LEN) };
        if start.is_null() {
            return start;
        }
        // SAFETY: `start` is aligned, and SIZE_LEN bytes and more are there.
        unsafe {
            start.cast::<usize>().write(total);
            start.byte_add(SIZE_LEN)
        }
    }

    /// Gives it back.
    ///
    /// # Safety
    /// `ptr` is NULL, or from [`Allocator::alloc_sized`] and not used any more.
    pub unsafe fn free_sized(&self, ptr: *mut c_void) {
        if ptr.is_null() {
            return;
        }
        // SAFETY: alloc_sized() wrote the size right before `ptr`.
        unsafe {
            let start = ptr.byte_sub(SIZE_LEN);
            (self.free)(self.user, start, start.cast::<usize>().read(), SIZE_LEN);
        }
    }

    /// Moves a value into memory of its own.
    pub fn place<T>(&self, value: T) -> Result<NonNull<T>> {
        // SAFETY: new() was promised a function that can be called so.
        let ptr = unsafe { (self.alloc)(self.user, size_of::<T>(), align_of::<T>()) };
        let ptr = NonNull::new(ptr.cast::<T>()).ok_or(Error::NoMemory)?;
        // SAFETY: fresh memory of the size and alignment of `T`.
        unsafe { ptr.write(value) };
        Ok(ptr)
    }

    /// Gives back what [`Allocator::place`] gave, without dropping the value.
    ///
    /// # Safety
    /// `ptr` is from there, and nothing uses it any more.
    pub unsafe fn take_back<T>(&self, ptr: NonNull<T>) {
        // SAFETY: the caller's promise is passed on, with the sizes that place() used.
        unsafe {
            (self.free)(self.user, ptr.as_ptr().cast(), size_of::<T>(), align_of::<T>());
        }
    }
}

extern "C" fn system_alloc(_: *mut c_void, size: usize, _: usize) -> *mut c_void {
    // SAFETY: malloc() takes any size. No alignment that is asked for exceeds its own.
    unsafe { libc::malloc(size) }
}

unsafe extern "C" fn system_resize(
    _: *mut c_void,
    ptr: *mut c_void,
    _: usize,
    new_size: usize,
    _: usize,
) -> *mut c_void {
    // SAFETY: the caller passes what system_alloc() or this gave.
    unsafe { libc::realloc(ptr, new_size) }
}

unsafe extern "C" fn system_free(_: *mut c_void, ptr: *mut c_void, _: usize, _: usize) {
    // SAFETY: the caller passes what system_alloc() or system_resize() gave.
    unsafe { libc::free(ptr) }
}

/// At most one value in memory of its own. Each call names the allocator, always the same one.
#[derive(Debug)]
pub(crate) struct Own<T>(Option<NonNull<T>>);

impl<T> Default for Own<T> {
    fn default() -> Own<T> {
        Own(None)
    }
}

impl<T: Copy + Default> Own<T> {
    /// The value; at first a new one.
    pub(crate) fn get(&mut self, allocator: &Allocator) -> Result<&mut T> {
        let mut ptr = match self.0 {
            Some(ptr) => ptr,
            None => *self.0.insert(allocator.place(T::default())?),
        };
        // SAFETY: from place(), and reached through `self` alone.
        Ok(unsafe { ptr.as_mut() })
    }

    /// The value, if there is one.
    pub(crate) fn as_ref(&self) -> Option<&T> {
        // SAFETY: from place(), and reached through `self` alone.
        self.0.map(|ptr| unsafe { ptr.as_ref() })
    }

    /// The same, to be changed.
    pub(crate) fn as_mut(&mut self) -> Option<&mut T> {
        // SAFETY: from place(), and reached through `self` alone.
        self.0.map(|mut ptr| unsafe { ptr.as_mut() })
    }

    /// Gives the memory back.
    pub(crate) fn release(&mut self, allocator: &Allocator) {
        if let Some(ptr) = self.0.take() {
            // SAFETY: from this allocator's place(), and no longer held.
            unsafe { allocator.take_back(ptr) }
        }
    }
}

/// Bytes that grow. Each call names the allocator, always the same one, so that several
/// buffers share it.
#[derive(Debug)]
pub struct Buffer {
    ptr: NonNull<u8>,
    len: usize,
    capacity: usize,
}

impl Default for Buffer {
    fn default() -> Buffer {
        Buffer { ptr: NonNull::dangling(), len: 0, capacity: 0 }
    }
}

impl Buffer {
    /// What is in it.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: the first `len` of `capacity` bytes are written; or it is empty.
        unsafe { core::slice::from_raw_parts(self.ptr.as_ptr(), self.len) }
    }

    /// How much memory it holds.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.capacity
    }

    /// Forgets the bytes, and keeps the memory.
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// Forgets what is behind the first `len` bytes.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Makes room for `more` bytes. Holds at most twice what it would be full with then, and
    /// no more than `max` if that is enough.
    pub fn reserve(
        &mut self,
        more: usize,
        max: usize,
        allocator: &Allocator,
    ) -> Result<()> {
        let len = self.len.checked_add(more).ok_or(Error::NoMemory)?;
        if len > self.capacity {
            let double = self.capacity.saturating_mul(2).min(max);
            self.grow(len.max(double), allocator)?;
        }
        Ok(())
    }

    /// Lets `write` append at most `max` bytes to what is in it, in the room that is there.
    pub fn fill<T>(
        &mut self,
        max: usize,
        write: impl for<'a> FnOnce(&'a mut [MaybeUninit<u8>]) -> (&'a [u8], T),
    ) -> T {
        let room = self.capacity.saturating_sub(self.len).min(max);
        // SAFETY: of `capacity` bytes, these are the ones behind the first `len`.
        let room = unsafe {
            let end = self.ptr.as_ptr().add(self.len);
            core::slice::from_raw_parts_mut(end.cast::<MaybeUninit<u8>>(), room)
        };
        let (written, outcome) = output::fill(room, write);
        self.len = self.len.saturating_add(written);
        outcome
    }

    /// Appends `bytes`, as [`Buffer::reserve`] makes room for them.
    pub fn extend(
        &mut self,
        bytes: &[u8],
        max: usize,
        allocator: &Allocator,
    ) -> Result<()> {
        self.reserve(bytes.len(), max, allocator)?;
        let len = self.len.saturating_add(bytes.len());
        // SAFETY: there is room for as many bytes behind the first `len`, and `bytes` are
        // elsewhere, since the borrow of `self` is exclusive.
        unsafe {
            let end = self.ptr.as_ptr().add(self.len);
            core::ptr::copy_nonoverlapping(bytes.as_ptr(), end, bytes.len());
        }
        self.len = len;
        Ok(())
    }

    fn grow(&mut self, capacity: usize, allocator: &Allocator) -> Result<()> {
        if isize::try_from(capacity).is_err() {
            return Err(Error::NoMemory);
        }
        let user = allocator.user;
        let old = self.ptr.as_ptr().cast::<c_void>();
        let new = match allocator.resize {
            // SAFETY: `old` is from this allocator, of this size and alignment.
            Some(resize) if self.capacity > 0 => unsafe {
                resize(user, old, self.capacity, capacity, 1)
            },
            // SAFETY: Allocator::new() was promised a function that can be called so.
            _ => unsafe { (allocator.alloc)(user, capacity, 1) },
        };
        let new = NonNull::new(new.cast::<u8>()).ok_or(Error::NoMemory)?;
        if allocator.resize.is_none() && self.capacity > 0 {
            // SAFETY: two allocations, both of at least `len` bytes; then the old one, which
            // is from this allocator, is used no more.
            unsafe {
                core::ptr::copy_nonoverlapping(self.ptr.as_ptr(), new.as_ptr(), self.len);
                (allocator.free)(user, old, self.capacity, 1);
            }
        }
        (self.ptr, self.capacity) = (new, capacity);
        Ok(())
    }

    /// Gives the memory back.
    pub fn release(&mut self, allocator: &Allocator) {
        let Buffer { ptr, capacity, .. } = core::mem::take(self);
        if capacity > 0 {
            // SAFETY: from this allocator, of this size and alignment, and no longer held.
            unsafe { (allocator.free)(allocator.user, ptr.as_ptr().cast(), capacity, 1) }
        }
    }
}
