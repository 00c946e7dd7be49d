//! The deflate engine: raw deflate streams of the crate `libz-rs-sys`, whose memory comes from our
//! allocator.
//!
//! The crate `zlib-rs` under it has a Rust API, which allocates from the standard library and
//! panics when an allocation fails.
//!
//! # Memory
//!
//! What one engine allocates, in bytes, for windows of 15 bits and memory level 6, beside zlib 1.3:
//!
//! | to compress          | zlib-rs | zlib    |
//! |----------------------|---------|---------|
//! | two windows          |  65,536 |  65,536 |
//! | chains of the hashes |  65,536 |  65,536 |
//! | hash table           | 131,072 |  16,384 |
//! | output               |  16,384 |  16,384 |
//! | symbols              |  12,288 | in the output |
//! | state and alignment  |   3,209 |   5,968 |
//! | sum                  | 294,025 | 169,808 |
//! | **to decompress**    |  47,561 |  39,928 |
//!
//! zlib's hash table is smaller at a lower memory level, that of zlib-rs has 65,536 entries at any.
//! So zlib-rs needs 266,249 bytes even at level 1, and zlib 268,112 at its default, level 8. The
//! hash table is also why a message without context takeover is expensive, however short it is: a
//! new engine clears it twice, and a reset one once.
#![allow(unsafe_code)]

use super::{Config, Run, Stop};
use crate::error::{Error, Result};
use crate::memory::Allocator;
use core::ffi::{c_char, c_int, c_uint, c_void};
use core::mem::MaybeUninit;
use core::ptr::NonNull;
#[cfg(not(wscodec_panic_probe))]
use libz_rs_sys as z;

/// The engine's functions without their code, so that the probe for panics judges ours alone.
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

/// A stream, and the allocator from which the engine gets memory for it: [`alloc`] and [`free`] are
/// given a pointer to it.
struct Stream {
    z: z::z_stream,
    memory: Allocator,
}

/// A stream in memory that does not move, since the engine keeps a pointer to it.
///
/// While the engine runs, it uses the allocator through that pointer. So no reference to the whole
/// stream is made after that pointer was made: each access goes through [`Handle::z`].
#[derive(Debug)]
struct Handle(NonNull<Stream>);

// SAFETY: it owns the stream, which uses nothing but its own memory and the allocator, which is
// Send.
unsafe impl Send for Handle {}

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
        let stream = memory.place(Stream { z, memory: *memory })?;
        let handle = Handle(stream);
        // SAFETY: place() has written a stream there, of which this is a field.
        unsafe {
            (*handle.z()).opaque = (&raw mut (*stream.as_ptr()).memory).cast();
        }
        let size = c_int::try_from(size_of::<z::z_stream>()).unwrap_or(0);
        match init(handle.z(), z::zlibVersion(), size) {
            z::Z_OK => Ok(handle),
            z::Z_MEM_ERROR => Err(Error::NoMemory),
            _ => Err(Error::InvalidArgument),
        }
    }

    fn z(&self) -> *mut z::z_stream {
        // SAFETY: the stream is there until the drop. No reference is made, only a pointer.
        unsafe { &raw mut (*self.0.as_ptr()).z }
    }

    /// Points the stream at the input and the output, and lets `step` work on them.
    fn run<'a>(
        &mut self,
        input: &[u8],
        out: &'a mut [MaybeUninit<u8>],
        step: impl FnOnce(*mut z::z_stream) -> c_int,
    ) -> Run<'a> {
        let z = self.z();
        let input_len = c_uint::try_from(input.len()).unwrap_or(c_uint::MAX);
        let out_len = c_uint::try_from(out.len()).unwrap_or(c_uint::MAX);
        // SAFETY: the stream is there until the drop, and `self` is borrowed exclusively.
        unsafe {
            ((*z).next_in, (*z).avail_in) = (input.as_ptr().cast_mut(), input_len);
            ((*z).next_out, (*z).avail_out) = (out.as_mut_ptr().cast(), out_len);
        }
        let stop = match step(z) {
            z::Z_OK | z::Z_BUF_ERROR => Stop::Exhausted,
            z::Z_STREAM_END => Stop::Final,
            _ => Stop::Damaged,
        };
        // SAFETY: as above. The engine only ever counts down.
        let (read, written) = unsafe {
            ((input_len - (*z).avail_in) as usize, (out_len - (*z).avail_out) as usize)
        };
        // SAFETY: the engine has written that many bytes from the start of `out` on.
        let bytes = unsafe {
            core::slice::from_raw_parts_mut(out.as_mut_ptr().cast::<u8>(), written)
        };
        Run { read, bytes, stop }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the stream is from place() of the allocator that it holds, and its owner is gone
        // after this.
        unsafe {
            let memory = (*self.0.as_ptr()).memory;
            memory.remove(self.0);
        }
    }
}

/// Compresses.
#[derive(Debug)]
pub struct Deflate(Handle);

