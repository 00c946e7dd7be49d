//! From bytes to events.

use super::Conn;
use super::closing::Theirs;
use super::event::{Event, Fault, Received, Step, StepResult, flag};
use super::incoming::Incoming;
use crate::error::{Error, Result};
use crate::frame::{Ascii, Chunk, Header, Limits, Opcode};
use crate::simd;

impl Conn {
    /// Decodes bytes from the peer, and reports at most `room` events to `sink`. The payloads in
    /// the consumed part of `buf` are unmasked in place.
    pub fn recv(
        &mut self,
        buf: &mut [u8],
        room: usize,
        mut sink: impl FnMut(Event),
    ) -> Result<Received> {
        if let Theirs::Failing(error) | Theirs::Failed(error) = self.theirs {
            return Err(self.fail(error));
        }
        if self.lent || self.message.capacity() > 0 {
            self.reclaim_lent();
        }
        self.options.has_input |= !buf.is_empty();
        let mut done = Received::default();
        let mut report = |done: &mut Received, event| {
            sink(event);
            done.events += 1;
        };
        while done.events < room && !self.is_closed_by_peer() {
            self.whole_messages(buf, room, &mut done, &mut report);
            if done.events == room || done.consumed == buf.len() {
                break;
            }
            // A copy, so that `done` stays in registers.
            let mut consumed = done.consumed;
            let step = self.step(buf, &mut consumed);
            done.consumed = consumed;
            match step {
                Ok(Step::Nothing) => {}
                Ok(Step::Event(event)) => report(&mut done, event),
                Ok(Step::Pause(event)) => {
                    report(&mut done, event);
                    break;
                }
                Ok(Step::EndOfInput) => {
                    done.consumed = buf.len();
                    return Ok(done);
                }
                Err(Fault { error, before }) => {
                    self.on_fault(error);
                    if let Some(event) = before {
                        report(&mut done, event);
                    }
                    return if done.events > 0 {
                        Ok(done)
                    } else {
                        Err(self.fail(error))
                    };
                }
            }
        }
        if self.is_closed_by_peer() {
            done.consumed = buf.len();
        }
        Ok(done)
    }

    fn is_closed_by_peer(&self) -> bool {
        matches!(self.theirs, Theirs::Closed { .. })
    }

    /// Reports messages that are whole, in one frame and uncompressed, one after another: most
    /// input is nothing else.
    #[inline]
    fn whole_messages(
        &mut self,
        buf: &mut [u8],
        room: usize,
        done: &mut Received,
        report: &mut impl FnMut(&mut Received, Event),
    ) {
        if self.incoming.is_some() {
            return;
        }
        let limits = Limits::all(self.max_message().min(self.max_frame()));
        while done.events < room {
            let start = done.consumed;
            let Some(chunk) = self.frames.whole_message(buf, start, limits) else {
                return;
            };
            let Chunk { off, len, header: Header { opcode, .. }, .. } = chunk;
            if opcode == Opcode::Text && !self.is_valid_text(&chunk, buf) {
                self.frames.mask_message_again(buf, start, limits);
                return;
            }
            done.consumed = off + len;
            report(done, Event { off, len, opcode, flags: Event::WHOLE, close_code: 0 });
        }
    }

    #[inline]
    fn is_valid_text(&self, chunk: &Chunk, buf: &[u8]) -> bool {
        chunk.is_ascii || !self.options.check_utf8 || simd::is_utf8(chunk.payload(buf))
    }

    /// Reads the next chunk, whatever it is, and handles it.
    // Not inlined: whole_messages() would have to save registers for it.
    #[inline(never)]
    fn step(&mut self, buf: &mut [u8], consumed: &mut usize) -> StepResult {
        let (limits, portion) = (self.limits(), self.max_portion());
        // This limit is too strict for control frames and compressed ones. any_chunk() applies the
        // exact ones to those that are refused here.
        let strict = Limits::all(limits.data.min(portion as u64));
        let whole = self.frames.whole_frame(buf, *consumed, strict, Ascii::Matters);
        if let Some(chunk) = whole {
            return self.on_chunk(&chunk, buf, consumed);
        }
        let compression = self.compression();
        let most = |header: &Header| {
            if compression.covers(header) { portion } else { usize::MAX }
        };
        match self.frames.any_chunk(buf, *consumed, limits, Ascii::Matters, most) {
            Ok(Some(chunk)) => self.on_chunk(&chunk, buf, consumed),
            Ok(None) => Ok(Step::EndOfInput),
            Err(error) => {
                self.on_refused_header();
                Err(error.into())
            }
        }
    }

