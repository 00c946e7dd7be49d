//! A message while it arrives.

use crate::frame::Opcode;
use crate::utf8::Validator;

/// From its first frame to its last byte.
#[derive(Clone, Copy, Debug)]
pub(super) struct Incoming {
    pub(super) opcode: Opcode,
    /// Of a text that is to be checked.
    utf8: Option<Validator>,
    /// Bytes so far, decompressed.
    pub(super) len: u64,
    /// A piece of it was reported.
    pub(super) reported: bool,
    pub(super) coding: Coding,
    /// Of the part that is being decompressed: bytes that the next call's input starts with,
    /// unmasked already.
    pub(super) unread: usize,
}

/// How it is coded, and how far decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Plain,
    /// All that came is decompressed.
    Deflated,
    /// A part is being decompressed.
    Inflating {
        /// The message ends with it.
        last: bool,
    },
}

impl Incoming {
    pub(super) fn new(opcode: Opcode, check_utf8: bool) -> Incoming {
        let utf8 = (check_utf8 && opcode == Opcode::Text).then(Validator::default);
        Incoming {
            opcode,
            utf8,
            len: 0,
            reported: false,
            coding: Coding::Plain,
            unread: 0,
        }
    }

    pub(super) fn is_compressed(&self) -> bool {
        self.coding != Coding::Plain
    }

    /// Counts and checks the next bytes; if they are wrong, how many are right.
    pub(super) fn add(
        &mut self,
        bytes: &[u8],
        is_ascii: bool,
        last: bool,
    ) -> core::result::Result<(), usize> {
        self.len = self.len.saturating_add(bytes.len() as u64);
        let Some(utf8) = &mut self.utf8 else { return Ok(()) };
        if is_ascii && utf8.is_complete() {
            return Ok(());
        }
        utf8.push_until(bytes)?;
        if last && !utf8.is_complete() { Err(bytes.len()) } else { Ok(()) }
    }
}
