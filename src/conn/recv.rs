//! From bytes to events.

use super::Conn;
use super::closing::Theirs;
use super::incoming::Incoming;
use crate::close;
use crate::error::{Error, Result};
use crate::frame::{Ascii, Chunk, Header, Limits, MAX_CONTROL, MAX_PAYLOAD, Opcode};
use crate::memory::Buffer;
use crate::simd;

/// A message, a piece of one, or a control frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Where its bytes start: in the input, or in what the connection collected.
    pub off: usize,
    /// How many they are.
    pub len: usize,
    /// What it is a piece of.
    pub opcode: Opcode,
    /// Of the bits below.
    pub flags: u16,
    /// Of a close; its data is the reason.
    pub close_code: u16,
}

impl Event {
    /// A message starts with it.
    pub const FIRST: u16 = 0x1;
    /// A message ends with it.
    pub const LAST: u16 = 0x2;
    /// Its bytes lie in the connection's own memory, until the next call.
    pub const COLLECTED: u16 = 0x4;
    /// A frame ends with it.
    pub const FRAME_END: u16 = 0x8;
    const WHOLE: u16 = Event::FIRST | Event::LAST | Event::FRAME_END;
}

fn flag(flag: u16, set: bool) -> u16 {
    if set { flag } else { 0 }
}

/// What one call did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// How many events there were.
    pub events: usize,
    /// How many bytes of the input are done.
    pub consumed: usize,
}

/// The next step over the input. None: all of it is done. With an error may come what was
/// right before it.
pub(super) type Stepped = core::result::Result<Option<Step>, (Error, Option<Event>)>;

/// What a chunk led to.
pub(super) enum Step {
    /// Nothing to report yet.
    Nothing,
    /// An event, and further ones may follow it.
    Event(Event),
    /// An event that the caller must see before anything else happens.
    Pause(Event),
}

impl Conn {
    /// Takes bytes from the network; gives at most `room` events.
    pub fn recv(
        &mut self,
        buf: &mut [u8],
        room: usize,
        mut sink: impl FnMut(Event),
    ) -> Result<Received> {
        if let Theirs::Wrong(error) | Theirs::Failed(error) = self.theirs {
            return Err(self.fail(error));
        }
        self.take_back_what_was_handed_over();
        self.options.has_input |= !buf.is_empty();
        let mut done = Received::default();
        while done.events < room && self.theirs != Theirs::Closed {
            let chunk = self.whole_messages(buf, room, &mut done, &mut sink);
            if done.events == room {
                break;
            }
            let step = match chunk {
                Some(chunk) => self.on_chunk(&chunk, buf, &mut done.consumed),
                None => self.step(buf, &mut done.consumed),
            };
            let step = match step {
                Ok(Some(step)) => step,
                Ok(None) => {
                    done.consumed = buf.len();
                    return Ok(done);
                }
                Err((error, event)) => {
                    self.theirs = Theirs::Wrong(error);
                    if let Some(event) = event {
                        sink(event);
                        done.events = done.events.saturating_add(1);
                    }
                    return if done.events > 0 {
                        Ok(done)
                    } else {
                        Err(self.fail(error))
                    };
                }
            };
            if let Step::Event(event) | Step::Pause(event) = step {
                sink(event);
                done.events = done.events.saturating_add(1);
            }
            if matches!(step, Step::Pause(_)) {
                break;
            }
        }
        if self.theirs == Theirs::Closed {
            done.consumed = buf.len();
        }
        Ok(done)
    }

    /// Reports messages that lie there whole and uncompressed, one after another: most input
    /// is nothing else. Gives the first chunk that belongs to anything else, if there is one.
    #[inline]
    fn whole_messages(
        &mut self,
        buf: &mut [u8],
        room: usize,
        done: &mut Received,
        sink: &mut impl FnMut(Event),
    ) -> Option<Chunk> {
        if self.incoming.is_some() {
            return None;
        }
        // Stricter than is right for what is no such message; that is looked at again.
        let limits = Limits::all(self.allowed().min(self.portion() as u64));
        while done.events < room {
            let chunk =
                self.frames.whole_frame(buf, done.consumed, limits, Ascii::Matters)?;
            let end = chunk.off.wrapping_add(chunk.len);
            if !self.is_message(&chunk, buf) {
                return Some(chunk);
            }
            sink(Event {
                off: chunk.off,
                len: chunk.len,
                opcode: chunk.header.opcode,
                flags: Event::WHOLE,
                close_code: 0,
            });
            done.consumed = end;
            done.events = done.events.wrapping_add(1);
        }
        None
    }

