//! The results of receiving.

use crate::error::Error;
use crate::frame::Opcode;

/// A message, a part of one, or a control frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Where its bytes start: in the input, or in the connection's memory
    /// ([`Event::COLLECTED`]).
    pub off: usize,
    /// The number of its bytes.
    pub len: usize,
    /// The opcode of the message or of the control frame.
    pub opcode: Opcode,
    /// The flags below, and RSV1 to RSV3 as the message had them.
    pub flags: u16,
    /// The code of a close frame, whose bytes are the reason; else 0.
    pub close_code: u16,
}

impl Event {
    /// The message starts with this event.
    pub const FIRST: u16 = 0x1;
    /// The message ends with this event.
    pub const LAST: u16 = 0x2;
    /// The bytes are in the connection's memory, until the next call.
    pub const COLLECTED: u16 = 0x4;
    /// A frame ends with this event.
    pub const FRAME_END: u16 = 0x8;
    /// A whole message, or a control frame.
    pub(super) const WHOLE: u16 = Event::FIRST | Event::LAST | Event::FRAME_END;
}

/// The flag if it is set, else no flag.
pub(super) fn flag(flag: u16, set: bool) -> u16 {
    if set { flag } else { 0 }
}

/// The result of one call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// The number of events.
    pub events: usize,
    /// How many bytes of the input were consumed.
    pub consumed: usize,
}

/// One step over the input.
pub(super) enum Step {
    /// There is nothing to report yet, and there may be more input.
    Nothing,
    /// Reports an event; further ones may follow in this call.
    Event(Event),
    /// Reports an event, with which the call ends.
    Pause(Event),
    /// All of the input is consumed.
    EndOfInput,
}

/// An error of the peer, or a lack of memory.
pub(super) struct Fault {
    pub(super) error: Error,
    /// The valid data before it, which is reported first.
    pub(super) before: Option<Event>,
}

pub(super) type StepResult = core::result::Result<Step, Fault>;

impl From<Error> for Fault {
    fn from(error: Error) -> Fault {
        Fault { error, before: None }
    }
}
