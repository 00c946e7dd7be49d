//! One frame into a buffer.

use super::{
    FIN, LENGTH_16, LENGTH_64, MASK_BIT, MAX_CONTROL, MAX_PAYLOAD, Opcode, RSV1, RSV2,
    RSV3, mask,
};
use crate::error::{Error, Result};
use crate::output::{self, Room};
use core::mem::MaybeUninit;

/// A header to be written.
#[derive(Clone, Copy, Debug)]
pub struct OutHeader {
    first: u8,
    mask_key: Option<[u8; 4]>,
    payload_len: u64,
}

impl OutHeader {
    /// `bits` are FIN and RSV1 to RSV3. Refuses reserved opcodes, and control frames that
    /// are fragmented or too long.
    #[inline(always)]
    pub fn new(
        opcode: i32,
        bits: u32,
        mask_key: Option<[u8; 4]>,
        payload_len: u64,
    ) -> Result<OutHeader> {
        let opcode = u8::try_from(opcode).ok().and_then(Opcode::from_number);
        let opcode = opcode.ok_or(Error::InvalidArgument)?;
        let too_long = u64::try_from(MAX_CONTROL).is_ok_and(|max| payload_len > max);
        let allowed = FIN | RSV1 | RSV2 | RSV3;
        if bits & !u32::from(allowed) != 0
            || payload_len > MAX_PAYLOAD
            || opcode.is_control() && (bits & u32::from(FIN) == 0 || too_long)
        {
            return Err(Error::InvalidArgument);
        }
        let [bits, ..] = bits.to_le_bytes();
        Ok(OutHeader::of(opcode, bits, mask_key, payload_len))
    }

    /// Of what is known to be right.
    #[inline(always)]
    pub(crate) fn of(
        opcode: Opcode,
        bits: u8,
        mask_key: Option<[u8; 4]>,
        payload_len: u64,
    ) -> OutHeader {
        OutHeader { first: bits | opcode as u8, mask_key, payload_len }
    }

    /// Writes it.
    #[inline(always)]
    pub fn write(&self, out: &mut [MaybeUninit<u8>]) -> Result<usize> {
        self.write_frame(&[], out)
    }

    /// Writes it, and the payload behind it, masked if there is a key.
    #[inline(always)]
    pub fn write_frame(
        &self,
        payload: &[u8],
        out: &mut [MaybeUninit<u8>],
    ) -> Result<usize> {
        let (first, key) = (self.first, self.mask_key);
        let mask_bit = if key.is_some() { MASK_BIT } else { 0 };
        let [a, b, c, d, e, f, g, h] = self.payload_len.to_be_bytes();
        // A way of its own for each form of the length, so that it is known how much is written.
        match self.payload_len {
            0..=125 => write([first, mask_bit | h], key, payload, out),
            126..=0xffff => write([first, mask_bit | LENGTH_16, g, h], key, payload, out),
            _ => {
                let start = [first, mask_bit | LENGTH_64, a, b, c, d, e, f, g, h];
                write(start, key, payload, out)
            }
        }
    }
}

/// Writes a control frame, whose payload is no longer than it may be.
pub(crate) fn write_control(
    opcode: Opcode,
    payload: &[u8],
    mask_key: Option<[u8; 4]>,
    out: &mut [MaybeUninit<u8>],
) -> Result<usize> {
    let header = OutHeader::of(opcode, FIN, mask_key, payload.len() as u64);
    header.write_frame(payload, out)
}

/// Writes what comes before the masking key, the key, the payload: all or nothing.
#[inline(always)]
fn write<const N: usize>(
    start: [u8; N],
    mask_key: Option<[u8; 4]>,
    payload: &[u8],
    out: &mut [MaybeUninit<u8>],
) -> Result<usize> {
    let before = if mask_key.is_some() { N.wrapping_add(4) } else { N };
    let total = before.checked_add(payload.len()).ok_or(Error::BufferTooSmall)?;
    let out = out.get_mut(..total).ok_or(Error::BufferTooSmall)?;
    let (to_start, rest) = out.split_first_chunk_mut().ok_or(Error::BufferTooSmall)?;
    Room::write(to_start, &start);
    let Some(key) = mask_key else {
        output::copy(rest, payload);
        return Ok(total);
    };
    let (to_key, to_payload) =
        rest.split_first_chunk_mut().ok_or(Error::BufferTooSmall)?;
    Room::write(to_key, &key);
    mask::copy(to_payload, payload, key, 0);
    Ok(total)
}
