//! Compressed messages as they arrive (RFC 7692, 7.2.2).
//!
//! What of a frame lies in the input is unmasked at once, and decompressed from there. A
//! connection that reports pieces may leave the rest of it for the next call.

use super::incoming::Coding;
use super::recv::{Event, Step, Stepped};
use super::{Conn, Side};
use crate::error::{Error, Result};
use crate::frame::Chunk;
use core::mem::MaybeUninit;

/// Longest piece of a message that is reported in pieces.
const MAX_PIECE: usize = 16 * 1024;
/// Shortest and longest room to make at once for what some input may become.
const MIN_ROOM: usize = 512;
const MAX_ROOM: usize = 64 * 1024;

impl Conn {
    /// Whether this chunk belongs to a compressed message.
    pub(super) fn is_compressed(&self, chunk: &Chunk) -> bool {
        !chunk.header.opcode.is_control()
            && (chunk.header.is_compressed()
                || self.incoming.is_some_and(|message| message.is_compressed()))
    }

    /// From now on the chunk is what the input starts with. Whether the message ends with it.
    pub(super) fn begin_part(&mut self, chunk: &Chunk) -> bool {
        let last = chunk.ends() && chunk.header.is_final();
        let message = self.message_of(chunk);
        message.coding = Coding::Inflating { last };
        message.unread = chunk.len;
        last
    }

    /// Decompresses what is unread, up to the next thing to report.
    pub(super) fn inflate(
        &mut self,
        last: bool,
        buf: &[u8],
        consumed: &mut usize,
    ) -> Stepped {
        let unread = self.incoming.map_or(0, |message| message.unread);
        let input = buf.get(*consumed..).unwrap_or_default();
        let input = input.get(..unread).unwrap_or(input);
        let mut rest = input;
        let outcome = loop {
            match self.inflate_once(&mut rest) {
                Ok(true)
                    if self.options.stream && self.message.bytes().len() >= MAX_PIECE =>
                {
                    break Ok(false);
                }
                Ok(true) => {}
                Ok(false) => break Ok(true),
                Err(error) => break Err(error),
            }
        };
        let read = input.len().saturating_sub(rest.len());
        *consumed = consumed.saturating_add(read);
        let unread = unread.saturating_sub(read);
        if let Some(message) = &mut self.incoming {
            message.unread = unread;
        }
        match outcome {
            Ok(done) if done && unread == 0 => self.end_part(last),
            Ok(_) => Ok(self.report_piece()),
            Err(error) => Err(self.failed(error)),
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
        let (read, damaged, full) = message.fill(most, |room| {
            let len = room.len();
            match decompressor.run(rest, memory, room) {
                Ok(run) => {
                    (run.bytes, Ok((run.read, run.damaged, run.bytes.len() == len)))
                }
                Err(error) => (&[], Err(error)),
            }
        })?;
        *rest = rest.get(read..).unwrap_or_default();
        self.count_from(before)?;
        if damaged { Err(Error::Compression) } else { Ok(full || !rest.is_empty()) }
    }

    /// The same when the message is as long as it may be: only what makes nothing of it may
    /// still come.
    fn inflate_beyond(&mut self, rest: &mut &[u8]) -> Result<bool> {
        let mut room = [MaybeUninit::uninit(); 1];
        let run = self.decompressor.run(rest, &self.memory, &mut room)?;
        *rest = rest.get(run.read..).unwrap_or_default();
        match run.bytes {
            [_, ..] => Err(Error::TooBig),
            [] if run.damaged => Err(Error::Compression),
            [] => Ok(!rest.is_empty()),
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

    /// All of the part is done.
    fn end_part(&mut self, last: bool) -> Stepped {
        let Some(message) = &mut self.incoming else { return Ok(None) };
        message.coding = Coding::Deflated;
        if !last {
            return Ok(self.report_piece().or(Some(Step::Nothing)));
        }
        let whole = message.add(&[], false, true).map_err(|_| Error::Utf8);
        let ended = self.decompressor.finish();
        ended.and(whole).map_err(|error| self.failed(error))?;
        let event = self.hand_over(true);
        if self.forgets() {
            self.decompressor.release();
        }
        self.incoming = None;
        Ok(Some(Step::Pause(event)))
    }

    /// Whether the peer compresses each message for itself.
    fn forgets(&self) -> bool {
        self.options.pmd.is_none_or(|params| match self.options.side {
            Side::Server => params.client.no_context_takeover,
            Side::Client => params.server.no_context_takeover,
        })
    }

    /// What there is of the message, if pieces are reported.
    fn piece(&mut self) -> Option<Event> {
        let any = self.options.stream && !self.message.bytes().is_empty();
        any.then(|| self.hand_over(false))
    }

    fn report_piece(&mut self) -> Option<Step> {
        self.piece().map(Step::Pause)
    }

    /// An error, and what was right before it.
    fn failed(&mut self, error: Error) -> (Error, Option<Event>) {
        (error, self.piece())
    }
}
