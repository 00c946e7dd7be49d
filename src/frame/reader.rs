//! Reads frame after frame from input that may be split anywhere (RFC 6455, 5).

use super::MAX_HEADER;
use super::decode::{self, Ascii, Chunk, unmask};
use super::header::{self, DecodeFlags, Fragmentation, Header, Limits, Opcode};
use crate::error::{Error, Result};

/// Where in the frames a walk over them is. It knows no limit but what each step is told, and
/// goes nowhere after an error.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(crate) struct FrameReader {
    /// How much of the current frame's payload is done.
    payload_done: u64,
    /// The header of the current frame, as far as it came; none between two frames.
    header: [u8; MAX_HEADER],
    header_len: u8,
    /// The opcode of the message whose fragments arrive; 0 between two messages.
    message_opcode: u8,
    flags: u32,
    /// In place of padding, which would stay uninitialised.
    reserved: u32,
}

impl FrameReader {
    /// At the start.
    pub(crate) fn new(flags: DecodeFlags) -> FrameReader {
        FrameReader { flags: flags.bits(), ..FrameReader::default() }
    }

    pub(crate) fn is_between_messages(&self) -> bool {
        self.header_len == 0 && self.message_opcode == 0
    }

    /// From now on the frames are judged by these.
    pub(crate) fn set_rules(&mut self, flags: DecodeFlags) {
        self.flags = flags.bits();
    }

    fn flags(&self) -> Result<DecodeFlags> {
        DecodeFlags::from_bits(self.flags).ok_or(Error::InvalidArgument)
    }

    /// The length that was refused, if the walk has ended with [`Error::TooBig`].
    pub(crate) fn refused_len(&self) -> u64 {
        self.payload_done
    }

    /// A length is refused. The walk has ended, and needs its place no more.
    pub(crate) fn refuse(&mut self, len: u64) {
        self.payload_done = len;
    }

    fn fragmentation(&self) -> Fragmentation {
        if self.message_opcode == 0 {
            Fragmentation::BetweenMessages
        } else {
            Fragmentation::InMessage
        }
    }

    /// The chunk at `start`, if it is a whole frame without a fault: nearly all are.
    #[inline(always)]
    pub(crate) fn whole_frame(
        &mut self,
        buf: &mut [u8],
        start: usize,
        limits: Limits,
        ascii: Ascii,
    ) -> Option<Chunk> {
        if self.header_len != 0 {
            return None;
        }
        let (flags, fragmentation) = (self.flags().ok()?, self.fragmentation());
        let input = buf.get_mut(start..)?;
        let chunk = decode::whole_frame(input, flags, fragmentation, limits, ascii)?;
        // Most frames neither begin nor end anything: they are whole messages.
        let mut message_opcode = chunk.header.opcode as u8;
        if fragmentation != Fragmentation::BetweenMessages || !chunk.header.is_final() {
            message_opcode = self.message_opcode(&chunk.header);
            self.end_fragment(&chunk.header);
        }
        Some(Chunk { off: start.wrapping_add(chunk.off), message_opcode, ..chunk })
    }

