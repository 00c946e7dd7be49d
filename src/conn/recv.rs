//! From bytes to events.

use super::Conn;
use super::closing::Theirs;
use super::incoming::Incoming;
use super::options::Options;
use crate::close;
use crate::error::{Error, Result};
use crate::frame::{Ascii, Chunk, Header, Limits, MAX_PAYLOAD, Opcode};
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

/// Which messages may be compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compression {
    None,
    /// Those whose first frame has RSV1.
    Agreed,
    /// The one that is arriving is.
    OfThisMessage,
}

impl Compression {
    /// Whether a frame is part of a compressed message.
    fn covers(self, header: &Header) -> bool {
        match self {
            _ if header.opcode.is_control() => false,
            Compression::None => false,
            Compression::Agreed => header.is_compressed(),
            Compression::OfThisMessage => true,
        }
    }
}

/// The next step over the input. None: all of it is done. With an error may come what was
/// right before it.
pub(super) type StepResult = core::result::Result<Option<Step>, (Error, Option<Event>)>;

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
        self.reclaim_lent();
        self.options.has_input |= !buf.is_empty();
        let mut done = Received::default();
        while done.events < room && !self.is_closed_by_peer() {
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
        if self.is_closed_by_peer() {
            done.consumed = buf.len();
        }
        Ok(done)
    }

    fn is_closed_by_peer(&self) -> bool {
        matches!(self.theirs, Theirs::Closed { .. })
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
        let limits = Limits::all(self.limits().data.min(self.portion() as u64));
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
        right && chunk.header.is_final() && chunk.header.rsv() == 0
    }

    /// The next chunk, and what it leads to.
    fn step(&mut self, buf: &mut [u8], consumed: &mut usize) -> StepResult {
        let (limits, portion) = (self.limits(), self.portion());
        let compression = self.compression();
        let most = |header: &Header| match compression.covers(header) {
            true => portion,
            false => usize::MAX,
        };
        match self.frames.any_chunk(buf, *consumed, limits, Ascii::Matters, most) {
            Ok(Some(chunk)) => self.on_chunk(&chunk, buf, consumed),
            Ok(None) => Ok(None),
            Err(error) => {
                self.refuse_frame();
                Err((error, None))
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

    fn compression(&self) -> Compression {
        match self.incoming {
            Some(message) if message.compressed => Compression::OfThisMessage,
            _ if self.options.pmd.is_some() => Compression::Agreed,
            _ => Compression::None,
        }
    }

    /// What may be announced.
    #[inline]
    fn limits(&self) -> Limits {
        let frame = self.max_frame();
        let plain = self.allowed().min(frame);
        let (data, compressed) = match self.compression() {
            Compression::None => (plain, plain),
            Compression::Agreed => (plain, self.allowed_on_wire().min(frame)),
            // The message may be beyond a limit that was lowered.
            Compression::OfThisMessage if self.is_beyond() => (0, 0),
            Compression::OfThisMessage => (self.allowed_on_wire().min(frame), plain),
        };
        Limits { data, compressed, ..Limits::NONE }
    }

    /// The most bytes that a frame may announce.
    fn max_frame(&self) -> u64 {
        match self.options.max_frame {
            0 => MAX_PAYLOAD,
            max => max,
        }
    }

    /// Whether the message that is arriving is longer than it may be.
    pub(super) fn is_beyond(&self) -> bool {
        self.incoming.is_some_and(|message| message.len > self.max_message())
    }

    /// A frame was refused: if for its length, keeps the length that exceeds a limit, which is
    /// that of the frame, or of the message with it.
    #[cold]
    fn refuse_frame(&mut self) {
        let compressed = self.incoming.filter(|message| message.compressed);
        if compressed.is_some() && self.is_beyond() {
            self.too_big();
            return;
        }
        let frame = self.frames.refused_len();
        let before = match compressed {
            Some(message) => message.wire_len,
            None => self.incoming.map_or(0, |message| message.len),
        };
        if frame <= self.max_frame() {
            self.frames.refuse(frame.saturating_add(before));
        }
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
        let len = self.incoming.map_or(0, |message| message.len);
        self.max_message().saturating_sub(len)
    }

    /// The most bytes that a message may hold.
    pub(super) fn max_message(&self) -> u64 {
        match self.options.max_message {
            0 => u64::MAX,
            max => max,
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
        let Incoming { opcode, rsv, .. } = *message;
        let valid = message.add(payload, chunk.is_ascii, last);
        if self.is_beyond() {
            return Err((self.too_big(), None));
        }
        let piece = Event {
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
            // Its last byte is left as it came, until the error is returned.
            let len = valid_len.min(chunk.len.saturating_sub(1));
            let flags = piece.flags & !(Event::LAST | Event::FRAME_END);
            let right = Event { len, flags, ..piece };
            return Err((
                Error::Utf8,
                Some(right).filter(|_| self.options.stream && len > 0),
            ));
        }
        let step = if self.options.stream || first && last {
            Step::Event(piece)
        } else {
            self.collect(payload, last).map_err(|error| (error, None))?
        };
        if last {
            self.incoming = None;
        }
        Ok(step)
    }

    /// The error of a message that has become longer than it may be.
    #[cold]
    pub(super) fn too_big(&mut self) -> Error {
        let len = self.incoming.map_or(0, |message| message.len);
        self.frames.refuse(len.max(self.max_message().saturating_add(1)));
        Error::TooBig
    }

    /// The message that this chunk of data belongs to.
    pub(super) fn message_of(&mut self, chunk: &Chunk) -> &mut Incoming {
        let Options { check_utf8, allow_rsv, .. } = self.options;
        self.incoming.get_or_insert_with(|| {
            Incoming::new(chunk.header.opcode, chunk.header.rsv() & allow_rsv, check_utf8)
        })
    }

    fn collect(&mut self, payload: &[u8], last: bool) -> Result<Step> {
        let max = usize::try_from(self.max_message()).unwrap_or(usize::MAX);
        self.message.extend(payload, max, &self.memory)?;
        if !last {
            return Ok(Step::Nothing);
        }
        Ok(Step::Pause(self.lend(true, true)))
    }

    /// The message, or the piece of one, that lies in the connection's own memory.
    pub(super) fn lend(&mut self, last: bool, frame_end: bool) -> Event {
        self.lent = true;
        let message = self.incoming.as_mut();
        let (opcode, first) = message.map_or((Opcode::Binary, true), |message| {
            (message.opcode, !core::mem::replace(&mut message.reported, true))
        });
        let rsv = self.incoming.map_or(0, |message| message.rsv);
        let len = self.message.bytes().len();
        let flags = Event::COLLECTED
            | u16::from(rsv)
            | flag(Event::FIRST, first)
            | flag(Event::LAST, last)
            | flag(Event::FRAME_END, frame_end);
        Event { off: 0, len, opcode, flags, close_code: 0 }
    }

    /// What a collected event of the last call refers to.
    #[must_use]
    pub fn collected(&self, opcode: Opcode, off: usize, len: usize) -> Option<&[u8]> {
        let own = match self.control.as_ref() {
            Some(control) if opcode.is_control() => control.as_bytes(),
            None if opcode.is_control() => return None,
            _ => self.message.bytes(),
        };
        own.get(off..)?.get(..len).filter(|_| self.lent)
    }

    fn on_control(&mut self, chunk: &Chunk, payload: &[u8]) -> Result<Step> {
        if chunk.begins() && chunk.ends() {
            return self.on_control_frame(chunk.header.opcode, payload, chunk.off, 0);
        }
        let control = self.control.get(&self.memory)?;
        control.extend(payload)?;
        if !chunk.ends() {
            return Ok(Step::Nothing);
        }
        self.lent = true;
        let control = *control;
        let opcode = chunk.header.opcode;
        match self.on_control_frame(opcode, control.as_bytes(), 0, Event::COLLECTED)? {
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
        let pong = self.pong.get(&self.memory)?;
        pong.clear();
        pong.extend(payload)
    }

    fn on_close(&mut self, payload: &[u8], event: Event) -> Result<Step> {
        let (close_code, reason) = close::parse(payload)?;
        self.close_arrives(close_code);
        // The code is not part of the data.
        let off = event.off.saturating_add(payload.len().saturating_sub(reason.len()));
        Ok(Step::Pause(Event { off, len: reason.len(), close_code, ..event }))
    }

    /// Events of the last call are gone with this one.
    fn reclaim_lent(&mut self) {
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
