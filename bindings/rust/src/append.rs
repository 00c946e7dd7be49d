//! Output at the end of a vector.

use core::mem::MaybeUninit;
use wscodec::error::Result;

/// Calls a function of `wscodec` with room for at least `room` further elements, and keeps as many
/// as it has written.
#[allow(unsafe_code)]
pub(crate) fn append<T: Copy>(
    out: &mut Vec<T>,
    room: usize,
    write: impl FnOnce(&mut [MaybeUninit<T>]) -> Result<usize>,
) -> Result<()> {
    out.reserve(room);
    let spare = out.spare_capacity_mut();
    let most = spare.len();
    let written = write(spare)?;
    assert!(written <= most);
    // SAFETY: every function of `wscodec` that writes to such memory returns how many elements at
    // its start it has initialised, and `write` only passes that on.
    unsafe { out.set_len(out.len() + written) };
    Ok(())
}
