//! A connection after its opening handshake: messages, fragments, ping and pong, the closing
//! handshake, limits, compression.
//!
//! # Theory of operation
//!
//! A connection is two state machines, one for each direction of the stream, and little that
//! couples them. `theirs` is about what the peer sends: [`recv`](Conn::recv) moves it, from bytes
//! to events. `ours` is about what is sent to the peer: [`send`](Conn::send),
//! [`close`](Conn::close) and [`output`](Conn::output) move it, from messages to bytes. Together
//! they make the public [`State`]:
//!
//! | theirs \ ours                               | Open    | CloseDue | Closed  |
//! |---------------------------------------------|---------|----------|---------|
//! | Open: anything may arrive                   | Open    | -        | Closing |
//! | Closed: a valid close frame has arrived     | Closing | Closing  | Closed  |
//! | Failing: an error is known, not returned    | Open    | -        | Closing |
//! | Failed: the error was returned, or finish() | Failed  | Failed   | Failed  |
//!
//! The transitions are few, and all of them are in `closing.rs`, which alone assigns `theirs` and
//! `ours`:
//!
//! | when                                        | theirs            | ours |
//! |---------------------------------------------|-------------------|------|
//! | a valid close frame arrives                 | Open -> Closed    | Open -> CloseDue, with auto_close |
//! | an error is found                           | Open -> Failing   |      |
//! | the error is returned                       | Failing -> Failed | Open -> CloseDue, with auto_close |
//! | `output()` writes the close frame           |                   | CloseDue -> Closed |
//! | `close()` writes a close frame              |                   | Open or CloseDue -> Closed |
//! | `finish()`, before the peer's close frame   | Open -> Failed    | Open -> Closed |
//!
//! A pong that waits for `output()`, because a ping has arrived, couples them, too. It is not a
//! state: it may wait in any of them, until both sides have closed or `finish()` finds the stream
//! cut off.
//!
//! - **Latched.** After `Closed`, input is consumed and ignored. After `Failed`, every call of
//!   `recv()` returns the same error, also that of an allocation that failed in the middle of a
//!   message.
//! - **Paused.** `recv()` returns early, before it has consumed its input, where the application
//!   must act first: after an event in the connection's own memory, since the next call reuses that
//!   memory; after a ping, whose pong must be collected before the next one replaces it; after a
//!   close frame. An error waits in `Failing` until the events before it were returned.
//! - **Half messages.** Between two calls, `incoming` is the message of which a part has arrived,
//!   and `outgoing` the one of which a part was sent. Between messages both are None.
//! - **Memory.** An uncompressed message in one frame that is entirely in the input is reported in
//!   place, and so is every uncompressed chunk in stream mode. Anything else `message` collects
//!   (and `control` a control frame), and lends to the application until the next `recv()`. `pong`
//!   holds the pong that waits. The masking keys have memory from their first use; so do the two
//!   halves of compression, which free it after each message without context takeover. Everything
//!   comes from one allocator, and is freed with the connection.

mod closing;
mod collected;
mod control;
mod event;
mod incoming;
mod inflate;
mod keys;
mod limits;
mod options;
mod recv;
mod send;

pub use crate::side::Side;
pub use event::{Event, Received};
pub use options::{Info, Opt};
pub use send::Fragment;

use crate::deflate::compress::Compressor;
use crate::deflate::decompress::Decompressor;
use crate::frame::{FrameReader, MAX_CONTROL, Opcode};
use crate::inline_bytes::InlineBytes;
use crate::memory::{Allocator, Boxed, Buffer};
use closing::{Ours, Theirs};
use incoming::Incoming;
use keys::MaskingKeys;
use options::Options;

/// The most bytes that [`Conn::output`] writes: a pong and a close frame, both masked.
pub const MAX_OUTPUT: usize = (2 + 4 + MAX_CONTROL) + (2 + 4 + 2);

/// The public state of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Messages can be sent and received.
    Open,
    /// One side has sent its close frame.
    Closing,
    /// Both sides have sent their close frames.
    Closed,
    /// An error was returned.
    Failed,
}

/// The payload of a control frame.
type ControlPayload = InlineBytes<MAX_CONTROL>;

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

    // Receiving.
    theirs: Theirs,
    frames: FrameReader,
    incoming: Option<Incoming>,
    /// The part of `incoming` that was collected, or the message that the last call has lent.
    message: Buffer,
    /// The same for a control frame that arrives in parts.
    control: Option<Boxed<ControlPayload>>,
    /// The last call has lent `message` or `control`.
    lent: bool,
    decompressor: Decompressor,

    // Sending.
    ours: Ours,
    outgoing: Option<Outgoing>,
    /// The pong that waits for `output()`.
    pong: Option<Boxed<ControlPayload>>,
    compressor: Compressor,
    keys: MaskingKeys,
}

const _: () = assert!(size_of::<Conn>() <= 256 && align_of::<Conn>() <= 16);

impl Conn {
    /// A connection that is `side`. All of its memory is from `memory`.
    #[must_use]
    pub fn new(side: Side, memory: Allocator) -> Conn {
        let options = Options::new(side);
        Conn {
            options,
            theirs: Theirs::Open,
            frames: FrameReader::new(options.decode_flags()),
            incoming: None,
            message: Buffer::new(memory),
            control: None,
            lent: false,
            decompressor: Decompressor::default(),
            ours: Ours::Open,
            outgoing: None,
            pong: None,
            compressor: Compressor::default(),
            keys: MaskingKeys::default(),
        }
    }

    /// The allocator of its memory.
    #[must_use]
    pub fn allocator(&self) -> &Allocator {
        self.message.allocator()
    }

    /// The public state.
    #[must_use]
    pub fn state(&self) -> State {
        match (self.theirs, self.ours) {
            (Theirs::Failed(_), _) => State::Failed,
            (Theirs::Closed { .. }, Ours::Closed(_)) => State::Closed,
            (Theirs::Open | Theirs::Failing(_), Ours::Open) => State::Open,
            _ => State::Closing,
        }
    }
}