    /// Whether this whole frame is an uncompressed message without a fault.
    #[inline]
    fn is_message(&self, chunk: &Chunk, buf: &[u8]) -> bool {
        let right = match chunk.header.opcode {
            Opcode::Binary => true,
            Opcode::Text => {
                !self.options.check_utf8
                    || chunk.is_ascii
                    || simd::is_utf8(chunk.payload(buf))
            }
            _ => false,
        };
        right && chunk.header.is_final() && !chunk.header.is_compressed()
    }

    /// The next chunk, and what it leads to.
    fn step(&mut self, buf: &mut [u8], consumed: &mut usize) -> Stepped {
        let (compressed, portion) = (self.receives_compressed(), self.portion());
        let most = |header: &Header| match compressed || header.is_compressed() {
            true if !header.opcode.is_control() => portion,
            _ => usize::MAX,
        };
        let limits = self.limits();
        let chunk = self.frames.any_chunk(buf, *consumed, limits, Ascii::Matters, most);
        match chunk.map_err(|error| (error, None))? {
            Some(chunk) => self.on_chunk(&chunk, buf, consumed),
            None => Ok(None),
        }
    }

    fn on_chunk(
        &mut self,
        chunk: &Chunk,
        buf: &mut [u8],
        consumed: &mut usize,
    ) -> Stepped {
        let compressed = self.receives_compressed() || chunk.header.is_compressed();
        if compressed && !chunk.header.opcode.is_control() {
            return self.inflate(chunk, buf, consumed);
        }
        let payload = chunk.payload(buf);
        let step = if chunk.header.opcode.is_control() {
            self.on_control(chunk, payload).map_err(|error| (error, None))
        } else {
            self.on_data(chunk, payload)
        };
        match step {
            Ok(step) => {
                *consumed = chunk.off.saturating_add(chunk.len);
                Ok(Some(step))
            }
            Err((error, event)) => {
                self.leave(chunk, event.map(|event| event.len), buf, consumed);
                Err((error, event))
            }
        }
    }