impl Deflate {
    /// Allocates from `memory` alone.
    pub fn new(config: Config, memory: &Allocator) -> Result<Deflate> {
        let Config { level, mem_level, window_bits } = config;
        let (window_bits, strategy) = match window_bits {
            8 => (9, z::Z_HUFFMAN_ONLY),
            bits => (c_int::from(bits), z::Z_DEFAULT_STRATEGY),
        };
        let handle = Handle::new(memory, |stream, version, size| {
            // SAFETY: new() passes its stream, which has functions for memory, and the engine's
            // version.
            unsafe {
                z::deflateInit2_(
                    stream,
                    level.into(),
                    z::Z_DEFLATED,
                    // Negative: raw deflate.
                    -window_bits,
                    mem_level.into(),
                    strategy,
                    version,
                    size,
                )
            }
        })?;
        Ok(Deflate(handle))
    }

    /// Compresses. With `flush` the output ends on a byte boundary, with 00 00 FF FF.
    pub fn run<'a>(
        &mut self,
        input: &[u8],
        out: &'a mut [MaybeUninit<u8>],
        flush: bool,
    ) -> Run<'a> {
        let flush = if flush { z::Z_SYNC_FLUSH } else { z::Z_NO_FLUSH };
        // SAFETY: run() passes its stream, which deflateInit2_() has initialised, with valid input
        // and output.
        self.0.run(input, out, |stream| unsafe { z::deflate(stream, flush) })
    }
}

impl Drop for Deflate {
    fn drop(&mut self) {
        // SAFETY: deflateInit2_() has initialised the stream, and nothing uses it after this.
        unsafe { z::deflateEnd(self.0.z()) };
    }
}

/// Decompresses, always with the widest window.
#[derive(Debug)]
pub struct Inflate(Handle);

impl Inflate {
    /// Allocates from `memory` alone.
    pub fn new(memory: &Allocator) -> Result<Inflate> {
        let bits = -c_int::from(super::MAX_WINDOW_BITS);
        let handle = Handle::new(memory, |stream, version, size| {
            // SAFETY: new() passes its stream, which has functions for memory, and the engine's
            // version.
            unsafe { z::inflateInit2_(stream, bits, version, size) }
        })?;
        Ok(Inflate(handle))
    }

    /// Decompresses until the input or the room is used up, or a block ends.
    pub fn run<'a>(&mut self, input: &[u8], out: &'a mut [MaybeUninit<u8>]) -> Run<'a> {
        // SAFETY: run() passes its stream, which inflateInit2_() has initialised, with valid input
        // and output.
        self.0.run(input, out, |stream| unsafe { z::inflate(stream, z::Z_BLOCK) })
    }

    /// Whether the last call stopped after a block that is not the final one, on a byte boundary.
    pub fn is_between_blocks(&self) -> bool {
        self.data_type() == BETWEEN_BLOCKS
    }

    /// Whether the last call stopped after a block, within a byte that holds the start of the next
    /// block: the engine can judge that without further input.
    pub fn holds_bits_between_blocks(&self) -> bool {
        let (place, bits) =
            (self.data_type() & !UNUSED_BITS, self.data_type() & UNUSED_BITS);
        place == BETWEEN_BLOCKS && bits >= 3
    }

    /// Whether it expects the lengths of a stored block, on a byte boundary: only 00 00 FF FF is
    /// missing.
    pub fn is_at_marker(&mut self) -> bool {
        // SAFETY: inflateInit2_() has initialised the stream.
        unsafe { z::inflateSyncPoint(self.0.z()) == 1 }
    }

    /// Expects a block next, which may refer to earlier output.
    pub fn expect_block(&mut self) {
        // SAFETY: inflateInit2_() has initialised the stream.
        unsafe { z::inflateResetKeep(self.0.z()) };
    }

    /// The engine's report on where it stopped.
    fn data_type(&self) -> c_int {
        // SAFETY: the stream is there until the drop, and the engine does not run now.
        unsafe { (*self.0.z()).data_type & 0xff }
    }
}

impl Drop for Inflate {
    fn drop(&mut self) {
        // SAFETY: inflateInit2_() has initialised the stream, and nothing uses it after this.
        unsafe { z::inflateEnd(self.0.z()) };
    }
}

/// In [`Inflate::data_type`]: after a block that is not the final one.
const BETWEEN_BLOCKS: c_int = 128;
/// In [`Inflate::data_type`]: how many bits of the last byte are not used yet.
const UNUSED_BITS: c_int = 63;

unsafe extern "C" fn alloc(
    opaque: *mut c_void,
    items: c_uint,
    size: c_uint,
) -> *mut c_void {
    let size = (items as usize).saturating_mul(size as usize);
    // SAFETY: Handle::new() has set `opaque` to the stream's allocator, which nothing changes.
    unsafe { &*opaque.cast::<Allocator>() }.alloc_sized(size)
}

unsafe extern "C" fn free(opaque: *mut c_void, ptr: *mut c_void) {
    // SAFETY: Handle::new() has set `opaque` to the stream's allocator, which nothing changes. The
    // engine frees what alloc() has returned, and does not use it again.
    unsafe { (*opaque.cast::<Allocator>()).free_sized(ptr) }
}
