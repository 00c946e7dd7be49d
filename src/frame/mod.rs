//! One frame (RFC 6455, 5): its header, its payload, its mask.

mod decode;
mod encode;
mod header;
pub mod mask;
mod reader;

pub use decode::Chunk;
pub(crate) use decode::{Ascii, whole_frame};
pub use encode::OutHeader;
pub(crate) use encode::write_control;
pub use header::{DecodeFlags, Fragmentation, Header, Limits, Opcode, header_len};
pub(crate) use reader::FrameReader;

/// Longest header, in bytes.
pub const MAX_HEADER: usize = 14;
/// Longest payload of a control frame.
pub const MAX_CONTROL: usize = 125;

/// Bit of the first byte: the last frame of its message.
pub const FIN: u8 = 0x80;
/// Bit of the first byte: given a meaning by permessage-deflate.
pub const RSV1: u8 = 0x40;
/// Bit of the first byte, for an extension.
pub const RSV2: u8 = 0x20;
/// Bit of the first byte, for an extension.
pub const RSV3: u8 = 0x10;

/// The reserved bits of the first byte.
pub const RSV_BITS: u8 = RSV1 | RSV2 | RSV3;
const OPCODE_BITS: u8 = 0x0f;
/// Of an opcode: a control frame.
const CONTROL_BIT: u8 = 0x08;
const MASK_BIT: u8 = 0x80;
const LENGTH_BITS: u8 = 0x7f;
/// The length is in the next two bytes.
const LENGTH_16: u8 = 126;
/// The length is in the next eight bytes.
const LENGTH_64: u8 = 127;
/// Longest payload that a header can announce.
pub const MAX_PAYLOAD: u64 = u64::MAX >> 1;
