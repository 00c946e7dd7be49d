//! Reads frame after frame from input that may be split anywhere (RFC 6455, 5).

use super::decode::{self, unmask};
use super::header;
use super::{
    Ascii, Chunk, DecodeFlags, Fragmentation, Header, Limits, MAX_HEADER, Opcode,
};
use crate::cut::Cut;
use crate::error::{Error, Result};
use crate::inline_bytes::InlineBytes;

/// What is kept between two calls. The reader is in one of three states:
///
/// | the reader is     | `header`                   | `payload_done`                     |
/// |-------------------|----------------------------|------------------------------------|
/// | between frames    | empty                      | 0                                  |
/// | in a header       | its first bytes            | 0                                  |
/// | in a payload      | the complete header        | how much of the payload was read   |
///
/// After an error the reader must not be used any more, except for the length that was refused.
///
/// A [`Decoder`](crate::decoder::Decoder) in the caller's memory contains one, so any bytes must be
/// a valid reader. Bytes that are in no state of the table give meaningless positions, which
/// saturate.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(crate) struct FrameReader {
    payload_done: u64,
    header: InlineBytes<MAX_HEADER>,
    /// The opcode of the message whose fragments arrive; 0 between two messages.
    message_opcode: u8,
    flags: u32,
    /// Instead of padding, which could be uninitialised.
    reserved: u32,
}

impl FrameReader {
    /// A reader at the start of a stream.
    pub(crate) fn new(flags: DecodeFlags) -> FrameReader {
        FrameReader { flags: flags.bits(), ..FrameReader::default() }
    }

    /// Judges the following frames by these flags.
    pub(crate) fn set_flags(&mut self, flags: DecodeFlags) {
        self.flags = flags.bits();
    }

    fn flags(&self) -> Result<DecodeFlags> {
        DecodeFlags::from_bits(self.flags).ok_or(Error::InvalidArgument)
    }

    pub(crate) fn is_between_messages(&self) -> bool {
        self.header.is_empty() && self.message_opcode == 0
    }

    /// The length that was refused, after [`Error::TooBig`].
    pub(crate) fn refused_len(&self) -> u64 {
        self.payload_done
    }

    /// Keeps the length that was refused. Nothing is read after this, so `payload_done` is free for
    /// it.
    pub(crate) fn keep_refused_len(&mut self, len: u64) {
        self.payload_done = len;
    }

    fn fragmentation(&self) -> Fragmentation {
        match self.message_opcode {
            0 => Fragmentation::BetweenMessages,
            _ => Fragmentation::InMessage,
        }
    }

    /// Reads the frame at `start`, if it is whole and valid, as nearly all are.
    // Inlined into the loop over frames, where its result stays in registers.
    #[inline(always)]
    pub(crate) fn whole_frame(
        &mut self,
        buf: &mut [u8],
        start: usize,
        limits: Limits,
        ascii: Ascii,
    ) -> Option<Chunk> {
        if !self.header.is_empty() {
            return None;
        }
        let (flags, fragmentation) = (self.flags().ok()?, self.fragmentation());
        let input = buf.get_mut(start..)?;
        let opcode = Header::opcode_if_valid(input, flags, fragmentation)?;
        let chunk = decode::whole_frame(opcode, input, flags, limits, ascii)?;
        // Most frames are whole messages, and change nothing here.
        let mut message_opcode = chunk.header.opcode as u8;
        if fragmentation != Fragmentation::BetweenMessages || !chunk.header.is_final() {
            message_opcode = self.message_opcode(&chunk.header);
            self.end_fragment(&chunk.header);
        }
        Some(Chunk { off: start + chunk.off, message_opcode, ..chunk })
    }

    /// Reads the message at `start`, if it is whole and valid, in one frame and without reserved
    /// bits, as nearly all are. This changes nothing here.
    // Inlined into the loop over messages, where its result stays in registers.
    #[inline(always)]
    pub(crate) fn whole_message(
        &self,
        buf: &mut [u8],
        start: usize,
        limits: Limits,
    ) -> Option<Chunk> {
        if !self.is_between_messages() {
            return None;
        }
        let (flags, input) = (self.flags().ok()?, buf.get_mut(start..)?);
        let opcode = Header::opcode_of_message(input)?;
        let chunk = decode::whole_frame(opcode, input, flags, limits, Ascii::Matters)?;
        Some(Chunk { off: start + chunk.off, ..chunk })
    }

    /// Undoes the reading of the message at `start`: masking is its own inverse. (The loop over
    /// messages need not keep the masking key for this.)
    #[cold]
    #[inline(never)]
    pub(crate) fn mask_message_again(
        &self,
        buf: &mut [u8],
        start: usize,
        limits: Limits,
    ) {
        self.whole_message(buf, start, limits);
    }