    /// The chunk at `start`. None: the rest of `buf` is (a part of) a header, and done. The
    /// limits are those of a frame that starts here. After an error there is no next chunk.
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
        let input = buf.get(start..).unwrap_or_default();
        if input.is_empty() {
            return Ok(None);
        }
        let (header, taken) = match self.next_header(input, flags, limits) {
            Ok(Some(header)) => header,
            Ok(None) => return Ok(None),
            Err(error) => {
                if error == Error::TooBig {
                    self.refuse_frame(input);
                }
                return Err(error);
            }
        };
        let left = header.payload_len.saturating_sub(self.payload_done);
        let off = start.saturating_add(taken);
        let payload = buf.get_mut(off..).unwrap_or_default();
        let len = usize::try_from(left)
            .unwrap_or(usize::MAX)
            .min(payload.len())
            .min(most(&header));
        let payload = payload.get_mut(..len).unwrap_or_default();
        let is_ascii = unmask(payload, &header, self.payload_done, flags, ascii);
        let (pos, message_opcode) = (self.payload_done, self.message_opcode(&header));
        let chunk = Chunk { header, message_opcode, pos, off, len, is_ascii };
        if chunk.ends() {
            self.end_frame(&header);
        } else {
            self.keep_frame(buf.get(start..off).unwrap_or_default(), &chunk);
        }
        Ok(Some(chunk).filter(|chunk| len > 0 || chunk.ends()))
    }

    /// Masks again what of a chunk lies behind its first `used` bytes.
    #[cold]
    #[inline(never)]
    pub(crate) fn mask_again(&self, buf: &mut [u8], chunk: &Chunk, used: usize) {
        let Ok(flags) = self.flags() else { return };
        let payload = buf.get_mut(chunk.off..).unwrap_or_default();
        let payload = payload.get_mut(..chunk.len).unwrap_or_default();
        let rest = payload.get_mut(used..).unwrap_or_default();
        let pos = chunk.pos.saturating_add(used as u64);
        unmask(rest, &chunk.header, pos, flags, Ascii::DoesNotMatter);
    }

    /// Takes a chunk of data back but for its first `used` bytes, fewer than it has: they come
    /// again, as they came.
    #[cold]
    #[inline(never)]
    pub(crate) fn give_back(&mut self, buf: &mut [u8], chunk: &Chunk, used: usize) {
        self.mask_again(buf, chunk, used);
        self.payload_done = chunk.pos.saturating_add(used as u64);
        if self.header_len == 0 {
            // The frame had ended. Its header is what came right before the chunk, or still
            // here, if it came with an earlier call.
            let len = usize::from(chunk.header.len);
            match chunk.off.checked_sub(len).and_then(|from| buf.get(from..chunk.off)) {
                Some(header) if chunk.pos == 0 => self.collect_header(header),
                _ => self.header_len = chunk.header.len,
            }
            let continues = chunk.header.opcode == Opcode::Continuation;
            self.message_opcode = if continues { chunk.message_opcode } else { 0 };
        }
    }

    /// The header of the frame at hand, and how many bytes of `input` belong to it. None: it
    /// is not complete, and what came of it is kept.
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
        if self.header_len == 0 {
            if let Some(header) = parse(input)? {
                return Ok(Some((header, header.len.into())));
            }
        }
        let before = self.header_len;
        self.collect_header(input);
        let known =
            self.header.get(..self.header_len.into()).ok_or(Error::InvalidArgument)?;
        let Some(header) = parse(known)? else { return Ok(None) };
        self.header_len = header.len;
        Ok(Some((header, header.len.saturating_sub(before).into())))
    }

    /// Appends what there is room for.
    fn collect_header(&mut self, input: &[u8]) {
        let room =
            self.header.get_mut(usize::from(self.header_len)..).unwrap_or_default();
        for (to, from) in room.iter_mut().zip(input) {
            *to = *from;
            self.header_len = self.header_len.saturating_add(1);
        }
    }

    /// A frame that announces too much starts where the walk is: keeps its length.
    #[cold]
    #[inline(never)]
    fn refuse_frame(&mut self, input: &[u8]) {
        // next_header() has collected it only if a part of it came earlier.
        if self.header_len == 0 {
            self.collect_header(input);
        }
        self.refuse(header::announced_len(&self.header).unwrap_or(0));
    }

    /// The opcode of the message that a frame belongs to; of a control frame, its own.
    fn message_opcode(&self, header: &Header) -> u8 {
        match header.opcode {
            Opcode::Continuation => self.message_opcode,
            opcode => opcode as u8,
        }
    }

    fn end_frame(&mut self, header: &Header) {
        self.header_len = 0;
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

    fn keep_frame(&mut self, header: &[u8], chunk: &Chunk) {
        if self.header_len == 0 {
            self.collect_header(header);
        }
        self.payload_done = chunk.pos.saturating_add(chunk.len as u64);
    }
}
