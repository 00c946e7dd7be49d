//! From messages to bytes.

use super::{Conn, Side};
use crate::error::{Error, Result};
use crate::frame::{self, EncodedHeader, FIN, Opcode};
use core::mem::MaybeUninit;

/// A message, a piece of one, a ping or a pong.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a> {
    /// Text and binary, the same for every piece of a message; ping or pong.
    pub opcode: Opcode,
    /// Further pieces of this message follow.
    pub more: bool,
    /// Its bytes.
    pub payload: &'a [u8],
}

impl Conn {
    /// Writes a frame.
    pub fn send(
        &mut self,
        piece: &Piece<'_>,
        out: &mut [MaybeUninit<u8>],
    ) -> Result<usize> {
        let is_data = matches!(piece.opcode, Opcode::Text | Opcode::Binary);
        if !is_data
            && (piece.more || !matches!(piece.opcode, Opcode::Ping | Opcode::Pong))
        {
            return Err(Error::InvalidArgument);
        }
        if !is_data && piece.payload.len() > frame::MAX_CONTROL {
            return Err(Error::InvalidArgument);
        }
        let other = self.sending.is_some_and(|opcode| opcode != piece.opcode);
        if self.close_sent || is_data && other {
            return Err(Error::InvalidState);
        }
        let goes_on = is_data && self.sending.is_some();
        let opcode = if goes_on { Opcode::Continuation } else { piece.opcode };
        let written = self.write_frame(opcode, !piece.more, piece.payload, out)?;
        if is_data {
            self.sending = Some(piece.opcode).filter(|_| piece.more);
        }
        Ok(written)
    }

    /// Room that a payload of this length needs. None: no buffer is that long.
    #[must_use]
    pub fn send_bound(&self, payload_len: usize) -> Option<usize> {
        let masked = self.side == Side::Client;
        let header = frame::header_len(payload_len as u64, masked);
        payload_len.checked_add(header.into()).filter(|n| isize::try_from(*n).is_ok())
    }

    /// Writes one frame, masked if this is a client. Nothing changes if that fails.
    pub(super) fn write_frame(
        &mut self,
        opcode: Opcode,
        is_final: bool,
        payload: &[u8],
        out: &mut [MaybeUninit<u8>],
    ) -> Result<usize> {
        let need = self.send_bound(payload.len()).ok_or(Error::InvalidArgument)?;
        let out = out.get_mut(..need).ok_or(Error::BufferTooSmall)?;
        let key = match self.side {
            Side::Client => Some(self.masks.take()?),
            Side::Server => None,
        };
        let bits = if is_final { u32::from(FIN) } else { 0 };
        let header = EncodedHeader::new(opcode as i32, bits, key, payload.len() as u64)?;
        frame::encode(&header, key, payload, out)
    }
}
