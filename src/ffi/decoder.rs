//! Many frames

use super::frame::{WS_MASKED, opcode, ws_frame};
use super::result::ws_result;
use super::{ptr, result_of};
use crate::decoder::Decoder;
use crate::error::{Error, Result};
use crate::frame::{DecodeFlags, OutHeader, write_frames};
use core::ffi::c_void;

/// The state of a decoder between two calls. Put it anywhere, copy it, discard it: it owns nothing.
/// A zeroed one is a fresh decoder for WS_SERVER without a limit. 64 bytes. Frozen.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct ws_decoder {
    /// For the library only.
    pub opaque: [u64; 8],
}

const _: () = assert!(
    size_of::<ws_decoder>() == size_of::<Decoder>()
        && align_of::<ws_decoder>() == align_of::<Decoder>()
);

/// Initialises a decoder. flags: WS_SERVER or WS_CLIENT, with any of WS_DEFLATE, WS_ANY_MASK,
/// WS_KEEP_MASKED and WS_ANY_RSV. max_payload: a frame of any kind that announces a longer payload
/// is WS_ERR_TOO_BIG; 0 sets no limit. Returns WS_OK, or WS_ERR_INVALID_ARGUMENT for an unknown
/// flag; ws_decoder_feed() then returns this error for all input.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_decoder_init(
    decoder: *mut ws_decoder,
    flags: u32,
    max_payload: u64,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    result_of(|| unsafe {
        let decoder = ptr::output_one(decoder.cast::<Decoder>())?;
        let Some(flags) = DecodeFlags::from_caller(flags) else {
            decoder.write(Decoder::refusing(Error::InvalidArgument));
            return Err(Error::InvalidArgument);
        };
        decoder.write(Decoder::new(flags, max_payload));
        Ok(0)
    })
}

/// Decodes as many frames as `buf` and `frames` hold (RFC 6455, 5), checks their headers and the
/// order of fragments, and unmasks in place. Returns the number of entries of `frames` that were
/// filled, and in *consumed the number of bytes of buf that were consumed: all of them, a partial
/// header included, unless `frames` filled up or an error comes next; 0 with an error. You need not
/// keep or move any input, so one read buffer can serve every connection. frames_cap must not be 0.
///
///     while (len > 0) {
///         n = ws_decoder_feed(&d, p, len, fr, 64, &used);
///         if (n < 0) break;
///         for (i = 0; i < n; i++) handle(&fr[i], p + fr[i].chunk_off);
///         p += used, len -= used;
///     }
///
/// The first and the last entry may be parts of a frame (the first without WS_BEGIN, the last
/// without WS_END). If buf ends directly after a header, the frame is reported with the first byte
/// of its payload.
///
/// An error is one of those listed at ws_frame_decode(). The entries before it are reported first:
/// the next call returns the error, and so does every later one. Payloads are not checked: see
/// ws_utf8_validate(), ws_close_parse() and ws_control_feed(). The decoder does not stop at a close
/// frame; you should.
///
/// If *consumed == len, nothing is outstanding. If the result is 0, all of buf was consumed. So you
/// may loop until no bytes are left, or until the result is 0. The bytes from *consumed on are
/// unchanged.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_decoder_feed(
    decoder: *mut ws_decoder,
    buf: *mut c_void,
    len: usize,
    frames: *mut ws_frame,
    frames_cap: usize,
    consumed: *mut usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    result_of(|| unsafe {
        let consumed = ptr::output_one(consumed)?.write(0);
        let decoder = ptr::one_mut(decoder.cast::<Decoder>())?;
        let (buf, frames) =
            (ptr::bytes_mut(buf, len)?, ptr::output_array(frames, frames_cap)?);
        if frames.is_empty() {
            return Err(Error::InvalidArgument);
        }
        let fed = decoder.feed(buf, frames)?;
        *consumed = fed.consumed;
        Ok(fed.chunks)
    })
}

/// Checks that the stream may end here. Returns WS_OK, WS_ERR_EOF inside a frame or message, or the
/// error that stopped the decoder.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_decoder_finish(decoder: *const ws_decoder) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    result_of(|| unsafe { ptr::one(decoder.cast::<Decoder>())?.finish().map(|()| 0) })
}

/// One frame to be encoded. Frozen.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ws_out_frame {
    /// NULL only with a length of 0.
    pub payload: *const c_void,
    /// In bytes.
    pub payload_len: usize,
    /// Used if flags has WS_MASKED.
    pub mask_key: [u8; 4],
    /// WS_OPCODE_*
    pub opcode: u8,
    /// WS_FIN, WS_RSV*, WS_MASKED
    pub flags: u8,
    /// Unused.
    pub reserved: [u8; 2],
}

impl ws_out_frame {
    /// # Safety
    /// The pointer contract, for the payload.
    unsafe fn read<'a>(&self) -> Result<(OutHeader, &'a [u8])> {
        // SAFETY: the caller keeps the pointer contract for the payload.
        let payload = unsafe { ptr::bytes(self.payload, self.payload_len) }?;
        let [masked, ..] = WS_MASKED.to_le_bytes();
        let key = (self.flags & masked != 0).then_some(self.mask_key);
        let (opcode, bits) = (opcode(self.opcode.into())?, self.flags & !masked);
        Ok((OutHeader::new(opcode, bits, key, payload.len() as u64)?, payload))
    }
}

/// Writes many frames, one after another, until `out` is full. (ws_frame_encode() writes one.)
/// Returns the number of frames written, each of them complete, and in *written their length in
/// bytes. An error of the first frame is returned, as by ws_frame_encode(); at an error of a later
/// frame, WS_ERR_BUFFER_TOO_SMALL included, the call stops before that frame.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_frames_encode(
    frames: *const ws_out_frame,
    frames_len: usize,
    out: *mut c_void,
    out_cap: usize,
    written: *mut usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract, also for each payload.
    result_of(|| unsafe {
        let written = ptr::output_one(written)?.write(0);
        let frames = ptr::array(frames, frames_len)?;
        let out = ptr::output(out, out_cap)?;
        write_frames(frames.iter().map(|frame| frame.read()), out, written)
    })
}
