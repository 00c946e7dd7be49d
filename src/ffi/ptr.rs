//! From pointers to references: the pointer contract, in one place.
//!
//! **The pointer contract.** The caller of an export promises that a pointer with a length points
//! to that many bytes; that these are initialised, unless they are output; and that nobody else
//! writes to them during the call, or reads them if they are written to. Everything else is checked
//! here: NULL, alignment, and lengths that no object can have.

use super::accept::{ws_accept_spec, ws_accepted};
use super::conn::{ws_allocator, ws_event};
use super::decoder::ws_out_frame;
use super::fields::{ws_request_fields, ws_response_fields};
use super::frame::ws_frame;
use super::handshake::{ws_request_spec, ws_response_spec};
use super::negotiation::ws_pmd_params;
use crate::control::Control;
use crate::decoder::Decoder;
use crate::error::{Error, Result};
use core::ffi::c_void;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

/// Types of which any initialised memory is a value.
///
/// # Safety
/// The type consists of integers, raw pointers and optional function pointers.
pub(super) unsafe trait Plain: Copy {}

macro_rules! plain {
    ($($type:ty: $why:literal;)*) => {
        // SAFETY: see the reason beside each.
        $(unsafe impl Plain for $type {})*
    };
}

plain! {
    u8: "an integer";
    u32: "an integer";
    u64: "an integer";
    usize: "an integer";
    ws_frame: "integers";
    ws_event: "integers";
    ws_pmd_params: "integers";
    ws_out_frame: "integers, and a pointer";
    ws_allocator: "a pointer, and function pointers";
    ws_accept_spec: "integers, and pointers";
    ws_accepted: "integers, and a pointer";
    ws_request_spec: "integers, and pointers";
    ws_response_spec: "integers, and pointers";
    ws_request_fields: "integers, and pointers";
    ws_response_fields: "integers, and pointers";
    Decoder: "integers, by its own documentation";
    Control: "integers, by its own documentation";
}

/// A value whose bytes are all zero.
pub(super) fn zeroed<T: Plain>() -> T {
    // SAFETY: a Plain type may have any value.
    unsafe { core::mem::zeroed() }
}

/// A pointer that a slice of `len` elements can be made of.
fn checked<T>(ptr: *mut T, len: usize) -> Result<NonNull<T>> {
    let max = const { isize::MAX.unsigned_abs() / size_of::<T>() };
    match NonNull::new(ptr) {
        Some(ptr) if ptr.is_aligned() && len <= max => Ok(ptr),
        _ if len == 0 => Ok(NonNull::dangling()),
        _ => Err(Error::InvalidArgument),
    }
}

/// The pointer, if it is aligned.
fn aligned<T>(ptr: *mut T) -> Result<*mut T> {
    if ptr.is_aligned() { Ok(ptr) } else { Err(Error::InvalidArgument) }
}

/// Input of `len` elements.
///
/// # Safety
/// The pointer contract.
pub(super) unsafe fn array<'a, T: Plain>(ptr: *const T, len: usize) -> Result<&'a [T]> {
    let ptr = checked(ptr.cast_mut(), len)?;
    // SAFETY: the pointer is aligned and not NULL, and the length is 0 or at most isize::MAX bytes.
    // By the pointer contract the bytes are there, initialised, and not written to; a Plain type
    // may have any value.
    Ok(unsafe { core::slice::from_raw_parts(ptr.as_ptr(), len) })
}

/// Input bytes.
///
/// # Safety
/// The pointer contract.
pub(super) unsafe fn bytes<'a>(ptr: *const c_void, len: usize) -> Result<&'a [u8]> {
    // SAFETY: the caller keeps the pointer contract.
    unsafe { array(ptr.cast(), len) }
}

/// Input bytes that may be changed in place.
///
/// # Safety
/// The pointer contract.
pub(super) unsafe fn bytes_mut<'a>(ptr: *mut c_void, len: usize) -> Result<&'a mut [u8]> {
    let ptr = checked(ptr.cast::<u8>(), len)?;
    // SAFETY: the pointer is not NULL, and the length is 0 or at most isize::MAX. By the pointer
    // contract the bytes are there, initialised, and used by nobody else during the call.
    Ok(unsafe { core::slice::from_raw_parts_mut(ptr.as_ptr(), len) })
}

/// Output of `len` elements, which may be uninitialised.
///
/// # Safety
/// The pointer contract.
pub(super) unsafe fn output_array<'a, T>(
    ptr: *mut T,
    len: usize,
) -> Result<&'a mut [MaybeUninit<T>]> {
    let ptr = checked(ptr, len)?;
    // SAFETY: the pointer is aligned and not NULL, and the length is 0 or at most isize::MAX bytes.
    // By the pointer contract the memory is there, and used by nobody else during the call.
    Ok(unsafe { core::slice::from_raw_parts_mut(ptr.as_ptr().cast(), len) })
}

/// Output bytes, which may be uninitialised.
///
/// # Safety
/// The pointer contract.
pub(super) unsafe fn output<'a>(
    ptr: *mut c_void,
    len: usize,
) -> Result<&'a mut [MaybeUninit<u8>]> {
    // SAFETY: the caller keeps the pointer contract.
    unsafe { output_array(ptr.cast(), len) }
}

