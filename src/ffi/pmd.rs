//! Compression without a connection

use super::conn::{WS_SEND_MORE, ws_allocator};
use super::deflate::ws_pmd_params;
use super::result::ws_result;
use super::{answer, conn, ptr};
use crate::deflate::compress;
use crate::deflate::pmd::Pmd;
use crate::error::{Error, Result};
use core::ffi::c_void;
use core::ptr::NonNull;

/// Compresses and decompresses the payloads of frames (RFC 7692, 7.2): for users of the decoder,
/// for proxies, and to compress once for many. What a server compressed is valid for every client
/// that agreed on no context takeover of the server's and on as wide a window; in others the
/// windows would part. Opaque. For one thread at a time. It takes memory as ws_conn_set_pmd() says.
pub struct ws_pmd {
    pmd: Pmd,
}

/// side: WS_SERVER or WS_CLIENT, the side that you are. params: what was agreed on. *allocator is
/// copied; NULL: the C library's. NULL if out of memory, if an argument is invalid, or in a build
/// without WS_FEATURE_DEFLATE.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_pmd_new(
    side: u32,
    params: *const ws_pmd_params,
    allocator: *const ws_allocator,
) -> *mut ws_pmd {
    // SAFETY: the caller keeps the pointer contract, and that of the allocator.
    let placed = (|| unsafe {
        let side = conn::side(side)?;
        let params = ptr::one(params)?.read()?;
        let memory = conn::allocator(allocator)?;
        memory.place(ws_pmd { pmd: Pmd::new(side, params, memory) })
    })();
    placed.map_or(core::ptr::null_mut(), NonNull::as_ptr)
}

/// Gives all memory back. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_pmd_free(pmd: *mut ws_pmd) {
    let Some(pmd) = NonNull::new(pmd) else { return };
    // SAFETY: the caller passes a handle from ws_pmd_new(), which has placed it with its allocator, and
    // does not use it again.
    unsafe {
        let memory = pmd.as_ref().pmd.memory();
        memory.remove(pmd);
    }
}

/// Room in bytes that ws_pmd_compress() needs for a piece of this length; 0 if that is above
/// PTRDIFF_MAX, or pmd is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_pmd_compress_bound(pmd: *const ws_pmd, len: usize) -> usize {
    // SAFETY: the caller keeps the pointer contract.
    let known = unsafe { ptr::handle(pmd) }.is_ok();
    let bound = compress::bound(len).filter(|bound| isize::try_from(*bound).is_ok());
    bound.filter(|_| known).unwrap_or(0)
}

/// Compresses a message, or a piece of one, into the payload of one frame; WS_RSV1 belongs on the
/// first. flags: 0, or WS_SEND_MORE if further pieces of the message follow. out_cap must be at
/// least ws_pmd_compress_bound(), and `data` must not overlap `out`; bytes of `out` behind the
/// result may have been used. Returns the length of the payload, WS_ERR_BUFFER_TOO_SMALL or
/// WS_ERR_NO_MEMORY.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_pmd_compress(
    pmd: *mut ws_pmd,
    flags: u32,
    data: *const c_void,
    len: usize,
    out: *mut c_void,
    out_cap: usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract; data and output share no byte.
    answer(|| unsafe {
        let pmd = &mut ptr::handle_mut(pmd)?.pmd;
        let more = more(flags)?;
        if ptr::overlap(data, len, out, out_cap) {
            return Err(Error::InvalidArgument);
        }
        pmd.compress(ptr::bytes(data, len)?, more, ptr::output(out, out_cap)?)
    })
}

/// Decompresses the unmasked payload of one frame. flags: 0, or WS_SEND_MORE if further frames of
/// the message follow. Returns how many bytes were written, and in *consumed how many bytes of
/// `data` are done. It stops early only when `out` is full or before an error; out_cap must not be 0. Call it again
/// with the rest, which may be empty, and the same flags until it returns 0: then the payload is
/// done, and without WS_SEND_MORE the message. `data` is never written to.
///
/// WS_ERR_COMPRESSION if the data is damaged or the message is cut off, WS_ERR_NO_MEMORY; both are
/// returned from then on, with *consumed 0. There is no limit here: bound what goes in and what
/// comes out.
///
///     do {
///         n = ws_pmd_decompress(pmd, flags, p, len, &used, out, sizeof out);
///         if (n > 0) take(out, n);
///         p += used, len -= used;
///     } while (n > 0);
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_pmd_decompress(
    pmd: *mut ws_pmd,
    flags: u32,
    data: *const c_void,
    len: usize,
    consumed: *mut usize,
    out: *mut c_void,
    out_cap: usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract; data and output share no byte.
    answer(|| unsafe {
        let consumed = ptr::output_one(consumed)?.write(0);
        let pmd = &mut ptr::handle_mut(pmd)?.pmd;
        let more = more(flags)?;
        if out_cap == 0 || ptr::overlap(data, len, out, out_cap) {
            return Err(Error::InvalidArgument);
        }
        let (data, out) = (ptr::bytes(data, len)?, ptr::output(out, out_cap)?);
        let done = pmd.decompress(data, more, out)?;
        *consumed = done.consumed;
        Ok(done.written)
    })
}

fn more(flags: u32) -> Result<bool> {
    match flags {
        0 => Ok(false),
        WS_SEND_MORE => Ok(true),
        _ => Err(Error::InvalidArgument),
    }
}
