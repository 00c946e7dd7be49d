//! The message that is arriving.

use super::Conn;
use super::options::Options;
use crate::frame::{Chunk, Header, Opcode};
use crate::utf8::Validator;

/// A message, from its first frame until its last byte.
#[derive(Clone, Copy, Debug)]
pub(super) struct Incoming {
    pub(super) opcode: Opcode,
    /// The reserved bits of its first frame that have a meaning to the application.
    pub(super) rsv: u8,
    /// None: it is not checked for UTF-8.
    utf8: Option<Validator>,
    /// The number of bytes so far, after decompression.
    pub(super) len: u64,
    /// The number of payload bytes so far, if it is compressed.
    pub(super) wire_len: u64,
    /// A part of it was reported.
    pub(super) reported: bool,
    pub(super) compressed: bool,
    /// The next payload byte is decompressed already: see [`Conn::inflate`].
    pub(super) held: bool,
}

impl Incoming {
    fn new(opcode: Opcode, rsv: u8, check_utf8: bool) -> Incoming {
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

    /// Counts and checks the next bytes of the message. An error is the number of bytes before the
    /// first invalid one.
    pub(super) fn add(
        &mut self,
        bytes: &[u8],
        is_ascii: bool,
        last: bool,
    ) -> core::result::Result<(), usize> {
        self.len += bytes.len() as u64;
        let Some(utf8) = &mut self.utf8 else { return Ok(()) };
        if is_ascii && utf8.is_complete() {
            return Ok(());
        }
        utf8.push_until(bytes)?;
        if last && !utf8.is_complete() { Err(bytes.len()) } else { Ok(()) }
    }
}

/// Which frames may be compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    /// None of them: there was no agreement.
    None,
    /// The first frame of a message, if it has RSV1.
    Agreed,
    /// All that continue the message that is arriving.
    OfThisMessage,
}

impl Compression {
    /// Whether a frame is part of a compressed message.
    pub(super) fn covers(self, header: &Header) -> bool {
        match self {
            _ if header.opcode.is_control() => false,
            Compression::None => false,
            Compression::Agreed => header.is_compressed(),
            Compression::OfThisMessage => true,
        }
    }
}

impl Conn {
    pub(super) fn compression(&self) -> Compression {
        match self.incoming {
            Some(message) if message.compressed => Compression::OfThisMessage,
            _ if self.options.pmd.is_some() => Compression::Agreed,
            _ => Compression::None,
        }
    }

    /// The message to which a chunk of data belongs; its first chunk starts it.
    pub(super) fn message_for(&mut self, chunk: &Chunk) -> &mut Incoming {
        let Options { check_utf8, allow_rsv, .. } = self.options;
        self.incoming.get_or_insert_with(|| {
            Incoming::new(chunk.header.opcode, chunk.header.rsv() & allow_rsv, check_utf8)
        })
    }
}
