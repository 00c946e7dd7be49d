//! The closing handshake (RFC 6455, 7), and the frames that the connection writes of its own
//! accord.

use super::Conn;
use crate::close::ClosePayload;
use crate::error::{Error, Result};
use crate::frame::{FIN, Opcode, write_control};
use core::mem::MaybeUninit;

/// The state of what the peer sends: see the [theory of operation](super).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Theirs {
    Open,
    /// A close frame with this code has arrived.
    Closed {
        code: u16,
        before_ours: bool,
    },
    /// An error is known, and is returned by the next call.
    Failing(Error),
    /// The error was returned.
    Failed(Error),
}

/// The state of what is sent to the peer: see the [theory of operation](super).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ours {
    Open,
    /// A close frame with this code waits for [`Conn::output`].
    CloseDue(u16),
    /// A close frame with this code was written. 0: none was, and nothing can be sent any more.
    Closed(u16),
}

impl Conn {
    /// Writes the pong and the close frame that wait: both, or nothing.
    #[inline]
    pub fn output(&mut self, out: &mut [MaybeUninit<u8>]) -> Result<usize> {
        let closes = matches!(self.ours, Ours::CloseDue(_));
        if closes || self.pong.is_some() { self.write_pending(out) } else { Ok(0) }
    }

    // Not inlined: nothing waits in most calls, which need not reserve the stack that it needs.
    #[inline(never)]
    fn write_pending(&mut self, out: &mut [MaybeUninit<u8>]) -> Result<usize> {
        let close = match self.ours {
            Ours::CloseDue(code) => Some((code, ClosePayload::new(code, &[])?)),
            Ours::Open | Ours::Closed(_) => None,
        };
        let frame_len =
            |payload: &[u8]| self.frame_len(payload.len()).unwrap_or(usize::MAX);
        let pong_len = self.pong.as_ref().map_or(0, |pong| frame_len(pong.as_bytes()));
        let close_len =
            close.as_ref().map_or(0, |(_, close)| frame_len(close.as_bytes()));
        let total = pong_len + close_len;
        let out = out.get_mut(..total).ok_or(Error::BufferTooSmall)?;
        let (to_pong, to_close) =
            out.split_at_mut_checked(pong_len).ok_or(Error::BufferTooSmall)?;
        // Both keys are taken before anything is written, since that can fail.
        let pong_key = if self.pong.is_some() { self.mask_key()? } else { None };
        let close_key = match close {
            Some(_) => self.mask_key().inspect_err(|_| self.keys.put_back(pong_key))?,
            None => None,
        };
        if let Some(pong) = &self.pong {
            write_control(Opcode::Pong, pong.as_bytes(), pong_key, to_pong)?;
        }
        self.pong = None;
        if let Some((code, close)) = close {
            write_control(Opcode::Close, close.as_bytes(), close_key, to_close)?;
            self.ours = Ours::Closed(code);
        }
        Ok(total)
    }

    /// Writes a close frame, instead of one that waits. Later calls write nothing. A pong that
    /// waits stays, unless both sides have closed now.
    pub fn close(
        &mut self,
        code: u16,
        reason: &[u8],
        out: &mut [MaybeUninit<u8>],
    ) -> Result<usize> {
        let payload = ClosePayload::new(code, reason)?;
        if matches!(self.ours, Ours::Closed(_)) {
            return Ok(0);
        }
        let written = self.write_frame(Opcode::Close, FIN, payload.as_bytes(), out)?;
        self.ours = Ours::Closed(code);
        if matches!(self.theirs, Theirs::Closed { .. }) {
            self.pong = None;
        }
        Ok(written)
    }

    /// Whether data may be sent: until our close frame (RFC 6455, 5.5.1).
    pub(super) fn may_send_data(&self) -> bool {
        !matches!(self.ours, Ours::Closed(_))
    }

    /// Whether pings and pongs may be sent: until ours has closed and theirs has closed or failed
    /// (5.5.2).
    pub(super) fn may_send_control(&self) -> bool {
        self.may_send_data() || matches!(self.theirs, Theirs::Open | Theirs::Failing(_))
    }

    /// A valid close frame has arrived.
    pub(super) fn on_valid_close(&mut self, code: u16) {
        let before_ours = self.may_send_data();
        self.theirs = Theirs::Closed { code, before_ours };
        if before_ours {
            self.owe_close(code);
        } else {
            self.pong = None;
        }
    }

    /// An error was found. It is returned once the events before it were reported.
    #[cold]
    pub(super) fn on_fault(&mut self, error: Error) {
        self.theirs = Theirs::Failing(error);
    }

    /// From now on a close frame waits, unless one was sent or the application writes its own.
    fn owe_close(&mut self, code: u16) {
        if self.may_send_data() && self.options.auto_close {
            self.ours = Ours::CloseDue(code);
        }
    }

    /// Latches an error that is about to be returned, and makes a close frame due.
    #[cold]
    pub(super) fn fail(&mut self, error: Error) -> Error {
        if !matches!(self.theirs, Theirs::Failed(_)) {
            self.theirs = Theirs::Failed(error);
            // Other errors have no refused length.
            if error != Error::TooBig {
                self.frames.keep_refused_len(0);
            }
            self.owe_close(error.entry().close_code);
        }
        error
    }

    /// The peer's stream has ended. That is an error unless its close frame has arrived.
    pub fn finish(&mut self) -> Result<()> {
        match self.theirs {
            Theirs::Closed { .. } => Ok(()),
            Theirs::Failing(error) | Theirs::Failed(error) => Err(self.fail(error)),
            Theirs::Open => {
                self.theirs = Theirs::Failed(Error::Eof);
                self.frames.keep_refused_len(0);
                if self.may_send_data() {
                    self.ours = Ours::Closed(0);
                }
                self.pong = None;
                Err(Error::Eof)
            }
        }
    }
}
