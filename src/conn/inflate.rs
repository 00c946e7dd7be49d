//! Compressed messages of the peer (RFC 7692, 7.2.2).
//!
//! A chunk is unmasked in place, and decompressed from there into the connection's memory. In
//! stream mode an event is limited in length, so that a call may end in the middle of a chunk:
//!
//! ```text
//!     the chunk      |-- decompressed --|------ not yet ------|
//!                    ^ consumed         ^ masked again, and read by the next call
//! ```
//!
//! If the engine has read the whole chunk, but has more output than fits into the event, there is
//! no byte left for a next call. Then the last byte is handed back all the same, and `held` tells
//! the next call to skip it:
//!
//! ```text
//!     the chunk      |-------------- decompressed ----------|h|
//!                    ^ consumed                              ^ masked again, `held`
//! ```

use super::Conn;
use super::event::{Fault, Step, StepResult};
use crate::cut::Cut;
use crate::deflate::decompress::Progress;
use crate::error::{Error, Result};
use crate::frame::Chunk;
use core::mem::MaybeUninit;

/// The longest event in stream mode, in bytes.
const MAX_EVENT: usize = 16 * 1024;
/// The most bytes of a compressed payload that are unmasked at once in stream mode: few, since
/// those that are not used are masked again.
const MAX_PORTION: usize = 4 * 1024;
/// The least and the most memory to reserve at once for the output of some input.
const MIN_ROOM: usize = 512;
const MAX_ROOM: usize = 64 * 1024;

impl Conn {
    /// The most bytes of a compressed payload that are unmasked at once.
    pub(super) fn max_portion(&self) -> usize {
        if self.options.stream && self.options.pmd.is_some() {
            MAX_PORTION
        } else {
            usize::MAX
        }
    }

    /// Handles a chunk of a compressed message: decompresses it up to the next event.
    pub(super) fn inflate(
        &mut self,
        chunk: &Chunk,
        buf: &mut [u8],
        consumed: &mut usize,
    ) -> StepResult {
        let message = self.message_for(chunk);
        message.compressed = true;
        let wire_len = message.wire_len;
        message.wire_len = wire_len + chunk.len as u64;
        let held = usize::from(core::mem::take(&mut message.held));
        let mut rest = chunk.payload(buf).after(held);
        let inflated = self.inflate_all(&mut rest);
        let used = chunk.len - rest.len();
        let end = chunk.off + chunk.len;
        let step = match (inflated, chunk.len.checked_sub(1)) {
            (Ok(Inflated::EventIsFull), Some(last)) => {
                let kept = used.min(last);
                if let Some(message) = &mut self.incoming {
                    message.held = used > last;
                    message.wire_len = wire_len + kept as u64;
                }
                self.frames.unread(buf, chunk, kept);
                *consumed = chunk.off + kept;
                return Ok(Step::Pause(self.lend_message(false, false)));
            }
            // The next chunk of this frame is in the input already.
            (Ok(_), _) if !chunk.ends() && end < buf.len() => Ok(Step::Nothing),
            (Ok(_), _) => self.end_chunk(chunk),
            (Err(error), _) => Err(error),
        };
        match step {
            Ok(step) => {
                *consumed = end;
                Ok(step)
            }
            Err(error) => {
                let any = self.options.stream && !self.message.bytes().is_empty();
                let before = any.then(|| self.lend_message(false, false));
                self.hand_back(chunk, before.map(|_| used), buf, consumed);
                Err(Fault { error, before })
            }
        }
    }

    /// Decompresses until the input is used up or an event is full.
    fn inflate_all(&mut self, rest: &mut &[u8]) -> Result<Inflated> {
        loop {
            if self.is_too_long() {
                return Err(self.too_big());
            }
            if !self.inflate_once(rest)? {
                return Ok(Inflated::All);
            }
            if self.options.stream && self.message.bytes().len() >= MAX_EVENT {
                return Ok(Inflated::EventIsFull);
            }
        }
    }

    /// Decompresses once. Returns whether a further call can do more.
    fn inflate_once(&mut self, rest: &mut &[u8]) -> Result<bool> {
        let remaining = usize::try_from(self.remaining()).unwrap_or(usize::MAX);
        if remaining == 0 {
            return self.inflate_beyond(rest);
        }
        let before = self.message.bytes().len();
        let most = if self.options.stream {
            MAX_EVENT.saturating_sub(before).min(remaining)
        } else {
            remaining
        };
        self.make_room(rest.len(), most)?;
        let memory = *self.allocator();
        let Conn { message, decompressor, .. } = self;
        let progress =
            message.fill(most, |room| decompressor.run(rest, &memory, room))?;
        *rest = rest.after(progress.read);
        self.check_from(before)?;
        if progress.damaged { Err(Error::Compression) } else { Ok(progress.more) }
    }

    /// Decompresses once, when the message has reached its limit: input may follow, but no output.
    fn inflate_beyond(&mut self, rest: &mut &[u8]) -> Result<bool> {
        let mut room = [MaybeUninit::uninit(); 1];
        let memory = *self.allocator();
        let (beyond, progress) = self.decompressor.run(rest, &memory, &mut room);
        let Progress { read, more, damaged } = progress?;
        *rest = rest.after(read);
        match beyond {
            [_, ..] => Err(self.too_big()),
            [] if damaged => Err(Error::Compression),
            [] => Ok(more),
        }
    }

    /// Reserves memory for the likely output of so much input.
    fn make_room(&mut self, input: usize, most: usize) -> Result<()> {
        let len = self.message.bytes().len();
        let room = self.message.capacity() - len;
        if room >= MIN_ROOM.min(most) {
            return Ok(());
        }
        let likely = input.saturating_mul(8).clamp(MIN_ROOM, MAX_ROOM).min(most);
        self.message.reserve(likely, len.saturating_add(most))
    }

    /// Counts and checks the bytes of the message from `before` on.
    fn check_from(&mut self, before: usize) -> Result<()> {
        let Some(incoming) = &mut self.incoming else { return Ok(()) };
        let new = self.message.bytes().after(before);
        if let Err(valid_len) = incoming.add(new, false, false) {
            self.message.truncate(before + valid_len);
            return Err(Error::Utf8);
        }
        Ok(())
    }

    /// All of the chunk is decompressed.
    fn end_chunk(&mut self, chunk: &Chunk) -> Result<Step> {
        let Some(message) = &mut self.incoming else { return Ok(Step::Nothing) };
        if !chunk.ends() || !chunk.header.is_final() {
            let nothing_new = self.message.bytes().is_empty() && !chunk.ends();
            return Ok(if self.options.stream && !nothing_new {
                Step::Pause(self.lend_message(false, chunk.ends()))
            } else {
                Step::Nothing
            });
        }
        let has_data = message.wire_len > 0;
        let text = message.add(&[], false, true).map_err(|_| Error::Utf8);
        self.decompressor.finish(has_data).and(text)?;
        let event = self.lend_message(true, true);
        if self.peer_drops_context() {
            self.decompressor.reset();
        }
        self.incoming = None;
        Ok(Step::Pause(event))
    }

    /// Whether the peer compresses each message independently.
    fn peer_drops_context(&self) -> bool {
        self.options.pmd.is_none_or(|params| {
            params.received_by(self.options.side).no_context_takeover
        })
    }
}

/// Why [`Conn::inflate_all`] has stopped.
enum Inflated {
    /// The input is used up, and has no more output.
    All,
    /// There may be more output than fits into one event.
    EventIsFull,
}