/// One value to be written. NULL is an error.
///
/// # Safety
/// The pointer contract.
pub(super) unsafe fn output_one<'a, T>(ptr: *mut T) -> Result<&'a mut MaybeUninit<T>> {
    // SAFETY: the caller keeps the pointer contract.
    let one = unsafe { output_array(ptr, 1) }?;
    one.first_mut().ok_or(Error::InvalidArgument)
}

/// One value to be read and written. NULL is an error.
///
/// # Safety
/// The pointer contract.
pub(super) unsafe fn one_mut<'a, T: Plain>(ptr: *mut T) -> Result<&'a mut T> {
    // SAFETY: the caller keeps the pointer contract, so the memory is initialised; a Plain type may
    // have any value.
    Ok(unsafe { output_one(ptr)?.assume_init_mut() })
}

/// One value to be read. NULL is an error.
///
/// # Safety
/// The pointer contract.
pub(super) unsafe fn one<'a, T: Plain>(ptr: *const T) -> Result<&'a T> {
    // SAFETY: the caller keeps the pointer contract.
    unsafe { array(ptr, 1) }?.first().ok_or(Error::InvalidArgument)
}

/// The value behind a handle. NULL and a misaligned pointer are errors.
///
/// # Safety
/// `ptr` is NULL, misaligned, or a handle that this library has returned and that was not freed. No
/// other call uses it at the same time.
pub(super) unsafe fn handle_mut<'a, T>(ptr: *mut T) -> Result<&'a mut T> {
    // SAFETY: a pointer that is neither NULL nor misaligned is a valid handle: a `T` that this
    // library has placed there, and that only this call uses.
    unsafe { aligned(ptr)?.as_mut() }.ok_or(Error::InvalidArgument)
}

/// The value behind a handle, to be read. NULL and a misaligned pointer are errors.
///
/// # Safety
/// `ptr` is NULL, misaligned, or a handle that this library has returned and that was not freed. No
/// other call changes it at the same time.
pub(super) unsafe fn handle<'a, T>(ptr: *const T) -> Result<&'a T> {
    // SAFETY: a pointer that is neither NULL nor misaligned is a valid handle: a `T` that this
    // library has placed there, and that nobody changes during this call.
    unsafe { aligned(ptr.cast_mut())?.as_ref() }.ok_or(Error::InvalidArgument)
}

/// The bytes of a chunk; `buf` is the buffer that the decoder was given.
///
/// # Safety
/// The pointer contract, for the chunk.
pub(super) unsafe fn chunk<'a>(buf: *const c_void, frame: &ws_frame) -> Result<&'a [u8]> {
    let off = usize::try_from(frame.chunk_off).map_err(|_| Error::InvalidArgument)?;
    let len = usize::try_from(frame.chunk_len).map_err(|_| Error::InvalidArgument)?;
    match (len, buf.is_null()) {
        (0, _) => Ok(&[]),
        (_, true) => Err(Error::InvalidArgument),
        // SAFETY: the caller keeps the pointer contract for these bytes.
        (_, false) => unsafe { bytes(buf.wrapping_byte_add(off), len) },
    }
}

/// The four bytes of a masking key. None: NULL.
///
/// # Safety
/// `ptr` is NULL, or points to 4 initialised bytes.
pub(super) unsafe fn mask_key(ptr: *const c_void) -> Option<[u8; 4]> {
    // SAFETY: the pointer is not NULL, so it points to 4 initialised bytes. Bytes need no
    // alignment.
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
    // The first condition is rarely true; if it is false, nothing else is evaluated.
    (b.wrapping_sub(a) < a_len || a.wrapping_sub(b) < b_len) && a_len > 0 && b_len > 0
}

/// Reads an extensible struct, which the caller may have compiled with another size than `T`. Bytes
/// beyond `T` must be zero. So far every version has had the size of `T`.
///
/// # Safety
/// The pointer contract, for `size` bytes.
pub(super) unsafe fn extensible<T: Plain>(ptr: *const T, size: usize) -> Result<T> {
    // SAFETY: the caller keeps the pointer contract.
    let all = unsafe { bytes(aligned(ptr.cast_mut())?.cast(), size) }?;
    let (known, unknown) =
        all.split_at_checked(size_of::<T>()).ok_or(Error::InvalidArgument)?;
    if unknown.iter().any(|b| *b != 0) {
        return Err(Error::Unsupported);
    }
    // SAFETY: `known` has the size of `T`, and starts where `ptr` points, which is aligned. Its
    // bytes are initialised, and a Plain type may have any value.
    Ok(unsafe { known.as_ptr().cast::<T>().read() })
}

/// An extensible struct to be written. All of it is zero until the caller writes it, and the bytes
/// beyond `T` stay so.
///
/// # Safety
/// The pointer contract, for `size` bytes.
pub(super) unsafe fn extensible_output<'a, T: Copy>(
    ptr: *mut T,
    size: usize,
) -> Result<&'a mut MaybeUninit<T>> {
    // SAFETY: the caller keeps the pointer contract.
    let all = unsafe { output(aligned(ptr)?.cast(), size) }?;
    if all.len() < size_of::<T>() {
        return Err(Error::InvalidArgument);
    }
    all.fill(MaybeUninit::new(0));
    // SAFETY: `all` has at least the size of `T`, and starts where `ptr` points, which is aligned.
    // Nothing else refers to it, since it is not used again.
    Ok(unsafe { &mut *all.as_mut_ptr().cast::<MaybeUninit<T>>() })
}
