//! Unpredictable bytes from the operating system. No file is opened and no state is kept, so that
//! it works in a sandbox and after a fork().
#![allow(unsafe_code)]

#[cfg(any(target_os = "linux", target_os = "android"))]
use crate::cut::Cut;
use crate::error::{Error, Result};
use chacha20::rand_core::{SeedableRng, block::Generator};
use chacha20::variants::Legacy;
use chacha20::{ChaChaCore, R12};
use core::ffi::{c_int, c_void};

/// Fills `out` with `len` unpredictable bytes, and returns 0. Any other result is a failure.
pub type Fill =
    unsafe extern "C" fn(user: *mut c_void, out: *mut c_void, len: usize) -> c_int;

/// A source of unpredictable bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Source(Option<(Fill, *mut c_void)>);

// SAFETY: new() was promised that the function may be called from any thread.
unsafe impl Send for Source {}

impl Source {
    /// The operating system.
    pub const SYSTEM: Source = Source(None);

    /// The caller's function.
    ///
    /// # Safety
    /// `fill` may be called with `user` and any buffer, from any thread, for as long as the source
    /// is used. It does not unwind.
    #[must_use]
    pub const unsafe fn new(fill: Fill, user: *mut c_void) -> Source {
        Source(Some((fill, user)))
    }

    /// Whether this is the operating system.
    pub(crate) const fn is_system(self) -> bool {
        self.0.is_none()
    }

    /// Fills `out`, of at most 256 bytes.
    pub(crate) fn fill(self, out: &mut [u8]) -> Result<()> {
        let Some((fill, user)) = self.0 else { return system(out) };
        // SAFETY: new() was promised that `fill` may be called with `user` and any buffer.
        match unsafe { fill(user, out.as_mut_ptr().cast(), out.len()) } {
            0 => Ok(()),
            _ => Err(Error::Random),
        }
    }
}

/// What a generator of unpredictable bytes starts from.
pub type Seed = [u8; 32];

/// How many words ChaCha12 makes at once.
pub const WORDS: usize = 64;

/// The first words that ChaCha12 makes of a seed: as unpredictable as the seed. It is the standard
/// generator of the crate `rand`, too.
#[must_use]
pub fn expand(seed: Seed) -> [u32; WORDS] {
    let mut words = [0; WORDS];
    ChaChaCore::<R12, Legacy>::from_seed(seed).generate(&mut words);
    words
}

/// Fills `out`, of at most 256 bytes, from the operating system.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn system(mut out: &mut [u8]) -> Result<()> {
    while !out.is_empty() {
        // SAFETY: getrandom() writes at most `out.len()` bytes to `out`.
        let n = unsafe { libc::getrandom(out.as_mut_ptr().cast(), out.len(), 0) };
        match usize::try_from(n) {
            Ok(n) if n > 0 => out = out.after_mut(n),
            // A signal came while the system was still collecting entropy after its start.
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
    // SAFETY: the function has no preconditions, and returns a pointer to this thread's errno.
    unsafe { *location() }
}

/// Fills `out`, of at most 256 bytes, from the operating system.
#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
pub(crate) fn system(out: &mut [u8]) -> Result<()> {
    // SAFETY: getentropy() writes `out.len()` bytes to `out`.
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
