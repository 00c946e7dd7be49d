//! permessage-deflate (RFC 7692): the parameters, and the compression itself. The negotiation of
//! the parameters is in [`handshake::pmd`](crate::handshake::pmd).
//!
//! [`compress`] turns messages into the payloads of frames, and [`decompress`] does the reverse.
//! Both call the deflate engine through [`engine`]. [`pmd`] combines them for callers without a
//! connection.

pub mod compress;
pub mod decompress;
#[cfg_attr(not(feature = "deflate"), path = "no_engine.rs")]
pub mod engine;
pub mod pmd;

use crate::error::{Error, Result};
use crate::side::Side;

/// The widest window, 32 KiB.
pub const MAX_WINDOW_BITS: u8 = 15;
/// The narrowest window, 256 bytes.
pub const MIN_WINDOW_BITS: u8 = 8;

/// The agreed parameters of one direction (RFC 7692, 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Direction {
    /// Each message is compressed independently of earlier ones.
    pub(crate) no_context_takeover: bool,
    /// The base-2 logarithm of the window, 8 to 15: how far back compressed data may refer.
    pub(crate) window_bits: u8,
}

impl Direction {
    /// Fails if the window is out of range.
    pub fn new(no_context_takeover: bool, window_bits: u8) -> Result<Direction> {
        match window_bits {
            MIN_WINDOW_BITS..=MAX_WINDOW_BITS => {
                Ok(Direction { no_context_takeover, window_bits })
            }
            _ => Err(Error::InvalidArgument),
        }
    }

    /// Whether each message is compressed independently of earlier ones.
    #[must_use]
    pub const fn no_context_takeover(&self) -> bool {
        self.no_context_takeover
    }

    /// The base-2 logarithm of the window, 8 to 15.
    #[must_use]
    pub const fn window_bits(&self) -> u8 {
        self.window_bits
    }
}

/// The agreed parameters of both directions, and our settings for compressing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Params {
    /// Messages from the server to the client.
    pub(crate) server: Direction,
    /// Messages from the client to the server.
    pub(crate) client: Direction,
    /// zlib's compression level, 1 to 9.
    pub(crate) level: u8,
    /// zlib's memory level, 1 to 9.
    pub(crate) mem_level: u8,
}

impl Params {
    /// Fails if a level is out of range.
    pub fn new(
        server: Direction,
        client: Direction,
        level: u8,
        mem_level: u8,
    ) -> Result<Params> {
        match (level, mem_level) {
            (1..=9, 1..=9) => Ok(Params { server, client, level, mem_level }),
            _ => Err(Error::InvalidArgument),
        }
    }

    /// The direction of messages that `side` sends.
    #[must_use]
    pub const fn sent_by(&self, side: Side) -> Direction {
        match side {
            Side::Server => self.server,
            Side::Client => self.client,
        }
    }

    /// The direction of messages that `side` receives.
    #[must_use]
    pub const fn received_by(&self, side: Side) -> Direction {
        match side {
            Side::Server => self.client,
            Side::Client => self.server,
        }
    }
}

/// The engine's settings for compressing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// zlib's compression level, 1 to 9.
    pub level: u8,
    /// zlib's memory level, 1 to 9.
    pub mem_level: u8,
    /// 8 to 15. The engine has no window of 256 bytes: with 8 it makes no back-references, which is
    /// valid for any window.
    pub window_bits: u8,
}

/// The result of one call of the engine.
#[derive(Debug)]
pub struct Run<'a> {
    /// How many bytes of the input were consumed.
    pub read: usize,
    /// The output, at the start of the room for it.
    pub bytes: &'a mut [u8],
    /// Why the call stopped.
    pub stop: Stop,
}

/// Why a call of the engine stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The input is used up, or the room for the output.
    Exhausted,
    /// The final block has ended.
    Final,
    /// The input is not valid deflate data.
    Damaged,
}
