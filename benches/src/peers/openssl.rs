//! OpenSSL's SHA-1, through openssl.c.

use super::open;
use std::ffi::{CStr, c_char};

#[derive(Clone, Copy)]
pub(crate) struct OpenSsl {
    sha1: unsafe extern "C" fn(*const u8, usize, *mut u8),
    version: unsafe extern "C" fn() -> *const c_char,
}

impl OpenSsl {
    pub(crate) fn open() -> Result<OpenSsl, String> {
        let library = open(env!("PEER_OPENSSL"))?;
        Ok(OpenSsl {
            sha1: library.function("bench_openssl_sha1")?,
            version: library.function("bench_openssl_version")?,
        })
    }

    pub(crate) fn sha1(&self, data: &[u8]) -> [u8; 20] {
        let mut digest = [0; 20];
        unsafe { (self.sha1)(data.as_ptr(), data.len(), digest.as_mut_ptr()) };
        digest
    }

    pub(crate) fn version(&self) -> String {
        unsafe { CStr::from_ptr((self.version)()) }.to_string_lossy().into_owned()
    }
}
