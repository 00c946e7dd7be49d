//! A connection after its opening handshake: messages, fragments, ping and pong, the closing
//! handshake, limits.
//!
//! [`recv`](Conn::recv) takes bytes and gives events, [`send`](Conn::send) takes messages and
//! gives bytes. What the connection itself has to say waits for [`output`](Conn::output).

mod closing;
mod masks;
mod recv;
mod send;

pub use recv::{Data, Event, Received};
pub use send::Piece;

use crate::error::{Error, Result};
use crate::frame::{Opcode, Rules};
use crate::memory::{Allocator, Buffer};
use crate::stream::Decoder;
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
    decoder: Decoder,
    memory: Allocator,
    /// The message that is arriving, or was handed over by the last call.
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
    /// The last call handed `message` or `control` over.
    handed_over: bool,
    /// Of the message of which pieces were sent.
    sending: Option<Opcode>,
    side: Side,
    stream: bool,
    auto_pong: bool,
    check_utf8: bool,
    has_input: bool,
}

const _: () = assert!(size_of::<Conn>() <= 256 && align_of::<Conn>() <= 16);

impl Conn {
    /// Everything that it ever holds is from `memory`.
    #[must_use]
    pub fn new(side: Side, memory: Allocator) -> Conn {
        let rules = match side {
            Side::Server => Rules::default(),
            Side::Client => Rules::from_bits(Rules::CLIENT).unwrap_or_default(),
        };
        Conn {
            decoder: Decoder::new(rules, 0),
            memory,
            message: Buffer::default(),
            control: Buffer::default(),
            pong: Buffer::default(),
            max_message: DEFAULT_MAX_MESSAGE,
            keep_buffer: 0,
            message_len: 0,
            utf8: Validator::default(),
            masks: Masks::default(),
            error: None,
            error_returned: false,
            close_waits: None,
            close_sent: false,
            close_received: false,
            pong_waits: false,
            receiving: None,
            handed_over: false,
            sending: None,
            side,
            stream: false,
            auto_pong: true,
            check_utf8: true,
            has_input: false,
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
