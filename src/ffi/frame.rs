//! One frame

use super::result::ws_result;
use super::{ptr, result_of};
use crate::error::{Error, Result};
use crate::frame::{
    self, Ascii, Chunk, DecodeFlags, Fragmentation, Header, Limits, MAX_PAYLOAD, Opcode,
    OutHeader,
};
use crate::simd;
use core::ffi::{c_int, c_void};
use core::mem::MaybeUninit;

/// Another fragment of a message.
pub const WS_OPCODE_CONTINUATION: i32 = 0x0;
/// Text: UTF-8.
pub const WS_OPCODE_TEXT: i32 = 0x1;
/// Binary: any bytes.
pub const WS_OPCODE_BINARY: i32 = 0x2;
/// Control: starts or completes the closing handshake.
pub const WS_OPCODE_CLOSE: i32 = 0x8;
/// Control: asks for a pong with the same payload.
pub const WS_OPCODE_PING: i32 = 0x9;
/// Control: replies to a ping, or is unsolicited.
pub const WS_OPCODE_PONG: i32 = 0xA;

// Frame flags. The upper four have the values they have in a frame's first byte.

/// The last frame of its message.
pub const WS_FIN: u32 = 0x80;
/// The message is compressed, if compression was agreed on (RFC 7692, 6).
pub const WS_RSV1: u32 = 0x40;
/// For an extension of your own: see WS_ANY_RSV and WS_OPT_ALLOW_RSV.
pub const WS_RSV2: u32 = 0x20;
/// For an extension of your own, like WS_RSV2.
pub const WS_RSV3: u32 = 0x10;
/// The header has a masking key.
pub const WS_MASKED: u32 = 0x01;
/// This chunk starts the frame's payload.
pub const WS_BEGIN: u32 = 0x02;
/// This chunk ends the frame's payload.
pub const WS_END: u32 = 0x04;

/// Longest frame header, in bytes. (WS_MAX_HEAD is for HTTP.)
pub const WS_MAX_HEADER: usize = 14;
/// Longest payload of a control frame, in bytes.
pub const WS_MAX_CONTROL: usize = 125;

const _: () =
    assert!(WS_MAX_HEADER == frame::MAX_HEADER && WS_MAX_CONTROL == frame::MAX_CONTROL);

/// A chunk and the frame it belongs to. For a frame that is entirely in the buffer, chunk_pos is 0,
/// chunk_len equals payload_len, and WS_BEGIN and WS_END are both set. The opcode, payload_len and
/// the flags from the wire describe the whole frame and repeat in each of its chunks: to enforce a
/// limit on a message, add up chunk_len, not payload_len. 40 bytes without padding on every
/// platform. Frozen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct ws_frame {
    /// Length of the whole payload, as the header announced it.
    pub payload_len: u64,
    /// Where in the payload this chunk starts.
    pub chunk_pos: u64,
    /// Where in your buffer this chunk starts.
    pub chunk_off: u64,
    /// Length of this chunk.
    pub chunk_len: u64,
    /// Zeros without WS_MASKED.
    pub mask_key: [u8; 4],
    /// WS_OPCODE_*
    pub opcode: u8,
    /// WS_FIN, WS_RSV*, WS_MASKED, WS_BEGIN, WS_END
    pub flags: u8,
    /// Length of the header: 2..14
    pub header_len: u8,
    /// WS_OPCODE_TEXT or WS_OPCODE_BINARY in every chunk of a message, also in continuations; the
    /// frame's own opcode for control frames; 0 for a continuation from ws_frame_decode(), which
    /// sees only one frame.
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

// Which side you are. The input comes from the other side.

/// Frames must be masked; they are unmasked in place.
pub const WS_SERVER: u32 = 0x00;
/// Frames must not be masked.
pub const WS_CLIENT: u32 = 0x01;

// Optional flags, combined with the side by |.

