//! Many frames

use super::frame::{WS_MASKED, ws_frame};
use super::result::ws_result;
use super::{answer, ptr};
use crate::decoder::Decoder;
use crate::error::{Error, Result};
use crate::frame::{DecodeFlags, OutHeader, write_frames};
use core::ffi::c_void;

/// Remembers where in the stream the last call stopped. Place it anywhere, copy it, forget it:
/// there is nothing to free. All zero bytes is a fresh decoder for WS_SERVER without a size
/// limit. 64 bytes. Frozen.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct ws_decoder {
    /// The library's.
    pub opaque: [u64; 8],
}

const _: () = assert!(
    size_of::<ws_decoder>() == size_of::<Decoder>()
        && align_of::<ws_decoder>() == align_of::<Decoder>()
);

/// flags: WS_SERVER or WS_CLIENT and what may be combined with it. max_payload: frames of any kind,
/// control frames too, that announce more bytes are WS_ERR_TOO_BIG; 0 for no limit. With an unknown flag the result is
/// WS_ERR_INVALID_ARGUMENT, and so is every result of ws_decoder_feed(): the decoder refuses all
/// input.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_decoder_init(
    decoder: *mut ws_decoder,
    flags: u32,
    max_payload: u64,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    answer(|| unsafe {
        let decoder = ptr::output_one(decoder.cast::<Decoder>())?;
        let Some(rules) = DecodeFlags::from_flags(flags) else {
            decoder.write(Decoder::refusing(Error::InvalidArgument));
            return Err(Error::InvalidArgument);
        };
        decoder.write(Decoder::new(rules, max_payload));
        Ok(0)
    })
}

/// Decodes as many frames as `buf` and `frames` hold; checks headers and the order of
/// fragments; unmasks in place. Returns how many entries of `frames` were filled, and in
/// *consumed how many bytes of buf are done: all of them, an incomplete header too, unless
/// `frames` ran full or an error follows; none with an error. Nothing needs to be kept or
/// moved, so one read buffer can serve every connection. frames_cap must not be 0.
///
/// The first and the last entry may be parts of a frame (no WS_BEGIN, no WS_END). A header at
/// the very end of buf is reported with its first payload byte. Entries before an error are
/// reported, and their number is the result; the next call returns the error, and so does every
/// call after it. The decoder goes on after a close frame: stopping there is the caller's
/// business.
///
/// If *consumed == len, nothing is outstanding, and a result of 0 means that all of buf is done: a
/// loop over the bytes left and a loop over the result are both correct. Bytes from *consumed on
/// are as they were given.
///
///     while (len > 0) {
///         n = ws_decoder_feed(&d, p, len, fr, 64, &used);
///         if (n < 0) break;
///         for (i = 0; i < n; i++) handle(&fr[i], p + fr[i].chunk_off);
///         p += used, len -= used;
///     }
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
    answer(|| unsafe {
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

/// WS_OK if the stream may end here, WS_ERR_EOF in mid-frame or mid-message, or the error that
/// stopped the decoder.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_decoder_finish(decoder: *const ws_decoder) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    answer(|| unsafe { ptr::one(decoder.cast::<Decoder>())?.finish().map(|()| 0) })
}

/// One frame to be sent. Frozen.
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
        let flags = u32::from(self.flags);
        let key = (flags & WS_MASKED != 0).then_some(self.mask_key);
        let (opcode, bits) = (self.opcode.into(), flags & !WS_MASKED);
        Ok((OutHeader::new(opcode, bits, key, payload.len() as u64)?, payload))
    }
}

/// Encodes frames one after another until `out` is full. Returns how many were encoded, each of
/// them completely, and in *written how many bytes that took. An error (BUFFER_TOO_SMALL
/// included) is returned only if it meets the first.
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
    answer(|| unsafe {
        let written = ptr::output_one(written)?.write(0);
        let frames = ptr::array(frames, frames_len)?;
        let out = ptr::output(out, out_cap)?;
        write_frames(frames.iter().map(|frame| frame.read()), out, written)
    })
}
