//! Replies to control frames (RFC 6455, 5.5), for users of the decoder: pongs, and a server's or
//! client's half of the closing handshake.

use crate::close;
use crate::error::{Error, Result};
use crate::frame::{MAX_CONTROL, Opcode, write_control};
use core::mem::MaybeUninit;

/// What must be remembered from one control frame to the next.
///
/// It lies in the caller's memory, so any bytes at all must be a valid one. Zeros are a fresh one.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Control {
    /// The payload of the control frame that arrives, then of the close that came.
    payload: [u8; MAX_CONTROL],
    len: u8,
    /// Number of the error that was returned; 0: none.
    error: i16,
    /// The code of the close that came; 0: none came.
    close_code: u16,
    /// 1: a close was written.
    close_sent: u8,
    /// In place of padding, which would stay uninitialised.
    reserved: [u8; 13],
}

/// A chunk of a frame, unmasked.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// What kind of frame it is.
    pub opcode: Opcode,
    /// The length of the frame's payload.
    pub payload_len: u64,
    /// Where in the payload the chunk belongs.
    pub pos: u64,
    /// The chunk.
    pub bytes: &'a [u8],
}

impl Control {
    /// Takes a chunk, and writes what answers the frame that it ends. Nothing changes if there is
    /// not enough room.
    pub fn feed(
        &mut self,
        part: &Part<'_>,
        mask_key: Option<[u8; 4]>,
        out: &mut [MaybeUninit<u8>],
    ) -> Result<usize> {
        if let Some(error) = self.error() {
            return Err(error);
        }
        if self.close_code != 0 || !part.opcode.is_control() {
            return Ok(0);
        }
        let payload_len = usize::try_from(part.payload_len).unwrap_or(usize::MAX);
        let before = usize::from(self.len);
        let len = before.saturating_add(part.bytes.len());
        if part.pos != before as u64 || len > payload_len || payload_len > MAX_CONTROL {
            return Err(Error::InvalidArgument);
        }
        let to = self.payload.get_mut(before..len).ok_or(Error::InvalidArgument)?;
        to.copy_from_slice(part.bytes);
        if len < payload_len {
            self.len = u8::try_from(len).unwrap_or_default();
            return Ok(0);
        }
        let written = self.answer(part.opcode, len, mask_key, out)?;
        self.len = if self.close_code == 0 { 0 } else { u8::try_from(len).unwrap_or(0) };
        Ok(written)
    }

    /// Answers a whole frame.
    fn answer(
        &mut self,
        opcode: Opcode,
        len: usize,
        mask_key: Option<[u8; 4]>,
        out: &mut [MaybeUninit<u8>],
    ) -> Result<usize> {
        let payload = self.payload.get(..len).unwrap_or_default();
        match opcode {
            Opcode::Ping => write_control(Opcode::Pong, payload, mask_key, out),
            Opcode::Close => self.answer_close(len, mask_key, out),
            _ => Ok(0),
        }
    }

    fn answer_close(
        &mut self,
        len: usize,
        mask_key: Option<[u8; 4]>,
        out: &mut [MaybeUninit<u8>],
    ) -> Result<usize> {
        let payload = self.payload.get(..len).unwrap_or_default();
        let (code, _) = match close::parse(payload) {
            Ok(close) => close,
            Err(error) => {
                self.error = i16::try_from(error.code()).unwrap_or(i16::MIN);
                return Err(error);
            }
        };
        let written = self.close(code, &[], mask_key, out)?;
        self.close_code = code;
        Ok(written)
    }

    /// Writes a close frame, unless one was written before.
    pub fn close(
        &mut self,
        code: u16,
        reason: &[u8],
        mask_key: Option<[u8; 4]>,
        out: &mut [MaybeUninit<u8>],
    ) -> Result<usize> {
        if self.close_sent != 0 {
            close::Payload::new(code, reason)?;
            return Ok(0);
        }
        let written = write_close(code, reason, mask_key, out)?;
        self.close_sent = 1;
        Ok(written)
    }

    /// The code of the close that came; 0: no valid one came.
    #[must_use]
    pub const fn close_code(&self) -> u16 {
        self.close_code
    }

    /// The reason of the close that came.
    #[must_use]
    pub fn reason(&self) -> &[u8] {
        let payload = self.payload.get(..self.len.into()).unwrap_or_default();
        match self.close_code {
            0 => &[],
            _ => payload.get(2..).unwrap_or_default(),
        }
    }

    fn error(&self) -> Option<Error> {
        match self.error {
            0 => None,
            code => Some(Error::from_code(code.into()).unwrap_or(Error::InvalidArgument)),
        }
    }
}

/// Writes a whole close frame.
pub fn write_close(
    code: u16,
    reason: &[u8],
    mask_key: Option<[u8; 4]>,
    out: &mut [MaybeUninit<u8>],
) -> Result<usize> {
    let payload = close::Payload::new(code, reason)?;
    write_control(Opcode::Close, payload.as_bytes(), mask_key, out)
}
