//! The header of a frame (RFC 6455, 5.2), read byte by byte: the first wrong byte decides.

use super::{
    CONTROL_BIT, FIN, LENGTH_16, LENGTH_64, LENGTH_BITS, MASK_BIT, MAX_CONTROL,
    MAX_PAYLOAD, OPCODE_BITS, RSV_BITS, RSV1,
};
use crate::error::{Error, Result};

/// What kind of frame it is (RFC 6455, 11.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
#[repr(u8)]
pub enum Opcode {
    Continuation = 0x0,
    Text = 0x1,
    Binary = 0x2,
    Close = 0x8,
    Ping = 0x9,
    Pong = 0xA,
}

impl Opcode {
    /// None for the reserved ones.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Opcode> {
        Some(match number {
            0x0 => Opcode::Continuation,
            0x1 => Opcode::Text,
            0x2 => Opcode::Binary,
            0x8 => Opcode::Close,
            0x9 => Opcode::Ping,
            0xA => Opcode::Pong,
            _ => return None,
        })
    }

    /// Close, ping and pong.
    #[must_use]
    pub const fn is_control(self) -> bool {
        self as u8 & CONTROL_BIT != 0
    }
}

/// Whose input is read, and what is allowed in it. All zero: a server's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DecodeFlags(u32);

impl DecodeFlags {
    /// Input of a client: frames must not be masked.
    pub const CLIENT: u32 = 0x01;
    /// RSV1 may be set on the first frame of a message.
    pub const DEFLATE: u32 = 0x02;
    /// Masked and unmasked frames are both accepted.
    pub const ANY_MASK: u32 = 0x04;
    /// The payload stays masked.
    pub const KEEP_MASKED: u32 = 0x08;

    /// Reserved bits of data frames are not judged.
    pub const ANY_RSV: u32 = 0x10;
    /// Above the bits that a caller may pass: reserved bits that may be set on the first frame of
    /// a message, where they stand in its first byte.
    const ALLOWED_RSV_SHIFT: u32 = 8;

    /// None if a flag is unknown.
    #[must_use]
    pub fn from_flags(flags: u32) -> Option<DecodeFlags> {
        DecodeFlags::from_bits(flags).filter(|_| flags >> Self::ALLOWED_RSV_SHIFT == 0)
    }

    /// What [`DecodeFlags::bits`] gave. None if a bit is unknown.
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

    /// The same, and these of the reserved bits may be set on the first frame of a message.
    #[must_use]
    pub fn allowing(self, rsv: u8) -> DecodeFlags {
        DecodeFlags(self.0 | u32::from(rsv & RSV_BITS) << Self::ALLOWED_RSV_SHIFT)
    }

    /// The reserved bits that a frame with this opcode may have.
    const fn allowed_rsv(self, opcode: Option<Opcode>) -> u8 {
        let [_, allowed, ..] = self.0.to_le_bytes();
        let deflate = if self.has(Self::DEFLATE) { RSV1 } else { 0 };
        match opcode {
            Some(opcode) if !opcode.is_control() && self.has(Self::ANY_RSV) => RSV_BITS,
            Some(Opcode::Text | Opcode::Binary) => allowed | deflate,
            _ => 0,
        }
    }

    /// All of it, as a number.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    const fn has(self, bit: u32) -> bool {
        self.0 & bit != 0
    }

    /// Whether payloads are unmasked.
    #[must_use]
    pub const fn unmasks(self) -> bool {
        !self.has(Self::KEEP_MASKED)
    }

    /// Whether a frame may be masked, or not, as its second byte says.
    #[inline(always)]
    fn allow_mask_bit(self, second: u8) -> bool {
        let expected = if self.has(Self::CLIENT) { 0 } else { MASK_BIT };
        let matters = if self.has(Self::ANY_MASK) { 0 } else { MASK_BIT };
        (second ^ expected) & matters == 0
    }
}

/// Where in the stream a frame stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fragmentation {
    /// Nobody keeps count: the order of fragments is not checked.
    Unchecked,
    /// No message is open: a continuation is wrong.
    BetweenMessages,
    /// A message is open: text and binary are wrong.
    InMessage,
}

/// The longest payloads that may be announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of text, binary and continuation frames.
    pub data: u64,
    /// Of frames that start a compressed message.
    pub compressed: u64,
    /// Of control frames; 125 bytes in any case.
    pub control: u64,
}

impl Limits {
    /// Whatever a header can announce.
    pub const NONE: Limits = Limits::all(MAX_PAYLOAD);

