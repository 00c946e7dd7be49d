//! Compresses and decompresses the payloads of frames, without a connection.

use super::Params;
use super::compress::{self, Compressor, Uncompressed};
use super::decompress::Decompressor;
use crate::cut::Cut;
use crate::error::{Error, Result};
use crate::memory::Allocator;
use crate::output;
use crate::side::Side;
use core::mem::MaybeUninit;

/// One side of a connection with compression.
#[derive(Debug)]
pub struct Pmd {
    side: Side,
    params: Params,
    memory: Allocator,
    compressor: Compressor,
    /// A fragment was compressed, and further ones of the same message follow.
    sending: bool,
    decompressor: Decompressor,
    /// Data of a message was decompressed, and the message has not ended.
    receiving: bool,
    /// The error that ended the decompression.
    error: Option<Error>,
}

/// The result of [`Pmd::decompress`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decompressed {
    /// How many bytes of the payload were consumed.
    pub consumed: usize,
    /// How many bytes were written.
    pub written: usize,
}

impl Pmd {
    /// `side` is the side that we are. Allocates from `memory` alone.
    #[must_use]
    pub fn new(side: Side, params: Params, memory: Allocator) -> Pmd {
        Pmd {
            side,
            params,
            memory,
            compressor: Compressor::default(),
            sending: false,
            decompressor: Decompressor::default(),
            receiving: false,
            error: None,
        }
    }

    /// The allocator of its memory.
    #[must_use]
    pub fn memory(&self) -> Allocator {
        self.memory
    }

    /// Compresses a fragment of a message into the payload of a frame, and returns its length. If
    /// that fails, nothing has changed.
    pub fn compress(
        &mut self,
        fragment: &[u8],
        more: bool,
        out: &mut [MaybeUninit<u8>],
    ) -> Result<usize> {
        let bound = compress::bound(fragment.len()).ok_or(Error::InvalidArgument)?;
        let room = out.get_mut(..bound).ok_or(Error::BufferTooSmall)?;
        let input = Uncompressed { payload: fragment, first: !self.sending, last: !more };
        let (params, memory) = (&self.params, &self.memory);
        let payload = self.compressor.write(&input, params, self.side, memory, room)?;
        self.sending = more;
        Ok(payload.len())
    }

    /// Decompresses the payload of a frame as far as there is room. A call that writes nothing has
    /// reached the end of the payload and, without `more`, of the message.
    pub fn decompress(
        &mut self,
        payload: &[u8],
        more: bool,
        out: &mut [MaybeUninit<u8>],
    ) -> Result<Decompressed> {
        if let Some(error) = self.error {
            return Err(error);
        }
        self.receiving |= !payload.is_empty();
        let done = self.run(payload, out);
        match self.error {
            Some(error) if done.written == 0 => return Err(error),
            // The output before it is reported first.
            Some(_) => return Ok(done),
            None => {}
        }
        if done.written == 0 && !more {
            self.end_message()?;
        }
        Ok(done)
    }

    /// Decompresses until the payload or the room is used up, or the payload is damaged.
    fn run(&mut self, payload: &[u8], out: &mut [MaybeUninit<u8>]) -> Decompressed {
        let mut done = Decompressed::default();
        loop {
            let rest = payload.after(done.consumed);
            let room = out.after_mut(done.written);
            if room.is_empty() {
                return done;
            }
            let Pmd { decompressor, memory, .. } = self;
            let (written, progress) =
                output::fill(room, |room| decompressor.run(rest, memory, room));
            done.written += written;
            match progress {
                Ok(progress) => {
                    done.consumed += progress.read;
                    if progress.damaged {
                        self.error = Some(Error::Compression);
                    }
                    if progress.damaged || !progress.more {
                        return done;
                    }
                }
                Err(error) => {
                    self.error = Some(error);
                    return done;
                }
            }
        }
    }

    fn end_message(&mut self) -> Result<()> {
        let ended = self.decompressor.finish(core::mem::take(&mut self.receiving));
        self.error = ended.err();
        if self.params.received_by(self.side).no_context_takeover {
            self.decompressor.reset();
        }
        ended
    }
}
