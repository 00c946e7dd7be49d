//! Compressed messages as they arrive (RFC 7692, 7.2.2).
//!
//! What of a frame lies in the input is unmasked at once, and decompressed from there. A
//! connection that reports pieces may leave the rest of it for the next call.

use super::Conn;
use super::recv::{Event, Step, StepResult};
use crate::deflate::decompress::Ran;
use crate::error::{Error, Result};
use crate::frame::Chunk;
use core::mem::MaybeUninit;

/// Longest piece of a message that is reported in pieces.
const MAX_PIECE: usize = 16 * 1024;
/// Most bytes of a compressed payload to unmask at once, where that may have to be undone.
const MAX_PORTION: usize = 4 * 1024;
/// Shortest and longest room to make at once for what some input may become.
const MIN_ROOM: usize = 512;
const MAX_ROOM: usize = 64 * 1024;

impl Conn {
    /// How much of a compressed payload is unmasked at once. Of what does not fit into a piece
    /// the rest is masked again, so that this must not be much.
    pub(super) fn portion(&self) -> usize {
        match self.options.stream && self.options.pmd.is_some() {
            true => MAX_PORTION,
            false => usize::MAX,
        }
    }

    /// Decompresses a chunk, up to the next thing to report.
    pub(super) fn inflate(
        &mut self,
        chunk: &Chunk,
        buf: &mut [u8],
        consumed: &mut usize,
    ) -> StepResult {
        let message = self.message_of(chunk);
        message.compressed = true;
        let before = message.wire_len;
        message.wire_len = before.saturating_add(chunk.len as u64);
        let held = usize::from(core::mem::take(&mut message.held));
        let input = chunk.payload(buf).get(held..).unwrap_or_default();
        let mut rest = input;
        let more = loop {
            // Of a message that is beyond a limit which was lowered.
            if self.is_beyond() {
                break Err(self.too_big());
            }
            match self.inflate_once(&mut rest) {
                Ok(true)
                    if self.options.stream && self.message.bytes().len() >= MAX_PIECE =>
                {
                    break Ok(true);
                }
                Ok(true) => {}
                Ok(false) => break Ok(false),
                Err(error) => break Err(error),
            }
        };
        let used = chunk.len.saturating_sub(rest.len());
        let end = chunk.off.saturating_add(chunk.len);
        let step = match more {
            Ok(true) if chunk.len > 0 => {
                let last = chunk.len.saturating_sub(1);
                if let Some(message) = &mut self.incoming {
                    message.held = used > last;
                    message.wire_len = before.saturating_add(used.min(last) as u64);
                }
                let used = used.min(last);
                self.frames.give_back(buf, chunk, used);
                *consumed = chunk.off.saturating_add(used);
                return Ok(Some(Step::Pause(self.lend(false, false))));
            }
            // The next portion of this frame is there already.
            Ok(_) if !chunk.ends() && end < buf.len() => Ok(Step::Nothing),
            Ok(_) => self.end_part(chunk),
            Err(error) => Err(error),
        };
        match step {
            Ok(step) => {
                *consumed = end;
                Ok(Some(step))
            }
            Err(error) => {
                let piece = self.piece();
                self.leave(chunk, piece.map(|_| used), buf, consumed);
                Err((error, piece))
            }
        }
    }

    /// Decompresses once. Whether there is more to do with the input that is there.
    fn inflate_once(&mut self, rest: &mut &[u8]) -> Result<bool> {
        let allowed = usize::try_from(self.allowed()).unwrap_or(usize::MAX);
        if allowed == 0 {
            return self.inflate_beyond(rest);
        }
        let before = self.message.bytes().len();
        let most = match self.options.stream {
            true => MAX_PIECE.saturating_sub(before).min(allowed),
            false => allowed,
        };
        self.make_room(rest.len(), most)?;
        let Conn { message, decompressor, memory, .. } = self;
        let Ran { read, damaged, more } =
            message.fill(most, |room| decompressor.fill(rest, memory, room))?;
        *rest = rest.get(read..).unwrap_or_default();
        self.count_from(before)?;
        if damaged { Err(Error::Compression) } else { Ok(more) }
    }

    /// The same when the message is as long as it may be: only what makes nothing of it may
    /// still come.
    fn inflate_beyond(&mut self, rest: &mut &[u8]) -> Result<bool> {
        let mut room = [MaybeUninit::uninit(); 1];
        let run = self.decompressor.run(rest, &self.memory, &mut room)?;
        *rest = rest.get(run.read..).unwrap_or_default();
        match run.bytes {
            [_, ..] => Err(self.too_big()),
            [] if run.damaged => Err(Error::Compression),
            [] => Ok(run.more),
        }
    }

    /// Sees to it that there is room for what so much input is likely to become.
    fn make_room(&mut self, input: usize, most: usize) -> Result<()> {
        let len = self.message.bytes().len();
        let room = self.message.capacity().saturating_sub(len);
        if room >= MIN_ROOM.min(most) {
            return Ok(());
        }
        let likely = input.saturating_mul(8).clamp(MIN_ROOM, MAX_ROOM).min(most);
        self.message.reserve(likely, len.saturating_add(most), &self.memory)
    }

    /// Counts and checks what was appended to the message.
    fn count_from(&mut self, before: usize) -> Result<()> {
        let (Some(incoming), message) = (&mut self.incoming, &mut self.message) else {
            return Ok(());
        };
        let new = message.bytes().get(before..).unwrap_or_default();
        if let Err(valid_len) = incoming.add(new, false, false) {
            message.truncate(before.saturating_add(valid_len));
            return Err(Error::Utf8);
        }
        Ok(())
    }

    /// All of the chunk is done.
    fn end_part(&mut self, chunk: &Chunk) -> Result<Step> {
        let Some(message) = &mut self.incoming else { return Ok(Step::Nothing) };
        if !chunk.ends() || !chunk.header.is_final() {
            let silent = self.message.bytes().is_empty() && !chunk.ends();
            return Ok(match self.options.stream && !silent {
                true => Step::Pause(self.lend(false, chunk.ends())),
                false => Step::Nothing,
            });
        }
        let has_begun = message.wire_len > 0;
        let whole = message.add(&[], false, true).map_err(|_| Error::Utf8);
        let ended = self.decompressor.finish(has_begun);
        ended.and(whole)?;
        let event = self.lend(true, true);
        if self.peer_drops_context() {
            self.decompressor.release();
        }
        self.incoming = None;
        Ok(Step::Pause(event))
    }

    /// Whether the peer compresses each message for itself.
    fn peer_drops_context(&self) -> bool {
        self.options.pmd.is_none_or(|params| {
            params.received_by(self.options.side).no_context_takeover
        })
    }

    /// What there is of the message, if pieces are reported.
    fn piece(&mut self) -> Option<Event> {
        let any = self.options.stream && !self.message.bytes().is_empty();
        any.then(|| self.lend(false, false))
    }
}