    /// The same one for every frame.
    #[must_use]
    pub const fn all(limit: u64) -> Limits {
        Limits { data: limit, compressed: limit, control: limit }
    }

    #[inline]
    const fn of(self, opcode: Opcode, first: u8) -> u64 {
        match opcode.is_control() {
            true => self.control,
            false if first & RSV1 != 0 => self.compressed,
            false => self.data,
        }
    }
}

/// A whole header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// FIN and RSV1 to RSV3, where they stand on the wire.
    pub bits: u8,
    /// What kind of frame it is.
    pub opcode: Opcode,
    /// The masking key, if there is one.
    pub mask_key: Option<[u8; 4]>,
    /// Length of the payload that is announced.
    pub payload_len: u64,
    /// Length of the header itself, 2 to 14.
    pub len: u8,
}

impl Header {
    /// Reads the header at the start of `bytes`. None: it is not complete, and right so far.
    /// A payload beyond the limits is refused as soon as its length is known.
    #[inline(always)]
    pub fn parse(
        bytes: &[u8],
        flags: DecodeFlags,
        fragmentation: Fragmentation,
        limits: Limits,
    ) -> Result<Option<Header>> {
        match Header::parse_common(bytes, flags, fragmentation, limits) {
            Some(header) => Ok(Some(header)),
            None => match Header::fault(bytes, flags, fragmentation, limits) {
                Some(error) => Err(error),
                None => Ok(None),
            },
        }
    }

    /// Reads any header that is complete and right: nearly all are. What it does not take is
    /// wrong or incomplete.
    #[inline(always)]
    pub(crate) fn parse_common(
        bytes: &[u8],
        flags: DecodeFlags,
        fragmentation: Fragmentation,
        limits: Limits,
    ) -> Option<Header> {
        let [first, second, rest @ ..] = bytes else { return None };
        let (first, second) = (*first, *second);
        let FirstByte { opcode, right } = *FIRST_BYTES.get(usize::from(first))?;
        if right & fragmentation.plain_first_bytes() == 0
            && check_first(first, flags, fragmentation).is_err()
        {
            return None;
        }
        if !flags.allow_mask_bit(second) {
            return None;
        }
        let masked = second & MASK_BIT != 0;
        let code = second & LENGTH_BITS;
        let (payload_len, rest, len): (u64, &[u8], u8) = match code {
            0..LENGTH_16 => (code.into(), rest, 2),
            _ if opcode.is_control() => return None,
            LENGTH_16 => {
                let (bytes, rest) = rest.split_first_chunk()?;
                let length = u16::from_be_bytes(*bytes);
                if length < u16::from(LENGTH_16) {
                    return None;
                }
                (length.into(), rest, 4)
            }
            _ => (length_64(rest)?, rest.get(8..)?, 10),
        };
        if payload_len > limits.of(opcode, first) {
            return None;
        }
        let (mask_key, key_len) = match masked {
            true => (Some(*rest.first_chunk()?), 4),
            false => (None, 0),
        };
        let bits = first & !OPCODE_BITS;
        let len = len.wrapping_add(key_len);
        debug_assert_eq!(Header::fault(bytes, flags, fragmentation, limits), None);
        Some(Header { bits, opcode, mask_key, payload_len, len })
    }

    /// What is wrong with a header that [`Header::parse_common`] does not take: the fault of
    /// the first wrong byte. None: it is merely incomplete.
    #[cold]
    #[inline(never)]
    fn fault(
        bytes: &[u8],
        flags: DecodeFlags,
        fragmentation: Fragmentation,
        limits: Limits,
    ) -> Option<Error> {
        let (first, rest) = bytes.split_first()?;
        let opcode = match check_first(*first, flags, fragmentation) {
            Ok(opcode) => opcode,
            Err(error) => return Some(error),
        };
        let (second, rest) = rest.split_first()?;
        if !flags.allow_mask_bit(*second) {
            return Some(Error::Mask);
        }
        let code = second & LENGTH_BITS;
        if opcode.is_control() && usize::from(code) > MAX_CONTROL {
            return Some(Error::ControlFrame);
        }
        let payload_len = match (code, rest) {
            (LENGTH_16, [a, b, ..]) => u16::from_be_bytes([*a, *b]).into(),
            (LENGTH_64, [0x80..=0xff, ..]) | (LENGTH_64, [0, 0, 0, 0, 0, 0, ..]) => {
                return Some(Error::Length);
            }
            (LENGTH_64, rest) => u64::from_be_bytes(*rest.first_chunk()?),
            (LENGTH_16, _) => return None,
            (short, _) => short.into(),
        };
        if code == LENGTH_16 && payload_len < LENGTH_16.into() {
            return Some(Error::Length);
        }
        (payload_len > limits.of(opcode, *first)).then_some(Error::TooBig)
    }

