//! Unpredictable bytes, straight from the operating system: no file is opened, and nothing is
//! remembered, so that it works after a fork, in a sandbox, or not at all.
#![allow(unsafe_code)]

use crate::error::{Error, Result};

/// Fills `out`, of at most 256 bytes.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn fill(mut out: &mut [u8]) -> Result<()> {
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
fn errno() -> libc::c_int {
    #[cfg(target_os = "android")]
    use libc::__errno as location;
    #[cfg(target_os = "linux")]
    use libc::__errno_location as location;
    // SAFETY: always callable, and points to this thread's.
    unsafe { *location() }
}

/// Fills `out`, of at most 256 bytes.
#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
pub(crate) fn fill(out: &mut [u8]) -> Result<()> {
    // SAFETY: `out` is that long.
    match unsafe { libc::getentropy(out.as_mut_ptr().cast(), out.len()) } {
        0 => Ok(()),
        _ => Err(Error::Random),
    }
}

/// Fills `out`, of at most 256 bytes.
#[cfg(not(unix))]
pub(crate) fn fill(out: &mut [u8]) -> Result<()> {
    getrandom::fill(out).map_err(|_| Error::Random)
}
