//! Writing into memory that may be uninitialised.

use crate::error::{Error, Result};
use core::mem::MaybeUninit;

/// Copies `from` over `to`; stops at the shorter of the two.
#[inline]
pub(crate) fn copy(to: &mut [MaybeUninit<u8>], from: &[u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        to.write(*from);
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
