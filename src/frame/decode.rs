//! One frame at the start of a buffer.

use super::header::{Header, Limits, Place, Rules};
use super::mask;
use crate::error::Result;

/// A part of one frame's payload, in the buffer of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The frame's.
    pub header: Header,
    /// Where in the payload the chunk belongs.
    pub pos: u64,
    /// Where in the buffer it starts.
    pub off: usize,
    /// Its length.
    pub len: usize,
    /// It was unmasked here, and is ASCII.
    pub is_ascii: bool,
}

impl Chunk {
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

/// What lies at the start of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decoded {
    /// Not even a whole header.
    Nothing,
    /// A header, and not all of its payload.
    Header(Header),
    /// A whole frame, its payload unmasked.
    Frame(Chunk),
}

/// Decodes it, and unmasks in place what is whole.
pub fn decode(buf: &mut [u8], rules: Rules) -> Result<Decoded> {
    let Some(header) = Header::parse(buf, rules, Place::Unknown, Limits::NONE)? else {
        return Ok(Decoded::Nothing);
    };
    let len = usize::try_from(header.payload_len).unwrap_or(usize::MAX);
    let off = header.len.into();
    let payload = buf.get_mut(off..).and_then(|rest| rest.get_mut(..len));
    let Some(payload) = payload else { return Ok(Decoded::Header(header)) };
    if let Some(key) = header.mask_key.filter(|_| rules.unmasks()) {
        mask::apply(payload, key, 0);
    }
    Ok(Decoded::Frame(Chunk { header, pos: 0, off, len, is_ascii: false }))
}
