//! One frame

use super::result::ws_result;
use super::{answer, ptr};
use crate::error::{Error, Result};
use crate::frame::{
    self, Ascii, Chunk, DecodeFlags, Fragmentation, Header, Limits, MAX_PAYLOAD,
    OutHeader,
};
use core::ffi::{c_int, c_void};
use core::mem::MaybeUninit;

/// A further fragment of a message.
pub const WS_OPCODE_CONTINUATION: i32 = 0x0;
/// UTF-8.
pub const WS_OPCODE_TEXT: i32 = 0x1;
/// Any bytes.
pub const WS_OPCODE_BINARY: i32 = 0x2;
/// Control: starts or answers the closing handshake.
pub const WS_OPCODE_CLOSE: i32 = 0x8;
/// Control: asks for a pong with the same payload.
pub const WS_OPCODE_PING: i32 = 0x9;
/// Control: answers a ping, or nothing.
pub const WS_OPCODE_PONG: i32 = 0xA;

// Frame flags. The upper four stand where they stand in a frame's first byte.

/// The last frame of its message.
pub const WS_FIN: u32 = 0x80;
/// The message is compressed, if that was agreed on (RFC 7692, 6).
pub const WS_RSV1: u32 = 0x40;
/// For an extension of your own: WS_ANY_RSV, WS_OPT_ALLOW_RSV.
pub const WS_RSV2: u32 = 0x20;
/// Likewise.
pub const WS_RSV3: u32 = 0x10;
/// The header carries a masking key.
pub const WS_MASKED: u32 = 0x01;
/// This chunk starts the frame's payload.
pub const WS_BEGIN: u32 = 0x02;
/// This chunk ends the frame's payload.
pub const WS_END: u32 = 0x04;

/// Longest frame header, in bytes. (WS_MAX_HEAD is about HTTP.)
pub const WS_MAX_HEADER: usize = 14;
/// Longest payload of a control frame, in bytes.
pub const WS_MAX_CONTROL: usize = 125;

const _: () =
    assert!(WS_MAX_HEADER == frame::MAX_HEADER && WS_MAX_CONTROL == frame::MAX_CONTROL);

/// A chunk and the frame that it belongs to. For a frame that lies complete in the buffer,
/// chunk_pos is 0, chunk_len equals payload_len, and WS_BEGIN and WS_END are both set. opcode,
/// payload_len and the wire's flags are the frame's own and repeat in each of its chunks. The length
/// of a message is the sum of its chunk_len. 40 bytes without padding on every platform. Frozen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct ws_frame {
    /// Length that the header announced.
    pub payload_len: u64,
    /// Where in the payload this chunk belongs.
    pub chunk_pos: u64,
    /// Where in your buffer this chunk starts.
    pub chunk_off: u64,
    /// Bytes of payload in this chunk.
    pub chunk_len: u64,
    /// Zeros if not WS_MASKED.
    pub mask_key: [u8; 4],
    /// WS_OPCODE_*
    pub opcode: u8,
    /// WS_FIN ... WS_END
    pub flags: u8,
    /// 2..14
    pub header_len: u8,
    /// WS_OPCODE_TEXT or WS_OPCODE_BINARY in every chunk of a message, continuations too; the opcode
    /// itself for control frames; 0 for a continuation from ws_frame_decode(), which knows one
    /// frame.
    pub message_opcode: u8,
}

const _: () = assert!(size_of::<ws_frame>() == 40);

impl From<Header> for ws_frame {
    #[inline]
    fn from(header: Header) -> ws_frame {
        ws_frame {
            payload_len: header.payload_len,
            mask_key: header.mask_key.unwrap_or_default(),
            opcode: header.opcode as u8,
            flags: header.bits | flag(WS_MASKED, header.mask_key.is_some()),
            header_len: header.len,
            message_opcode: header.opcode as u8,
            ..ws_frame::default()
        }
    }
}

