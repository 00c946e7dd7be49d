//! zlib, the C library, as the other side of a compressed connection. The framing of messages by
//! RFC 7692 is implemented again here.

// All unsafe blocks here call zlib with a stream that was initialised, and with slices that
// live during the call.
#![allow(clippy::undocumented_unsafe_blocks)]

use core::ffi::{c_int, c_uint, c_void};
use core::ptr::null_mut;
use libz_sys::*;

extern "C" fn alloc(_: *mut c_void, items: c_uint, size: c_uint) -> *mut c_void {
    unsafe { libc::malloc(items as usize * size as usize) }
}

extern "C" fn free(_: *mut c_void, ptr: *mut c_void) {
    unsafe { libc::free(ptr) }
}

fn stream() -> Box<z_stream> {
    Box::new(z_stream {
        next_in: null_mut(),
        avail_in: 0,
        total_in: 0,
        next_out: null_mut(),
        avail_out: 0,
        total_out: 0,
        msg: null_mut(),
        state: null_mut(),
        zalloc: alloc,
        zfree: free,
        opaque: null_mut(),
        data_type: 0,
        adler: 0,
        reserved: 0,
    })
}

const SIZE: c_int = size_of::<z_stream>() as c_int;

/// A compressor.
pub(crate) struct Deflate(Box<z_stream>);

#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) level: c_int,
    pub(crate) window_bits: c_int,
    pub(crate) mem_level: c_int,
    pub(crate) strategy: c_int,
}

impl Settings {
    pub(crate) const USUAL: Settings = Settings {
        level: 6,
        window_bits: 15,
        mem_level: 8,
        strategy: Z_DEFAULT_STRATEGY,
    };
}

impl Deflate {
    pub(crate) fn new(settings: Settings) -> Deflate {
        let Settings { level, window_bits, mem_level, strategy } = settings;
        let mut z = stream();
        let outcome = unsafe {
            deflateInit2_(
                &mut *z,
                level,
                Z_DEFLATED,
                -window_bits,
                mem_level,
                strategy,
                zlibVersion(),
                SIZE,
            )
        };
        assert_eq!(outcome, Z_OK);
        Deflate(z)
    }

    pub(crate) fn run(&mut self, input: &[u8], flush: c_int) -> Vec<u8> {
        let mut out = vec![0; 2 * input.len() + 8000];
        let z = &mut *self.0;
        (z.next_in, z.avail_in) = (input.as_ptr().cast_mut(), input.len() as u32);
        (z.next_out, z.avail_out) = (out.as_mut_ptr(), out.len() as u32);
        let outcome = unsafe { deflate(z, flush) };
        assert!([Z_OK, Z_STREAM_END, Z_BUF_ERROR].contains(&outcome), "{outcome}");
        assert!(
            z.avail_in == 0 && z.avail_out > 0,
            "{outcome} {} {} {flush}",
            z.avail_in,
            z.avail_out
        );
        out.truncate(out.len() - z.avail_out as usize);
        if outcome == Z_STREAM_END {
            unsafe { deflateReset(z) };
        }
        out
    }

    /// Compresses a whole message (7.2.1).
    pub(crate) fn message(&mut self, payload: &[u8]) -> Vec<u8> {
        let mut out = self.run(payload, Z_SYNC_FLUSH);
        if out.is_empty() {
            // The input is empty and all was flushed: an empty block (7.2.3.6).
            return vec![0];
        }
        assert!(out.ends_with(&[0, 0, 0xff, 0xff]));
        out.truncate(out.len() - 4);
        out
    }
}

impl Drop for Deflate {
    fn drop(&mut self) {
        unsafe { deflateEnd(&mut *self.0) };
    }
}

/// A decompressor with a given window.
pub(crate) struct Inflate {
    z: Box<z_stream>,
    /// All output so far.
    history: Vec<u8>,
}

impl Inflate {
    pub(crate) fn new(window_bits: c_int) -> Inflate {
        let mut z = stream();
        let outcome =
            unsafe { inflateInit2_(&mut *z, -window_bits, zlibVersion(), SIZE) };
        assert_eq!(outcome, Z_OK);
        Inflate { z, history: Vec::new() }
    }

    /// How many bytes were decompressed after these messages.
    pub(crate) fn since(&self, items: &[crate::conn::Item]) -> usize {
        let messages = items.iter().map(|item| match item {
            crate::conn::Item::Data(_, _, data) => data.len(),
            _ => 0,
        });
        self.history.len() - messages.sum::<usize>()
    }

    /// Decompresses up to the end of a final block. Returns the rest of the input, or None if it
    /// is not deflate, and whether a final block has ended.
    fn run<'a>(&mut self, input: &'a [u8]) -> (Option<&'a [u8]>, bool) {
        let z = &mut *self.z;
        (z.next_in, z.avail_in) = (input.as_ptr().cast_mut(), input.len() as u32);
        let mut room = [0; 4096];
        loop {
            (z.next_out, z.avail_out) = (room.as_mut_ptr(), room.len() as u32);
            let outcome = unsafe { inflate(z, Z_NO_FLUSH) };
            let written = room.len() - z.avail_out as usize;
            self.history.extend(&room[..written]);
            let left = &input[input.len() - z.avail_in as usize..];
            match outcome {
                Z_STREAM_END => return (Some(left), true),
                Z_OK if z.avail_out == 0 => {}
                Z_OK | Z_BUF_ERROR => return (Some(left), false),
                _ => return (None, false),
            }
        }
    }

    /// Starts a new stream after a final block; it may refer to the output so far.
    fn restart(&mut self) {
        let window = &self.history[self.history.len().saturating_sub(32_768)..];
        unsafe {
            inflateReset(&mut *self.z);
            inflateSetDictionary(&mut *self.z, window.as_ptr(), window.len() as u32);
        }
    }

    /// Decompresses a whole message (7.2.2); None if it is damaged. The four bytes that are
    /// appended to a message must not decompress to anything. A message that is empty, or ends
    /// with a block on a byte boundary, does not need them.
    pub(crate) fn message(&mut self, payload: &[u8]) -> Option<Vec<u8>> {
        let start = self.history.len();
        let mut rest = payload;
        if rest.is_empty() {
            return Some(Vec::new());
        }
        loop {
            let (left, ended) = self.run(rest);
            rest = left?;
            if !ended {
                break;
            }
            self.restart();
            if rest.is_empty() {
                return Some(self.history[start..].to_vec());
            }
        }
        let between_blocks =
            |z: &z_stream| z.data_type & 128 != 0 && z.data_type & 63 == 0;
        if between_blocks(&self.z) {
            return Some(self.history[start..].to_vec());
        }
        let len = self.history.len();
        let (left, ended) = self.run(&[0, 0, 0xff, 0xff]);
        let at_block = between_blocks(&self.z);
        let last = ended && left == Some(&[]);
        if left.is_none() || self.history.len() != len || !at_block && !last {
            return None;
        }
        if last {
            self.restart();
        }
        Some(self.history[start..].to_vec())
    }
}

impl Drop for Inflate {
    fn drop(&mut self) {
        unsafe { inflateEnd(&mut *self.z) };
    }
}
