//! One frame at the start of a buffer.

use super::header::{DecodeFlags, Fragmentation, Header, Limits};
use super::mask;

/// A part of one frame's payload, in the buffer of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The frame's.
    pub header: Header,
    /// The opcode of the message that the frame belongs to; of a control frame, its own; 0 if
    /// that is not known.
    pub message_opcode: u8,
    /// Where in the payload the chunk belongs.
    pub pos: u64,
    /// Where in the buffer it starts.
    pub off: usize,
    /// Its length.
    pub len: usize,
    /// It was unmasked here, and is known to be ASCII.
    pub is_ascii: bool,
}

impl Chunk {
    /// Its bytes, in the buffer in which it was found.
    pub(crate) fn payload<'a>(&self, buf: &'a [u8]) -> &'a [u8] {
        let rest = buf.get(self.off..).unwrap_or_default();
        rest.get(..self.len).unwrap_or_default()
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

/// Whether it matters that a payload is ASCII: to know takes its time where it is short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ascii {
    Matters,
    DoesNotMatter,
}

/// The frame at the start of `buf`, unmasked in place, if it is whole and without a fault: nearly
/// all are. What else lies there, [`Header::parse`] tells.
#[inline(always)]
pub(crate) fn whole_frame(
    buf: &mut [u8],
    flags: DecodeFlags,
    fragmentation: Fragmentation,
    limits: Limits,
    ascii: Ascii,
) -> Option<Chunk> {
    let header = Header::parse_common(buf, flags, fragmentation, limits)?;
    let off = usize::from(header.len);
    let len = usize::try_from(header.payload_len).ok()?;
    let payload = buf.get_mut(off..)?.get_mut(..len)?;
    let is_ascii = unmask(payload, &header, 0, flags, ascii);
    let message_opcode = header.opcode as u8;
    Some(Chunk { header, message_opcode, pos: 0, off, len, is_ascii })
}

/// Unmasks a part of a payload, if that is wanted. Whether it was, and is known to be ASCII.
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
        Ascii::Matters => mask::apply_ascii(payload, key, pos),
        Ascii::DoesNotMatter => {
            mask::apply(payload, key, pos);
            false
        }
    }
}
