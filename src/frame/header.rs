//! The header of a frame (RFC 6455, 5.2). Its first invalid byte determines the error.

use super::{
    DecodeFlags, FIN, LENGTH_16, LENGTH_64, LENGTH_BITS, MASK_BIT, MAX_CONTROL,
    MAX_PAYLOAD, OPCODE_BITS, Opcode, RSV_BITS, RSV1,
};
use crate::error::{Error, Result};
use crate::side::Side;

/// Whether a message is open where a frame starts (RFC 6455, 5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fragmentation {
    /// It is not known: the order of fragments is not checked.
    Unchecked,
    /// No message is open: a continuation frame is invalid.
    BetweenMessages,
    /// A message is open: text and binary frames are invalid.
    InMessage,
}

/// The longest payloads that a header may announce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For text, binary and continuation frames.
    pub data: u64,
    /// For frames with RSV1.
    pub compressed: u64,
    /// For control frames; 125 bytes in any case.
    pub control: u64,
}

impl Limits {
    /// No limit but that of the format.
    pub const NONE: Limits = Limits::all(MAX_PAYLOAD);

    /// One limit for every frame.
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

/// A complete header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// FIN and RSV1 to RSV3, as they are in the first byte.
    pub bits: u8,
    /// The kind of the frame.
    pub opcode: Opcode,
    /// The masking key; None: the frame is not masked.
    pub mask_key: Option<[u8; 4]>,
    /// The length of the payload.
    pub payload_len: u64,
    /// The length of the header itself, 2 to 14.
    pub len: u8,
}

impl Header {
    /// Parses the header at the start of `bytes`. None: it is incomplete, and valid so far. A
    /// payload beyond the limits is refused as soon as its length is known.
    pub fn parse(
        bytes: &[u8],
        flags: DecodeFlags,
        fragmentation: Fragmentation,
        limits: Limits,
    ) -> Result<Option<Header>> {
        let valid = Header::opcode_if_valid(bytes, flags, fragmentation)
            .and_then(|opcode| Header::parse_valid(opcode, bytes, flags, limits));
        match valid {
            Some(header) => Ok(Some(header)),
            None => match Header::fault(bytes, flags, fragmentation, limits) {
                Some(error) => Err(error),
                None => Ok(None),
            },
        }
    }

    /// The opcode of a header whose first byte is valid. None: it is not, or there is none.
    // This and the next two are inlined into the loops over frames, where the results stay in
    // registers.
    #[inline(always)]
    pub(crate) fn opcode_if_valid(
        bytes: &[u8],
        flags: DecodeFlags,
        fragmentation: Fragmentation,
    ) -> Option<Opcode> {
        let first = *bytes.first()?;
        let FirstByte { opcode, valid } = *FIRST_BYTES.get(usize::from(first))?;
        let is_valid = valid & fragmentation.places() != 0
            || is_valid_first(first, flags, fragmentation);
        is_valid.then_some(opcode)
    }

    /// The opcode of a message in one frame without reserved bits. None: the first byte starts
    /// anything else.
    #[inline(always)]
    pub(crate) fn opcode_of_message(bytes: &[u8]) -> Option<Opcode> {
        match *bytes.first()? {
            FINAL_TEXT => Some(Opcode::Text),
            FINAL_BINARY => Some(Opcode::Binary),
            _ => None,
        }
    }

    /// Parses a header whose first byte is valid and has this opcode, if it is complete and valid,
    /// as nearly all are. None: it is not, and [`Header::fault`] determines why.
    #[inline(always)]
    pub(crate) fn parse_valid(
        opcode: Opcode,
        bytes: &[u8],
        flags: DecodeFlags,
        limits: Limits,
    ) -> Option<Header> {
        let [first, second, ..] = bytes else { return None };
        let (first, second) = (*first, *second);
        if !flags.allow_mask_bit(second) {
            return None;
        }
        let code = second & LENGTH_BITS;
        let (payload_len, len): (u64, u8) = match code {
            0..LENGTH_16 => (code.into(), 2),
            _ if opcode.is_control() => return None,
            LENGTH_16 => {
                let [_, _, high, low, ..] = bytes else { return None };
                let length = u16::from_be_bytes([*high, *low]);
                if length < u16::from(LENGTH_16) {
                    return None;
                }
                (length.into(), 4)
            }
            _ => (length_64(bytes)?, 10),
        };
        if payload_len > limits.of(opcode, first) {
            return None;
        }
        let (mask_key, len) = if second & MASK_BIT != 0 {
            (Some(*bytes.get(usize::from(len)..)?.first_chunk()?), len + 4)
        } else {
            (None, len)
        };
        let bits = first & !OPCODE_BITS;
        debug_assert_eq!(
            Header::fault(bytes, flags, Fragmentation::Unchecked, limits),
            None
        );
        Some(Header { bits, opcode, mask_key, payload_len, len })
    }

