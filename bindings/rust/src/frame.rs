//! Frames: one alone, and a stream of them.

use crate::append::append;
use wscodec::decoder::{Decoder, Fed};
use wscodec::error::Result;
use wscodec::frame::{Fragmentation, Limits, MAX_HEADER, OutHeader, mask};

pub use wscodec::frame::{Chunk, DecodeFlags, FIN, Header, Opcode, RSV1, RSV2, RSV3};

/// Appends a frame to `out`. `bits` are [`FIN`] and [`RSV1`] to [`RSV3`].
pub fn append_frame(
    opcode: Opcode,
    bits: u8,
    mask_key: Option<[u8; 4]>,
    payload: &[u8],
    out: &mut Vec<u8>,
) -> Result<()> {
    let header = OutHeader::new(opcode, bits, mask_key, payload.len() as u64)?;
    append(out, MAX_HEADER + payload.len(), |room| header.write_frame(payload, room))
}

/// Appends the header of a frame to `out`; the payload follows.
pub fn append_header(
    opcode: Opcode,
    bits: u8,
    mask_key: Option<[u8; 4]>,
    payload_len: u64,
    out: &mut Vec<u8>,
) -> Result<()> {
    let header = OutHeader::new(opcode, bits, mask_key, payload_len)?;
    append(out, MAX_HEADER, |room| header.write(room))
}

/// The header at the start of `bytes`; None: it is incomplete.
pub fn parse_header(bytes: &[u8], flags: DecodeFlags) -> Result<Option<Header>> {
    Header::parse(bytes, flags, Fragmentation::Unchecked, Limits::NONE)
}

/// Decodes the frame at the start of `buf`, and unmasks it in place; None: it is incomplete.
pub fn decode(buf: &mut [u8], flags: DecodeFlags) -> Result<Option<(Header, &mut [u8])>> {
    let Some(header) = parse_header(buf, flags)? else { return Ok(None) };
    let Ok(len) = usize::try_from(header.payload_len) else { return Ok(None) };
    let Some(payload) =
        buf.get_mut(header.len.into()..).and_then(|rest| rest.get_mut(..len))
    else {
        return Ok(None);
    };
    if let Some(key) = header.mask_key.filter(|_| flags.unmasks()) {
        mask(payload, key, 0);
    }
    Ok(Some((header, payload)))
}

/// Decodes the frames of a stream, as [`Decoder::feed`] does, and appends their chunks to `out`: as
/// many as it has room for without growing, but at least one.
pub fn feed(decoder: &mut Decoder, buf: &mut [u8], out: &mut Vec<Chunk>) -> Result<Fed> {
    let mut fed = Fed { chunks: 0, consumed: 0 };
    append(out, 1, |room| {
        fed = decoder.feed(buf, room)?;
        Ok(fed.chunks)
    })?;
    Ok(fed)
}
