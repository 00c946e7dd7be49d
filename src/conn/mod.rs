//! A connection after its opening handshake: messages, fragments, ping and pong, the closing
//! handshake, limits, compression.
//!
//! [`recv`](Conn::recv) takes bytes and gives events, [`send`](Conn::send) takes messages and
//! gives bytes. What the connection itself has to say waits for [`output`](Conn::output).

mod closing;
mod inflate;
mod masks;
mod recv;
mod send;

pub use recv::{Data, Event, Received};
pub use send::Piece;

use crate::deflate::Params;
use crate::deflate::compress::Compressor;
use crate::deflate::decompress::Decompressor;
use crate::error::{Error, Result};
use crate::frame::{Opcode, Rules};
use crate::memory::{Allocator, Buffer};
use crate::stream::Walk;
use crate::utf8::Validator;
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

/// The part of a compressed message that is being decompressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// More of the message follows it.
    Inner,
    /// The message ends with it.
    Last,
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

/// A connection.
#[derive(Debug)]
pub struct Conn {
    frames: Walk,
    memory: Allocator,
    /// The message, or the piece of one, that is arriving or was handed over by the last call.
    message: Buffer,
    /// Likewise a control frame that came in parts.
    control: Buffer,
    /// The payload of the pong that waits.
    pong: Buffer,
    /// 0: no limit.
    max_message: u64,
    keep_buffer: u64,
    /// Bytes of the open message so far.
    message_len: u64,
    /// Of the input, these many bytes are compressed and unmasked already, and come first in
    /// what the next call is given.
    unread: usize,
    compressor: Compressor,
    decompressor: Decompressor,
    /// None: there is no compression.
    pmd: Option<Params>,
    utf8: Validator,
    masks: Masks,
    /// Why the connection failed, and whether that was returned yet.
    error: Option<Error>,
    error_returned: bool,
    /// The code of the close frame that waits.
    close_waits: Option<u16>,
    close_sent: bool,
    close_received: bool,
    pong_waits: bool,
    /// Of the message that is arriving.
    receiving: Option<Opcode>,
    /// It is compressed.
    receiving_compressed: bool,
    /// A part of it is being decompressed, and whether that is its last.
    inflating: Option<Part>,
    /// A piece of it was reported.
    reported: bool,
    /// The last call handed `message` or `control` over.
    handed_over: bool,
    /// Of the message of which pieces were sent.
    sending: Option<Opcode>,
    /// It is compressed.
    sending_compressed: bool,
    side: Side,
    stream: bool,
    auto_pong: bool,
    check_utf8: bool,
    has_input: bool,
    has_sent: bool,
}

const _: () = assert!(size_of::<Conn>() <= 256 && align_of::<Conn>() <= 16);

impl Conn {
    /// Everything that it ever holds is from `memory`.
    #[must_use]
    pub fn new(side: Side, memory: Allocator) -> Conn {
        Conn {
            frames: Walk::new(rules(side, false)),
            memory,
            message: Buffer::default(),
            control: Buffer::default(),
            pong: Buffer::default(),
            max_message: DEFAULT_MAX_MESSAGE,
            keep_buffer: 0,
            message_len: 0,
            unread: 0,
            compressor: Compressor::default(),
            decompressor: Decompressor::default(),
            pmd: None,
            utf8: Validator::default(),
            masks: Masks::default(),
            error: None,
            error_returned: false,
            close_waits: None,
            close_sent: false,
            close_received: false,
            pong_waits: false,
            receiving: None,
            receiving_compressed: false,
            inflating: None,
            reported: false,
            handed_over: false,
            sending: None,
            sending_compressed: false,
            side,
            stream: false,
            auto_pong: true,
            check_utf8: true,
            has_input: false,
            has_sent: false,
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
        self.pong.release(&self.memory);
        self.compressor.release();
        self.decompressor.release();
    }

    /// Switches compression on, before anything else happens.
    pub fn set_pmd(&mut self, params: Params) -> Result<()> {
        if self.has_input || self.has_sent {
            return Err(Error::InvalidState);
        }
        self.pmd = Some(params);
        self.frames = Walk::new(rules(self.side, true));
        Ok(())
    }

    /// What compression was agreed on.
    #[must_use]
    pub fn pmd(&self) -> Option<Params> {
        self.pmd
    }

    /// How far it has come.
    #[must_use]
    pub fn state(&self) -> State {
        if self.error_returned {
            State::Failed
        } else if self.close_received && self.close_sent {
            State::Closed
        } else if self.close_received || self.close_sent {
            State::Closing
        } else {
            State::Open
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
            Opt::MaxMessage => self.max_message = value,
            Opt::KeepBuffer => self.keep_buffer = value,
            Opt::AutoPong => self.auto_pong = switch?,
            Opt::Stream | Opt::CheckUtf8 if self.has_input => {
                return Err(Error::InvalidState);
            }
            Opt::Stream => self.stream = switch?,
            Opt::CheckUtf8 => self.check_utf8 = switch?,
        }
        Ok(())
    }

    /// The value of an option.
    #[must_use]
    pub fn get(&self, option: Opt) -> u64 {
        match option {
            Opt::MaxMessage => self.max_message,
            Opt::KeepBuffer => self.keep_buffer,
            Opt::Stream => self.stream.into(),
            Opt::AutoPong => self.auto_pong.into(),
            Opt::CheckUtf8 => self.check_utf8.into(),
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
