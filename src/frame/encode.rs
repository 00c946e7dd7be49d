//! One frame into a buffer.

use super::{EncodedHeader, mask};
use crate::error::{Error, Result};
use crate::output;
use core::mem::MaybeUninit;

/// Writes a header, and the payload behind it, masked if there is a key.
#[inline]
pub fn encode(
    header: &EncodedHeader,
    mask_key: Option<[u8; 4]>,
    payload: &[u8],
    out: &mut [MaybeUninit<u8>],
) -> Result<usize> {
    let header = header.as_bytes();
    let total = header.len().checked_add(payload.len()).ok_or(Error::BufferTooSmall)?;
    let out = out.get_mut(..total).ok_or(Error::BufferTooSmall)?;
    let (to_header, to_payload) =
        out.split_at_mut_checked(header.len()).ok_or(Error::BufferTooSmall)?;
    output::copy(to_header, header);
    match mask_key {
        Some(key) => mask::copy(to_payload, payload, key, 0),
        None => output::copy(to_payload, payload),
    }
    Ok(total)
}
