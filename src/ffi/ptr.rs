//! From what C passes to what Rust can check: the pointer contract, in one place.
//!
//! The caller promises that a pointer with a length spans that many bytes, initialised ones
//! where they are read, and that nobody else uses them during the call. Everything else is
//! checked: NULL, alignment, lengths that no object can have.

use super::frame::ws_frame;
use crate::error::{Error, Result};
use core::ffi::c_void;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

/// The pointer itself, or one that is good for nothing but a length of 0.
fn checked<T>(ptr: *mut T, len: usize) -> Result<NonNull<T>> {
    let bytes = len.checked_mul(size_of::<T>()).ok_or(Error::InvalidArgument)?;
    match NonNull::new(ptr) {
        Some(ptr) if ptr.is_aligned() && isize::try_from(bytes).is_ok() => Ok(ptr),
        _ if bytes == 0 => Ok(NonNull::dangling()),
        _ => Err(Error::InvalidArgument),
    }
}

/// # Safety
/// The pointer contract above; `T` must be plain integers and pointers.
pub(super) unsafe fn array<'a, T>(ptr: *const T, len: usize) -> Result<&'a [T]> {
    let ptr = checked(ptr.cast_mut(), len)?;
    // SAFETY: not null, aligned, and at most isize::MAX bytes, or empty; the caller promises
    // that the bytes are there and initialised, which makes any `T` of integers valid.
    Ok(unsafe { core::slice::from_raw_parts(ptr.as_ptr(), len) })
}

/// # Safety
/// The pointer contract above.
pub(super) unsafe fn bytes<'a>(ptr: *const c_void, len: usize) -> Result<&'a [u8]> {
    // SAFETY: the caller's promise is passed on; u8 is a plain integer.
    unsafe { array(ptr.cast(), len) }
}

/// # Safety
/// The pointer contract above.
pub(super) unsafe fn bytes_mut<'a>(ptr: *mut c_void, len: usize) -> Result<&'a mut [u8]> {
    let ptr = checked(ptr.cast::<u8>(), len)?;
    // SAFETY: as in array(); nobody else uses the bytes during the call.
    Ok(unsafe { core::slice::from_raw_parts_mut(ptr.as_ptr(), len) })
}

/// Memory to be written, which may be uninitialised.
///
/// # Safety
/// The pointer contract above.
pub(super) unsafe fn output_array<'a, T>(
    ptr: *mut T,
    len: usize,
) -> Result<&'a mut [MaybeUninit<T>]> {
    let ptr = checked(ptr, len)?;
    // SAFETY: as in bytes_mut(), and MaybeUninit asks for no initialised bytes.
    Ok(unsafe { core::slice::from_raw_parts_mut(ptr.as_ptr().cast(), len) })
}

/// # Safety
/// The pointer contract above.
pub(super) unsafe fn output<'a>(
    ptr: *mut c_void,
    len: usize,
) -> Result<&'a mut [MaybeUninit<u8>]> {
    // SAFETY: the caller's promise is passed on.
    unsafe { output_array(ptr.cast(), len) }
}

/// One value to be written; NULL is an error.
///
/// # Safety
/// The pointer contract above.
pub(super) unsafe fn output_one<'a, T>(ptr: *mut T) -> Result<&'a mut MaybeUninit<T>> {
    // SAFETY: the caller's promise is passed on.
    let one = unsafe { output_array(ptr, 1) }?;
    one.first_mut().ok_or(Error::InvalidArgument)
}

/// One value that is there already; NULL is an error.
///
/// # Safety
/// The pointer contract above; `T` must be plain integers and pointers.
pub(super) unsafe fn one_mut<'a, T>(ptr: *mut T) -> Result<&'a mut T> {
    // SAFETY: the caller's promise, that the value is initialised too, is passed on.
    Ok(unsafe { output_one(ptr)?.assume_init_mut() })
}

/// # Safety
/// As for [`one_mut`].
pub(super) unsafe fn one<'a, T>(ptr: *const T) -> Result<&'a T> {
    // SAFETY: the caller's promise is passed on.
    unsafe { array(ptr, 1) }?.first().ok_or(Error::InvalidArgument)
}

