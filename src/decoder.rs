//! Decodes many frames per call, from input that may be split anywhere. The caller need not keep
//! any input for the next call.

use crate::error::{Error, Result};
use crate::frame::{Ascii, Chunk, DecodeFlags, FrameReader, Limits};
use core::mem::MaybeUninit;

/// The result of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fed {
    /// The number of chunks.
    pub chunks: usize,
    /// How many bytes of the buffer were consumed.
    pub consumed: usize,
}

/// The state between two calls. All zeros: at the start of a server's input.
///
/// It is in the caller's memory, so any bytes must be a valid one.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct Decoder {
    /// The longest payload that a frame may announce; 0: no limit.
    max_payload: u64,
    frames: FrameReader,
    /// The number of the error that ended the decoding; 0: none.
    error: i32,
    reserved: [u32; 5],
}

const _: () = assert!(size_of::<Decoder>() == 64);

impl Fed {
    fn add(&mut self, chunk: &Chunk) {
        self.consumed = chunk.off + chunk.len;
        self.chunks += 1;
    }
}

impl Decoder {
    /// `max_payload` is the longest payload that a frame may announce; 0: no limit.
    #[must_use]
    pub fn new(flags: DecodeFlags, max_payload: u64) -> Decoder {
        Decoder { max_payload, frames: FrameReader::new(flags), ..Decoder::default() }
    }

    /// A decoder that returns this error for any input.
    #[must_use]
    pub fn refusing(error: Error) -> Decoder {
        Decoder { error: error.code(), ..Decoder::default() }
    }

    /// Decodes frames until `buf` ends or `out` is full, and unmasks them in place. Chunks before
    /// an error are reported; the next call and every later one returns the error.
    pub fn feed<T: From<Chunk>>(
        &mut self,
        buf: &mut [u8],
        out: &mut [MaybeUninit<T>],
    ) -> Result<Fed> {
        Error::check_kept(self.error)?;
        let limits = match self.max_payload {
            0 => Limits::NONE,
            max => Limits::all(max),
        };
        let mut fed = Fed { chunks: 0, consumed: 0 };
        let ascii = Ascii::DoesNotMatter;
        for slot in out {
            if fed.consumed == buf.len() {
                break;
            }
            // Two calls of write(): merging the branches would send the chunk through memory.
            let whole = self.frames.whole_frame(buf, fed.consumed, limits, ascii);
            if let Some(chunk) = whole {
                fed.add(&chunk);
                slot.write(chunk.into());
                continue;
            }
            match self.frames.any_chunk(buf, fed.consumed, limits, ascii, |_| usize::MAX)
            {
                Ok(Some(chunk)) => {
                    fed.add(&chunk);
                    slot.write(chunk.into());
                }
                Ok(None) => {
                    fed.consumed = buf.len();
                    break;
                }
                Err(error) => {
                    self.error = error.code();
                    if fed.chunks == 0 {
                        return Err(error);
                    }
                    break;
                }
            }
        }
        Ok(fed)
    }

    /// Whether the stream may end here.
    pub fn finish(&self) -> Result<()> {
        Error::check_kept(self.error)?;
        if self.frames.is_between_messages() { Ok(()) } else { Err(Error::Eof) }
    }
}
