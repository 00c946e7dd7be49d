//! The flags that decide which frames are valid.

use super::{MASK_BIT, Opcode, RSV_BITS, RSV1};
use crate::side::Side;

/// Whose input is decoded, and which frames are valid in it. Zero: a server's input, by RFC 6455
/// alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DecodeFlags(u32);

impl DecodeFlags {
    /// A client's input: frames must not be masked.
    pub const CLIENT: u32 = 0x01;
    /// RSV1 may be set on the first frame of a message.
    pub const DEFLATE: u32 = 0x02;
    /// Masked and unmasked frames are both valid.
    pub const ANY_MASK: u32 = 0x04;
    /// The payload is not unmasked.
    pub const KEEP_MASKED: u32 = 0x08;
    /// Any reserved bit may be set on a data frame.
    pub const ANY_RSV: u32 = 0x10;

    /// The reserved bits that are valid on the first frame of a message are stored above the flags
    /// that a caller may pass, shifted by this much.
    const ALLOWED_RSV_SHIFT: u32 = 8;

    /// The flags of one side without any option.
    pub(crate) const fn new(side: Side) -> DecodeFlags {
        match side {
            Side::Server => DecodeFlags(0),
            Side::Client => DecodeFlags(Self::CLIENT),
        }
    }

    /// The same with `flag` added if it is `set`.
    pub(crate) const fn with(self, flag: u32, set: bool) -> DecodeFlags {
        if set { DecodeFlags(self.0 | flag) } else { self }
    }

    /// The same with these reserved bits valid on the first frame of a message.
    #[must_use]
    pub fn allowing(self, rsv: u8) -> DecodeFlags {
        DecodeFlags(self.0 | u32::from(rsv & RSV_BITS) << Self::ALLOWED_RSV_SHIFT)
    }

    /// The flags that a caller has passed. None: one of them is unknown.
    #[must_use]
    pub fn from_caller(flags: u32) -> Option<DecodeFlags> {
        DecodeFlags::from_bits(flags).filter(|_| flags >> Self::ALLOWED_RSV_SHIFT == 0)
    }

    /// The flags that [`DecodeFlags::bits`] has returned. None: it cannot have returned that.
    #[must_use]
    #[inline]
    pub fn from_bits(bits: u32) -> Option<DecodeFlags> {
        const KNOWN: u32 = DecodeFlags::CLIENT
            | DecodeFlags::DEFLATE
            | DecodeFlags::ANY_MASK
            | DecodeFlags::KEEP_MASKED
            | DecodeFlags::ANY_RSV
            | (RSV_BITS as u32) << DecodeFlags::ALLOWED_RSV_SHIFT;
        (bits & !KNOWN == 0).then_some(DecodeFlags(bits))
    }

    /// All of it, as a number.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    const fn has(self, bit: u32) -> bool {
        self.0 & bit != 0
    }

    /// The reserved bits that a frame with this opcode may have.
    pub(super) const fn allowed_rsv(self, opcode: Option<Opcode>) -> u8 {
        let [_, allowed, ..] = self.0.to_le_bytes();
        let deflate = if self.has(Self::DEFLATE) { RSV1 } else { 0 };
        match opcode {
            Some(opcode) if !opcode.is_control() && self.has(Self::ANY_RSV) => RSV_BITS,
            Some(Opcode::Text | Opcode::Binary) => allowed | deflate,
            _ => 0,
        }
    }

    /// Whether payloads are unmasked.
    #[must_use]
    pub const fn unmasks(self) -> bool {
        !self.has(Self::KEEP_MASKED)
    }

    /// Whether the mask bit of this second byte is as these flags require.
    // Inlined into the fast path of every frame.
    #[inline(always)]
    pub(super) fn allow_mask_bit(self, second: u8) -> bool {
        let expected = if self.has(Self::CLIENT) { 0 } else { MASK_BIT };
        let matters = if self.has(Self::ANY_MASK) { 0 } else { MASK_BIT };
        (second ^ expected) & matters == 0
    }
}
