//! From compressed payloads to messages (RFC 7692, 7.2.2).

use super::Stop;
use super::engine::Inflate;
use crate::error::{Error, Result};
use crate::memory::Allocator;
use core::mem::MaybeUninit;

/// What a call did.
#[derive(Debug)]
pub(crate) struct Progress<'a> {
    /// How much of the input was taken.
    pub(crate) read: usize,
    /// What came out, at the start of the room for it.
    pub(crate) bytes: &'a [u8],
    /// Whether there is more to do, with an empty input too.
    pub(crate) more: bool,
    /// Whether the input was found to be damaged behind that.
    pub(crate) damaged: bool,
}

impl Progress<'_> {
    const NONE: Progress<'static> =
        Progress { read: 0, bytes: &[], more: false, damaged: false };
}

/// The same without the bytes.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub(crate) struct Ran {
    pub(crate) read: usize,
    pub(crate) more: bool,
    pub(crate) damaged: bool,
}

/// Decompresses one direction of a connection.
#[derive(Debug, Default)]
pub(crate) struct Decompressor {
    /// None while there is nothing to remember.
    engine: Option<Inflate>,
}

impl Decompressor {
    /// Decompresses; to be called until there is no more to do. The window
    /// is always the widest: with a smaller one, what the engine refuses would depend on how
    /// much room it has.
    pub(crate) fn run<'a>(
        &mut self,
        input: &[u8],
        memory: &Allocator,
        room: &'a mut [MaybeUninit<u8>],
    ) -> Result<Progress<'a>> {
        let engine = match &mut self.engine {
            None if input.is_empty() => return Ok(Progress::NONE),
            // Nothing waits there, and the engine would forget where it is.
            Some(engine) if input.is_empty() && engine.is_between_blocks() => {
                return Ok(Progress::NONE);
            }
            Some(engine) => engine,
            none => none.insert(Inflate::new(memory)?),
        };
        let can_move = !input.is_empty() && !room.is_empty();
        let room_len = room.len();
        let run = engine.run(input, room);
        let stuck = can_move && run.read == 0 && run.bytes.is_empty();
        if run.stop == Stop::Final && run.read < input.len() {
            // More blocks may follow a final one (7.2.1).
            engine.expect_block();
        }
        Ok(Progress {
            read: run.read,
            more: run.read < input.len()
                || run.bytes.len() == room_len
                || run.stop == Stop::Used && engine.holds_bits_between_blocks(),
            bytes: run.bytes,
            damaged: run.stop == Stop::Damaged || stuck && run.stop == Stop::Used,
        })
    }

    /// The same, with what came out apart from what is told of it.
    pub(crate) fn fill<'a>(
        &mut self,
        input: &[u8],
        memory: &Allocator,
        room: &'a mut [MaybeUninit<u8>],
    ) -> (&'a [u8], Result<Ran>) {
        match self.run(input, memory, room) {
            Ok(Progress { read, bytes, more, damaged }) => {
                (bytes, Ok(Ran { read, more, damaged }))
            }
            Err(error) => (&[], Err(error)),
        }
    }

    /// The message ends here: with an empty block that is not compressed and lacks its marker,
    /// or has it; or with a final block; or it never began. Anything else is cut off.
    pub(crate) fn finish(&mut self, has_begun: bool) -> Result<()> {
        if !has_begun {
            return Ok(());
        }
        let engine = self.engine.as_mut().ok_or(Error::Compression)?;
        if !engine.is_between_blocks()
            && engine.run(&[], &mut []).stop != Stop::Final
            && !engine.is_at_marker()
        {
            return Err(Error::Compression);
        }
        engine.expect_block();
        Ok(())
    }

    /// Gives the memory back.
    pub(crate) fn release(&mut self) {
        if let Some(engine) = self.engine.take() {
            engine.release();
        }
    }
}
