//! The limits on messages and frames.
//!
//! A limit is enforced at the earliest byte that exceeds it:
//!
//! - A header that announces too much is refused by the frame reader, which is given
//!   [`limits`](Conn::limits) for each frame.
//! - A compressed message does not announce its length. It is refused at the first byte beyond
//!   [`remaining`](Conn::remaining), which is decompressed to see whether it exists.
//! - A limit that was lowered in the middle of a message applies to it:
//!   [`is_too_long`](Conn::is_too_long).
//!
//! Memory never grows beyond [`max_message`](Conn::max_message), and only for bytes that have
//! arrived.

use super::Conn;
use super::incoming::Compression;
use crate::error::Error;
use crate::frame::{Limits, MAX_PAYLOAD};

// The payload of a compressed message may have this many times the bytes of the limit, and some
// more: small fragments, each of them flushed, are several times as long as their content.
const WIRE_FACTOR: u64 = 16;
const WIRE_EXTRA: u64 = 65_536;

impl Conn {
    /// The most bytes that a message may have, after decompression.
    pub(super) fn max_message(&self) -> u64 {
        match self.options.max_message {
            0 => u64::MAX,
            max => max,
        }
    }

    /// The most bytes that the payload of a data frame may have.
    pub(super) fn max_frame(&self) -> u64 {
        match self.options.max_frame {
            0 => MAX_PAYLOAD,
            max => max,
        }
    }

    /// How many bytes the message that is arriving may still add.
    pub(super) fn remaining(&self) -> u64 {
        self.max_message().saturating_sub(self.incoming.map_or(0, |message| message.len))
    }

    /// How many payload bytes the compressed message that is arriving may still add.
    fn remaining_on_wire(&self) -> u64 {
        let max =
            self.max_message().saturating_mul(WIRE_FACTOR).saturating_add(WIRE_EXTRA);
        max.saturating_sub(self.incoming.map_or(0, |message| message.wire_len))
    }

    /// Whether the message that is arriving exceeds a limit that was lowered.
    pub(super) fn is_too_long(&self) -> bool {
        self.incoming.is_some_and(|message| message.len > self.max_message())
    }

    /// The longest payloads that the next frame may announce.
    #[inline]
    pub(super) fn limits(&self) -> Limits {
        let frame = self.max_frame();
        let plain = self.remaining().min(frame);
        let (data, compressed) = match self.compression() {
            Compression::None => (plain, plain),
            Compression::Agreed => (plain, self.remaining_on_wire().min(frame)),
            Compression::OfThisMessage if self.is_too_long() => (0, 0),
            // Its further frames do not have RSV1, so `data` is the limit on them.
            Compression::OfThisMessage => (self.remaining_on_wire().min(frame), plain),
        };
        Limits { data, compressed, ..Limits::NONE }
    }

    /// The message has exceeded its limit. Keeps its length for [`Info::Announced`](super::Info).
    #[cold]
    pub(super) fn too_big(&mut self) -> Error {
        let len = self.incoming.map_or(0, |message| message.len);
        self.frames.keep_refused_len(len.max(self.max_message().saturating_add(1)));
        Error::TooBig
    }

    /// A header was refused. If it announced too much, keeps the length that exceeds a limit: that
    /// of the frame, or that of the message with it.
    #[cold]
    pub(super) fn on_refused_header(&mut self) {
        let compressed = self.incoming.filter(|message| message.compressed);
        if compressed.is_some() && self.is_too_long() {
            self.too_big();
            return;
        }
        let frame = self.frames.refused_len();
        let before = match compressed {
            Some(message) => message.wire_len,
            None => self.incoming.map_or(0, |message| message.len),
        };
        if frame <= self.max_frame() {
            self.frames.keep_refused_len(frame.saturating_add(before));
        }
    }
}
