//! From messages to bytes.

use super::{Conn, Outgoing, Side};
use crate::cut::Cut;
use crate::deflate::compress;
use crate::error::{Error, Result};
use crate::frame::{self, FIN, Opcode, OutHeader, RSV1};
use crate::output;
use crate::random::Source;
use crate::simd;
use core::mem::MaybeUninit;

/// A message, a fragment of one, a ping or a pong.
#[derive(Clone, Copy, Debug)]
pub struct Fragment<'a> {
    /// Text or binary, the same for every fragment of a message; ping or pong.
    pub opcode: Opcode,
    /// Further fragments of this message follow.
    pub more: bool,
    /// The message is not to be compressed. Only the first fragment's value counts.
    pub plain: bool,
    /// RSV1 to RSV3, for an extension of the application's. Only the first fragment's value counts.
    pub rsv: u8,
    /// Its bytes, before compression and masking.
    pub payload: &'a [u8],
}

impl Conn {
    /// Writes a fragment as one frame: all of it, or nothing.
    // Inlined: else ws_conn_send() of 125 B takes 16 instructions more.
    #[inline(always)]
    pub fn send(
        &mut self,
        fragment: &Fragment<'_>,
        out: &mut [MaybeUninit<u8>],
    ) -> Result<usize> {
        let is_data = matches!(fragment.opcode, Opcode::Text | Opcode::Binary);
        if !is_data {
            return self.send_control(fragment, out);
        }
        if fragment.rsv & !self.options.allow_rsv != 0 {
            return Err(Error::InvalidArgument);
        }
        if !self.may_send_data() {
            return Err(Error::InvalidState);
        }
        let (opcode, rsv, compressed) = match self.outgoing {
            None => (fragment.opcode, fragment.rsv, self.compresses(fragment)),
            Some(message) if message.opcode == fragment.opcode => {
                (Opcode::Continuation, 0, message.compressed)
            }
            Some(_) => return Err(Error::InvalidState),
        };
        let written = if compressed {
            self.write_compressed(opcode, fragment, out)?
        } else {
            let fin = if fragment.more { 0 } else { FIN };
            self.write_frame(opcode, fin | rsv, fragment.payload, out)?
        };
        self.options.has_sent = true;
        let message = Outgoing { opcode: fragment.opcode, compressed };
        self.outgoing = Some(message).filter(|_| fragment.more);
        Ok(written)
    }

    /// Writes a ping or a pong, also between the fragments of a message.
    fn send_control(
        &mut self,
        fragment: &Fragment<'_>,
        out: &mut [MaybeUninit<u8>],
    ) -> Result<usize> {
        if !matches!(fragment.opcode, Opcode::Ping | Opcode::Pong)
            || fragment.more
            || fragment.rsv != 0
            || fragment.payload.len() > frame::MAX_CONTROL
        {
            return Err(Error::InvalidArgument);
        }
        if !self.may_send_control() {
            return Err(Error::InvalidState);
        }
        self.write_frame(fragment.opcode, FIN, fragment.payload, out)
    }

    /// Whether the message that starts with this fragment is compressed.
    fn compresses(&self, fragment: &Fragment<'_>) -> bool {
        let long = || fragment.payload.len() as u64 >= self.options.compress_from;
        self.options.pmd.is_some() && !fragment.plain && (fragment.more || long())
    }

    /// How many bytes of output a payload of this length needs at most. None: no buffer can be that
    /// long.
    #[must_use]
    pub fn send_bound(&self, payload_len: usize) -> Option<usize> {
        match self.options.pmd {
            Some(_) => self.frame_len(compress::bound(payload_len)?),
            None => self.frame_len(payload_len),
        }
    }

    /// The length of a frame with this payload. None: no buffer can be that long.
    pub(super) fn frame_len(&self, payload_len: usize) -> Option<usize> {
        let masked = self.options.side == Side::Client;
        let header = frame::header_len(payload_len as u64, masked);
        payload_len.checked_add(header.into()).filter(|n| isize::try_from(*n).is_ok())
    }

    /// Writes a fragment of a compressed message. If that fails, nothing has changed.
    fn write_compressed(
        &mut self,
        opcode: Opcode,
        fragment: &Fragment<'_>,
        out: &mut [MaybeUninit<u8>],
    ) -> Result<usize> {
        let params = self.options.pmd.ok_or(Error::InvalidState)?;
        let memory = *self.allocator();
        let bound =
            compress::bound(fragment.payload.len()).ok_or(Error::InvalidArgument)?;
        let need = self.frame_len(bound).ok_or(Error::InvalidArgument)?;
        let out = out.get_mut(..need).ok_or(Error::BufferTooSmall)?;
        let key = self.mask_key()?;
        let first = opcode != Opcode::Continuation;
        let last = !fragment.more;
        let input = compress::Uncompressed { payload: fragment.payload, first, last };
        // The header precedes the payload, whose length is not known yet: leave room for the
        // longest.
        let longest = need - bound;
        let room = out.after_mut(longest);
        let payload = self
            .compressor
            .write(&input, &params, self.options.side, &memory, room)
            .inspect_err(|_| self.keys.put_back(key))?;
        if let Some(key) = key {
            simd::mask(payload, key, 0);
        }
        let payload_len = payload.len();
        let fin = if last { FIN } else { 0 };
        let rsv = if first { RSV1 } else { 0 };
        let header = OutHeader::new_unchecked(opcode, fin | rsv, key, payload_len as u64);
        let header_len = header.write(out)?;
        if header_len < longest {
            let used = out.until_mut(longest + payload_len).after_mut(header_len);
            output::move_to_front(used, longest - header_len);
        }
        Ok(header_len + payload_len)
    }

    /// The masking key of the next frame; None: this is a server.
    pub(super) fn mask_key(&mut self) -> Result<Option<[u8; 4]>> {
        match self.options.side {
            Side::Server => Ok(None),
            Side::Client => self.keys.take(self.message.allocator()).map(Some),
        }
    }

    /// Draws masking keys from another source. Fails once the first was drawn.
    pub fn set_random(&mut self, source: Source) -> Result<()> {
        self.keys.set_source(source)
    }

    /// Writes one frame, masked if this is a client: all of it, or nothing. A control frame must be
    /// final and have at most 125 bytes of payload.
    // Inlined: else ws_conn_send() of 125 B takes 21 instructions more.
    #[inline(always)]
    pub(super) fn write_frame(
        &mut self,
        opcode: Opcode,
        bits: u8,
        payload: &[u8],
        out: &mut [MaybeUninit<u8>],
    ) -> Result<usize> {
        match self.options.side {
            Side::Server => header_of(opcode, bits, payload).write_frame(payload, out),
            Side::Client => self.write_masked(opcode, bits, payload, out),
        }
    }

    // Not inlined: a server would have to save registers for it.
    #[inline(never)]
    fn write_masked(
        &mut self,
        opcode: Opcode,
        bits: u8,
        payload: &[u8],
        out: &mut [MaybeUninit<u8>],
    ) -> Result<usize> {
        let Conn { keys, message, .. } = self;
        let take_key = || keys.take(message.allocator());
        header_of(opcode, bits, payload).write_masked(take_key, payload, out)
    }
}

/// A header without a masking key.
#[inline]
fn header_of(opcode: Opcode, bits: u8, payload: &[u8]) -> OutHeader {
    OutHeader::new_unchecked(opcode, bits, None, payload.len() as u64)
}
