//! A connection after its opening handshake: messages, fragments, ping and pong, the closing
//! handshake, limits, compression.
//!
//! [`recv`](Conn::recv) takes bytes and gives events, [`send`](Conn::send) takes messages and
//! gives bytes. What the connection itself has to say waits for [`output`](Conn::output).

mod closing;
mod incoming;
mod inflate;
mod masks;
mod recv;
mod send;

pub use recv::{Event, Received};
pub use send::Piece;

use crate::deflate::Params;
use crate::deflate::compress::Compressor;
use crate::deflate::decompress::Decompressor;
use crate::error::{Error, Result};
use crate::frame::{Opcode, Rules};
use crate::memory::{Allocator, Buffer};
use crate::stream::Walk;
use closing::{Ours, Theirs};
use incoming::Incoming;
use masks::Masks;

/// The most that [`Conn::output`] ever writes: a pong and a close, both masked.
pub const MAX_OUTPUT: usize = 139;
/// What a message may be at most, unless it is said otherwise.
const DEFAULT_MAX_MESSAGE: u64 = 1024 * 1024;

/// Which end of the connection this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Side {
    Server,
    Client,
}

/// How far the connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Messages go both ways.
    Open,
    /// A close was sent, or has arrived.
    Closing,
    /// A close has arrived and ours was handed out.
    Closed,
    /// An error was returned.
    Failed,
}

/// What can be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Opt {
    MaxMessage,
    Stream,
    AutoPong,
    CheckUtf8,
    KeepBuffer,
}

/// What the caller chose.
#[derive(Clone, Copy, Debug)]
struct Options {
    side: Side,
    /// 0: no limit.
    max_message: u64,
    keep_buffer: u64,
    /// None: there is no compression.
    pmd: Option<Params>,
    stream: bool,
    auto_pong: bool,
    check_utf8: bool,
    /// Some of them may only be chosen before any input, or anything was sent.
    has_input: bool,
    has_sent: bool,
}

/// The message that is being sent in fragments.
#[derive(Clone, Copy, Debug)]
struct Outgoing {
    opcode: Opcode,
    compressed: bool,
}

/// A connection.
#[derive(Debug)]
pub struct Conn {
    options: Options,
    memory: Allocator,

    // What comes.
    frames: Walk,
    theirs: Theirs,
    incoming: Option<Incoming>,
    /// What was collected of it, or was lent to the caller by the last call.
    message: Buffer,
    /// Likewise a control frame that came in parts.
    control: Buffer,
    /// The last call lent `message` or `control`.
    lent: bool,
    decompressor: Decompressor,

    // What goes.
    ours: Ours,
    outgoing: Option<Outgoing>,
    /// The payload of the pong that waits.
    pong: Option<Buffer>,
    compressor: Compressor,
    masks: Masks,
}

const _: () = assert!(size_of::<Conn>() <= 256 && align_of::<Conn>() <= 16);

impl Conn {
    /// Everything that it ever holds is from `memory`.
    #[must_use]
    pub fn new(side: Side, memory: Allocator) -> Conn {
        let options = Options {
            side,
            max_message: DEFAULT_MAX_MESSAGE,
            keep_buffer: 0,
            pmd: None,
            stream: false,
            auto_pong: true,
            check_utf8: true,
            has_input: false,
            has_sent: false,
        };
        Conn {
            options,
            memory,
            frames: Walk::new(rules(side, false)),
            theirs: Theirs::Open,
            incoming: None,
            message: Buffer::default(),
            control: Buffer::default(),
            lent: false,
            decompressor: Decompressor::default(),
            ours: Ours::Open,
            outgoing: None,
            pong: None,
            compressor: Compressor::default(),
            masks: Masks::default(),
        }
    }

    /// Where its memory comes from.
    #[must_use]
    pub fn memory(&self) -> Allocator {
        self.memory
    }

    /// Gives all memory back.
    pub fn release(&mut self) {
        self.message.release(&self.memory);
        self.control.release(&self.memory);
        self.drop_pong();
        self.masks.release(&self.memory);
        self.compressor.release();
        self.decompressor.release();
    }

    /// Switches compression on, before anything else happens.
    pub fn set_pmd(&mut self, params: Params) -> Result<()> {
        if self.options.has_input || self.options.has_sent {
            return Err(Error::InvalidState);
        }
        self.options.pmd = Some(params);
        self.frames = Walk::new(rules(self.options.side, true));
        Ok(())
    }

    /// What compression was agreed on.
    #[must_use]
    pub fn pmd(&self) -> Option<Params> {
        self.options.pmd
    }

    /// How far it has come.
    #[must_use]
    pub fn state(&self) -> State {
        match (self.theirs, self.ours) {
            (Theirs::Failed(_), _) => State::Failed,
            (Theirs::Closed, Ours::Closed) => State::Closed,
            (Theirs::Open | Theirs::Wrong(_), Ours::Open) => State::Open,
            _ => State::Closing,
        }
    }

    /// Sets an option. A switch is 0 or 1.
    pub fn set(&mut self, option: Opt, value: u64) -> Result<()> {
        let switch = match value {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Error::InvalidArgument),
        };
        match option {
            Opt::MaxMessage => self.options.max_message = value,
            Opt::KeepBuffer => self.options.keep_buffer = value,
            Opt::AutoPong => self.options.auto_pong = switch?,
            Opt::Stream | Opt::CheckUtf8 if self.options.has_input => {
                return Err(Error::InvalidState);
            }
            Opt::Stream => self.options.stream = switch?,
            Opt::CheckUtf8 => self.options.check_utf8 = switch?,
        }
        Ok(())
    }

    /// The value of an option.
    #[must_use]
    pub fn get(&self, option: Opt) -> u64 {
        match option {
            Opt::MaxMessage => self.options.max_message,
            Opt::KeepBuffer => self.options.keep_buffer,
            Opt::Stream => self.options.stream.into(),
            Opt::AutoPong => self.options.auto_pong.into(),
            Opt::CheckUtf8 => self.options.check_utf8.into(),
        }
    }
}

fn rules(side: Side, deflate: bool) -> Rules {
    let side = match side {
        Side::Server => 0,
        Side::Client => Rules::CLIENT,
    };
    let deflate = if deflate { Rules::DEFLATE } else { 0 };
    Rules::from_bits(side | deflate).unwrap_or_default()
}