/// RSV1 may be set on the first frame of a message.
pub const WS_DEFLATE: u32 = 0x02;
/// Accept masked and unmasked frames, e.g. in a proxy.
pub const WS_ANY_MASK: u32 = 0x04;
/// Do not unmask: buf is never written to.
pub const WS_KEEP_MASKED: u32 = 0x08;
/// Report the reserved bits of data frames, also of continuations, instead of rejecting them, e.g.
/// in a proxy. Those of control frames are still rejected.
pub const WS_ANY_RSV: u32 = 0x10;

const _: () = assert!(
    WS_CLIENT == DecodeFlags::CLIENT
        && WS_DEFLATE == DecodeFlags::DEFLATE
        && WS_ANY_MASK == DecodeFlags::ANY_MASK
        && WS_KEEP_MASKED == DecodeFlags::KEEP_MASKED
        && WS_ANY_RSV == DecodeFlags::ANY_RSV
);

/// Decodes the frame at the start of buf and unmasks its payload in place (RFC 6455, 5.2). flags:
/// WS_SERVER or WS_CLIENT, with any of WS_DEFLATE, WS_ANY_MASK, WS_KEEP_MASKED and WS_ANY_RSV.
/// Returns the length of the whole frame, 0 if it is incomplete, or an error. *frame describes the
/// frame. While the frame is incomplete, nothing is unmasked. Once its header is complete,
/// frame->header_len is no longer 0, and the frame will be header_len + payload_len bytes long.
/// Before that, and with an error, all of *frame is 0.
///
/// Headers are checked byte by byte, here and in every other function: the first invalid byte
/// determines the error, which is reported as soon as that byte arrives. The checks, in order:
///
///     first byte    1. WS_ERR_RESERVED_BITS
///                   2. WS_ERR_OPCODE
///                   3. WS_ERR_CONTROL_FRAME: fragmented
///                   4. WS_ERR_FRAGMENTATION
///     second byte   5. WS_ERR_MASK
///                   6. WS_ERR_CONTROL_FRAME: longer than 125 bytes
///     length        7. WS_ERR_LENGTH, at the byte that proves it
///                   8. WS_ERR_TOO_BIG, once the length is complete
///
/// ws_frame_decode() sees one frame and has no limit, so it returns neither WS_ERR_FRAGMENTATION
/// nor WS_ERR_TOO_BIG.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_frame_decode(
    buf: *mut c_void,
    len: usize,
    flags: u32,
    frame: *mut ws_frame,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    result_of(|| unsafe {
        let frame = ptr::output_one(frame)?;
        let (Some(flags), Ok(buf)) =
            (DecodeFlags::from_caller(flags), ptr::bytes_mut(buf, len))
        else {
            frame.write(ws_frame::default());
            return Err(Error::InvalidArgument);
        };
        let valid = Header::opcode_if_valid(buf, flags, Fragmentation::Unchecked);
        let (limits, ascii) = (Limits::NONE, Ascii::DoesNotMatter);
        match valid.and_then(|op| frame::whole_frame(op, buf, flags, limits, ascii)) {
            Some(chunk) => {
                frame.write(chunk.into());
                Ok(chunk.off + chunk.len)
            }
            None => decode_header(buf, flags, frame),
        }
    })
}

/// Decodes the header of a frame that is incomplete or invalid.
// Not inlined: the fast path would have to reserve the stack that it needs.
#[cold]
#[inline(never)]
fn decode_header(
    buf: &[u8],
    flags: DecodeFlags,
    frame: &mut MaybeUninit<ws_frame>,
) -> Result<usize> {
    let header = Header::parse(buf, flags, Fragmentation::Unchecked, Limits::NONE);
    frame.write(header.ok().flatten().map_or_else(ws_frame::default, ws_frame::from));
    header.map(|_| 0)
}