impl From<Chunk> for ws_frame {
    #[inline]
    fn from(chunk: Chunk) -> ws_frame {
        let frame = ws_frame::from(chunk.header);
        ws_frame {
            message_opcode: chunk.message_opcode,
            chunk_pos: chunk.pos,
            chunk_off: chunk.off as u64,
            chunk_len: chunk.len as u64,
            flags: frame.flags
                | flag(WS_BEGIN, chunk.begins())
                | flag(WS_END, chunk.ends()),
            ..frame
        }
    }
}

/// One bit of a frame's flags, all of which fit into a byte.
#[inline]
fn flag(flag: u32, set: bool) -> u8 {
    if set { flag.to_le_bytes()[0] } else { 0 }
}

// Which side you are: the input is the other's.

/// Frames must be masked; they are unmasked in place.
pub const WS_SERVER: u32 = 0x00;
/// Frames must not be masked.
pub const WS_CLIENT: u32 = 0x01;

// May be combined with it.

/// RSV1 may be set on a message's first frame.
pub const WS_DEFLATE: u32 = 0x02;
/// Accept masked and unmasked, e.g. in a proxy.
pub const WS_ANY_MASK: u32 = 0x04;
/// Do not unmask: buf is never written to.
pub const WS_KEEP_MASKED: u32 = 0x08;
/// Report reserved bits of data frames, continuations too, instead of refusing them, e.g. in a
/// proxy. Those of control frames stay refused.
pub const WS_ANY_RSV: u32 = 0x10;

const _: () = assert!(
    WS_CLIENT == DecodeFlags::CLIENT
        && WS_DEFLATE == DecodeFlags::DEFLATE
        && WS_ANY_MASK == DecodeFlags::ANY_MASK
        && WS_KEEP_MASKED == DecodeFlags::KEEP_MASKED
        && WS_ANY_RSV == DecodeFlags::ANY_RSV
);

/// Decodes the frame at the start of buf and unmasks its payload in place (RFC 6455, 5.2).
/// Returns the length of the whole frame, 0 if part of it is missing, or an error. When the
/// result is 0 and frame->header_len is not, the header is complete and *frame holds its values: the
/// frame will be header_len + payload_len bytes long. Nothing has been unmasked then.
///
/// Headers are checked byte by byte, here and everywhere: the first wrong byte decides, as soon
/// as it is there. Within the first: RESERVED_BITS, OPCODE, CONTROL_FRAME (not final),
/// FRAGMENTATION; within the second: MASK, then CONTROL_FRAME (too long); then LENGTH at the
/// byte that proves it; then TOO_BIG when the length is complete. (A single frame has no
/// FRAGMENTATION and no TOO_BIG: those are the decoder's.)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_frame_decode(
    buf: *mut c_void,
    len: usize,
    flags: u32,
    frame: *mut ws_frame,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    answer(|| unsafe {
        let frame = ptr::output_one(frame)?;
        let (Some(rules), Ok(buf)) =
            (DecodeFlags::from_flags(flags), ptr::bytes_mut(buf, len))
        else {
            frame.write(ws_frame::default());
            return Err(Error::InvalidArgument);
        };
        let ascii = Ascii::DoesNotMatter;
        match frame::whole_frame(
            buf,
            rules,
            Fragmentation::Unchecked,
            Limits::NONE,
            ascii,
        ) {
            Some(chunk) => {
                frame.write(chunk.into());
                Ok(chunk.off + chunk.len)
            }
            None => decode_header(buf, rules, frame),
        }
    })
}

/// Of a frame that is not whole, or wrong. A function of its own, so that what it needs in memory
/// is not put there for nothing.
#[cold]
#[inline(never)]
fn decode_header(
    buf: &[u8],
    rules: DecodeFlags,
    frame: &mut MaybeUninit<ws_frame>,
) -> Result<usize> {
    let header = Header::parse(buf, rules, Fragmentation::Unchecked, Limits::NONE);
    frame.write(header.ok().flatten().map_or_else(ws_frame::default, ws_frame::from));
    header.map(|_| 0)
}

