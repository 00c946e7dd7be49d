//! Writing into memory that may be uninitialised.

use crate::error::{Error, Result};
use core::mem::MaybeUninit;

/// Copies `from` over `to`; stops at the shorter of the two.
#[inline(always)]
pub(crate) fn copy(to: &mut [MaybeUninit<u8>], from: &[u8]) {
    let (to, from) = same_len(to, from);
    // What is short is copied faster than memcpy() is called.
    match from.len() {
        129.. => copy_long(to, from),
        64.. => copy_ends::<64>(to, from),
        32.. => copy_ends::<32>(to, from),
        16.. => copy_ends::<16>(to, from),
        8.. => copy_ends::<8>(to, from),
        4.. => copy_ends::<4>(to, from),
        _ => copy_each(to, from),
    }
}

/// Cuts both to the shorter of the two.
#[inline(always)]
pub(crate) fn same_len<'a, 'b>(
    to: &'a mut [MaybeUninit<u8>],
    from: &'b [u8],
) -> (&'a mut [MaybeUninit<u8>], &'b [u8]) {
    let len = to.len().min(from.len());
    (to.get_mut(..len).unwrap_or_default(), from.get(..len).unwrap_or_default())
}

#[inline(always)]
fn copy_each(to: &mut [MaybeUninit<u8>], from: &[u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        to.write(*from);
    }
}

/// With memcpy().
#[inline(always)]
#[allow(unsafe_code)]
fn copy_long(to: &mut [MaybeUninit<u8>], from: &[u8]) {
    let len = to.len().min(from.len());
    // SAFETY: both are that long, and what is exclusively borrowed shares no byte with the other.
    unsafe { core::ptr::copy_nonoverlapping(from.as_ptr(), to.as_mut_ptr().cast(), len) };
}

/// Copies the first and the last `N` bytes, which together are all of them.
#[inline(always)]
fn copy_ends<const N: usize>(to: &mut [MaybeUninit<u8>], from: &[u8]) {
    let (first, last) = (from.first_chunk::<N>(), from.last_chunk::<N>());
    if let (Some(to), Some(from)) = (to.first_chunk_mut(), first) {
        Room::write(to, from);
    }
    if let (Some(to), Some(from)) = (to.last_chunk_mut(), last) {
        Room::write(to, from);
    }
}

/// What bytes are written over: others, or memory that may be uninitialised.
pub(crate) trait Room: Sized {
    /// All of them at once: of a loop over bytes the compiler makes what it likes, often one by
    /// one.
    fn write<'a, const N: usize>(
        to: &'a mut [Self; N],
        from: &[u8; N],
    ) -> &'a mut [u8; N];
}

impl Room for u8 {
    #[inline(always)]
    fn write<'a, const N: usize>(to: &'a mut [u8; N], from: &[u8; N]) -> &'a mut [u8; N] {
        *to = *from;
        to
    }
}

impl Room for MaybeUninit<u8> {
    #[inline(always)]
    #[allow(unsafe_code)]
    fn write<'a, const N: usize>(
        to: &'a mut [Self; N],
        from: &[u8; N],
    ) -> &'a mut [u8; N] {
        // SAFETY: `to` is that many bytes long, and initialised when they are written.
        unsafe { (&mut *to.as_mut_ptr().cast::<MaybeUninit<[u8; N]>>()).write(*from) }
    }
}

/// How long all parts of all groups are.
pub(crate) fn len(groups: &[&[&[u8]]]) -> usize {
    groups
        .iter()
        .copied()
        .flatten()
        .fold(0, |sum: usize, part| sum.saturating_add(part.len()))
}

/// Writes all parts of all groups one after another, or nothing at all.
pub(crate) fn write_all(
    groups: &[&[&[u8]]],
    out: &mut [MaybeUninit<u8>],
) -> Result<usize> {
    let total = len(groups);
    let mut rest = out.get_mut(..total).ok_or(Error::BufferTooSmall)?;
    for part in groups.iter().copied().flatten() {
        let Some((here, after)) = rest.split_at_mut_checked(part.len()) else { break };
        copy(here, part);
        rest = after;
    }
    Ok(total)
}

/// Lets `write` write into `room`, and tells how many bytes it did: it proves them by giving
/// them back.
#[inline]
pub(crate) fn fill<T>(
    room: &mut [MaybeUninit<u8>],
    write: impl for<'a> FnOnce(&'a mut [MaybeUninit<u8>]) -> (&'a [u8], T),
) -> (usize, T) {
    let (start, len) = (room.as_ptr().cast::<u8>(), room.len());
    let (written, outcome) = write(room);
    let proven = core::ptr::eq(written.as_ptr(), start) && written.len() <= len;
    (if proven { written.len() } else { 0 }, outcome)
}

/// Writes into a buffer, and knows how much of it is written.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    out: &'a mut [MaybeUninit<u8>],
    /// These many bytes are initialised.
    len: usize,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(out: &'a mut [MaybeUninit<u8>]) -> Writer<'a> {
        Writer { out, len: 0 }
    }

    /// How many bytes there is room for.
    pub(crate) fn room(&self) -> usize {
        self.out.len().saturating_sub(self.len)
    }

    /// Writes what there is room for.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let room = self.out.get_mut(self.len..).unwrap_or_default();
        let len = bytes.len().min(room.len());
        copy(room, bytes);
        self.len = self.len.saturating_add(len);
    }

    /// Lets `write` write into what is left.
    pub(crate) fn fill<T>(
        &mut self,
        write: impl for<'b> FnOnce(&'b mut [MaybeUninit<u8>]) -> (&'b [u8], T),
    ) -> T {
        let (len, outcome) =
            fill(self.out.get_mut(self.len..).unwrap_or_default(), write);
        self.len = self.len.saturating_add(len);
        outcome
    }

    /// Takes the last bytes back.
    pub(crate) fn shorten(&mut self, by: usize) {
        self.len = self.len.saturating_sub(by);
    }

    /// Takes everything back.
    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }

    /// What was written.
    #[allow(unsafe_code)]
    pub(crate) fn into_written(self) -> &'a mut [u8] {
        // SAFETY: `len` only grows over bytes of `out` that were written just before.
        unsafe { core::slice::from_raw_parts_mut(self.out.as_mut_ptr().cast(), self.len) }
    }
}

/// Moves the last bytes of `out` to its front, over what is there.
pub(crate) fn move_to_front(out: &mut [MaybeUninit<u8>], by: usize) {
    let cells = core::cell::Cell::from_mut(out).as_slice_of_cells();
    for (to, from) in cells.iter().zip(cells.get(by..).unwrap_or_default()) {
        to.set(from.get());
    }
}
