//! A connection after its opening handshake: messages, fragments, ping and pong, the closing
//! handshake, limits, compression.
//!
//! [`recv`](Conn::recv) takes bytes and gives events, [`send`](Conn::send) takes messages and
//! gives bytes. What the connection itself has to say waits for [`output`](Conn::output).

mod closing;
mod control_payload;
mod incoming;
mod inflate;
mod masks;
mod options;
mod recv;
mod send;

pub use crate::side::Side;
pub use options::{Info, Opt};
pub use recv::{Event, Received};
pub use send::Piece;

use crate::deflate::compress::Compressor;
use crate::deflate::decompress::Decompressor;
use crate::frame::{FrameReader, Opcode};
use crate::memory::{Allocator, Buffer, Own};
use closing::{Ours, Theirs};
use control_payload::ControlPayload;
use incoming::Incoming;
use masks::Masks;
use options::Options;

/// The most that [`Conn::output`] ever writes: a pong and a close, both masked.
pub const MAX_OUTPUT: usize = 139;

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
    frames: FrameReader,
    theirs: Theirs,
    incoming: Option<Incoming>,
    /// What was collected of it, or was lent to the caller by the last call.
    message: Buffer,
    /// Likewise a control frame that came in parts.
    control: Own<ControlPayload>,
    /// The last call lent `message` or `control`.
    lent: bool,
    decompressor: Decompressor,

    // What goes.
    ours: Ours,
    outgoing: Option<Outgoing>,
    /// The payload of the pong that waits.
    pong: Own<ControlPayload>,
    compressor: Compressor,
    masks: Masks,
}

const _: () = assert!(size_of::<Conn>() <= 256 && align_of::<Conn>() <= 16);

impl Conn {
    /// Everything that it ever holds is from `memory`.
    #[must_use]
    pub fn new(side: Side, memory: Allocator) -> Conn {
        let options = Options::new(side);
        Conn {
            options,
            memory,
            frames: FrameReader::new(options.flags()),
            theirs: Theirs::Open,
            incoming: None,
            message: Buffer::default(),
            control: Own::default(),
            lent: false,
            decompressor: Decompressor::default(),
            ours: Ours::Open,
            outgoing: None,
            pong: Own::default(),
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
        self.pong.release(&self.memory);
        self.masks.release(&self.memory);
        self.compressor.release();
        self.decompressor.release();
    }

    /// How far it has come.
    #[must_use]
    pub fn state(&self) -> State {
        match (self.theirs, self.ours) {
            (Theirs::Failed(_), _) => State::Failed,
            (Theirs::Closed { .. }, Ours::Closed(_)) => State::Closed,
            (Theirs::Open | Theirs::Wrong(_), Ours::Open) => State::Open,
            _ => State::Closing,
        }
    }
}
