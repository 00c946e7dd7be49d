//! Control frames

use super::frame::ws_frame;
use super::result::ws_result;
use super::{answer, ptr};
use crate::control::{Control, PayloadChunk, write_close};
use crate::error::{Error, Result};
use crate::frame::Opcode;
use crate::output;
use core::ffi::c_void;

/// What answers pings and the peer's close for users of the decoder, and remembers the closing
/// handshake. Place it anywhere, copy it, forget it: there is nothing to free. All zero bytes is a
/// fresh one. 144 bytes. Frozen.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ws_control {
    /// The library's.
    pub opaque: [u64; 18],
}

const _: () = assert!(
    size_of::<ws_control>() == size_of::<Control>()
        && align_of::<ws_control>() >= align_of::<Control>()
);

/// # Safety
/// The pointer contract.
unsafe fn control_mut<'a>(control: *mut ws_control) -> Result<&'a mut Control> {
    // SAFETY: the caller keeps the pointer contract. The alignment is checked for ws_control, which is
    // that of the C type; that of Control is less.
    unsafe { ptr::one_mut(ptr::aligned(control)?.cast()) }
}

/// # Safety
/// The pointer contract.
unsafe fn control<'a>(control: *const ws_control) -> Result<&'a Control> {
    // SAFETY: as for control_mut().
    unsafe { ptr::one(ptr::aligned(control.cast_mut())?.cast::<Control>()) }
}

/// Takes an entry of ws_decoder_feed(), and writes the reply to it, if there is one. Hand it every
/// entry, in order and unmasked (so not from a decoder with WS_KEEP_MASKED); data frames are passed
/// over. buf is what ws_decoder_feed() was given. mask_key: NULL for a server; for a client 4 fresh
/// bytes that the peer cannot foresee (RFC 6455, 10.3).
///
/// Returns the number of bytes written: a pong, also after our own close (5.5.2), or the close
/// frame that answers the peer's with its code, unless ours was written before. 0 if nothing is to
/// be sent. WS_ERR_CLOSE_PAYLOAD or WS_ERR_UTF8 if the peer's close is invalid, and from then on
/// always; answer it by ws_control_close(). For every entry after a valid close it returns 0. A chunk out of order
/// is WS_ERR_INVALID_ARGUMENT. WS_MAX_OUTPUT bytes of room are always enough; with
/// WS_ERR_BUFFER_TOO_SMALL nothing has happened, and the same entry may be handed in again.
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
    // SAFETY: the caller keeps the pointer contract. `buf` is the buffer that the decoder was given, so
    // the chunk is within it.
    answer(|| unsafe {
        let control = control_mut(control)?;
        let frame = ptr::one(frame)?;
        let opcode = Opcode::from_number(frame.opcode).ok_or(Error::InvalidArgument)?;
        let out = ptr::output(out, out_cap)?;
        // Of a data frame no byte is read.
        let chunk = if opcode.is_control() { ptr::chunk(buf, frame)? } else { &[] };
        let (payload_len, pos) = (frame.payload_len, frame.chunk_pos);
        let chunk = PayloadChunk { opcode, payload_len, pos, bytes: chunk };
        control.feed(&chunk, ptr::mask_key(mask_key), out)
    })
}

/// Writes a whole close frame, e.g. with ws_close_code_for(error), and remembers that it was
/// written. code and reason as for ws_close_build(). mask_key as for ws_control_feed(). Returns the
/// number of bytes written, or 0 if a close frame was written before, by ws_control_feed() too.
/// control may be NULL: then the frame is written and nothing is remembered.
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
    answer(|| unsafe {
        let (reason, out) = (ptr::bytes(reason, reason_len)?, ptr::output(out, out_cap)?);
        let key = ptr::mask_key(mask_key);
        if control.is_null() {
            return write_close(code, reason, key, out);
        }
        control_mut(control)?.close(code, reason, key, out)
    })
}

/// The code of the close that came, WS_CLOSE_NO_STATUS too; 0: no valid one came, or control is
/// NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_control_close_code(control: *const ws_control) -> u16 {
    // SAFETY: the caller keeps the pointer contract.
    unsafe { self::control(control) }.map_or(0, Control::close_code)
}

/// Copies the reason of the close that came, which is UTF-8. Returns its length, at most 123 bytes;
/// 0 if it has none, or no close came.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_control_reason(
    control: *const ws_control,
    out: *mut c_void,
    out_cap: usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    answer(|| unsafe {
        let out = ptr::output(out, out_cap)?;
        output::write_all(&[&[self::control(control)?.reason()]], out)
    })
}
