//! Frames (RFC 6455, 5): the header is judged byte by byte.

use crate::c::code;

/// What is valid here, apart from what the RFC says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// The reader is a server: the frames must be masked.
    pub(crate) server: bool,
    pub(crate) any_mask: bool,
    /// The reserved bits that are valid on the first frame of a message.
    pub(crate) first_rsv: u8,
    /// All reserved bits are valid on every data frame.
    pub(crate) any_rsv: bool,
    /// The longest payload of a data frame, and of one with RSV1.
    pub(crate) max_data: u64,
    pub(crate) max_rsv1: u64,
    pub(crate) max_control: u64,
}

impl Rules {
    /// The flags of ws_frame_decode() and ws_decoder_init().
    pub(crate) fn of_flags(flags: u32, max_payload: u64) -> Rules {
        let max = if max_payload == 0 { u64::MAX } else { max_payload };
        Rules {
            server: flags & 0x01 == 0,
            first_rsv: if flags & 0x02 != 0 { 0x40 } else { 0 },
            any_mask: flags & 0x04 != 0,
            any_rsv: flags & 0x10 != 0,
            max_data: max,
            max_rsv1: max,
            max_control: max,
        }
    }
}

/// Where a frame starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Unknown,
    BetweenMessages,
    InMessage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) first: u8,
    pub(crate) key: Option<[u8; 4]>,
    pub(crate) len: usize,
    pub(crate) payload_len: u64,
}

impl Header {
    pub(crate) fn opcode(self) -> u8 {
        self.first & 0x0f
    }

    pub(crate) fn is_final(self) -> bool {
        self.first & 0x80 != 0
    }

    pub(crate) fn is_control(self) -> bool {
        self.first & 0x08 != 0
    }

    /// The byte of the payload at this position (5.3).
    pub(crate) fn unmask(self, byte: u8, at: u64) -> u8 {
        self.key.map_or(byte, |key| byte ^ key[(at % 4) as usize])
    }
}

fn check_first(first: u8, rules: &Rules, place: Place) -> Result<(), isize> {
    let (opcode, rsv) = (first & 0x0f, first & 0x70);
    let is_data = opcode < 8;
    let valid_rsv = match opcode {
        0..=2 if rules.any_rsv => 0x70,
        1 | 2 => rules.first_rsv,
        _ => 0,
    };
    if rsv & !valid_rsv != 0 {
        return Err(code::RESERVED_BITS);
    }
    if ![0, 1, 2, 8, 9, 10].contains(&opcode) {
        return Err(code::OPCODE);
    }
    if !is_data && first & 0x80 == 0 {
        return Err(code::CONTROL_FRAME);
    }
    let out_of_order = match place {
        Place::Unknown => false,
        Place::BetweenMessages => opcode == 0,
        Place::InMessage => opcode == 1 || opcode == 2,
    };
    if out_of_order { Err(code::FRAGMENTATION) } else { Ok(()) }
}

/// The header at the start of `bytes`; None while it is incomplete.
pub(crate) fn read_header(
    bytes: &[u8],
    rules: &Rules,
    place: Place,
) -> Result<Option<Header>, isize> {
    let Some(&first) = bytes.first() else { return Ok(None) };
    check_first(first, rules, place)?;
    let Some(&second) = bytes.get(1) else { return Ok(None) };
    let (masked, short) = (second & 0x80 != 0, second & 0x7f);
    if masked != rules.server && !rules.any_mask {
        return Err(code::MASK);
    }
    let is_control = first & 0x08 != 0;
    if is_control && short > 125 {
        return Err(code::CONTROL_FRAME);
    }
    let digits = match short {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    let mut payload_len = if digits == 0 { u64::from(short) } else { 0 };
    for at in 0..digits {
        let Some(&byte) = bytes.get(2 + at) else { return Ok(None) };
        payload_len = payload_len << 8 | u64::from(byte);
        let too_short = match (digits, at) {
            (2, 1) => payload_len < 126,
            // Six zeros leave two bytes, which have a form of their own.
            (8, 5) => payload_len == 0,
            _ => false,
        };
        let top_bit = digits == 8 && at == 0 && byte & 0x80 != 0;
        if too_short || top_bit {
            return Err(code::LENGTH);
        }
    }
    let limit = match (is_control, first & 0x40 != 0) {
        (true, _) => rules.max_control,
        (false, true) => rules.max_rsv1,
        (false, false) => rules.max_data,
    };
    if payload_len > limit {
        return Err(code::TOO_BIG);
    }
    let mut len = 2 + digits;
    let mut key = None;
    if masked {
        let Some(bytes) = bytes.get(len..len + 4) else { return Ok(None) };
        key = Some([bytes[0], bytes[1], bytes[2], bytes[3]]);
        len += 4;
    }
    Ok(Some(Header { first, key, len, payload_len }))
}

/// A frame of a stream; the payload as far as it has arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) header: Header,
    pub(crate) message_opcode: u8,
    pub(crate) payload: Vec<u8>,
}

impl Frame {
    pub(crate) fn is_whole(&self) -> bool {
        self.payload.len() as u64 == self.header.payload_len
    }
}

/// How a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    BetweenMessages,
    /// In a frame or a message.
    Early,
    Error(isize),
}

/// The frame after a header, as far as it has arrived, and the bytes after it.
fn read_payload(header: Header, rest: &[u8], unmasks: bool) -> (Vec<u8>, &[u8]) {
    let arrived = header.payload_len.min(rest.len() as u64) as usize;
    let (payload, rest) = rest.split_at(arrived);
    let unmask = |(at, byte): (usize, &u8)| {
        if unmasks { header.unmask(*byte, at as u64) } else { *byte }
    };
    (payload.iter().enumerate().map(unmask).collect(), rest)
}

/// The frames that one side has written, with whatever reserved bits: whole ones, perhaps from the
/// middle of a message.
pub(crate) fn read_written(side: u32, bytes: &[u8]) -> Vec<Frame> {
    let rules = Rules { any_rsv: true, ..Rules::of_flags(1 - side, 0) };
    let (mut rest, mut frames) = (bytes, Vec::new());
    while !rest.is_empty() {
        let header = read_header(rest, &rules, Place::Unknown).expect("a valid header");
        let header = header.expect("a whole header");
        let (payload, after) = read_payload(header, &rest[header.len..], true);
        let frame = Frame { header, message_opcode: header.opcode(), payload };
        assert!(frame.is_whole(), "a part of a frame");
        frames.push(frame);
        rest = after;
    }
    frames
}

/// All frames of a stream. The last may lack a part of its payload.
pub(crate) fn read_all(stream: &[u8], rules: &Rules, unmasks: bool) -> (Vec<Frame>, End) {
    let (mut rest, mut frames, mut open) = (stream, Vec::new(), 0);
    while !rest.is_empty() {
        let place = if open == 0 { Place::BetweenMessages } else { Place::InMessage };
        let header = match read_header(rest, rules, place) {
            Ok(Some(header)) => header,
            Ok(None) => return (frames, End::Early),
            Err(error) => return (frames, End::Error(error)),
        };
        let (payload, after) = read_payload(header, &rest[header.len..], unmasks);
        let message_opcode = if header.opcode() == 0 { open } else { header.opcode() };
        if !header.is_control() {
            open = if header.is_final() { 0 } else { message_opcode };
        }
        frames.push(Frame { header, message_opcode, payload });
        if frames.last().is_some_and(|frame| !frame.is_whole()) {
            return (frames, End::Early);
        }
        rest = after;
    }
    (frames, if open == 0 { End::BetweenMessages } else { End::Early })
}
