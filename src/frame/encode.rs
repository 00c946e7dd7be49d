//! Writes frames (RFC 6455, 5.2).

use super::{
    FIN, LENGTH_16, LENGTH_64, MASK_BIT, MAX_CONTROL, MAX_PAYLOAD, Opcode, RSV_BITS,
};
use crate::cut::Cut;
use crate::error::{Error, Result};
use crate::simd::{self, OutByte};
use core::mem::MaybeUninit;

/// The header of a frame that is to be written.
#[derive(Clone, Copy, Debug)]
pub struct OutHeader {
    first: u8,
    mask_key: Option<[u8; 4]>,
    payload_len: u64,
}

impl OutHeader {
    /// `bits` are FIN and RSV1 to RSV3. Fails for other bits, and for control frames that are
    /// fragmented or too long.
    pub fn new(
        opcode: Opcode,
        bits: u8,
        mask_key: Option<[u8; 4]>,
        payload_len: u64,
    ) -> Result<OutHeader> {
        let max_len = if opcode.is_control() { MAX_CONTROL as u64 } else { MAX_PAYLOAD };
        if bits & !(FIN | RSV_BITS) != 0
            || payload_len > max_len
            || opcode.is_control() && bits & FIN == 0
        {
            return Err(Error::InvalidArgument);
        }
        Ok(OutHeader::new_unchecked(opcode, bits, mask_key, payload_len))
    }

    /// A header that is known to be valid.
    pub(crate) fn new_unchecked(
        opcode: Opcode,
        bits: u8,
        mask_key: Option<[u8; 4]>,
        payload_len: u64,
    ) -> OutHeader {
        OutHeader { first: bits | opcode as u8, mask_key, payload_len }
    }

    /// Writes the header alone.
    pub fn write(&self, out: &mut [MaybeUninit<u8>]) -> Result<usize> {
        self.write_frame(&[], out)
    }

    /// Writes the header and the payload, which is masked if there is a key: all or nothing.
    // Inlined: else ws_frame_encode() of 20 B takes 32 instructions more.
    #[inline(always)]
    pub fn write_frame(
        &self,
        payload: &[u8],
        out: &mut [MaybeUninit<u8>],
    ) -> Result<usize> {
        match self.mask_key {
            Some(key) => self.write_masked(|| Ok(key), payload, out),
            None => self.write_with(None::<fn() -> Result<[u8; 4]>>, payload, out),
        }
    }

    /// Like [`OutHeader::write_frame`] with the key that `take_key` returns. It is called when
    /// nothing else can fail, so that no key is taken in vain.
    #[inline(always)]
    pub(crate) fn write_masked(
        &self,
        take_key: impl FnOnce() -> Result<[u8; 4]>,
        payload: &[u8],
        out: &mut [MaybeUninit<u8>],
    ) -> Result<usize> {
        self.write_with(Some(take_key), payload, out)
    }

    #[inline(always)]
    fn write_with(
        &self,
        take_key: Option<impl FnOnce() -> Result<[u8; 4]>>,
        payload: &[u8],
        out: &mut [MaybeUninit<u8>],
    ) -> Result<usize> {
        let (first, take) = (self.first, take_key);
        let mask_bit = if take.is_some() { MASK_BIT } else { 0 };
        let [a, b, c, d, e, f, g, h] = self.payload_len.to_be_bytes();
        // One branch for each form of the length, so that each writes a constant number of bytes.
        match self.payload_len {
            0..=125 => write([first, mask_bit | h], take, payload, out),
            126..=0xffff => {
                write([first, mask_bit | LENGTH_16, g, h], take, payload, out)
            }
            _ => {
                let start = [first, mask_bit | LENGTH_64, a, b, c, d, e, f, g, h];
                write(start, take, payload, out)
            }
        }
    }
}

/// Writes frames one after another, as many as there is room for, and adds their length to
/// `written`. Returns the number of frames. An error of the first frame is returned; one of a later
/// frame ends the batch before it.
pub fn write_frames<'a>(
    frames: impl Iterator<Item = Result<(OutHeader, &'a [u8])>>,
    out: &mut [MaybeUninit<u8>],
    written: &mut usize,
) -> Result<usize> {
    let mut count = 0;
    for frame in frames {
        let room = out.after_mut(*written);
        match frame.and_then(|(header, payload)| header.write_frame(payload, room)) {
            Ok(len) => *written += len,
            Err(error) if count == 0 => return Err(error),
            Err(_) => break,
        }
        count += 1;
    }
    Ok(count)
}

/// Writes a control frame, whose payload has at most 125 bytes.
pub(crate) fn write_control(
    opcode: Opcode,
    payload: &[u8],
    mask_key: Option<[u8; 4]>,
    out: &mut [MaybeUninit<u8>],
) -> Result<usize> {
    let header = OutHeader::new_unchecked(opcode, FIN, mask_key, payload.len() as u64);
    header.write_frame(payload, out)
}

/// Writes the header up to the masking key, the key, and the payload: all or nothing.
// Inlined: else ws_frame_encode() of 20 B takes 21 instructions more.
#[inline(always)]
fn write<const N: usize>(
    start: [u8; N],
    take_key: Option<impl FnOnce() -> Result<[u8; 4]>>,
    payload: &[u8],
    out: &mut [MaybeUninit<u8>],
) -> Result<usize> {
    let before = if take_key.is_some() { N + 4 } else { N };
    let total = before.checked_add(payload.len()).ok_or(Error::BufferTooSmall)?;
    let out = out.get_mut(..total).ok_or(Error::BufferTooSmall)?;
    let (to_start, rest) = out.split_first_chunk_mut().ok_or(Error::BufferTooSmall)?;
    let Some(take_key) = take_key else {
        OutByte::write(to_start, &start);
        simd::copy(rest, payload);
        return Ok(total);
    };
    let (to_key, to_payload) =
        rest.split_first_chunk_mut().ok_or(Error::BufferTooSmall)?;
    let key = take_key()?;
    OutByte::write(to_start, &start);
    OutByte::write(to_key, &key);
    simd::mask_copy(to_payload, payload, key, 0);
    Ok(total)
}
