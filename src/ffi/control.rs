//! Control frames

use super::answer;
use super::frame::{WS_CLIENT, WS_SERVER, ws_frame};
use super::ptr;
use super::result::ws_result;
use crate::close::{self, Payload};
use crate::error::{Error, Result};
use crate::frame::{EncodedHeader, FIN, MAX_CONTROL, Opcode};
use crate::random;
use core::ffi::c_void;
use core::mem::MaybeUninit;

/// Zeroed is fresh; nothing to free. Frozen.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ws_control {
    opaque: [u64; 18],
}

/// What is in it: any bytes at all are a valid one.
#[derive(Clone, Copy)]
#[repr(C)]
struct Control {
    payload: [u8; MAX_CONTROL],
    len: u8,
    /// Number of the error that was returned; 0: none.
    error: i8,
    reserved: u8,
    close_code: u16,
    unused: [u8; 14],
}

const _: () = assert!(size_of::<Control>() == size_of::<ws_control>());

impl Control {
    /// Nothing changes if it fails for want of room or of random bytes.
    fn feed(
        &mut self,
        mask: bool,
        frame: &ws_frame,
        chunk: &[u8],
        out: &mut [MaybeUninit<u8>],
    ) -> Result<usize> {
        let opcode = Opcode::from_number(frame.opcode).ok_or(Error::InvalidArgument)?;
        if !opcode.is_control() || self.close_code != 0 {
            return Ok(0);
        }
        if self.error != 0 {
            return Err(
                Error::from_code(self.error.into()).unwrap_or(Error::InvalidArgument)
            );
        }
        let at = usize::try_from(frame.chunk_pos).unwrap_or(usize::MAX);
        if at != 0 && at != usize::from(self.len) {
            return Err(Error::InvalidArgument);
        }
        let end = at.saturating_add(chunk.len());
        let to = self.payload.get_mut(at..end).ok_or(Error::InvalidArgument)?;
        to.copy_from_slice(chunk);
        let is_last = end as u64 == frame.payload_len;
        if !is_last {
            self.len = u8::try_from(end).unwrap_or(0);
            return Ok(0);
        }
        let payload = self.payload.get(..end).unwrap_or_default();
        let written = match opcode {
            Opcode::Ping => write(Opcode::Pong, payload, mask, out)?,
            Opcode::Close => match close::parse(payload) {
                Ok((code, _)) => {
                    let reply = Payload::new(code, &[])?;
                    let written = write(Opcode::Close, reply.as_bytes(), mask, out)?;
                    self.close_code = code;
                    written
                }
                Err(error) => {
                    self.error = i8::try_from(error.code()).unwrap_or(-1);
                    return Err(error);
                }
            },
            _ => 0,
        };
        self.len = 0;
        Ok(written)
    }
}

fn write(
    opcode: Opcode,
    payload: &[u8],
    mask: bool,
    out: &mut [MaybeUninit<u8>],
) -> Result<usize> {
    let header = |key| EncodedHeader::of(opcode, FIN, key, payload.len() as u64);
    if !mask {
        return header(None).write_frame(payload, out);
    }
    if out.len() < payload.len().saturating_add(6) {
        return Err(Error::BufferTooSmall);
    }
    let mut key = [0; 4];
    random::fill(&mut key)?;
    header(Some(key)).write_frame(payload, out)
}

fn masks(side: u32) -> Result<bool> {
    match side {
        WS_SERVER => Ok(false),
        WS_CLIENT => Ok(true),
        _ => Err(Error::InvalidArgument),
    }
}

/// Hand it each entry of the decoder; those that are not control frames are left alone.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_control_feed(
    control: *mut ws_control,
    side: u32,
    frame: *const ws_frame,
    buf: *const c_void,
    out: *mut c_void,
    out_cap: usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract; buf is what the decoder was given.
    answer(|| unsafe {
        let control = ptr::one_mut(control.cast::<Control>())?;
        let frame = ptr::one(frame)?;
        let (off, len) = (frame.chunk_off, frame.chunk_len);
        let (Ok(off), Ok(len)) = (usize::try_from(off), usize::try_from(len)) else {
            return Err(Error::InvalidArgument);
        };
        let chunk = ptr::bytes(buf.wrapping_byte_add(off), len)?;
        control.feed(masks(side)?, frame, chunk, ptr::output(out, out_cap)?)
    })
}

/// Of the close that came; 0: none came.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_control_close_code(control: *const ws_control) -> u16 {
    // SAFETY: the caller keeps the pointer contract.
    unsafe { ptr::one(control.cast::<Control>()) }.map_or(0, |control| control.close_code)
}

/// Writes a whole close frame.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_close_encode(
    side: u32,
    code: u16,
    reason: *const c_void,
    reason_len: usize,
    out: *mut c_void,
    out_cap: usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    answer(|| unsafe {
        let payload = Payload::new(code, ptr::bytes(reason, reason_len)?)?;
        write(Opcode::Close, payload.as_bytes(), masks(side)?, ptr::output(out, out_cap)?)
    })
}