    /// An error is in this chunk. What was reported of it is consumed, but for its last byte; the
    /// rest is as it came.
    #[cold]
    pub(super) fn leave(
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
                *consumed = chunk.off.saturating_add(used);
                used
            }
            _ => 0,
        };
        self.frames.mask_again(buf, chunk, used);
    }

    /// Whether the message that is arriving is compressed.
    fn receives_compressed(&self) -> bool {
        self.incoming.is_some_and(|message| message.compressed)
    }

    /// What may be announced.
    fn limits(&self) -> Limits {
        let compressed = self.allowed_on_wire();
        let data = if self.receives_compressed() { compressed } else { self.allowed() };
        Limits { data, compressed, ..Limits::NONE }
    }

    /// By how many bytes the payload of a compressed message may still grow, which says nothing of
    /// its size: tiny fragments, each flushed, take several times what they hold.
    fn allowed_on_wire(&self) -> u64 {
        match self.options.max_message {
            0 => MAX_PAYLOAD,
            max => (max.saturating_mul(16).saturating_add(0x1_0000))
                .saturating_sub(self.incoming.map_or(0, |message| message.wire_len)),
        }
    }

    /// By how many bytes the message that is arriving may still grow.
    pub(super) fn allowed(&self) -> u64 {
        match self.options.max_message {
            0 => MAX_PAYLOAD,
            max => max.saturating_sub(self.incoming.map_or(0, |message| message.len)),
        }
    }

    /// The most that a message may hold.
    pub(super) fn max_len(&self) -> usize {
        match self.options.max_message {
            0 => usize::MAX,
            max => usize::try_from(max).unwrap_or(usize::MAX),
        }
    }

    fn on_data(
        &mut self,
        chunk: &Chunk,
        payload: &[u8],
    ) -> core::result::Result<Step, (Error, Option<Event>)> {
        let first = chunk.begins() && chunk.header.opcode != Opcode::Continuation;
        let last = chunk.ends() && chunk.header.is_final();
        let message = self.message_of(chunk);
        let opcode = message.opcode;
        let valid = message.add(payload, chunk.is_ascii, last);
        let piece = Event {
            off: chunk.off,
            len: chunk.len,
            opcode,
            flags: flag(Event::FIRST, first)
                | flag(Event::LAST, last)
                | flag(Event::FRAME_END, chunk.ends()),
            close_code: 0,
        };
        if let Err(valid_len) = valid {
            let flags = piece.flags & Event::FIRST;
            let right = Event { len: valid_len, flags, ..piece };
            return Err((
                Error::Utf8,
                Some(right).filter(|_| self.options.stream && valid_len > 0),
            ));
        }
        let step = if self.options.stream {
            Step::Event(piece)
        } else if first && last {
            Step::Event(piece)
        } else {
            self.collect(payload, last).map_err(|error| (error, None))?
        };
        if last {
            self.incoming = None;
        }
        Ok(step)
    }

    /// The message that this chunk of data belongs to.
    pub(super) fn message_of(&mut self, chunk: &Chunk) -> &mut Incoming {
        let check_utf8 = self.options.check_utf8;
        self.incoming
            .get_or_insert_with(|| Incoming::new(chunk.header.opcode, check_utf8))
    }

    fn collect(&mut self, payload: &[u8], last: bool) -> Result<Step> {
        self.message.extend(payload, self.max_len(), &self.memory)?;
        if !last {
            return Ok(Step::Nothing);
        }
        Ok(Step::Pause(self.hand_over(true, true)))
    }

    /// The message, or the piece of one, that lies in the connection's own memory.
    pub(super) fn hand_over(&mut self, last: bool, frame_end: bool) -> Event {
        self.lent = true;
        let message = self.incoming.as_mut();
        let (opcode, first) = message.map_or((Opcode::Binary, true), |message| {
            (message.opcode, !core::mem::replace(&mut message.reported, true))
        });
        let len = self.message.bytes().len();
        let flags = Event::COLLECTED
            | flag(Event::FIRST, first)
            | flag(Event::LAST, last)
            | flag(Event::FRAME_END, frame_end);
        Event { off: 0, len, opcode, flags, close_code: 0 }
    }

    /// What an event of the last call refers to, if it was collected.
    #[must_use]
    pub fn collected(&self, opcode: Opcode, off: usize, len: usize) -> Option<&[u8]> {
        let own = if opcode.is_control() { &self.control } else { &self.message };
        own.bytes().get(off..)?.get(..len).filter(|_| self.lent)
    }

    fn on_control(&mut self, chunk: &Chunk, payload: &[u8]) -> Result<Step> {
        if chunk.begins() && chunk.ends() {
            return self.on_control_frame(chunk.header.opcode, payload, chunk.off, 0);
        }
        self.control.extend(payload, MAX_CONTROL, &self.memory)?;
        if !chunk.ends() {
            return Ok(Step::Nothing);
        }
        self.lent = true;
        // Out of `self`, so that both can be used; its memory does not move.
        let control = core::mem::take(&mut self.control);
        let opcode = chunk.header.opcode;
        let step = self.on_control_frame(opcode, control.bytes(), 0, Event::COLLECTED);
        self.control = control;
        match step? {
            Step::Event(event) => Ok(Step::Pause(event)),
            step => Ok(step),
        }
    }

    fn on_control_frame(
        &mut self,
        opcode: Opcode,
        payload: &[u8],
        off: usize,
        collected: u16,
    ) -> Result<Step> {
        let (len, flags) = (payload.len(), Event::WHOLE | collected);
        let event = Event { off, len, opcode, flags, close_code: 0 };
        match opcode {
            Opcode::Close => self.on_close(payload, event),
            Opcode::Ping if self.options.auto_pong => {
                self.answer_ping(payload)?;
                Ok(Step::Pause(event))
            }
            _ => Ok(Step::Event(event)),
        }
    }

    /// A pong that waits gives way to this one, unless there is no memory for it.
    fn answer_ping(&mut self, payload: &[u8]) -> Result<()> {
        match &mut self.pong {
            Some(pong) if payload.len() <= pong.capacity() => {
                pong.clear();
                pong.extend(payload, MAX_CONTROL, &self.memory)
            }
            _ => {
                let mut pong = Buffer::default();
                pong.extend(payload, MAX_CONTROL, &self.memory)?;
                self.drop_pong();
                self.pong = Some(pong);
                Ok(())
            }
        }
    }

    fn on_close(&mut self, payload: &[u8], event: Event) -> Result<Step> {
        let (close_code, reason) = close::parse(payload)?;
        self.theirs = Theirs::Closed;
        self.owe_close(close_code);
        // The code is not part of the data.
        let off = event.off.saturating_add(payload.len().saturating_sub(reason.len()));
        Ok(Step::Pause(Event { off, len: reason.len(), close_code, ..event }))
    }

    /// Events of the last call are gone with this one.
    fn take_back_what_was_handed_over(&mut self) {
        if core::mem::take(&mut self.lent) {
            self.control.release(&self.memory);
        }
        if self.options.stream {
            self.message.clear();
        }
        if self.incoming.is_none() {
            self.message.clear();
            let keep = usize::try_from(self.options.keep_buffer).unwrap_or(usize::MAX);
            if self.message.capacity() > keep {
                self.message.release(&self.memory);
            }
        }
    }
}