    /// RSV1 to RSV3.
    #[must_use]
    pub const fn rsv(&self) -> u8 {
        self.bits & RSV_BITS
    }

    /// Whether it starts a compressed message (RFC 7692, 6), if compression was agreed on.
    #[must_use]
    pub const fn is_compressed(&self) -> bool {
        self.bits & RSV1 != 0
    }

    /// Whether this is the last frame of its message.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        self.bits & FIN != 0
    }
}

/// What a first byte says.
#[derive(Clone, Copy)]
struct FirstByte {
    opcode: Opcode,
    /// Where it is right whatever the rules are.
    right: u8,
}

// Where a first byte is right.
const BETWEEN: u8 = 0x1;
const INSIDE: u8 = 0x2;

/// Looked up, since most frames are right and have no reserved bits: what [`check_first`] says of
/// each byte.
static FIRST_BYTES: [FirstByte; 256] = {
    const PLAIN: DecodeFlags = DecodeFlags(0);
    let mut table = [FirstByte { opcode: Opcode::Continuation, right: 0 }; 256];
    let mut rest: &mut [FirstByte] = &mut table;
    let mut first = 0_u8;
    while let [this, after @ ..] = rest {
        if let Some(opcode) = Opcode::from_number(first & OPCODE_BITS) {
            this.opcode = opcode;
        }
        if check_first(first, PLAIN, Fragmentation::BetweenMessages).is_ok() {
            this.right |= BETWEEN;
        }
        if check_first(first, PLAIN, Fragmentation::InMessage).is_ok() {
            this.right |= INSIDE;
        }
        rest = after;
        first = first.wrapping_add(1);
    }
    table
};

impl Fragmentation {
    /// Which first bytes without reserved bits are right here.
    #[inline(always)]
    fn plain_first_bytes(self) -> u8 {
        match self {
            Fragmentation::Unchecked => BETWEEN | INSIDE,
            Fragmentation::BetweenMessages => BETWEEN,
            Fragmentation::InMessage => INSIDE,
        }
    }
}

/// What a first byte says, or the first thing that is wrong with it.
const fn check_first(
    first: u8,
    flags: DecodeFlags,
    fragmentation: Fragmentation,
) -> Result<Opcode> {
    let opcode = Opcode::from_number(first & OPCODE_BITS);
    if first & RSV_BITS & !flags.allowed_rsv(opcode) != 0 {
        return Err(Error::ReservedBits);
    }
    let Some(opcode) = opcode else { return Err(Error::Opcode) };
    if opcode.is_control() && first & FIN == 0 {
        return Err(Error::ControlFrame);
    }
    match (fragmentation, opcode) {
        (Fragmentation::BetweenMessages, Opcode::Continuation)
        | (Fragmentation::InMessage, Opcode::Text | Opcode::Binary) => {
            Err(Error::Fragmentation)
        }
        _ => Ok(opcode),
    }
}

/// The length that the header at the start of `bytes` announces, whether it is right or not.
#[cold]
pub(crate) fn announced_len(bytes: &[u8]) -> Option<u64> {
    let [_, second, rest @ ..] = bytes else { return None };
    match second & LENGTH_BITS {
        LENGTH_16 => rest.first_chunk().map(|bytes| u16::from_be_bytes(*bytes).into()),
        LENGTH_64 => rest.first_chunk().map(|bytes| u64::from_be_bytes(*bytes)),
        short => Some(short.into()),
    }
}

/// A length of eight bytes, if it is right. A function of its own, since short frames are many.
#[inline(never)]
fn length_64(bytes: &[u8]) -> Option<u64> {
    let length = u64::from_be_bytes(*bytes.first_chunk()?);
    Some(length).filter(|length| (0x1_0000..=MAX_PAYLOAD).contains(length))
}

/// Length of the header of a frame with this payload.
#[inline]
#[must_use]
pub const fn header_len(payload_len: u64, masked: bool) -> u8 {
    let key_len = if masked { 4 } else { 0 };
    length_bytes(payload_len).wrapping_add(key_len).wrapping_add(2)
}

/// How many bytes the length takes beyond the header's second byte.
const fn length_bytes(payload_len: u64) -> u8 {
    match payload_len {
        0..=125 => 0,
        126..=0xffff => 2,
        _ => 8,
    }
}
