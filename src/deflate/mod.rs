//! permessage-deflate (RFC 7692): what two sides agree on, and the compression itself.
//!
//! [`negotiate`] reads and writes the parameters in the heads of the opening handshake.
//! [`compress`] and [`decompress`] turn messages into payloads and back; the deflate engine
//! under both is the crate `libz-rs-sys`, called from [`engine`] alone.

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

/// What was agreed on about one direction (RFC 7692, 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Direction {
    /// Each message is compressed for itself.
    pub no_context_takeover: bool,
    /// How far back a message may refer: a power of two, 8 to 15.
    pub window_bits: u8,
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
}

/// What two sides agree on, and how hard ours tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Params {
    /// From the server to the client.
    pub server: Direction,
    /// From the client to the server.
    pub client: Direction,
    /// 1 to 9.
    pub level: u8,
    /// 1 to 9.
    pub mem_level: u8,
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

/// How a stream is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// 1 to 9.
    pub level: u8,
    /// 1 to 9.
    pub mem_level: u8,
    /// 9 to 15; with 8 there are no back-references, which fit any window.
    pub window_bits: u8,
}

/// What a call did. `bytes` is what was written, at the start of the room for it.
#[derive(Debug)]
pub struct Run<'a> {
    /// How much of the input was taken.
    pub read: usize,
    /// What came out.
    pub bytes: &'a mut [u8],
    /// Why it stopped.
    pub stop: Stop,
}

/// Why a call stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The input was used up, or the room for the output.
    Used,
    /// A final block has ended.
    Final,
    /// The input is not deflate.
    Damaged,
}
