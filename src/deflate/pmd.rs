//! Compression without a connection: the payloads of frames, both ways.

use super::compress::{self, Compressor, Part};
use super::decompress::{Decompressor, Ran};
use super::{Direction, Params};
use crate::error::{Error, Result};
use crate::memory::Allocator;
use crate::output;
use crate::side::Side;
use core::mem::MaybeUninit;

/// One side of a connection that agreed on compression.
#[derive(Debug)]
pub struct Pmd {
    params: Params,
    ours: Direction,
    theirs: Direction,
    memory: Allocator,
    compressor: Compressor,
    /// A piece of a message was compressed, and further ones follow.
    sending: bool,
    decompressor: Decompressor,
    /// Some of a message was decompressed.
    receiving: bool,
    /// What stopped it.
    error: Option<Error>,
}

/// What a call did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decompressed {
    /// How many bytes of the payload are done.
    pub consumed: usize,
    /// How many bytes were written.
    pub written: usize,
}

impl Pmd {
    /// All of its memory is from `memory`.
    #[must_use]
    pub fn new(side: Side, params: Params, memory: Allocator) -> Pmd {
        let (ours, theirs) = (params.sent_by(side), params.received_by(side));
        Pmd {
            params,
            ours,
            theirs,
            memory,
            compressor: Compressor::default(),
            sending: false,
            decompressor: Decompressor::default(),
            receiving: false,
            error: None,
        }
    }

    /// Where its memory comes from.
    #[must_use]
    pub fn memory(&self) -> Allocator {
        self.memory
    }

    /// Gives all memory back.
    pub fn release(&mut self) {
        self.compressor.release();
        self.decompressor.release();
    }

    /// Writes the payload of a frame with a piece of a message. Nothing changes if that fails.
    pub fn compress(
        &mut self,
        piece: &[u8],
        more: bool,
        out: &mut [MaybeUninit<u8>],
    ) -> Result<usize> {
        let bound = compress::bound(piece.len()).ok_or(Error::InvalidArgument)?;
        let room = out.get_mut(..bound).ok_or(Error::BufferTooSmall)?;
        let part = Part { payload: piece, first: !self.sending, last: !more };
        let (params, memory) = (&self.params, &self.memory);
        let payload = self.compressor.write(&part, params, self.ours, memory, room)?;
        self.sending = more;
        Ok(payload.len())
    }

    /// Decompresses the payload of a frame as far as there is room. A call that writes nothing
    /// has come to its end, and without `more` to the end of the message.
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
            // What came before it is handed out first.
            Some(_) => return Ok(done),
            None => {}
        }
        if done.written == 0 && !more {
            self.end_message()?;
        }
        Ok(done)
    }

    /// Decompresses until the payload or the room is used up, or is found to be damaged.
    fn run(&mut self, payload: &[u8], out: &mut [MaybeUninit<u8>]) -> Decompressed {
        let mut done = Decompressed::default();
        loop {
            let rest = payload.get(done.consumed..).unwrap_or_default();
            let room = out.get_mut(done.written..).unwrap_or_default();
            if room.is_empty() {
                return done;
            }
            let Pmd { decompressor, memory, .. } = self;
            let (written, outcome) =
                output::fill(room, |room| decompressor.fill(rest, memory, room));
            done.written = done.written.saturating_add(written);
            match outcome {
                Ok(Ran { read, damaged, more }) => {
                    done.consumed = done.consumed.saturating_add(read);
                    if damaged {
                        self.error = Some(Error::Compression);
                    }
                    if damaged || !more {
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
        if self.theirs.no_context_takeover {
            self.decompressor.release();
        }
        ended
    }
}
