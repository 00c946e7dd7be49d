//! A message while it arrives.

use crate::frame::Opcode;
use crate::utf8::Validator;

/// From its first frame to its last byte.
#[derive(Clone, Copy, Debug)]
pub(super) struct Incoming {
    pub(super) opcode: Opcode,
    /// The reserved bits that it came with, which the application gives a meaning.
    pub(super) rsv: u8,
    /// Of a text that is to be checked.
    utf8: Option<Validator>,
    /// Bytes so far, decompressed.
    pub(super) len: u64,
    /// Bytes of its payload so far, if it is compressed.
    pub(super) wire_len: u64,
    /// A piece of it was reported.
    pub(super) reported: bool,
    pub(super) compressed: bool,
    /// The next byte of it was decompressed already, and is there to say that more is to come.
    pub(super) held: bool,
}

impl Incoming {
    pub(super) fn new(opcode: Opcode, rsv: u8, check_utf8: bool) -> Incoming {
        let check_utf8 = check_utf8 && rsv == 0 && opcode == Opcode::Text;
        let utf8 = check_utf8.then(Validator::default);
        Incoming {
            opcode,
            rsv,
            utf8,
            len: 0,
            wire_len: 0,
            reported: false,
            compressed: false,
            held: false,
        }
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
