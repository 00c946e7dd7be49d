//! Control frames

use super::frame::ws_frame;
use super::result::ws_result;
use super::{ptr, result_of};
use crate::control::{Control, PayloadChunk, write_close};
use crate::error::Error;
use crate::frame::Opcode;
use crate::output;
use core::ffi::c_void;

/// Replies to pings and to the peer's close for users of the decoder, and remembers the closing
/// handshake. Put it anywhere, copy it, discard it: it owns nothing. A zeroed one is fresh. 144
/// bytes. Frozen.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ws_control {
    /// For the library only.
    pub opaque: [u64; 18],
}

const _: () = assert!(
    size_of::<ws_control>() == size_of::<Control>()
        && align_of::<ws_control>() == align_of::<Control>()
);

/// Processes an entry of ws_decoder_feed() and writes the reply to it, if any (RFC 6455, 5.5). Pass
/// every entry, in order and unmasked (so not from a decoder with WS_KEEP_MASKED); entries of data
/// frames are ignored. buf is the buffer that was passed to ws_decoder_feed(). mask_key: NULL for a
/// server; for a client 4 new unpredictable bytes (10.3). WS_MAX_OUTPUT bytes of `out` are always
/// enough.
///
/// Returns the number of bytes written: a pong, even after you sent a close (5.5.2); or a close
/// frame with the peer's code, in reply to the peer's close, unless you sent one before. Returns 0
/// if there is no reply, and for every entry after a valid close. If the peer's close is invalid,
/// returns WS_ERR_CLOSE_PAYLOAD or WS_ERR_UTF8, for every later entry too; send a close frame with
/// ws_control_close(). Returns WS_ERR_INVALID_ARGUMENT for a chunk out of order, a
/// reserved opcode, and a control frame of more than WS_MAX_CONTROL bytes. After
/// WS_ERR_BUFFER_TOO_SMALL the same entry may be passed again.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_control_feed(
    control: *mut ws_control,
    frame: *const ws_frame,
    buf: *const c_void,
    mask_key: *const c_void,
    out: *mut c_void,
    out_cap: usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract. `buf` is the buffer that the decoder was
    // given, so the chunk is within it.
    result_of(|| unsafe {
        let control = ptr::one_mut(control.cast::<Control>())?;
        let frame = ptr::one(frame)?;
        let opcode = Opcode::from_number(frame.opcode).ok_or(Error::InvalidArgument)?;
        let out = ptr::output(out, out_cap)?;
        // The bytes of a data frame are not used, so they need not be valid.
        let chunk = if opcode.is_control() { ptr::chunk(buf, frame)? } else { &[] };
        let (payload_len, pos) = (frame.payload_len, frame.chunk_pos);
        let chunk = PayloadChunk { opcode, payload_len, pos, bytes: chunk };
        control.feed(&chunk, ptr::mask_key(mask_key), out)
    })
}

/// Writes a close frame, e.g. with ws_close_code_for(error), and remembers that it was sent. code
/// and reason as for ws_close_build(), mask_key as for ws_control_feed(). Returns the number of
/// bytes written, or 0 if a close frame was sent before, also by ws_control_feed(). control may be
/// NULL: then nothing is remembered.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_control_close(
    control: *mut ws_control,
    code: u16,
    reason: *const c_void,
    reason_len: usize,
    mask_key: *const c_void,
    out: *mut c_void,
    out_cap: usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    result_of(|| unsafe {
        let (reason, out) = (ptr::bytes(reason, reason_len)?, ptr::output(out, out_cap)?);
        let key = ptr::mask_key(mask_key);
        if control.is_null() {
            return write_close(code, reason, key, out);
        }
        ptr::one_mut(control.cast::<Control>())?.close(code, reason, key, out)
    })
}

/// Returns the code of the close frame received, WS_CLOSE_NO_STATUS if it had none; 0 if no valid
/// one was received, or control is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_control_close_code(control: *const ws_control) -> u16 {
    // SAFETY: the caller keeps the pointer contract.
    unsafe { ptr::one(control.cast::<Control>()) }.map_or(0, Control::close_code)
}

/// Copies the reason of the close frame received, which is UTF-8. Returns the length of the reason,
/// at most 123 bytes; 0 if it has none, or no valid close frame was received.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_control_reason(
    control: *const ws_control,
    out: *mut c_void,
    out_cap: usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    result_of(|| unsafe {
        let out = ptr::output(out, out_cap)?;
        let control = ptr::one(control.cast::<Control>())?;
        output::write_all(&[&[control.reason()]], out)
    })
}
