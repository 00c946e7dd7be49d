//! picohttpparser.

use super::open;
use std::ffi::c_int;
use std::ptr::null;
use std::slice;

type ParseRequest = unsafe extern "C" fn(
    *const u8,
    usize,
    *mut *const u8,
    *mut usize,
    *mut *const u8,
    *mut usize,
    *mut c_int,
    *mut Field,
    *mut usize,
    usize,
) -> c_int;

#[derive(Clone, Copy)]
pub(crate) struct PicoHttpParser {
    parse_request: ParseRequest,
}

/// phr_header
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Field {
    name: *const u8,
    name_len: usize,
    value: *const u8,
    value_len: usize,
}

impl Field {
    pub(crate) const EMPTY: Field =
        Field { name: null(), name_len: 0, value: null(), value_len: 0 };

    /// Name and value in a request that still exists.
    pub(crate) fn parts(&self) -> [&[u8]; 2] {
        unsafe {
            [
                slice::from_raw_parts(self.name, self.name_len),
                slice::from_raw_parts(self.value, self.value_len),
            ]
        }
    }
}

impl PicoHttpParser {
    pub(crate) fn open() -> Result<PicoHttpParser, String> {
        let library = open(env!("PEER_PICOHTTPPARSER"))?;
        Ok(PicoHttpParser { parse_request: library.function("phr_parse_request")? })
    }

    /// The number of fields.
    pub(crate) fn parse(&self, head: &[u8], fields: &mut [Field]) -> usize {
        let (mut method, mut method_len) = (null(), 0);
        let (mut path, mut path_len) = (null(), 0);
        let (mut version, mut count) = (0, fields.len());
        let len = unsafe {
            (self.parse_request)(
                head.as_ptr(),
                head.len(),
                &mut method,
                &mut method_len,
                &mut path,
                &mut path_len,
                &mut version,
                fields.as_mut_ptr(),
                &mut count,
                0,
            )
        };
        assert_eq!(len as usize, head.len(), "picohttpparser: phr_parse_request");
        count
    }
}
