//! What the connection says of itself: pongs, and the closing handshake (RFC 6455, 7).

use super::{Conn, Side};
use crate::close::Payload;
use crate::error::{Error, Result};
use crate::frame::Opcode;
use core::mem::MaybeUninit;

impl Conn {
    /// Writes the pong and the close frame that wait: both, or nothing.
    pub fn output(&mut self, out: &mut [MaybeUninit<u8>]) -> Result<usize> {
        let close = match self.close_waits {
            Some(code) => Some(Payload::new(code, &[])?),
            None => None,
        };
        let room = |waits: bool, payload: &[u8]| match waits {
            true => self.frame_len(payload.len()).unwrap_or(usize::MAX),
            false => 0,
        };
        let close_payload = close.as_ref().map_or(&[][..], Payload::as_bytes);
        let pong_len = room(self.pong_waits, self.pong.bytes());
        let total = pong_len.saturating_add(room(close.is_some(), close_payload));
        let out = out.get_mut(..total).ok_or(Error::BufferTooSmall)?;
        let (to_pong, to_close) =
            out.split_at_mut_checked(pong_len).ok_or(Error::BufferTooSmall)?;
        if total > 0 && self.side == Side::Client {
            self.masks.draw()?;
        }
        if self.pong_waits {
            self.write_pong(to_pong)?;
        }
        if close.is_some() {
            self.write_frame(Opcode::Close, true, close_payload, to_close)?;
            self.close_is_said();
        }
        Ok(total)
    }

    fn write_pong(&mut self, out: &mut [MaybeUninit<u8>]) -> Result<usize> {
        let pong = core::mem::take(&mut self.pong);
        let written = self.write_frame(Opcode::Pong, true, pong.bytes(), out);
        self.pong = pong;
        if written.is_ok() {
            self.drop_pong();
        }
        written
    }

    /// Starts the closing handshake, or writes what takes the place of the answer that waits.
    pub fn close(
        &mut self,
        code: u16,
        reason: &[u8],
        out: &mut [MaybeUninit<u8>],
    ) -> Result<usize> {
        let payload = Payload::new(code, reason)?;
        if self.close_sent {
            return Ok(0);
        }
        let written = self.write_frame(Opcode::Close, true, payload.as_bytes(), out)?;
        self.drop_pong();
        self.close_is_said();
        Ok(written)
    }

    fn close_is_said(&mut self) {
        self.close_waits = None;
        self.close_sent = true;
    }

    fn drop_pong(&mut self) {
        self.pong_waits = false;
        self.pong.release(&self.memory);
    }

    /// Returns an error, from now on always this one. The close frame that tells the peer
    /// waits, unless a close was sent already.
    pub(super) fn fail(&mut self, error: Error) -> Error {
        if !self.error_returned {
            self.error = Some(error);
            self.error_returned = true;
            if !self.close_sent {
                self.close_waits = Some(error.entry().close_code);
            }
        }
        error
    }

    /// The peer will send nothing more.
    pub fn finish(&mut self) -> Result<()> {
        if let Some(error) = self.error {
            return Err(self.fail(error));
        }
        if self.close_received {
            return Ok(());
        }
        self.fail(Error::Eof);
        self.drop_pong();
        self.close_is_said();
        Err(Error::Eof)
    }
}