    fn on_chunk(
        &mut self,
        chunk: &Chunk,
        buf: &mut [u8],
        consumed: &mut usize,
    ) -> StepResult {
        if self.compression().covers(&chunk.header) {
            return self.inflate(chunk, buf, consumed);
        }
        let payload = chunk.payload(buf);
        let step = if chunk.header.opcode.is_control() {
            self.on_control(chunk, payload)
        } else {
            self.on_data(chunk, payload)
        };
        match &step {
            Ok(_) => *consumed = chunk.off + chunk.len,
            Err(fault) => {
                let reported = fault.before.map(|event| event.len);
                self.hand_back(chunk, reported, buf, consumed);
            }
        }
        step
    }

    /// Hands back a chunk in which there is a fault. The reported bytes are consumed, except for
    /// the chunk's last byte; the rest is masked again, so that it is as it arrived.
    #[cold]
    pub(super) fn hand_back(
        &mut self,
        chunk: &Chunk,
        reported: Option<usize>,
        buf: &mut [u8],
        consumed: &mut usize,
    ) {
        let last = chunk.len.checked_sub(1);
        let used = match (reported, last) {
            (Some(used), Some(last)) => {
                let used = used.min(last);
                *consumed = chunk.off + used;
                used
            }
            _ => 0,
        };
        self.frames.mask_again(buf, chunk, used);
    }

    /// Handles a chunk of an uncompressed message.
    fn on_data(&mut self, chunk: &Chunk, payload: &[u8]) -> StepResult {
        let first = chunk.begins() && chunk.header.opcode != Opcode::Continuation;
        let last = chunk.ends() && chunk.header.is_final();
        let message = self.message_for(chunk);
        let Incoming { opcode, rsv, len: before, .. } = *message;
        let valid = message.add(payload, chunk.is_ascii, last);
        // If the limit was lowered meanwhile, only the bytes before the first invalid one count
        // against it.
        if before + valid.err().unwrap_or(payload.len()) as u64 > self.max_message() {
            return Err(self.too_big().into());
        }
        let event = Event {
            off: chunk.off,
            len: chunk.len,
            opcode,
            flags: u16::from(rsv)
                | flag(Event::FIRST, first)
                | flag(Event::LAST, last)
                | flag(Event::FRAME_END, chunk.ends()),
            close_code: 0,
        };
        if let Err(valid_len) = valid {
            return Err(self.invalid_text(event, valid_len));
        }
        let step = if self.options.stream || first && last {
            Step::Event(event)
        } else {
            self.collect(payload, last)?
        };
        if last {
            self.incoming = None;
        }
        Ok(step)
    }

    /// The fault of a chunk of text of which `valid_len` bytes are valid. In stream mode they are
    /// reported, except for the chunk's last byte, which stays until the error is returned.
    #[cold]
    fn invalid_text(&self, event: Event, valid_len: usize) -> Fault {
        let len = valid_len.min(event.len.saturating_sub(1));
        let flags = event.flags & !(Event::LAST | Event::FRAME_END);
        let valid = Event { len, flags, ..event };
        let before = Some(valid).filter(|_| self.options.stream && len > 0);
        Fault { error: Error::Utf8, before }
    }

    /// Appends a chunk to the message that is being collected.
    fn collect(&mut self, payload: &[u8], last: bool) -> Result<Step> {
        let max = usize::try_from(self.max_message()).unwrap_or(usize::MAX);
        self.message.extend(payload, max)?;
        Ok(if last { Step::Pause(self.lend_message(true, true)) } else { Step::Nothing })
    }
}
