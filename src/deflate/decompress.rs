//! From compressed payloads to messages (RFC 7692, 7.2.2).

use super::Stop;
use super::engine::Inflate;
use crate::error::{Error, Result};
use crate::memory::Allocator;
use core::mem::MaybeUninit;

/// The result of one call, besides the output.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Progress {
    /// How many bytes of the input were consumed.
    pub(crate) read: usize,
    /// Whether a further call can do more, even with no input.
    pub(crate) more: bool,
    /// Whether the input is damaged after the output of this call.
    pub(crate) damaged: bool,
}

/// Decompresses the messages of one direction.
#[derive(Debug, Default)]
pub(crate) struct Decompressor {
    /// None while no context has to be kept.
    engine: Option<Inflate>,
}

impl Decompressor {
    /// Decompresses `input` into `room`, and returns the output. To be called until there is no
    /// more to do. Fails only if the engine gets no memory.
    ///
    /// The window is always the widest. With a narrower one, the room for the output would
    /// influence which data the engine refuses.
    pub(crate) fn run<'a>(
        &mut self,
        input: &[u8],
        memory: &Allocator,
        room: &'a mut [MaybeUninit<u8>],
    ) -> (&'a [u8], Result<Progress>) {
        let engine = match &mut self.engine {
            None if input.is_empty() => return (&[], Ok(Progress::default())),
            // There is nothing to do, and a call would lose the engine's report on where it is.
            Some(engine) if input.is_empty() && engine.is_between_blocks() => {
                return (&[], Ok(Progress::default()));
            }
            Some(engine) => engine,
            none => match Inflate::new(memory) {
                Ok(engine) => none.insert(engine),
                Err(error) => return (&[], Err(error)),
            },
        };
        let room_len = room.len();
        let run = engine.run(input, room);
        if run.stop == Stop::Final && run.read < input.len() {
            // More blocks may follow a final one (7.2.1).
            engine.expect_block();
        }
        let idle = run.read == 0 && run.bytes.is_empty();
        let stuck = idle && !input.is_empty() && room_len > 0;
        let exhausted = run.stop == Stop::Exhausted;
        let progress = Progress {
            read: run.read,
            more: run.read < input.len()
                || run.bytes.len() == room_len
                || exhausted && engine.holds_bits_between_blocks(),
            damaged: run.stop == Stop::Damaged || stuck && exhausted,
        };
        (run.bytes, Ok(progress))
    }

    /// Ends the message. It must end with an empty stored block, with or without its marker, or
    /// with a final block, or have no data at all; otherwise it is truncated.
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

    /// Forgets the context, and frees the memory.
    pub(crate) fn reset(&mut self) {
        self.engine = None;
    }
}