    /// Reads the chunk at `start`, at most as many bytes of its payload as `most` returns. None:
    /// the rest of `buf` is consumed, and ends in or right after a header. `limits` are those of a
    /// frame that starts here.
    // Not inlined: the fast path above would have to save registers for it.
    #[inline(never)]
    pub(crate) fn any_chunk(
        &mut self,
        buf: &mut [u8],
        start: usize,
        limits: Limits,
        ascii: Ascii,
        most: impl FnOnce(&Header) -> usize,
    ) -> Result<Option<Chunk>> {
        let flags = self.flags()?;
        let input = buf.after(start);
        if input.is_empty() {
            return Ok(None);
        }
        let (header, header_part) = match self.next_header(input, flags, limits) {
            Ok(Some(header)) => header,
            Ok(None) => return Ok(None),
            Err(error) => {
                if error == Error::TooBig {
                    self.refuse_frame(input);
                }
                return Err(error);
            }
        };
        let off = start + header_part;
        let payload = buf.after_mut(off);
        let left = header.payload_len.saturating_sub(self.payload_done);
        let len = usize::try_from(left)
            .unwrap_or(usize::MAX)
            .min(payload.len())
            .min(most(&header));
        let pos = self.payload_done;
        let is_ascii = unmask(payload.until_mut(len), &header, pos, flags, ascii);
        let message_opcode = self.message_opcode(&header);
        let chunk = Chunk { header, message_opcode, pos, off, len, is_ascii };
        if chunk.ends() {
            self.end_frame(&header);
        } else {
            if self.header.is_empty() {
                self.header.push(input_header(buf, start, off));
            }
            self.payload_done = pos.saturating_add(len as u64);
        }
        Ok(Some(chunk).filter(|chunk| len > 0 || chunk.ends()))
    }

    /// Masks a chunk again, except for its first `used` bytes: the rest is as it arrived.
    #[cold]
    pub(crate) fn mask_again(&self, buf: &mut [u8], chunk: &Chunk, used: usize) {
        let Ok(flags) = self.flags() else { return };
        let rest = buf.after_mut(chunk.off).until_mut(chunk.len).after_mut(used);
        let pos = chunk.pos + used as u64;
        unmask(rest, &chunk.header, pos, flags, Ascii::DoesNotMatter);
    }

    /// Undoes the reading of a chunk of data, except for its first `used` bytes, which are fewer
    /// than it has: the rest is as it arrived, and is read again.
    #[cold]
    pub(crate) fn unread(&mut self, buf: &mut [u8], chunk: &Chunk, used: usize) {
        self.mask_again(buf, chunk, used);
        self.payload_done = chunk.pos + used as u64;
        if self.header.is_empty() {
            // The frame had ended. Its header is before the chunk, if it came with this call.
            // Otherwise its bytes are still in `self.header`, which has only been cleared.
            let len = usize::from(chunk.header.len);
            match chunk.off.checked_sub(len) {
                Some(start) if chunk.pos == 0 => {
                    self.header.push(input_header(buf, start, chunk.off));
                }
                _ => self.header.restore(chunk.header.len),
            }
            let continues = chunk.header.opcode == Opcode::Continuation;
            self.message_opcode = if continues { chunk.message_opcode } else { 0 };
        }
    }

    /// The header of the current frame, and how many bytes of it are in `input`. None: it is
    /// incomplete, and its bytes are kept.
    #[inline]
    fn next_header(
        &mut self,
        input: &[u8],
        flags: DecodeFlags,
        limits: Limits,
    ) -> Result<Option<(Header, usize)>> {
        let fragmentation = self.fragmentation();
        let limits = if self.payload_done > 0 { Limits::NONE } else { limits };
        let parse = |bytes: &[u8]| Header::parse(bytes, flags, fragmentation, limits);
        if self.header.is_empty() {
            if let Some(header) = parse(input)? {
                return Ok(Some((header, header.len.into())));
            }
        }
        let before = self.header.len();
        self.header.push(input);
        let Some(header) = parse(self.header.as_bytes())? else { return Ok(None) };
        let len = usize::from(header.len);
        self.header.truncate(len);
        Ok(Some((header, len.saturating_sub(before))))
    }

    /// Keeps the length that the frame at hand announces, which is too long.
    #[cold]
    fn refuse_frame(&mut self, input: &[u8]) {
        // next_header() has kept the header only if a part of it came with an earlier call.
        if self.header.is_empty() {
            self.header.push(input);
        }
        self.keep_refused_len(header::announced_len(self.header.as_bytes()).unwrap_or(0));
    }

    /// The opcode of the message to which a frame belongs; for a control frame, its own.
    fn message_opcode(&self, header: &Header) -> u8 {
        match header.opcode {
            Opcode::Continuation => self.message_opcode,
            opcode => opcode as u8,
        }
    }

    fn end_frame(&mut self, header: &Header) {
        self.header.clear();
        self.payload_done = 0;
        self.end_fragment(header);
    }

    /// Keeps which message the next frame may continue.
    fn end_fragment(&mut self, header: &Header) {
        if !header.opcode.is_control() {
            let opcode = self.message_opcode(header);
            self.message_opcode = if header.is_final() { 0 } else { opcode };
        }
    }
}

/// The bytes of a header in the input.
fn input_header(buf: &[u8], start: usize, end: usize) -> &[u8] {
    buf.until(end).after(start)
}
