//! One frame at the start of a buffer.

use super::{DecodeFlags, Header, Limits, Opcode};
use crate::cut::Cut;
use crate::simd;

/// The part of a frame's payload that is in the buffer of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The header of the frame.
    pub header: Header,
    /// The opcode of the message to which the frame belongs; for a control frame, its own; 0 if it
    /// is not known.
    pub message_opcode: u8,
    /// The position of the chunk in the payload.
    pub pos: u64,
    /// The position of the chunk in the buffer.
    pub off: usize,
    /// The length of the chunk.
    pub len: usize,
    /// It was unmasked, and found to be ASCII.
    pub is_ascii: bool,
}

impl Chunk {
    /// Its bytes; `buf` is the buffer in which it was found.
    pub(crate) fn payload<'a>(&self, buf: &'a [u8]) -> &'a [u8] {
        buf.after(self.off).until(self.len)
    }

    /// Whether the payload starts with this chunk.
    #[must_use]
    pub const fn begins(&self) -> bool {
        self.pos == 0
    }

    /// Whether the payload ends with this chunk.
    #[must_use]
    pub const fn ends(&self) -> bool {
        self.header.payload_len.wrapping_sub(self.pos) == self.len as u64
    }
}

/// Whether unmasking checks if the payload is ASCII, which costs time for short payloads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ascii {
    Matters,
    DoesNotMatter,
}

/// Decodes the frame at the start of `buf`, whose first byte is valid and has this opcode, and
/// unmasks it in place. None: it is incomplete or invalid; [`Header::parse`] determines which.
// Inlined into the loop over frames, where its result stays in registers.
#[inline(always)]
pub(crate) fn whole_frame(
    opcode: Opcode,
    buf: &mut [u8],
    flags: DecodeFlags,
    limits: Limits,
    ascii: Ascii,
) -> Option<Chunk> {
    let header = Header::parse_valid(opcode, buf, flags, limits)?;
    let off = usize::from(header.len);
    let len = usize::try_from(header.payload_len).ok()?;
    let payload = buf.get_mut(off..)?.get_mut(..len)?;
    let is_ascii = unmask(payload, &header, 0, flags, ascii);
    let message_opcode = header.opcode as u8;
    Some(Chunk { header, message_opcode, pos: 0, off, len, is_ascii })
}

/// Unmasks a part of a payload if the flags say so. Returns true if it was found to be ASCII.
// Inlined, so that `ascii` is decided at compile time.
#[inline(always)]
pub(crate) fn unmask(
    payload: &mut [u8],
    header: &Header,
    pos: u64,
    flags: DecodeFlags,
    ascii: Ascii,
) -> bool {
    let Some(key) = header.mask_key.filter(|_| flags.unmasks()) else { return false };
    match ascii {
        Ascii::Matters => simd::mask_ascii(payload, key, pos),
        Ascii::DoesNotMatter => {
            simd::mask(payload, key, pos);
            false
        }
    }
}
