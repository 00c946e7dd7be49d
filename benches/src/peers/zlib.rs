//! zlib, built from the source that comes with its crate, and zlib-rs, which is the library's own
//! engine: both called directly.

use std::ffi::c_void;
use std::ptr::null_mut;

/// The same few lines over two libraries that look alike.
macro_rules! direct {
    ($name:ident, $z:ident, $wrap:expr) => {
        pub(crate) mod $name {
            use super::{c_alloc, c_free, null_mut};
            use $z::*;

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
                    zalloc: $wrap(c_alloc),
                    zfree: $wrap(c_free),
                    opaque: null_mut(),
                    data_type: 0,
                    adler: 0,
                    reserved: 0,
                })
            }

            pub(crate) struct Deflate(Box<z_stream>);

            impl Deflate {
                pub(crate) fn new(window_bits: i32, mem_level: i32) -> Deflate {
                    let mut z = stream();
                    let size = size_of::<z_stream>() as i32;
                    let outcome = unsafe {
                        deflateInit2_(
                            &mut *z,
                            6,
                            8,
                            -window_bits,
                            mem_level,
                            0,
                            zlibVersion(),
                            size,
                        )
                    };
                    assert_eq!(outcome, Z_OK);
                    Deflate(z)
                }

                #[allow(dead_code)]
                pub(crate) fn reset(&mut self) {
                    unsafe { deflateReset(&mut *self.0) };
                }

                pub(crate) fn run(&mut self, message: &[u8], room: &mut [u8]) -> usize {
                    let z = &mut *self.0;
                    (z.next_in, z.avail_in) =
                        (message.as_ptr().cast_mut(), message.len() as u32);
                    (z.next_out, z.avail_out) = (room.as_mut_ptr(), room.len() as u32);
                    assert_eq!(unsafe { deflate(z, Z_SYNC_FLUSH) }, Z_OK);
                    room.len() - z.avail_out as usize - 4
                }
            }

            impl Drop for Deflate {
                fn drop(&mut self) {
                    unsafe { deflateEnd(&mut *self.0) };
                }
            }

            pub(crate) struct Inflate(Box<z_stream>);

            impl Inflate {
                pub(crate) fn new() -> Inflate {
                    let mut z = stream();
                    let size = size_of::<z_stream>() as i32;
                    let outcome =
                        unsafe { inflateInit2_(&mut *z, -15, zlibVersion(), size) };
                    assert_eq!(outcome, Z_OK);
                    Inflate(z)
                }

                #[allow(dead_code)]
                pub(crate) fn reset(&mut self) {
                    unsafe { inflateReset(&mut *self.0) };
                }

                pub(crate) fn run(&mut self, payload: &[u8], room: &mut [u8]) -> usize {
                    let z = &mut *self.0;
                    (z.next_out, z.avail_out) = (room.as_mut_ptr(), room.len() as u32);
                    for input in [payload, &[0, 0, 0xff, 0xff]] {
                        (z.next_in, z.avail_in) =
                            (input.as_ptr().cast_mut(), input.len() as u32);
                        assert_eq!(unsafe { inflate(z, Z_SYNC_FLUSH) }, Z_OK);
                    }
                    room.len() - z.avail_out as usize
                }
            }

            impl Drop for Inflate {
                fn drop(&mut self) {
                    unsafe { inflateEnd(&mut *self.0) };
                }
            }
        }
    };
}

direct!(zlib_rs, libz_rs_sys, Some);
direct!(zlib, libz_sys, core::convert::identity);

unsafe extern "C" fn c_alloc(_: *mut c_void, items: u32, size: u32) -> *mut c_void {
    unsafe { libc::malloc(items as usize * size as usize) }
}

unsafe extern "C" fn c_free(_: *mut c_void, ptr: *mut c_void) {
    unsafe { libc::free(ptr) }
}
