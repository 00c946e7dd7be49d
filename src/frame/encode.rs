//! One frame into a buffer.

use super::{EncodedHeader, mask};
use crate::error::{Error, Result};
use crate::output;
use core::mem::MaybeUninit;

/// Writes a header, and the payload behind it, masked if there is a key.
#[inline(always)]
pub fn encode(
    header: &EncodedHeader,
    mask_key: Option<[u8; 4]>,
    payload: &[u8],
    out: &mut [MaybeUninit<u8>],
) -> Result<usize> {
    let total = header.len().checked_add(payload.len()).ok_or(Error::BufferTooSmall)?;
    let out = out.get_mut(..total).ok_or(Error::BufferTooSmall)?;
    match out.first_chunk_mut() {
        // What is too much of it, the payload comes over.
        Some(wide) => header.write_wide(wide),
        None => header.write(out).map(|_| ())?,
    }
    let to_payload = out.get_mut(header.len()..).ok_or(Error::BufferTooSmall)?;
    match mask_key {
        Some(key) => mask::copy(to_payload, payload, key, 0),
        None => output::copy(to_payload, payload),
    }
    Ok(total)
}