    /// The error of the first invalid byte of a header that [`Header::parse_valid`] does not
    /// accept. None: it is only incomplete.
    #[cold]
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
        if let (LENGTH_64, [0x80..=0xff, ..] | [0, 0, 0, 0, 0, 0, ..]) = (code, rest) {
            return Some(Error::Length);
        }
        let payload_len = announced_len(bytes)?;
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

    /// Whether the frame starts a compressed message (RFC 7692, 6), if compression was agreed on.
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

/// The first byte of a text in one frame.
const FINAL_TEXT: u8 = FIN | Opcode::Text as u8;
/// The first byte of a binary message in one frame.
const FINAL_BINARY: u8 = FIN | Opcode::Binary as u8;

/// A first byte, as [`check_first`] judges it without any flags.
#[derive(Clone, Copy)]
struct FirstByte {
    opcode: Opcode,
    /// Where it is valid: BETWEEN, INSIDE, both or neither.
    valid: u8,
}

/// Valid where no message is open.
const BETWEEN: u8 = 0x1;
/// Valid where a message is open.
const INSIDE: u8 = 0x2;

/// All first bytes: a lookup is faster than judging each, and suffices for all frames without
/// reserved bits.
static FIRST_BYTES: [FirstByte; 256] = {
    const PLAIN: DecodeFlags = DecodeFlags::new(Side::Server);
    let mut table = [FirstByte { opcode: Opcode::Continuation, valid: 0 }; 256];
    let mut rest: &mut [FirstByte] = &mut table;
    let mut first = 0_u8;
    while let [this, after @ ..] = rest {
        if let Some(opcode) = Opcode::from_number(first & OPCODE_BITS) {
            this.opcode = opcode;
        }
        if check_first(first, PLAIN, Fragmentation::BetweenMessages).is_ok() {
            this.valid |= BETWEEN;
        }
        if check_first(first, PLAIN, Fragmentation::InMessage).is_ok() {
            this.valid |= INSIDE;
        }
        rest = after;
        first = first.wrapping_add(1); // The last one wraps.
    }
    table
};

impl Fragmentation {
    /// The places where a first byte may be valid: it must be valid in at least one of them.
    fn places(self) -> u8 {
        match self {
            Fragmentation::Unchecked => BETWEEN | INSIDE,
            Fragmentation::BetweenMessages => BETWEEN,
            Fragmentation::InMessage => INSIDE,
        }
    }
}

/// Whether a first byte is valid that is not valid without any flags: one with reserved bits.
// Not inlined: the loop over frames would have to keep in registers what it needs.
#[inline(never)]
fn is_valid_first(first: u8, flags: DecodeFlags, fragmentation: Fragmentation) -> bool {
    check_first(first, flags, fragmentation).is_ok()
}

/// The opcode of a first byte, or its error.
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

/// The length that the header at the start of `bytes` announces, valid or not.
#[cold]
pub(crate) fn announced_len(bytes: &[u8]) -> Option<u64> {
    let [_, second, rest @ ..] = bytes else { return None };
    match second & LENGTH_BITS {
        LENGTH_16 => rest.first_chunk().map(|bytes| u16::from_be_bytes(*bytes).into()),
        LENGTH_64 => rest.first_chunk().map(|bytes| u64::from_be_bytes(*bytes)),
        short => Some(short.into()),
    }
}

/// The length of eight bytes in this header, if it is valid.
// Not inlined: it would cost short frames, which are more frequent, a register.
#[inline(never)]
fn length_64(header: &[u8]) -> Option<u64> {
    let length = u64::from_be_bytes(*header.get(2..)?.first_chunk()?);
    Some(length).filter(|length| (0x1_0000..=MAX_PAYLOAD).contains(length))
}

/// The length of the header of a frame with this payload.
#[inline]
#[must_use]
pub const fn header_len(payload_len: u64, masked: bool) -> u8 {
    let key_len = if masked { 4 } else { 0 };
    match payload_len {
        0..=125 => 2 + key_len,
        126..=0xffff => 4 + key_len,
        _ => 10 + key_len,
    }
}