/// Bytes that a frame of this payload length occupies, header included; UINT64_MAX if
/// payload_len is above 2^63 - 1.
#[unsafe(no_mangle)]
pub extern "C" fn ws_frame_size(payload_len: u64, masked: c_int) -> u64 {
    if payload_len > MAX_PAYLOAD {
        return u64::MAX;
    }
    payload_len + u64::from(frame::header_len(payload_len, masked != 0))
}

/// Writes header and payload. flags: WS_FIN and WS_RSV*; another one, WS_MASKED too, is
/// WS_ERR_INVALID_ARGUMENT. mask_key: 4 bytes that the peer cannot foresee (RFC 6455, 10.3), which
/// mask the frame, or NULL for an unmasked frame. `payload` is not modified, and must not overlap
/// `out`, which needs room for ws_frame_size() bytes. Returns the number of bytes written. A reserved
/// opcode, and a control frame without WS_FIN or above WS_MAX_CONTROL, is WS_ERR_INVALID_ARGUMENT.
///
/// An unmasked frame is the same for every client: encode once, send to all.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_frame_encode(
    opcode: c_int,
    flags: u32,
    mask_key: *const c_void,
    payload: *const c_void,
    payload_len: usize,
    out: *mut c_void,
    out_cap: usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract; payload and output share no byte.
    answer(|| unsafe {
        if ptr::overlap(payload, payload_len, out, out_cap) {
            return Err(Error::InvalidArgument);
        }
        let (payload, key) = (ptr::bytes(payload, payload_len)?, ptr::mask_key(mask_key));
        let out = ptr::output(out, out_cap)?;
        let header = OutHeader::new(opcode, flags, key, payload.len() as u64)?;
        header.write_frame(payload, out)
    })
}

/// Writes only the header, for writev() or for a payload that follows in pieces (mask those
/// with ws_mask()). WS_MAX_HEADER bytes of room are always enough. A payload_len above 2^63 - 1 is
/// WS_ERR_INVALID_ARGUMENT. The header may be written directly before the payload, in the same
/// buffer:
///
///     n = ws_frame_size(len, masked) - len;
///     ws_frame_header(opcode, flags, key, len, payload - n, n);
///
/// Returns its length in bytes.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_frame_header(
    opcode: c_int,
    flags: u32,
    mask_key: *const c_void,
    payload_len: u64,
    out: *mut c_void,
    out_cap: usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    answer(|| unsafe {
        let (key, out) = (ptr::mask_key(mask_key), ptr::output(out, out_cap)?);
        OutHeader::new(opcode, flags, key, payload_len)?.write(out)
    })
}

/// Masks or unmasks in place; the two are the same operation (RFC 6455, 5.3). `pos` is the
/// position of buf[0] inside the frame's payload: 0 for the first piece, then the number of
/// payload bytes already done. Invalid arguments do nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_mask(
    buf: *mut c_void,
    len: usize,
    mask_key: *const c_void,
    pos: u64,
) {
    // SAFETY: the caller keeps the pointer contract.
    unsafe {
        let Ok(buf) = ptr::bytes_mut(buf, len) else { return };
        let Some(key) = ptr::mask_key(mask_key) else { return };
        frame::mask::apply(buf, key, pos);
    }
}

/// The same from one buffer to another. They may be the same buffer, but not overlap
/// otherwise.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_mask_copy(
    dst: *mut c_void,
    src: *const c_void,
    len: usize,
    mask_key: *const c_void,
    pos: u64,
) {
    // SAFETY: the caller keeps the pointer contract, except that the buffers may overlap. Two slices are
    // only made if they share no byte; if both buffers are the same, one slice is made.
    unsafe {
        let Some(key) = ptr::mask_key(mask_key) else { return };
        if dst.cast_const() == src {
            let Ok(buf) = ptr::bytes_mut(dst, len) else { return };
            frame::mask::apply(buf, key, pos);
        } else if !ptr::overlap(dst, len, src, len) {
            let (Ok(dst), Ok(src)) = (ptr::output(dst, len), ptr::bytes(src, len)) else {
                return;
            };
            frame::mask::copy(dst, src, key, pos);
        }
    }
}
