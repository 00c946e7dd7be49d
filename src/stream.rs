//! Many frames per call, cut anywhere: the state between two calls, and the walk over a
//! buffer. Nothing of the input needs to be kept for the next call.

use crate::error::{Error, Result};
use crate::frame::{
    self, Ascii, Chunk, Header, Limits, MAX_HEADER, Opcode, Place, Rules, unmask,
};
use core::mem::MaybeUninit;

/// What one call did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fed {
    /// How many chunks were reported.
    pub chunks: usize,
    /// How many bytes of the buffer are done.
    pub consumed: usize,
}

/// Where in the stream the last call stopped. All zero: at the start of a server's.
///
/// It lies in the caller's memory, so any bytes at all must be a valid one.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct Decoder {
    /// 0: no limit.
    max_payload: u64,
    walk: Walk,
    /// Number of the error that stopped it; 0: none.
    error: i32,
    reserved: [u32; 5],
}

const _: () = assert!(size_of::<Decoder>() == 64);

/// Where in the frames a walk over them is. It knows no limit but what each step is told, and
/// goes nowhere after an error.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(crate) struct Walk {
    /// How much of the current frame's payload is done.
    payload_done: u64,
    /// The header of the current frame, as far as it came; none between two frames.
    header: [u8; MAX_HEADER],
    header_len: u8,
    /// The opcode of the message whose fragments arrive; 0 between two messages.
    message_opcode: u8,
    rules: u32,
    /// In place of padding, which would stay uninitialised.
    reserved: u32,
}

impl Fed {
    #[inline(always)]
    fn add(&mut self, chunk: &Chunk) {
        self.consumed = chunk.off.wrapping_add(chunk.len);
        self.chunks = self.chunks.wrapping_add(1);
    }
}

impl Decoder {
    /// `max_payload`: frames that announce more are refused; 0 for no limit.
    #[must_use]
    pub fn new(rules: Rules, max_payload: u64) -> Decoder {
        Decoder { max_payload, walk: Walk::new(rules), ..Decoder::default() }
    }

    /// Refuses all input with this error.
    #[must_use]
    pub fn refusing(error: Error) -> Decoder {
        Decoder { error: error.code(), ..Decoder::default() }
    }

    /// Decodes frames until `buf` ends or `out` is full; unmasks in place. Chunks before an
    /// error are reported; the next call and every later one returns the error.
    pub fn feed<T: From<Chunk>>(
        &mut self,
        buf: &mut [u8],
        out: &mut [MaybeUninit<T>],
    ) -> Result<Fed> {
        self.check()?;
        let limits = match self.max_payload {
            0 => Limits::NONE,
            max => Limits::all(max),
        };
        let mut fed = Fed { chunks: 0, consumed: 0 };
        let ascii = Ascii::DoesNotMatter;
        for slot in out {
            // Each kind is written where it comes from: put together first, they would go
            // through memory.
            let whole = self.walk.whole_frame(buf, fed.consumed, limits, ascii);
            if let Some(chunk) = whole {
                fed.add(&chunk);
                slot.write(chunk.into());
                continue;
            }
            match self.walk.any_chunk(buf, fed.consumed, limits, ascii, |_| usize::MAX) {
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
        self.check()?;
        if self.walk.is_between_messages() { Ok(()) } else { Err(Error::Eof) }
    }

    fn check(&self) -> Result<()> {
        match self.error {
            0 => Ok(()),
            code => Err(Error::from_code(code).unwrap_or(Error::InvalidArgument)),
        }
    }
}

impl Walk {
    /// At the start.
    pub(crate) fn new(rules: Rules) -> Walk {
        Walk { rules: rules.bits(), ..Walk::default() }
    }

    fn is_between_messages(&self) -> bool {
        self.header_len == 0 && self.message_opcode == 0
    }

    /// From now on the frames are judged by these.
    pub(crate) fn set_rules(&mut self, rules: Rules) {
        self.rules = rules.bits();
    }

    fn rules(&self) -> Result<Rules> {
        Rules::from_bits(self.rules).ok_or(Error::InvalidArgument)
    }

    /// The length that was refused, if the walk has ended with [`Error::TooBig`].
    pub(crate) fn refused_len(&self) -> u64 {
        self.payload_done
    }

    /// A length is refused. The walk has ended, and needs its place no more.
    pub(crate) fn refuse(&mut self, len: u64) {
        self.payload_done = len;
    }

    fn place(&self) -> Place {
        if self.message_opcode == 0 { Place::BetweenMessages } else { Place::InMessage }
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
        let (rules, place) = (self.rules().ok()?, self.place());
        let input = buf.get_mut(start..)?;
        let chunk = frame::whole_frame(input, rules, place, limits, ascii)?;
        // Most frames neither begin nor end anything: they are whole messages.
        let mut message_opcode = chunk.header.opcode as u8;
        if place != Place::BetweenMessages || !chunk.header.is_final() {
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
        let rules = self.rules()?;
        let input = buf.get(start..).unwrap_or_default();
        if input.is_empty() {
            return Ok(None);
        }
        let (header, taken) = match self.next_header(input, rules, limits) {
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
        let is_ascii = unmask(payload, &header, self.payload_done, rules, ascii);
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
        let Ok(rules) = self.rules() else { return };
        let payload = buf.get_mut(chunk.off..).unwrap_or_default();
        let payload = payload.get_mut(..chunk.len).unwrap_or_default();
        let rest = payload.get_mut(used..).unwrap_or_default();
        let pos = chunk.pos.saturating_add(used as u64);
        unmask(rest, &chunk.header, pos, rules, Ascii::DoesNotMatter);
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
        rules: Rules,
        limits: Limits,
    ) -> Result<Option<(Header, usize)>> {
        let place = self.place();
        let limits = if self.payload_done > 0 { Limits::NONE } else { limits };
        let parse = |bytes: &[u8]| Header::parse(bytes, rules, place, limits);
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
        self.refuse(frame::announced_len(&self.header).unwrap_or(0));
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
