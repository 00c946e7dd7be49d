//! From messages to bytes.

use super::{Conn, Outgoing, Side};
use crate::deflate::compress;
use crate::error::{Error, Result};
use crate::frame::{self, FIN, Opcode, OutHeader, RSV1, mask};
use crate::output;
use crate::random::Source;
use core::mem::MaybeUninit;

/// A message, a piece of one, a ping or a pong.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a> {
    /// Text and binary, the same for every piece of a message; ping or pong.
    pub opcode: Opcode,
    /// Further pieces of this message follow.
    pub more: bool,
    /// Not to be compressed. The first piece decides.
    pub plain: bool,
    /// RSV1 to RSV3, for an extension of the application's own. The first piece has them.
    pub rsv: u8,
    /// Its bytes.
    pub payload: &'a [u8],
}

impl Conn {
    /// Writes a frame.
    #[inline(always)]
    pub fn send(
        &mut self,
        piece: &Piece<'_>,
        out: &mut [MaybeUninit<u8>],
    ) -> Result<usize> {
        let is_data = matches!(piece.opcode, Opcode::Text | Opcode::Binary);
        if !is_data {
            return self.send_control(piece, out);
        }
        if piece.rsv & !self.options.allow_rsv != 0 {
            return Err(Error::InvalidArgument);
        }
        if !self.may_send_data() {
            return Err(Error::InvalidState);
        }
        let (opcode, rsv, compressed) = match self.outgoing {
            None => (piece.opcode, piece.rsv, self.compresses(piece)),
            Some(message) if message.opcode == piece.opcode => {
                (Opcode::Continuation, 0, message.compressed)
            }
            Some(_) => return Err(Error::InvalidState),
        };
        let written = if compressed {
            self.write_compressed(opcode, piece, out)?
        } else {
            let fin = if piece.more { 0 } else { FIN };
            self.write_frame(opcode, fin | rsv, piece.payload, out)?
        };
        self.options.has_sent = true;
        let message = Outgoing { opcode: piece.opcode, compressed };
        self.outgoing = Some(message).filter(|_| piece.more);
        Ok(written)
    }

    /// Writes a ping or a pong, which goes between the pieces of a message, too.
    #[inline(never)]
    fn send_control(
        &mut self,
        piece: &Piece<'_>,
        out: &mut [MaybeUninit<u8>],
    ) -> Result<usize> {
        if !matches!(piece.opcode, Opcode::Ping | Opcode::Pong)
            || piece.more
            || piece.rsv != 0
            || piece.payload.len() > frame::MAX_CONTROL
        {
            return Err(Error::InvalidArgument);
        }
        if !self.may_send_control() {
            return Err(Error::InvalidState);
        }
        self.write_frame(piece.opcode, FIN, piece.payload, out)
    }

    /// Whether the message that starts with this piece is compressed.
    fn compresses(&self, piece: &Piece<'_>) -> bool {
        let long = || piece.payload.len() as u64 >= self.options.compress_from;
        self.options.pmd.is_some() && !piece.plain && (piece.more || long())
    }

    /// Room that a payload of this length needs. None: no buffer is that long.
    #[must_use]
    pub fn send_bound(&self, payload_len: usize) -> Option<usize> {
        match self.options.pmd {
            Some(_) => self.frame_len(compress::bound(payload_len)?),
            None => self.frame_len(payload_len),
        }
    }

    /// Length of a frame with this payload.
    pub(super) fn frame_len(&self, payload_len: usize) -> Option<usize> {
        let masked = self.options.side == Side::Client;
        let header = frame::header_len(payload_len as u64, masked);
        payload_len.checked_add(header.into()).filter(|n| isize::try_from(*n).is_ok())
    }

    /// Writes a frame with a part of a compressed message. Nothing changes if that fails.
    #[inline(never)]
    fn write_compressed(
        &mut self,
        opcode: Opcode,
        piece: &Piece<'_>,
        out: &mut [MaybeUninit<u8>],
    ) -> Result<usize> {
        let params = self.options.pmd.ok_or(Error::InvalidState)?;
        let bound = compress::bound(piece.payload.len()).ok_or(Error::InvalidArgument)?;
        let need = self.frame_len(bound).ok_or(Error::InvalidArgument)?;
        let out = out.get_mut(..need).ok_or(Error::BufferTooSmall)?;
        let key = self.mask_key()?;
        let direction = params.sent_by(self.options.side);
        let first = opcode != Opcode::Continuation;
        let part = compress::Part { payload: piece.payload, first, last: !piece.more };
        // Behind the longest header that it can get.
        let longest = need.saturating_sub(bound);
        let room = out.get_mut(longest..).unwrap_or_default();
        let payload =
            self.compressor.write(&part, &params, direction, &self.memory, room)?;
        if let Some(key) = key {
            mask::apply(payload, key, 0);
        }
        let payload_len = payload.len();
        let bits = if part.last { FIN } else { 0 } | if first { RSV1 } else { 0 };
        let header = OutHeader::of(opcode, bits, key, payload_len as u64);
        let to = header.write(out)?;
        let shift = longest.saturating_sub(to);
        if shift > 0 {
            let end = longest.saturating_add(payload_len);
            output::move_to_front(out.get_mut(to..end).unwrap_or_default(), shift);
        }
        Ok(to.saturating_add(payload_len))
    }

    /// A key for the next frame, if this is a client.
    pub(super) fn mask_key(&mut self) -> Result<Option<[u8; 4]>> {
        match self.options.side {
            Side::Server => Ok(None),
            Side::Client => self.masks.take(&self.memory).map(Some),
        }
    }

    /// Draws masking keys from elsewhere, before the first is drawn. A server has none.
    pub fn set_random(&mut self, source: Source) -> Result<()> {
        self.masks.set_source(source)
    }

    /// Writes one frame, masked if this is a client; all of it or nothing. A control frame is
    /// final, and no longer than it may be.
    #[inline(always)]
    pub(super) fn write_frame(
        &mut self,
        opcode: Opcode,
        bits: u8,
        payload: &[u8],
        out: &mut [MaybeUninit<u8>],
    ) -> Result<usize> {
        match self.options.side {
            Side::Server => {
                let header = OutHeader::of(opcode, bits, None, payload.len() as u64);
                header.write_frame(payload, out)
            }
            Side::Client => self.write_masked(opcode, bits, payload, out),
        }
    }

    #[inline(never)]
    fn write_masked(
        &mut self,
        opcode: Opcode,
        bits: u8,
        payload: &[u8],
        out: &mut [MaybeUninit<u8>],
    ) -> Result<usize> {
        // No key is drawn for nothing.
        let need = self.frame_len(payload.len()).ok_or(Error::InvalidArgument)?;
        if out.len() < need {
            return Err(Error::BufferTooSmall);
        }
        let key = Some(self.masks.take(&self.memory)?);
        let header = OutHeader::of(opcode, bits, key, payload.len() as u64);
        header.write_frame(payload, out)
    }
}
