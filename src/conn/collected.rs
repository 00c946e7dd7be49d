//! Events whose bytes are in the connection's memory, which it lends until the next call.

use super::Conn;
use super::event::{Event, flag};
use crate::frame::Opcode;

impl Conn {
    /// Lends the message that was collected, or the part of one.
    pub(super) fn lend_message(&mut self, last: bool, frame_end: bool) -> Event {
        self.lent = true;
        let (mut opcode, mut rsv, mut first) = (Opcode::Binary, 0, true);
        if let Some(message) = &mut self.incoming {
            (opcode, rsv) = (message.opcode, message.rsv);
            first = !core::mem::replace(&mut message.reported, true);
        }
        let flags = Event::COLLECTED
            | u16::from(rsv)
            | flag(Event::FIRST, first)
            | flag(Event::LAST, last)
            | flag(Event::FRAME_END, frame_end);
        Event { off: 0, len: self.message.bytes().len(), opcode, flags, close_code: 0 }
    }

    /// The bytes of an event with [`Event::COLLECTED`] that the last call has returned.
    #[must_use]
    pub fn collected(&self, opcode: Opcode, off: usize, len: usize) -> Option<&[u8]> {
        let bytes = if opcode.is_control() {
            self.control.as_ref()?.as_bytes()
        } else {
            self.message.bytes()
        };
        bytes.get(off..)?.get(..len).filter(|_| self.lent)
    }

    /// Takes back what the last call has lent.
    // Not inlined: most connections have never lent anything.
    #[inline(never)]
    pub(super) fn reclaim_lent(&mut self) {
        if core::mem::take(&mut self.lent) {
            self.control = None;
        }
        if self.options.stream {
            self.message.clear();
        }
        if self.incoming.is_none() {
            self.message.clear();
            if self.message.capacity() as u64 > self.options.keep_buffer {
                self.message.release();
            }
        }
    }
}
