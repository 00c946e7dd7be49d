//! What the connection says of itself: pongs, and the closing handshake (RFC 6455, 7).

use super::{Conn, Side};
use crate::close::Payload;
use crate::error::{Error, Result};
use crate::frame::Opcode;
use core::mem::MaybeUninit;

/// The peer's half of the closing handshake, or how its stream failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Theirs {
    Open,
    /// A close has arrived.
    Closed,
    /// Something is wrong, and events before it are to be handed out first.
    Wrong(Error),
    /// That was returned.
    Failed(Error),
}

/// Our half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ours {
    Open,
    /// A close with this code waits to be collected.
    CloseWaits(u16),
    /// A close was sent.
    Closed,
}

impl Conn {
    /// Writes the pong and the close frame that wait: both, or nothing.
    pub fn output(&mut self, out: &mut [MaybeUninit<u8>]) -> Result<usize> {
        let close = match self.ours {
            Ours::CloseWaits(code) => Some(Payload::new(code, &[])?),
            Ours::Open | Ours::Closed => None,
        };
        let room = |payload: &[u8]| self.frame_len(payload.len()).unwrap_or(usize::MAX);
        let pong_len = self.pong.as_ref().map_or(0, |pong| room(pong.bytes()));
        let close_len = close.as_ref().map_or(0, |close| room(close.as_bytes()));
        let total = pong_len.saturating_add(close_len);
        let out = out.get_mut(..total).ok_or(Error::BufferTooSmall)?;
        let (to_pong, to_close) =
            out.split_at_mut_checked(pong_len).ok_or(Error::BufferTooSmall)?;
        if total > 0 && self.options.side == Side::Client {
            self.masks.draw(&self.memory)?;
        }
        if let Some(mut pong) = self.pong.take() {
            let written = self.write_frame(Opcode::Pong, true, pong.bytes(), to_pong);
            pong.release(&self.memory);
            written?;
        }
        if let Some(close) = close {
            self.write_frame(Opcode::Close, true, close.as_bytes(), to_close)?;
            self.ours = Ours::Closed;
        }
        Ok(total)
    }

    /// Starts the closing handshake, or writes what takes the place of the answer that waits.
    pub fn close(
        &mut self,
        code: u16,
        reason: &[u8],
        out: &mut [MaybeUninit<u8>],
    ) -> Result<usize> {
        let payload = Payload::new(code, reason)?;
        if self.ours == Ours::Closed {
            return Ok(0);
        }
        let written = self.write_frame(Opcode::Close, true, payload.as_bytes(), out)?;
        self.drop_pong();
        self.ours = Ours::Closed;
        Ok(written)
    }

    pub(super) fn drop_pong(&mut self) {
        if let Some(mut pong) = self.pong.take() {
            pong.release(&self.memory);
        }
    }

    /// Pings and pongs go until both sides have closed (RFC 6455, 5.5.1 and 5.5.2).
    pub(super) fn may_send_no_control(&self) -> bool {
        self.ours == Ours::Closed && self.theirs != Theirs::Open
    }

    /// From now on a close waits, unless one was sent already.
    pub(super) fn owe_close(&mut self, code: u16) {
        if self.ours != Ours::Closed {
            self.ours = Ours::CloseWaits(code);
        }
    }

    /// Returns an error, from now on always this one. The close frame that tells the peer
    /// waits, unless a close was sent already.
    pub(super) fn fail(&mut self, error: Error) -> Error {
        if !matches!(self.theirs, Theirs::Failed(_)) {
            self.theirs = Theirs::Failed(error);
            self.owe_close(error.entry().close_code);
        }
        error
    }

    /// The peer will send nothing more.
    pub fn finish(&mut self) -> Result<()> {
        match self.theirs {
            Theirs::Closed => Ok(()),
            Theirs::Wrong(error) | Theirs::Failed(error) => Err(self.fail(error)),
            Theirs::Open => {
                self.theirs = Theirs::Failed(Error::Eof);
                self.ours = Ours::Closed;
                self.drop_pong();
                Err(Error::Eof)
            }
        }
    }
}
