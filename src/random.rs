//! Unpredictable bytes, straight from the operating system: no file is opened, and nothing is
//! remembered, so that it works after a fork, in a sandbox, or not at all.
#![allow(unsafe_code)]

use crate::error::{Error, Result};
use core::ffi::{c_int, c_void};

/// Fills `out` with `len` bytes that nobody can foresee, and returns 0; anything else is a
/// failure.
pub type Fill =
    unsafe extern "C" fn(user: *mut c_void, out: *mut c_void, len: usize) -> c_int;

/// Where random bytes come from.
#[derive(Clone, Copy, Debug, Default)]
pub enum Source {
    /// The operating system.
    #[default]
    System,
    /// A function of the caller's: see [`Source::new`].
    Function(Fill, *mut c_void),
}

impl Source {
    /// # Safety
    /// `fill` may be called with `user` and any buffer, for as long as the source is used.
    #[must_use]
    pub const unsafe fn new(fill: Fill, user: *mut c_void) -> Source {
        Source::Function(fill, user)
    }

    /// Fills `out`, of at most 256 bytes.
    pub(crate) fn fill(self, out: &mut [u8]) -> Result<()> {
        let Source::Function(fill, user) = self else { return system(out) };
        // SAFETY: new() was promised a function that can be called so; `out` is that long.
        match unsafe { fill(user, out.as_mut_ptr().cast(), out.len()) } {
            0 => Ok(()),
            _ => Err(Error::Random),
        }
    }
}

/// Fills `out`, of at most 256 bytes, from the operating system.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn system(mut out: &mut [u8]) -> Result<()> {
    while !out.is_empty() {
        // SAFETY: `out` is that long.
        let n = unsafe { libc::getrandom(out.as_mut_ptr().cast(), out.len(), 0) };
        match usize::try_from(n) {
            Ok(n) if n > 0 => out = out.get_mut(n..).unwrap_or_default(),
            // Interrupted while the system had none yet, right after it started.
            Err(_) if errno() == libc::EINTR => {}
            _ => return Err(Error::Random),
        }
    }
    Ok(())
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn errno() -> c_int {
    #[cfg(target_os = "android")]
    use libc::__errno as location;
    #[cfg(target_os = "linux")]
    use libc::__errno_location as location;
    // SAFETY: always callable, and points to this thread's.
    unsafe { *location() }
}

/// Fills `out`, of at most 256 bytes, from the operating system.
#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
pub(crate) fn system(out: &mut [u8]) -> Result<()> {
    // SAFETY: `out` is that long.
    match unsafe { libc::getentropy(out.as_mut_ptr().cast(), out.len()) } {
        0 => Ok(()),
        _ => Err(Error::Random),
    }
}

/// Fills `out`, of at most 256 bytes, from the operating system.
#[cfg(not(unix))]
pub(crate) fn system(out: &mut [u8]) -> Result<()> {
    getrandom::fill(out).map_err(|_| Error::Random)
}
