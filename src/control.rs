//! Replies to control frames (RFC 6455, 5.5), for callers that use the decoder without a
//! connection: pongs, and one side of the closing handshake.

use crate::close::{self, ClosePayload};
use crate::error::{Error, Result};
use crate::frame::{MAX_CONTROL, Opcode, write_control};
use crate::inline_bytes::InlineBytes;
use core::mem::MaybeUninit;

/// The state between two calls.
///
/// It is in the caller's memory, so any bytes must be a valid one. All zeros are a fresh one.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Control {
    /// The payload of the control frame that is arriving; later that of the peer's close frame.
    payload: InlineBytes<MAX_CONTROL>,
    /// The number of the error that was returned; 0: none.
    error: i16,
    /// The code of the peer's close frame; 0: none has arrived.
    close_code: u16,
    /// Not 0: our close frame was written.
    close_sent: u8,
    /// Instead of padding, which could be uninitialised.
    reserved: [u8; 13],
    /// Makes the alignment that of the type in C.
    alignment: [u64; 0],
}

/// A chunk of a frame, unmasked.
#[derive(Clone, Copy, Debug)]
pub struct PayloadChunk<'a> {
    /// The opcode of the frame.
    pub opcode: Opcode,
    /// The length of the frame's payload.
    pub payload_len: u64,
    /// The position of the chunk in the payload.
    pub pos: u64,
    /// The bytes of the chunk.
    pub bytes: &'a [u8],
}

impl Control {
    /// Reads a chunk, and writes the reply to the frame that ends with it, if any is due. If `out`
    /// is too small, nothing has changed.
    pub fn feed(
        &mut self,
        chunk: &PayloadChunk<'_>,
        mask_key: Option<[u8; 4]>,
        out: &mut [MaybeUninit<u8>],
    ) -> Result<usize> {
        Error::check_kept(self.error.into())?;
        if self.close_code != 0 || !chunk.opcode.is_control() {
            return Ok(0);
        }
        let payload_len = usize::try_from(chunk.payload_len).unwrap_or(usize::MAX);
        let before = self.payload.len();
        let left = payload_len.checked_sub(before).ok_or(Error::InvalidArgument)?;
        if chunk.pos != before as u64
            || chunk.bytes.len() > left
            || payload_len > MAX_CONTROL
        {
            return Err(Error::InvalidArgument);
        }
        self.payload.push(chunk.bytes);
        if chunk.bytes.len() < left {
            return Ok(0);
        }
        let written = self.reply(chunk.opcode, mask_key, out);
        match written {
            Err(_) => self.payload.truncate(before),
            Ok(_) if self.close_code == 0 => self.payload.clear(),
            Ok(_) => {}
        }
        written
    }

    /// Writes the reply to the frame whose payload has arrived.
    fn reply(
        &mut self,
        opcode: Opcode,
        mask_key: Option<[u8; 4]>,
        out: &mut [MaybeUninit<u8>],
    ) -> Result<usize> {
        match opcode {
            Opcode::Ping => {
                write_control(Opcode::Pong, self.payload.as_bytes(), mask_key, out)
            }
            Opcode::Close => self.reply_to_close(mask_key, out),
            _ => Ok(0),
        }
    }

    fn reply_to_close(
        &mut self,
        mask_key: Option<[u8; 4]>,
        out: &mut [MaybeUninit<u8>],
    ) -> Result<usize> {
        let (code, _) = match close::parse(self.payload.as_bytes()) {
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
            ClosePayload::new(code, reason)?;
            return Ok(0);
        }
        let written = write_close(code, reason, mask_key, out)?;
        self.close_sent = 1;
        Ok(written)
    }

    /// The code of the peer's close frame; 0: no valid one has arrived.
    #[must_use]
    pub const fn close_code(&self) -> u16 {
        self.close_code
    }

    /// The reason of the peer's close frame.
    #[must_use]
    pub fn reason(&self) -> &[u8] {
        match self.payload.as_bytes() {
            [_, _, reason @ ..] if self.close_code != 0 => reason,
            _ => &[],
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
    let payload = ClosePayload::new(code, reason)?;
    write_control(Opcode::Close, payload.as_bytes(), mask_key, out)
}
