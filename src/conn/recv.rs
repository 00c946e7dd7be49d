//! From bytes to events.

use super::Conn;
use super::closing::{Ours, Theirs};
use super::incoming::{Coding, Incoming};
use crate::close;
use crate::error::{Error, Result};
use crate::frame::{Ascii, Chunk, Limits, MAX_CONTROL, MAX_PAYLOAD, Opcode};
use crate::memory::Buffer;
use crate::simd;

/// Where the bytes of an event lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Data {
    /// At this offset of the input.
    Input(usize),
    /// In the connection's own memory, until the next call.
    Own(*const u8),
}

/// A message, a piece of one, or a control frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Event {
    pub data: Data,
    pub len: usize,
    pub opcode: Opcode,
    /// A message starts with it.
    pub first: bool,
    /// A message ends with it.
    pub last: bool,
    /// Of a close; its data is the reason.
    pub close_code: u16,
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
                return Ok(done);
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
        let limits = Limits::all(self.allowed());
        while done.events < room {
            let chunk =
                self.frames.whole_frame(buf, done.consumed, limits, Ascii::Matters)?;
            let end = chunk.off.wrapping_add(chunk.len);
            if !self.is_message(&chunk, buf) {
                return Some(chunk);
            }
            sink(Event {
                data: Data::Input(chunk.off),
                len: chunk.len,
                opcode: chunk.header.opcode,
                first: true,
                last: true,
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
        if let Some(Incoming { coding: Coding::Inflating { last }, .. }) = self.incoming {
            return self.inflate(last, buf, consumed);
        }
        let chunk = self.frames.any_chunk(buf, *consumed, self.limits(), Ascii::Matters);
        match chunk.map_err(|error| (error, None))? {
            Some(chunk) => self.on_chunk(&chunk, buf, consumed),
            None => Ok(None),
        }
    }

    fn on_chunk(&mut self, chunk: &Chunk, buf: &[u8], consumed: &mut usize) -> Stepped {
        if self.is_compressed(chunk) {
            *consumed = chunk.off;
            let last = self.begin_part(chunk);
            return self.inflate(last, buf, consumed);
        }
        let end = chunk.off.saturating_add(chunk.len);
        let payload = chunk.payload(buf);
        let step = if chunk.header.opcode.is_control() {
            self.on_control(chunk, payload).map_err(|error| (error, None))
        } else {
            self.on_data(chunk, payload)
        }?;
        *consumed = end;
        Ok(Some(step))
    }

    /// What may be announced. Of a compressed message that says nothing about its size.
    fn limits(&self) -> Limits {
        let compressed = self.incoming.is_some_and(|message| message.is_compressed());
        let data = if compressed { MAX_PAYLOAD } else { self.allowed() };
        Limits { data, ..Limits::NONE }
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
            data: Data::Input(chunk.off),
            len: chunk.len,
            opcode,
            first,
            last,
            close_code: 0,
        };
        if let Err(valid_len) = valid {
            let right = Event { len: valid_len, last: false, ..piece };
            return Err((
                Error::Utf8,
                Some(right).filter(|_| self.options.stream && valid_len > 0),
            ));
        }
        let step = if self.options.stream {
            let says_nothing = chunk.len == 0 && !first && !last;
            if says_nothing { Step::Nothing } else { Step::Event(piece) }
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
        Ok(Step::Pause(self.hand_over(true)))
    }

    /// The message, or the piece of one, that lies in the connection's own memory.
    pub(super) fn hand_over(&mut self, last: bool) -> Event {
        self.lent = true;
        let message = self.incoming.as_mut();
        let (opcode, first) = message.map_or((Opcode::Binary, true), |message| {
            (message.opcode, !core::mem::replace(&mut message.reported, true))
        });
        let bytes = self.message.bytes();
        Event {
            data: Data::Own(bytes.as_ptr()),
            len: bytes.len(),
            opcode,
            first,
            last,
            close_code: 0,
        }
    }

    fn on_control(&mut self, chunk: &Chunk, payload: &[u8]) -> Result<Step> {
        if chunk.begins() && chunk.ends() {
            return self.on_control_frame(
                chunk.header.opcode,
                payload,
                Data::Input(chunk.off),
            );
        }
        self.control.extend(payload, MAX_CONTROL, &self.memory)?;
        if !chunk.ends() {
            return Ok(Step::Nothing);
        }
        self.lent = true;
        // Out of `self`, so that both can be used; its memory does not move.
        let control = core::mem::take(&mut self.control);
        let data = Data::Own(control.bytes().as_ptr());
        let step = self.on_control_frame(chunk.header.opcode, control.bytes(), data);
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
        data: Data,
    ) -> Result<Step> {
        let len = payload.len();
        let event = Event { data, len, opcode, first: true, last: true, close_code: 0 };
        match opcode {
            Opcode::Close => self.on_close(payload, event),
            Opcode::Ping if self.options.auto_pong && self.ours != Ours::Closed => {
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
        let data = match event.data {
            Data::Input(off) if !payload.is_empty() => Data::Input(off.saturating_add(2)),
            Data::Own(_) => Data::Own(reason.as_ptr()),
            data => data,
        };
        Ok(Step::Pause(Event { data, len: reason.len(), close_code, ..event }))
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