/// What a handle stands for; NULL and a misaligned one are errors.
///
/// # Safety
/// `ptr` is NULL or misaligned, or it is a handle that the library gave and that was not freed. No
/// other call uses it at the same time.
pub(super) unsafe fn handle_mut<'a, T>(ptr: *mut T) -> Result<&'a mut T> {
    let ptr = NonNull::new(ptr).filter(|ptr| ptr.is_aligned());
    // SAFETY: not NULL and aligned here, so the caller promises a `T` of the library's own, which
    // nothing else refers to during the call.
    ptr.map(|mut ptr| unsafe { ptr.as_mut() }).ok_or(Error::InvalidArgument)
}

/// # Safety
/// As for [`handle_mut`].
pub(super) unsafe fn handle<'a, T>(ptr: *const T) -> Result<&'a T> {
    // SAFETY: the caller's promise is passed on.
    unsafe { handle_mut(ptr.cast_mut()) }.map(|value| &*value)
}

/// The bytes of a chunk, in the buffer that the decoder was given.
///
/// # Safety
/// The pointer contract above, for the chunk.
pub(super) unsafe fn chunk<'a>(buf: *const c_void, frame: &ws_frame) -> Result<&'a [u8]> {
    let off = usize::try_from(frame.chunk_off).map_err(|_| Error::InvalidArgument)?;
    let len = usize::try_from(frame.chunk_len).map_err(|_| Error::InvalidArgument)?;
    if buf.is_null() && len > 0 {
        return Err(Error::InvalidArgument);
    }
    // SAFETY: the caller's promise is passed on. With a length of 0 nothing is read.
    unsafe {
        bytes(if len == 0 { core::ptr::null() } else { buf.wrapping_byte_add(off) }, len)
    }
}

/// The four bytes of a masking key, or none.
///
/// # Safety
/// `ptr` is NULL or points to 4 initialised bytes.
pub(super) unsafe fn mask_key(ptr: *const c_void) -> Option<[u8; 4]> {
    // SAFETY: not NULL here, so the caller promises 4 bytes; u8 needs no alignment.
    (!ptr.is_null()).then(|| unsafe { ptr.cast::<[u8; 4]>().read() })
}

/// Whether two buffers share a byte.
pub(super) fn overlap(
    a: *const c_void,
    a_len: usize,
    b: *const c_void,
    b_len: usize,
) -> bool {
    let (a, b) = (a.addr(), b.addr());
    // Rarely true, so that the rest need not be looked at.
    (b.wrapping_sub(a) < a_len || a.wrapping_sub(b) < b_len) && a_len > 0 && b_len > 0
}

fn aligned<T>(ptr: *mut T) -> Result<*mut T> {
    if ptr.is_aligned() { Ok(ptr) } else { Err(Error::InvalidArgument) }
}

/// Reads an extensible struct that the caller may have compiled with another size. All of
/// its versions so far have the size of `T`.
///
/// # Safety
/// The pointer contract above, for `size` bytes; `T` must be plain integers and pointers.
pub(super) unsafe fn extensible<T: Copy>(ptr: *const T, size: usize) -> Result<T> {
    // SAFETY: the caller's promise is passed on.
    let all = unsafe { bytes(aligned(ptr.cast_mut())?.cast(), size) }?;
    let (known, unknown) =
        all.split_at_checked(size_of::<T>()).ok_or(Error::InvalidArgument)?;
    if unknown.iter().any(|b| *b != 0) {
        return Err(Error::Unsupported);
    }
    // SAFETY: `known` has the size and the alignment of `T`.
    Ok(unsafe { known.as_ptr().cast::<T>().read() })
}

/// An extensible struct to be written. What this build does not know of it is zeroed, and
/// so is all of it, until [`Extensible::set`] is called.
pub(super) struct Extensible<'a, T> {
    known: &'a mut [MaybeUninit<u8>],
    of: core::marker::PhantomData<T>,
}

impl<T: Copy> Extensible<'_, T> {
    /// # Safety
    /// The pointer contract above, for `size` bytes.
    pub(super) unsafe fn zeroed(ptr: *mut T, size: usize) -> Result<Self> {
        // SAFETY: the caller's promise is passed on.
        let all = unsafe { output(aligned(ptr)?.cast(), size) }?;
        if all.len() < size_of::<T>() {
            return Err(Error::InvalidArgument);
        }
        all.fill(MaybeUninit::new(0));
        let known = all.get_mut(..size_of::<T>()).unwrap_or_default();
        Ok(Extensible { known, of: core::marker::PhantomData })
    }

    pub(super) fn set(self, value: T) {
        // SAFETY: `known` has the size and the alignment of `T`.
        unsafe { self.known.as_mut_ptr().cast::<T>().write(value) }
    }
}
