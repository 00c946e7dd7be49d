//! Frames (RFC 6455, 5): headers, payloads, masking.

mod decode;
mod encode;
mod flags;
mod header;
mod opcode;
mod reader;

pub(crate) use decode::Ascii;
pub use decode::Chunk;
#[cfg(feature = "capi")]
pub(crate) use decode::whole_frame;
pub(crate) use encode::write_control;
pub use encode::{OutHeader, write_frames};
pub use flags::DecodeFlags;
pub use header::{Fragmentation, Header, Limits, header_len};
pub use opcode::Opcode;
pub(crate) use reader::FrameReader;

pub use crate::simd::{mask, mask_ascii, mask_copy};

/// Longest header, in bytes.
pub const MAX_HEADER: usize = 14;
/// Longest payload of a control frame.
pub const MAX_CONTROL: usize = 125;

/// Bit of the first byte: the last frame of its message.
pub const FIN: u8 = 0x80;
/// Bit of the first byte: permessage-deflate gives it a meaning.
pub const RSV1: u8 = 0x40;
/// Bit of the first byte, for an extension.
pub const RSV2: u8 = 0x20;
/// Bit of the first byte, for an extension.
pub const RSV3: u8 = 0x10;

/// The reserved bits of the first byte.
pub const RSV_BITS: u8 = RSV1 | RSV2 | RSV3;
const OPCODE_BITS: u8 = 0x0f;
/// Bit of an opcode: a control frame.
const CONTROL_BIT: u8 = 0x08;
const MASK_BIT: u8 = 0x80;
const LENGTH_BITS: u8 = 0x7f;
/// The length is in the next two bytes.
const LENGTH_16: u8 = 126;
/// The length is in the next eight bytes.
const LENGTH_64: u8 = 127;
/// Longest payload that a header can announce.
pub const MAX_PAYLOAD: u64 = u64::MAX >> 1;
