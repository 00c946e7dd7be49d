//! The deflate engine: raw deflate streams of `libz-rs-sys`, with our allocator under them.
//!
//! That crate and not `zlib-rs` itself, whose own types allocate as they please and panic if
//! they cannot.
#![allow(unsafe_code)]

use super::{Config, Run, Stop};
use crate::error::{Error, Result};
use crate::memory::Allocator;
use core::ffi::{c_char, c_int, c_uint, c_void};
use core::mem::MaybeUninit;
use core::ptr::NonNull;
#[cfg(not(wscodec_panic_probe))]
use libz_rs_sys as z;

/// The engine's functions as things unknown, so that the probe for panics looks at ours alone.
#[cfg(wscodec_panic_probe)]
#[allow(missing_docs)]
mod z {
    use core::ffi::{c_char, c_int};
    pub(super) use libz_rs_sys::{
        Z_BLOCK, Z_BUF_ERROR, Z_DEFAULT_STRATEGY, Z_DEFLATED, Z_HUFFMAN_ONLY,
        Z_MEM_ERROR, Z_NO_FLUSH, Z_OK, Z_STREAM_END, Z_SYNC_FLUSH, z_stream,
    };

    unsafe extern "C" {
        pub(super) safe fn zlibVersion() -> *const c_char;
        pub(super) fn deflateInit2_(
            stream: *mut z_stream,
            level: c_int,
            method: c_int,
            window_bits: c_int,
            mem_level: c_int,
            strategy: c_int,
            version: *const c_char,
            size: c_int,
        ) -> c_int;
        pub(super) fn deflate(stream: *mut z_stream, flush: c_int) -> c_int;
        pub(super) fn deflateEnd(stream: *mut z_stream) -> c_int;
        pub(super) fn inflateInit2_(
            stream: *mut z_stream,
            window_bits: c_int,
            version: *const c_char,
            size: c_int,
        ) -> c_int;
        pub(super) fn inflate(stream: *mut z_stream, flush: c_int) -> c_int;
        pub(super) fn inflateSyncPoint(stream: *mut z_stream) -> c_int;
        pub(super) fn inflateResetKeep(stream: *mut z_stream) -> c_int;
        pub(super) fn inflateEnd(stream: *mut z_stream) -> c_int;
    }
}

/// A stream, with the allocator that its memory is from: the engine's functions for memory
/// find it there.
struct Stream {
    z: z::z_stream,
    memory: Allocator,
}

#[derive(Debug)]
struct Handle(NonNull<Stream>);

impl Handle {
    fn new(
        memory: &Allocator,
        init: impl FnOnce(*mut z::z_stream, *const c_char, c_int) -> c_int,
    ) -> Result<Handle> {
        let z = z::z_stream {
            zalloc: Some(alloc),
            zfree: Some(free),
            ..z::z_stream::default()
        };
        let handle = Handle(memory.place(Stream { z, memory: *memory })?);
        // SAFETY: just placed; nobody else knows it.
        let stream = unsafe { &mut *handle.0.as_ptr() };
        stream.z.opaque = (&raw mut stream.memory).cast();
        let size = c_int::try_from(size_of::<z::z_stream>()).unwrap_or(0);
        match init(&raw mut stream.z, z::zlibVersion(), size) {
            z::Z_OK => Ok(handle),
            error => {
                handle.forget();
                Err(if error == z::Z_MEM_ERROR {
                    Error::NoMemory
                } else {
                    Error::InvalidArgument
                })
            }
        }
    }

    /// Gives the memory of the stream itself back.
    fn forget(self) {
        // SAFETY: from place(), of this allocator, and used no more.
        unsafe {
            let memory = self.0.as_ref().memory;
            memory.take_back(self.0);
        }
    }

    /// Points the stream at the input and the output, and lets `step` work on them.
    fn run<'a>(
        &mut self,
        input: &[u8],
        out: &'a mut [MaybeUninit<u8>],
        step: impl FnOnce(*mut z::z_stream) -> c_int,
    ) -> Run<'a> {
        // SAFETY: ours, and borrowed exclusively.
        let z = unsafe { &mut self.0.as_mut().z };
        let input_len = c_uint::try_from(input.len()).unwrap_or(c_uint::MAX);
        let out_len = c_uint::try_from(out.len()).unwrap_or(c_uint::MAX);
        (z.next_in, z.avail_in) = (input.as_ptr().cast_mut(), input_len);
        (z.next_out, z.avail_out) = (out.as_mut_ptr().cast(), out_len);
        let stop = match step(z) {
            z::Z_OK | z::Z_BUF_ERROR => Stop::Used,
            z::Z_STREAM_END => Stop::Final,
            _ => Stop::Damaged,
        };
        let read = input_len.saturating_sub(z.avail_in) as usize;
        let written = out_len.saturating_sub(z.avail_out) as usize;
        // SAFETY: the engine has written that many bytes from the start of `out` on.
        let bytes = unsafe {
            core::slice::from_raw_parts_mut(out.as_mut_ptr().cast::<u8>(), written)
        };
        Run { read, bytes, stop }
    }
}

