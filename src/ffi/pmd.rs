//! Compression without a connection

use super::conn::{WS_SEND_MORE, ws_allocator};
use super::negotiation::ws_pmd_params;
use super::result::ws_result;
use super::{conn, ptr, result_of};
use crate::deflate::compress;
use crate::deflate::pmd::Pmd;
use crate::error::{Error, Result};
use core::ffi::c_void;
use core::ptr::NonNull;

/// Compresses and decompresses the payloads of frames (RFC 7692, 7.2): for users of the decoder,
/// for proxies, and to compress once for many. A message that a server compressed with
/// server_no_context_takeover is valid for every client that has a window at least as wide and for
/// which all messages are compressed so, whether it was agreed or not; for any other client the
/// contexts would diverge. Opaque. For one thread at a time. It allocates memory
/// like ws_conn_set_pmd().
pub struct ws_pmd {
    pmd: Pmd,
}

/// Creates a compressor and decompressor. side: WS_SERVER or WS_CLIENT, the side you are. params:
/// what was agreed. *allocator is copied; NULL for that of the C library. Returns NULL if out of
/// memory, if an argument is invalid, or without WS_FEATURE_DEFLATE.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_pmd_new(
    side: u32,
    params: *const ws_pmd_params,
    allocator: *const ws_allocator,
) -> *mut ws_pmd {
    // SAFETY: the caller keeps the pointer contract, and the contract of the allocator.
    let placed = (|| unsafe {
        let side = conn::side(side)?;
        let params = ptr::one(params)?.read()?;
        let memory = conn::allocator(allocator)?;
        memory.place(ws_pmd { pmd: Pmd::new(side, params, memory) })
    })();
    placed.map_or(core::ptr::null_mut(), NonNull::as_ptr)
}

/// Frees a compressor and decompressor. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_pmd_free(pmd: *mut ws_pmd) {
    let Some(pmd) = NonNull::new(pmd) else { return };
    // SAFETY: the caller passes a handle from ws_pmd_new(), which has placed it with its allocator,
    // and does not use it again.
    unsafe {
        let memory = pmd.as_ref().pmd.memory();
        memory.remove(pmd);
    }
}

/// Returns the bytes of `out` that ws_pmd_compress() needs for `len` bytes of data; 0 if no buffer
/// can be that large, or pmd is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_pmd_compress_bound(pmd: *const ws_pmd, len: usize) -> usize {
    // SAFETY: the caller keeps the pointer contract.
    let known = unsafe { ptr::handle(pmd) }.is_ok();
    let bound = compress::bound(len).filter(|bound| isize::try_from(*bound).is_ok());
    bound.filter(|_| known).unwrap_or(0)
}

/// Compresses a message, or a fragment of one, into the payload of one frame (RFC 7692, 7.2.1); set
/// WS_RSV1 on the first frame of the message. flags: 0, or WS_SEND_MORE if more fragments of the
/// message follow. out_cap must be at least ws_pmd_compress_bound(), and `data` must not overlap
/// `out`; `out` beyond the result may have served as scratch space. Returns the length of the
/// payload, WS_ERR_BUFFER_TOO_SMALL, WS_ERR_INVALID_ARGUMENT or WS_ERR_NO_MEMORY.
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
    result_of(|| unsafe {
        let pmd = &mut ptr::handle_mut(pmd)?.pmd;
        let more = more(flags)?;
        if ptr::overlap(data, len, out, out_cap) {
            return Err(Error::InvalidArgument);
        }
        pmd.compress(ptr::bytes(data, len)?, more, ptr::output(out, out_cap)?)
    })
}

/// Decompresses the unmasked payload of one frame (RFC 7692, 7.2.2). flags: 0, or WS_SEND_MORE if
/// more frames of the message follow. Returns the number of bytes written, and in *consumed the
/// number of bytes of `data` that were consumed. It stops early only if `out` is full or an error
/// comes next; out_cap must not be 0. Call it again with the rest, which may be empty, and the same
/// flags until it returns 0: then the payload is complete, and without WS_SEND_MORE the message
/// too. `data` is never written to.
///
///     do {
///         n = ws_pmd_decompress(pmd, flags, p, len, &used, out, sizeof out);
///         if (n > 0) take(out, n);
///         p += used, len -= used;
///     } while (n > 0);
///     if (n < 0) fail(n);
///
/// WS_ERR_COMPRESSION if the data is damaged or the message is truncated; WS_ERR_NO_MEMORY. Every
/// later call returns the same error, with *consumed 0. No limit applies: bound the input and the
/// output yourself.
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
    result_of(|| unsafe {
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
