//! From messages to compressed payloads (RFC 7692, 7.2.1).

use super::engine::Deflate;
use super::{Config, Direction, Params};
use crate::error::Result;
use crate::memory::Allocator;
use crate::output::Writer;
use crate::side::Side;
use core::mem::MaybeUninit;

/// The length of 00 00 FF FF, with which a flush ends. A message is sent without it (7.2.1).
const MARKER_LEN: usize = 4;
/// An empty stored block without its marker. It ends a message whose last fragment adds no data.
const EMPTY_BLOCK: [u8; 1] = [0x00];
/// The longest stored block.
const MAX_STORED: usize = 0xffff;
/// The most input for one call of the engine, which counts in 32 bits.
const MAX_INPUT: usize = 1 << 30;
/// The highest memory level that is used.
///
/// In zlib, the level decides on the size of the hash table and of the buffer for the symbols of a
/// block. In zlib-rs it decides on the latter alone, and the engine clears all of that buffer after
/// each block, so after each message: 48 KiB at level 8, 12 KiB at level 6. Blocks of more than
/// 4,095 symbols make long messages at most 0.3 % shorter, and do nothing for others.
const MAX_MEM_LEVEL: u8 = 6;
/// The most symbols of a block at that level.
const MAX_SYMBOLS: usize = (64 << MAX_MEM_LEVEL) - 1;

/// The most bytes that a payload of this length needs while it is compressed. None: no buffer can
/// be that long.
///
/// The engine stores data that it cannot compress, in blocks of [`MAX_SYMBOLS`] bytes unless its
/// memory level is low. If it needs more room than this, [`store`] writes the payload instead.
pub(crate) fn bound(len: usize) -> Option<usize> {
    let headers = (len / MAX_SYMBOLS).checked_add(3)?.checked_mul(5)?;
    len.checked_add(headers)
}

/// A message, or a fragment of one, before compression.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Uncompressed<'a> {
    pub(crate) payload: &'a [u8],
    /// It is the first fragment.
    pub(crate) first: bool,
    /// It is the last fragment.
    pub(crate) last: bool,
}

/// Compresses the messages of one direction.
#[derive(Debug, Default)]
pub(crate) struct Compressor {
    /// None while no context has to be kept.
    engine: Option<Deflate>,
}

impl Compressor {
    /// Writes the payload of a frame that `side` sends to the start of `out`, which has room for
    /// [`bound`] bytes. Fails only if the engine gets no memory; then nothing has changed.
    pub(crate) fn write<'a>(
        &mut self,
        input: &Uncompressed<'_>,
        params: &Params,
        side: Side,
        memory: &Allocator,
        out: &'a mut [MaybeUninit<u8>],
    ) -> Result<&'a mut [u8]> {
        let direction = params.sent_by(side);
        let mut writer = Writer::new(out);
        if input.payload.is_empty() {
            if input.last {
                writer.push(&EMPTY_BLOCK);
            }
        } else {
            let engine = match &mut self.engine {
                Some(engine) => engine,
                none => {
                    let config = config(input, params, direction);
                    none.insert(Deflate::new(config, memory)?)
                }
            };
            if deflate(engine, input, &mut writer).is_none() {
                // A new engine, rather than a reset one: after a reset, zlib-rs 0.6.8 still counts
                // the bytes that found no room, and panics once its buffer is full.
                self.engine = None;
                writer.clear();
                store(input, &mut writer);
            }
        }
        if input.last && direction.no_context_takeover {
            self.engine = None;
        }
        Ok(writer.into_written())
    }
}

/// The engine's settings: as large a window as the direction allows, or as small a one as suffices
/// for a message that is compressed whole and leaves no context.
fn config(input: &Uncompressed<'_>, params: &Params, direction: Direction) -> Config {
    let mut config = Config {
        level: params.level,
        mem_level: params.mem_level.min(MAX_MEM_LEVEL),
        window_bits: direction.window_bits,
    };
    if !(input.first && input.last && direction.no_context_takeover) {
        return config;
    }
    // The engine looks back as far as its window less the longest match and some lookahead.
    let reach = input.payload.len() + 262;
    let symbols = input.payload.len() + 1;
    while reach <= 1 << (config.window_bits - 1) {
        config.window_bits -= 1;
    }
    while config.mem_level > 1 && symbols <= 32 << config.mem_level {
        config.mem_level -= 1;
    }
    config
}

/// Compresses with the engine. None if it needs more room than there is.
fn deflate(
    engine: &mut Deflate,
    uncompressed: &Uncompressed<'_>,
    writer: &mut Writer<'_>,
) -> Option<()> {
    let mut rest = uncompressed.payload;
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
    if uncompressed.last {
        writer.shorten(MARKER_LEN);
    }
    Some(())
}

/// Writes stored blocks.
fn store(uncompressed: &Uncompressed<'_>, writer: &mut Writer<'_>) {
    for block in uncompressed.payload.chunks(MAX_STORED) {
        // No block is longer than 16 bits can say.
        let len = u16::try_from(block.len()).unwrap_or(u16::MAX);
        let ([a, b], [c, d]) = (len.to_le_bytes(), (!len).to_le_bytes());
        writer.push(&[0, a, b, c, d]);
        writer.push(block);
    }
    if uncompressed.last {
        writer.push(&EMPTY_BLOCK);
    }
}
