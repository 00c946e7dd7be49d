//! What the connection says of itself: pongs, and the closing handshake (RFC 6455, 7).

use super::Conn;
use crate::close::Payload;
use crate::error::{Error, Result};
use crate::frame::{FIN, Opcode, write_control};
use core::mem::MaybeUninit;

/// The peer's half of the closing handshake, or how its stream failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Theirs {
    Open,
    /// A close with this code has arrived; `first`: before ours was written.
    Closed {
        code: u16,
        first: bool,
    },
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
    /// A close with this code was written; 0: nothing can be sent any more.
    Closed(u16),
}

impl Conn {
    /// Writes the pong and the close frame that wait: both, or nothing.
    pub fn output(&mut self, out: &mut [MaybeUninit<u8>]) -> Result<usize> {
        let close = match self.ours {
            Ours::CloseWaits(code) => Some((code, Payload::new(code, &[])?)),
            Ours::Open | Ours::Closed(_) => None,
        };
        let room = |payload: &[u8]| self.frame_len(payload.len()).unwrap_or(usize::MAX);
        let pong_len = self.pong.as_ref().map_or(0, |pong| room(pong.as_bytes()));
        let close_len = close.as_ref().map_or(0, |(_, close)| room(close.as_bytes()));
        let total = pong_len.saturating_add(close_len);
        if total == 0 {
            return Ok(0);
        }
        let out = out.get_mut(..total).ok_or(Error::BufferTooSmall)?;
        let (to_pong, to_close) =
            out.split_at_mut_checked(pong_len).ok_or(Error::BufferTooSmall)?;
        // All keys before anything is written: there may be none.
        let pong_key = if pong_len > 0 { self.mask_key()? } else { None };
        let close_key = if close_len > 0 { self.mask_key()? } else { None };
        if let Some(pong) = self.pong.as_ref() {
            write_control(Opcode::Pong, pong.as_bytes(), pong_key, to_pong)?;
        }
        self.pong.release(&self.memory);
        if let Some((code, close)) = close {
            write_control(Opcode::Close, close.as_bytes(), close_key, to_close)?;
            self.ours = Ours::Closed(code);
        }
        Ok(total)
    }

    /// Starts the closing handshake, or writes what takes the place of the answer that waits. A
    /// pong that waits stays, unless nothing may follow this close.
    pub fn close(
        &mut self,
        code: u16,
        reason: &[u8],
        out: &mut [MaybeUninit<u8>],
    ) -> Result<usize> {
        let payload = Payload::new(code, reason)?;
        if matches!(self.ours, Ours::Closed(_)) {
            return Ok(0);
        }
        let written = self.write_frame(Opcode::Close, FIN, payload.as_bytes(), out)?;
        self.ours = Ours::Closed(code);
        if matches!(self.theirs, Theirs::Closed { .. }) {
            self.pong.release(&self.memory);
        }
        Ok(written)
    }

    /// Whether data may be sent: until our close was written (RFC 6455, 5.5.1).
    pub(super) fn may_send_data(&self) -> bool {
        !matches!(self.ours, Ours::Closed(_))
    }

    /// Whether pings and pongs may be sent: until both sides have closed (5.5.2).
    pub(super) fn may_send_control(&self) -> bool {
        self.may_send_data() || matches!(self.theirs, Theirs::Open | Theirs::Wrong(_))
    }

    /// A close has arrived.
    pub(super) fn close_arrives(&mut self, code: u16) {
        let first = self.may_send_data();
        self.theirs = Theirs::Closed { code, first };
        if first {
            self.owe_close(code);
        } else {
            // Both sides have closed: there is nothing more to say.
            self.pong.release(&self.memory);
        }
    }

    /// From now on a close waits, unless one was sent already or the caller writes it.
    fn owe_close(&mut self, code: u16) {
        if self.may_send_data() && self.options.auto_close {
            self.ours = Ours::CloseWaits(code);
        }
    }

    /// Returns an error, from now on always this one. The close frame that tells the peer
    /// waits, unless a close was sent already.
    pub(super) fn fail(&mut self, error: Error) -> Error {
        if !matches!(self.theirs, Theirs::Failed(_)) {
            self.theirs = Theirs::Failed(error);
            if error != Error::TooBig {
                self.frames.refuse(0);
            }
            self.owe_close(error.entry().close_code);
        }
        error
    }

    /// The peer will send nothing more.
    pub fn finish(&mut self) -> Result<()> {
        match self.theirs {
            Theirs::Closed { .. } => Ok(()),
            Theirs::Wrong(error) | Theirs::Failed(error) => Err(self.fail(error)),
            Theirs::Open => {
                self.theirs = Theirs::Failed(Error::Eof);
                self.frames.refuse(0);
                if self.may_send_data() {
                    self.ours = Ours::Closed(0);
                }
                self.pong.release(&self.memory);
                Err(Error::Eof)
            }
        }
    }
}
