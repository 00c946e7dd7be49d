//! A connection without I/O.

use crate::append::append;
use std::borrow::Cow;
use wscodec::conn::{self, Conn, Fragment, Info, MAX_OUTPUT, Opt, Side, State};
use wscodec::deflate::Params;
use wscodec::error::{Error, Result};
use wscodec::frame::Opcode;
use wscodec::memory::Allocator;

/// The most events of one call of [`Codec::receive`].
const ROOM: usize = 32;

/// A connection after its opening handshake: bytes of the peer go in, events come out; messages go
/// in, bytes for the peer come out.
#[derive(Debug)]
pub struct Codec {
    conn: Conn,
}

/// A message, a part of one (with [`Opt::Stream`]), or a control frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// The opcode of the message or of the control frame.
    pub opcode: Opcode,
    /// Its bytes, a part of the input if possible; of a close frame, its reason.
    pub data: Cow<'a, [u8]>,
    /// The code of a close frame, or [`wscodec::close::NO_STATUS`]; else 0.
    pub close_code: u16,
    /// The message starts with this event.
    pub first: bool,
    /// The message ends with this event.
    pub last: bool,
    /// RSV1 to RSV3, which [`Opt::AllowRsv`] permits.
    pub rsv: u8,
}

/// The events of one call of [`Codec::receive`].
#[derive(Debug)]
pub struct Events<'a> {
    input: &'a [u8],
    positions: [conn::Event; ROOM],
    next: usize,
    len: usize,
    /// The data of the last event, if it is not in the input.
    collected: Vec<u8>,
}

impl Codec {
    /// A connection whose opening handshake another library has done. `deflate` is the compression
    /// that was agreed.
    pub fn new(side: Side, deflate: Option<Params>) -> Result<Codec> {
        let mut conn = Conn::new(side, Allocator::SYSTEM);
        if let Some(params) = deflate {
            conn.set_pmd(params)?;
        }
        Ok(Codec { conn })
    }

    /// Sets an option. Most must be set before the first call of [`Codec::receive`].
    pub fn set(&mut self, option: Opt, value: u64) -> Result<()> {
        self.conn.set(option, value)
    }

    /// The value of an option.
    #[must_use]
    pub fn get(&self, option: Opt) -> u64 {
        self.conn.get(option)
    }

    /// A fact about the connection.
    #[must_use]
    pub fn info(&self, info: Info) -> u64 {
        self.conn.info(info)
    }

    /// The compression that was agreed.
    #[must_use]
    pub fn deflate(&self) -> Option<Params> {
        self.conn.pmd()
    }

    /// The state of the connection.
    #[must_use]
    pub fn state(&self) -> State {
        self.conn.state()
    }

    /// Processes bytes of the peer, which are unmasked in place. Returns the events, and how many
    /// bytes were consumed. Handle the events, call [`Codec::output`], and call this function again
    /// with the rest until there is none.
    ///
    /// An error is final; [`Codec::output`] then writes the close frame that reports it.
    pub fn receive<'a>(&mut self, input: &'a mut [u8]) -> Result<(Events<'a>, usize)> {
        const NONE: conn::Event = conn::Event {
            off: 0,
            len: 0,
            opcode: Opcode::Binary,
            flags: 0,
            close_code: 0,
        };
        let mut positions = [NONE; ROOM];
        let mut free = positions.iter_mut();
        let received = self.conn.recv(input, ROOM, |event| {
            if let Some(position) = free.next() {
                *position = event;
            }
        })?;
        let len = received.events;
        let collected = match positions[..len].last() {
            Some(last) if last.flags & conn::Event::COLLECTED != 0 => self
                .conn
                .collected(last.opcode, last.off, last.len)
                .unwrap_or_default()
                .to_vec(),
            _ => Vec::new(),
        };
        Ok((Events { input, positions, next: 0, len, collected }, received.consumed))
    }

    /// Appends a message to `out`. Only [`Codec::send_fragment`] can send a part of one.
    pub fn send(
        &mut self,
        opcode: Opcode,
        payload: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<()> {
        self.send_fragment(
            &Fragment { opcode, more: false, plain: false, rsv: 0, payload },
            out,
        )
    }

    /// Appends a message, a fragment of one, a ping or a pong to `out`.
    pub fn send_fragment(
        &mut self,
        fragment: &Fragment<'_>,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let bound =
            self.conn.send_bound(fragment.payload.len()).ok_or(Error::InvalidArgument)?;
        append(out, bound, |room| self.conn.send(fragment, room))
    }

    /// Appends what the connection sends of its own accord: pongs, and the close frame that replies
    /// to the peer's or reports an error.
    pub fn output(&mut self, out: &mut Vec<u8>) -> Result<()> {
        append(out, MAX_OUTPUT, |room| self.conn.output(room))
    }

    /// Appends a close frame to `out`; nothing, if one was sent before.
    pub fn close(&mut self, code: u16, reason: &str, out: &mut Vec<u8>) -> Result<()> {
        append(out, MAX_OUTPUT, |room| self.conn.close(code, reason.as_bytes(), room))
    }

    /// The peer's stream has ended: an error unless its close frame has arrived.
    pub fn finish(&mut self) -> Result<()> {
        self.conn.finish()
    }
}

impl<'a> Iterator for Events<'a> {
    type Item = Event<'a>;

    fn next(&mut self) -> Option<Event<'a>> {
        let position = *self.positions[..self.len].get(self.next)?;
        self.next += 1;
        let has = |flag| position.flags & flag != 0;
        let data = if has(conn::Event::COLLECTED) {
            Cow::Owned(std::mem::take(&mut self.collected))
        } else {
            Cow::Borrowed(&self.input[position.off..][..position.len])
        };
        Some(Event {
            opcode: position.opcode,
            data,
            close_code: position.close_code,
            first: has(conn::Event::FIRST),
            last: has(conn::Event::LAST),
            rsv: (position.flags & 0x70) as u8,
        })
    }
}
