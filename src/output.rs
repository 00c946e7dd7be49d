//! Output into memory that may be uninitialised.

use crate::cut::Cut;
use crate::error::{Error, Result};
use crate::simd;
use core::mem::MaybeUninit;

/// The length of all parts of all groups; the parts may overlap, so that it can exceed `usize`, and
/// is `usize::MAX` then.
pub(crate) fn len(groups: &[&[&[u8]]]) -> usize {
    groups
        .iter()
        .copied()
        .flatten()
        .fold(0, |sum: usize, part| sum.saturating_add(part.len()))
}

/// Writes all parts of all groups one after another; nothing if there is too little room.
pub(crate) fn write_all(
    groups: &[&[&[u8]]],
    out: &mut [MaybeUninit<u8>],
) -> Result<usize> {
    let total = len(groups);
    let mut rest = out.get_mut(..total).ok_or(Error::BufferTooSmall)?;
    for part in groups.iter().copied().flatten() {
        simd::copy(rest, part);
        rest = rest.after_mut(part.len());
    }
    Ok(total)
}

/// Calls `write` with `room`, and returns how many bytes it wrote. It proves that it wrote them by
/// returning them.
pub(crate) fn fill<T>(
    room: &mut [MaybeUninit<u8>],
    write: impl for<'a> FnOnce(&'a mut [MaybeUninit<u8>]) -> (&'a [u8], T),
) -> (usize, T) {
    let (start, len) = (room.as_ptr().cast::<u8>(), room.len());
    let (written, outcome) = write(room);
    let proven = core::ptr::eq(written.as_ptr(), start) && written.len() <= len;
    (if proven { written.len() } else { 0 }, outcome)
}

/// Fills a buffer from its start.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    out: &'a mut [MaybeUninit<u8>],
    /// How many bytes are written; at most `out.len()`.
    len: usize,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(out: &'a mut [MaybeUninit<u8>]) -> Writer<'a> {
        Writer { out, len: 0 }
    }

    /// How many more bytes fit.
    pub(crate) fn room(&self) -> usize {
        self.out.len() - self.len
    }

    /// Writes as many of `bytes` as fit.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let room = self.out.after_mut(self.len);
        simd::copy(room, bytes);
        self.len += bytes.len().min(room.len());
    }

    /// Calls `write` with the room that is left.
    pub(crate) fn fill<T>(
        &mut self,
        write: impl for<'b> FnOnce(&'b mut [MaybeUninit<u8>]) -> (&'b [u8], T),
    ) -> T {
        let (len, outcome) = fill(self.out.after_mut(self.len), write);
        self.len += len;
        outcome
    }

    /// Discards the last bytes; all of them, if there are not as many.
    pub(crate) fn shorten(&mut self, by: usize) {
        self.len = self.len.saturating_sub(by);
    }

    /// Discards all bytes.
    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }

    #[allow(unsafe_code)]
    pub(crate) fn into_written(self) -> &'a mut [u8] {
        // SAFETY: the first `len` bytes of `out` are initialised, since `len` grows only by the
        // number of bytes that were just written after the first `len`, and nothing makes a byte
        // uninitialised again. `out` is borrowed exclusively for 'a, and is given up.
        unsafe { core::slice::from_raw_parts_mut(self.out.as_mut_ptr().cast(), self.len) }
    }
}

/// Moves all bytes after the first `by` to the front of `out`.
pub(crate) fn move_to_front(out: &mut [MaybeUninit<u8>], by: usize) {
    let cells = core::cell::Cell::from_mut(out).as_slice_of_cells();
    for (to, from) in cells.iter().zip(cells.after(by)) {
        to.set(from.get());
    }
}