/// Returns the length of a frame with this payload, header included; `masked` is 1 if it has a
/// masking key, else 0. UINT64_MAX if payload_len is above 2^63 - 1.
#[unsafe(no_mangle)]
pub extern "C" fn ws_frame_size(payload_len: u64, masked: c_int) -> u64 {
    if payload_len > MAX_PAYLOAD {
        return u64::MAX;
    }
    payload_len + u64::from(frame::header_len(payload_len, masked != 0))
}

/// Writes one frame, header and payload. (ws_frames_encode() writes many.) Returns the length of
/// the frame, which ws_frame_size() computes beforehand. flags: WS_FIN and WS_RSV*. mask_key: 4
/// unpredictable bytes (RFC 6455, 10.3) for a masked frame, or NULL for an unmasked one. `payload`
/// is not modified, and must not overlap `out`. WS_ERR_INVALID_ARGUMENT for any other flag,
/// WS_MASKED included, for a reserved opcode, and for a control frame without WS_FIN or with more
/// than WS_MAX_CONTROL bytes.
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
    result_of(|| unsafe {
        if ptr::overlap(payload, payload_len, out, out_cap) {
            return Err(Error::InvalidArgument);
        }
        let (payload, key) = (ptr::bytes(payload, payload_len)?, ptr::mask_key(mask_key));
        let out = ptr::output(out, out_cap)?;
        let header = header(opcode, flags, key, payload.len() as u64)?;
        header.write_frame(payload, out)
    })
}

fn header(
    opcode: c_int,
    flags: u32,
    mask_key: Option<[u8; 4]>,
    payload_len: u64,
) -> Result<OutHeader> {
    let bits = u8::try_from(flags).map_err(|_| Error::InvalidArgument)?;
    OutHeader::new(self::opcode(opcode)?, bits, mask_key, payload_len)
}

pub(super) fn opcode(number: c_int) -> Result<Opcode> {
    let opcode = u8::try_from(number).ok().and_then(Opcode::from_number);
    opcode.ok_or(Error::InvalidArgument)
}

/// Writes only the header of a frame, for writev() or for a payload that follows in chunks (mask
/// those with ws_mask()). Returns the length of the header, at most WS_MAX_HEADER bytes. Arguments
/// and errors as for ws_frame_encode(), and WS_ERR_INVALID_ARGUMENT for a payload_len above
/// 2^63 - 1. The header may be written directly before the payload, in the same buffer:
///
///     n = ws_frame_size(len, masked) - len;
///     ws_frame_header(opcode, flags, key, len, payload - n, n);
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
    result_of(|| unsafe {
        let (key, out) = (ptr::mask_key(mask_key), ptr::output(out, out_cap)?);
        header(opcode, flags, key, payload_len)?.write(out)
    })
}

/// Masks or unmasks in place; the two are the same operation (RFC 6455, 5.3). mask_key: 4 bytes.
/// `pos` is the position of buf[0] in the frame's payload: 0 for the first chunk, then the number
/// of payload bytes already processed. With invalid arguments it does nothing.
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
        simd::mask(buf, key, pos);
    }
}

/// Masks or unmasks like ws_mask(), from `src` to `dst`. They may be the same buffer, but must not
/// overlap otherwise.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_mask_copy(
    dst: *mut c_void,
    src: *const c_void,
    len: usize,
    mask_key: *const c_void,
    pos: u64,
) {
    // SAFETY: the caller keeps the pointer contract, except that the buffers may overlap. Two
    // slices are only made if they share no byte; if both buffers are the same, one slice is made.
    unsafe {
        let Some(key) = ptr::mask_key(mask_key) else { return };
        if dst.cast_const() == src {
            let Ok(buf) = ptr::bytes_mut(dst, len) else { return };
            simd::mask(buf, key, pos);
        } else if !ptr::overlap(dst, len, src, len) {
            let (Ok(dst), Ok(src)) = (ptr::output(dst, len), ptr::bytes(src, len)) else {
                return;
            };
            simd::mask_copy(dst, src, key, pos);
        }
    }
}
