//! From messages to compressed payloads (RFC 7692, 7.2.1).

use super::engine::Deflate;
use super::{Config, Direction, MIN_WINDOW_BITS, Params};
use crate::error::Result;
use crate::memory::Allocator;
use crate::output::Writer;
use core::mem::MaybeUninit;

/// What a flush ends with, and a message leaves out.
const MARKER_LEN: usize = 4;
/// An empty block that is not compressed, without its marker: what ends a message that has
/// nothing else to end it.
const EMPTY_BLOCK: [u8; 1] = [0x00];
/// The most that a block which is not compressed can hold.
const MAX_STORED: usize = 0xffff;
/// Of input in one call of the engine, which counts in 32 bits: twice as much fits, too.
const MAX_INPUT: usize = 1 << 30;

/// The most bytes that a payload of this length becomes, while it is being compressed.
///
/// The engine stores what it cannot compress, in blocks of 16 KiB or more unless its memory
/// level is low. Should it need more than this, we store the payload ourselves.
pub(crate) fn bound(len: usize) -> Option<usize> {
    let headers = (len / 16_383).checked_add(3)?.checked_mul(5)?;
    len.checked_add(headers)
}

/// A message, or a piece of one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part<'a> {
    pub(crate) payload: &'a [u8],
    /// The message starts with it.
    pub(crate) first: bool,
    /// The message ends with it.
    pub(crate) last: bool,
}

/// Compresses one direction of a connection.
#[derive(Debug, Default)]
pub(crate) struct Compressor {
    /// None while there is nothing to remember.
    engine: Option<Deflate>,
}

impl Compressor {
    /// Writes the payload of a frame at the start of `out`, which has room for [`bound`]
    /// bytes. Nothing changes if that fails, which is for want of memory.
    pub(crate) fn write<'a>(
        &mut self,
        part: &Part<'_>,
        params: &Params,
        direction: Direction,
        memory: &Allocator,
        out: &'a mut [MaybeUninit<u8>],
    ) -> Result<&'a mut [u8]> {
        let mut writer = Writer::new(out);
        if part.payload.is_empty() {
            if part.last {
                writer.push(&EMPTY_BLOCK);
            }
        } else {
            let engine = match &mut self.engine {
                Some(engine) => engine,
                none => {
                    let config = config(part, params, direction);
                    none.insert(Deflate::new(config, memory)?)
                }
            };
            if deflate(engine, part, &mut writer).is_none() {
                // Not reset: the engine (zlib-rs 0.6.8) would still believe the bytes that
                // found no room to be in its buffer, and panic when that is full.
                self.release();
                writer.clear();
                store(part, &mut writer);
            }
        }
        if part.last && direction.no_context_takeover {
            self.release();
        }
        Ok(writer.into_written())
    }

    /// Gives the memory back.
    pub(crate) fn release(&mut self) {
        if let Some(engine) = self.engine.take() {
            engine.release();
        }
    }
}

/// As large as the direction allows; or as small as suffices for a message that is compressed
/// whole and then forgotten.
fn config(part: &Part<'_>, params: &Params, direction: Direction) -> Config {
    let Params { level, mem_level, .. } = *params;
    let mut config = Config { level, mem_level, window_bits: direction.window_bits };
    if !(part.first && part.last && direction.no_context_takeover) {
        return config;
    }
    // The engine looks no further back than its window without the longest match.
    let reach = part.payload.len().saturating_add(262);
    let symbols = part.payload.len().saturating_add(1);
    while config.window_bits > MIN_WINDOW_BITS.saturating_add(1)
        && reach <= 1 << config.window_bits.saturating_sub(1)
    {
        config.window_bits = config.window_bits.saturating_sub(1);
    }
    while config.mem_level > 1 && symbols <= 32 << config.mem_level {
        config.mem_level = config.mem_level.saturating_sub(1);
    }
    config
}

/// None if there was not enough room for it.
fn deflate(engine: &mut Deflate, part: &Part<'_>, writer: &mut Writer<'_>) -> Option<()> {
    let mut rest = part.payload;
    while !rest.is_empty() {
        let (input, after) = rest.split_at_checked(MAX_INPUT).unwrap_or((rest, &[]));
        rest = after;
        let read = writer.fill(|room| {
            let run = engine.run(input, room, rest.is_empty());
            (run.bytes, run.read)
        });
        if read < input.len() || writer.room() == 0 {
            return None;
        }
    }
    if part.last {
        writer.shorten(MARKER_LEN);
    }
    Some(())
}

/// Writes blocks that are not compressed.
fn store(part: &Part<'_>, writer: &mut Writer<'_>) {
    for block in part.payload.chunks(MAX_STORED) {
        let len = u16::try_from(block.len()).unwrap_or_default();
        let ([a, b], [c, d]) = (len.to_le_bytes(), (!len).to_le_bytes());
        writer.push(&[0, a, b, c, d]);
        writer.push(block);
    }
    if part.last {
        writer.push(&EMPTY_BLOCK);
    }
}