/// Compresses.
#[derive(Debug)]
pub struct Deflate(Handle);

impl Deflate {
    /// All of its memory is from `memory`.
    pub fn new(config: Config, memory: &Allocator) -> Result<Deflate> {
        let Config { level, mem_level, window_bits } = config;
        let (window_bits, strategy) = match window_bits {
            8 => (9, z::Z_HUFFMAN_ONLY),
            bits => (c_int::from(bits), z::Z_DEFAULT_STRATEGY),
        };
        let handle = Handle::new(memory, |stream, version, size| {
            // SAFETY: a stream that is ours, with functions for memory; a static version.
            unsafe {
                z::deflateInit2_(
                    stream,
                    level.into(),
                    z::Z_DEFLATED,
                    // Negative: raw deflate.
                    window_bits.wrapping_neg(),
                    mem_level.into(),
                    strategy,
                    version,
                    size,
                )
            }
        })?;
        Ok(Deflate(handle))
    }

    /// Compresses; with `flush` up to a byte boundary, marked by 00 00 FF FF.
    pub fn run<'a>(
        &mut self,
        input: &[u8],
        out: &'a mut [MaybeUninit<u8>],
        flush: bool,
    ) -> Run<'a> {
        let flush = if flush { z::Z_SYNC_FLUSH } else { z::Z_NO_FLUSH };
        // SAFETY: an initialised stream.
        self.0.run(input, out, |stream| unsafe { z::deflate(stream, flush) })
    }

    /// Gives the memory back.
    pub fn release(mut self) {
        // SAFETY: an initialised stream, used no more.
        unsafe { z::deflateEnd(&raw mut self.0.0.as_mut().z) };
        self.0.forget();
    }
}

/// Decompresses, always with the widest window.
#[derive(Debug)]
pub struct Inflate(Handle);

impl Inflate {
    /// All of its memory is from `memory`.
    pub fn new(memory: &Allocator) -> Result<Inflate> {
        let bits = c_int::from(super::MAX_WINDOW_BITS).wrapping_neg();
        let handle = Handle::new(memory, |stream, version, size| {
            // SAFETY: a stream that is ours, with functions for memory; a static version.
            unsafe { z::inflateInit2_(stream, bits, version, size) }
        })?;
        Ok(Inflate(handle))
    }

    /// Decompresses until the input or the room is used up, or a block ends.
    pub fn run<'a>(&mut self, input: &[u8], out: &'a mut [MaybeUninit<u8>]) -> Run<'a> {
        // SAFETY: an initialised stream.
        self.0.run(input, out, |stream| unsafe { z::inflate(stream, z::Z_BLOCK) })
    }

    /// Whether the last call stopped right behind a block that is not the final one, on a byte
    /// boundary.
    pub fn is_between_blocks(&self) -> bool {
        const BETWEEN_BLOCKS: c_int = 128;
        // SAFETY: an initialised stream.
        unsafe { self.0.0.as_ref().z.data_type & 0xff == BETWEEN_BLOCKS }
    }

    /// Whether the last call stopped right behind a block that is not the final one, with bits
    /// of its last byte left.
    pub fn is_behind_a_block_inside_a_byte(&self) -> bool {
        const LAST: c_int = 64;
        const BEHIND_BLOCK: c_int = 128;
        const BITS: c_int = 63;
        // SAFETY: an initialised stream.
        let state = unsafe { self.0.0.as_ref().z.data_type };
        state & (BEHIND_BLOCK | LAST) == BEHIND_BLOCK && state & BITS != 0
    }

    /// Whether it waits for the lengths of a stored block, on a byte boundary: 00 00 FF FF is
    /// all that is missing.
    pub fn is_at_marker(&mut self) -> bool {
        // SAFETY: an initialised stream.
        unsafe { z::inflateSyncPoint(&raw mut self.0.0.as_mut().z) == 1 }
    }

    /// Expects a block next, which may refer to what came before.
    pub fn expect_block(&mut self) {
        // SAFETY: an initialised stream.
        unsafe { z::inflateResetKeep(&raw mut self.0.0.as_mut().z) };
    }

    /// Gives the memory back.
    pub fn release(mut self) {
        // SAFETY: an initialised stream, used no more.
        unsafe { z::inflateEnd(&raw mut self.0.0.as_mut().z) };
        self.0.forget();
    }
}

unsafe extern "C" fn alloc(
    opaque: *mut c_void,
    items: c_uint,
    size: c_uint,
) -> *mut c_void {
    let size = (items as usize).saturating_mul(size as usize);
    // SAFETY: Handle::new() pointed it at the stream's allocator.
    unsafe { &*opaque.cast::<Allocator>() }.alloc_sized(size)
}

unsafe extern "C" fn free(opaque: *mut c_void, ptr: *mut c_void) {
    // SAFETY: likewise; and the engine gives back what alloc() gave it.
    unsafe { (*opaque.cast::<Allocator>()).free_sized(ptr) }
}
