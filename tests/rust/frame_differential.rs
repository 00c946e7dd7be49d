//! Streams read by tungstenite too: the same messages, and an error where it reports one. A table
//! explains where it is more lenient or reports another of several faults.

use crate::c::{self, BEGIN, END, FIN, WS_CLIENT, WS_SERVER, code};
use crate::rng::{Rng, count};
use crate::wire::{Form, header_in};
use std::io::{Read, Result as IoResult, Write};
use tungstenite::Message;
use tungstenite::error::{CapacityError, Error, ProtocolError};
use tungstenite::protocol::{Role, WebSocket, WebSocketConfig};
use wscodec::ffi::frame::ws_frame;

/// A message or a control frame.
pub(crate) type Event = (u8, Vec<u8>);

pub(crate) const MAX_PAYLOAD: usize = 1000;

/// A few frames, mostly valid, sometimes with one fault.
pub(crate) fn random_stream(rng: &mut Rng) -> Vec<u8> {
    let masked = rng.once_in(2);
    let mut bytes = Vec::new();
    let mut in_message = false;
    for _ in 0..=rng.below(6) {
        let frame = random_frame(rng, masked, &mut in_message);
        bytes.extend(frame);
    }
    match rng.below(8) {
        0 => bytes.truncate(rng.below(bytes.len() + 1)),
        1 => {
            let at = rng.below(bytes.len());
            bytes[at] ^= 1 << rng.below(8);
        }
        2 => {
            let at = rng.below(bytes.len());
            bytes[at] = rng.byte();
        }
        3 => {
            let at = rng.below(bytes.len());
            bytes.remove(at);
        }
        _ => {}
    }
    bytes
}

/// Mostly valid at its position.
fn random_frame(rng: &mut Rng, masked: bool, in_message: &mut bool) -> Vec<u8> {
    let fin = if rng.once_in(3) { 0 } else { 0x80 };
    let data = 1 + rng.byte() % 2;
    let mut first = match (rng.below(10), *in_message) {
        (0..=2, _) => 0x80 | rng.pick(&[9, 9, 10, 8]),
        (_, true) => fin,
        (_, false) => fin | data,
    };
    if first & 0x08 == 0 {
        *in_message = first & 0x80 == 0;
    }
    if rng.once_in(20) {
        first = rng.byte();
    }
    let len = *rng.pick(&[0, 1, 2, 3, 5, 8, 20, 125, 126, 200]);
    let len = if first & 0x08 != 0 && !rng.once_in(20) { len.min(125) } else { len };
    let form = if rng.once_in(30) {
        if len < 126 {
            *rng.pick(&[Form::Short, Form::Two, Form::Eight])
        } else {
            Form::Two
        }
    } else {
        Form::minimal(len)
    };
    let masked = masked != rng.once_in(40);
    let key = masked.then(|| [rng.byte(), rng.byte(), rng.byte(), rng.byte()]);
    let announced = if rng.once_in(60) { 1001 + rng.next() % 9000 } else { len };
    let form = if announced == len { form } else { Form::minimal(announced) };
    let mut bytes = header_in(form, first, key, announced);
    let letters = rng.once_in(2);
    let payload: Vec<u8> = (0..len)
        .map(|_| if letters { b'a' + rng.byte() % 26 } else { rng.byte() })
        .collect();
    bytes.extend(crate::wire::masked(&payload, key.unwrap_or_default()));
    bytes
}

/// How a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    End,
    Close,
    Fault(isize),
}

/// Messages, put together from chunks.
#[derive(Default)]
struct Reader {
    events: Vec<Event>,
    message: Event,
    control: Vec<u8>,
}

impl Reader {
    /// Reads a chunk. A close or invalid text is the end, as for tungstenite.
    fn read_chunk(&mut self, frame: &ws_frame, chunk: &[u8]) -> Option<Outcome> {
        let ended = frame.flags & END != 0;
        if frame.opcode >= 8 {
            self.control.extend(chunk);
            if ended {
                self.events.push((frame.opcode, core::mem::take(&mut self.control)));
            }
            return (ended && frame.opcode == 8).then(|| {
                self.events.pop();
                Outcome::Close
            });
        }
        if frame.opcode != 0 && frame.flags & BEGIN != 0 {
            self.message = (frame.opcode, Vec::new());
        }
        self.message.1.extend(chunk);
        if ended && self.message.0 == 1 && is_invalid_text(&self.message.1, frame.flags) {
            return Some(Outcome::Fault(code::UTF8));
        }
        if ended && frame.flags & FIN != 0 {
            self.events.push(core::mem::take(&mut self.message));
        }
        None
    }
}

/// Our messages, how the stream ended, and the position of the frame that ended it.
fn ours(stream: &[u8], flags: u32) -> (Vec<Event>, Outcome, usize) {
    let mut decoder = c::decoder(flags, MAX_PAYLOAD as u64);
    let (mut buf, mut start) = (stream.to_vec(), 0);
    let mut reader = Reader::default();
    loop {
        let (frames, consumed) = match c::feed(&mut decoder, &mut buf[start..], 4) {
            Ok((frames, _)) if frames.is_empty() => {
                return (reader.events, Outcome::End, start);
            }
            Ok(fed) => fed,
            Err(error) => return (reader.events, Outcome::Fault(error), start),
        };
        for frame in frames {
            let from = start + frame.chunk_off as usize;
            let chunk = &buf[from..from + frame.chunk_len as usize];
            if let Some(outcome) = reader.read_chunk(&frame, chunk) {
                return (reader.events, outcome, start);
            }
        }
        assert!(consumed > 0, "frames out of nothing");
        start += consumed;
    }
}

/// Whether a text is invalid so far; tungstenite validates it frame by frame.
fn is_invalid_text(text: &[u8], flags: u8) -> bool {
    let fault = std::str::from_utf8(text).err();
    fault.is_some_and(|fault| flags & FIN != 0 || fault.error_len().is_some())
}

/// Reads from a slice, and discards output.
pub(crate) struct Pipe<'a>(pub(crate) &'a [u8]);

impl Read for Pipe<'_> {
    fn read(&mut self, buf: &mut [u8]) -> IoResult<usize> {
        self.0.read(buf)
    }
}

impl Write for Pipe<'_> {
    fn write(&mut self, buf: &[u8]) -> IoResult<usize> {
        Ok(buf.len())
    }

    fn flush(&mut self) -> IoResult<()> {
        Ok(())
    }
}

pub(crate) fn number(error: &Error) -> Outcome {
    Outcome::Fault(match error {
        Error::Capacity(CapacityError::MessageTooLong { .. }) => code::TOO_BIG,
        Error::Protocol(error) => match error {
            ProtocolError::ResetWithoutClosingHandshake => return Outcome::End,
            ProtocolError::NonZeroReservedBits => code::RESERVED_BITS,
            ProtocolError::InvalidOpcode(_) => code::OPCODE,
            ProtocolError::UnmaskedFrameFromClient
            | ProtocolError::MaskedFrameFromServer => code::MASK,
            ProtocolError::FragmentedControlFrame | ProtocolError::ControlFrameTooBig => {
                code::CONTROL_FRAME
            }
            ProtocolError::UnexpectedContinueFrame
            | ProtocolError::ExpectedFragment(_) => code::FRAGMENTATION,
            // It validates the payload of a close, which the decoder does not.
            ProtocolError::InvalidCloseSequence => return Outcome::Close,
            other => panic!("unexpected: {other}"),
        },
        Error::Utf8(_) => code::UTF8,
        other => panic!("unexpected: {other}"),
    })
}

/// tungstenite's messages, and how the stream ended.
fn theirs(stream: &[u8], flags: u32) -> (Vec<Event>, Outcome) {
    let role = if flags & WS_CLIENT == 0 { Role::Server } else { Role::Client };
    let config = WebSocketConfig::default()
        .read_buffer_size(256)
        .max_message_size(None)
        .max_frame_size(Some(MAX_PAYLOAD));
    let mut socket = WebSocket::from_raw_socket(Pipe(stream), role, Some(config));
    let mut events = Vec::new();
    loop {
        events.push(match socket.read() {
            Ok(Message::Text(payload)) => (1, payload.as_bytes().to_vec()),
            Ok(Message::Binary(payload)) => (2, payload.to_vec()),
            Ok(Message::Ping(payload)) => (9, payload.to_vec()),
            Ok(Message::Pong(payload)) => (10, payload.to_vec()),
            Ok(Message::Close(_)) => return (events, Outcome::Close),
            Ok(other) => panic!("unexpected: {other}"),
            Err(error) => return (events, number(&error)),
        });
    }
}

/// tungstenite judges a header only when the frame is complete. This completes any frame.
pub(crate) const PADDING: [u8; MAX_PAYLOAD + 14] = [0; MAX_PAYLOAD + 14];

/// Our faults, and those that tungstenite may report for the same frame. It checks a complete
/// frame, in another order: opcode, too big, unmasked, reserved bits, masked, fragmented control,
/// control too long, fragments.
const OTHER_FAULT: &[(isize, &[isize])] = &[
    // Several faults in one header; RFC 6455, 5.2 demands no order.
    (code::RESERVED_BITS, &[code::OPCODE, code::TOO_BIG, code::MASK]),
    (code::OPCODE, &[]),
    (code::CONTROL_FRAME, &[code::TOO_BIG, code::MASK]),
    (code::FRAGMENTATION, &[code::TOO_BIG, code::MASK, code::CONTROL_FRAME]),
    (code::MASK, &[code::TOO_BIG]),
    (code::TOO_BIG, &[]),
    (code::UTF8, &[]),
];

pub(crate) fn is_explained(ours: isize, theirs: Outcome) -> bool {
    let Outcome::Fault(theirs) = theirs else { return false };
    let (_, others) = OTHER_FAULT.iter().find(|(fault, _)| *fault == ours).unwrap();
    ours == theirs || others.contains(&theirs)
}

/// 5.2: "the minimal number of bytes MUST be used", and "the most significant bit MUST be 0".
/// tungstenite checks neither. In a control frame, which has at most 125 bytes, we refuse the
/// longer forms (5.5).
pub(crate) fn is_length_that_tungstenite_accepts(error: isize, at_fault: &[u8]) -> bool {
    let in_control = || {
        let (form, zeros) = match at_fault[1] & 0x7f {
            126 => (4, 1),
            127 => (10, 7),
            _ => return false,
        };
        let length = at_fault.get(2..form).unwrap_or_default();
        length.iter().take(zeros).all(|byte| *byte == 0)
    };
    error == code::LENGTH
        || error == code::CONTROL_FRAME && at_fault.len() > 1 && in_control()
}

/// Compares both, and returns our outcome.
pub(crate) fn compare(stream: &[u8], flags: u32) -> Outcome {
    let (our_events, outcome, at) = ours(stream, flags);
    let case = || format!("flags {flags}: {stream:02x?}");
    match outcome {
        Outcome::End => assert_eq!(theirs(stream, flags), (our_events, outcome)),
        Outcome::Close => {
            let (their_events, their_outcome) = theirs(stream, flags);
            assert_eq!(their_events, our_events, "{}", case());
            // tungstenite validates the payload of a close, the decoder does not.
            let reason_is_invalid = their_outcome == Outcome::Fault(code::UTF8);
            assert!(their_outcome == Outcome::Close || reason_is_invalid, "{}", case());
        }
        Outcome::Fault(error)
            if is_length_that_tungstenite_accepts(error, &stream[at..]) =>
        {
            let (their_events, _) = theirs(stream, flags);
            assert!(their_events.starts_with(&our_events), "{}", case());
        }
        Outcome::Fault(error) => {
            let padded = [stream, &PADDING].concat();
            let (their_events, their_outcome) = theirs(&padded, flags);
            assert_eq!(their_events, our_events, "{}", case());
            let explained = is_explained(error, their_outcome);
            assert!(explained, "{error} and {their_outcome:?}, {}", case());
        }
    }
    outcome
}

#[test]
fn tungstenite_reads_the_same_messages_and_refuses_the_same_streams() {
    let mut rng = Rng::new(11);
    let (mut ended, mut closed, mut refused) = (0, 0, [0; 50]);
    let streams = count("WSCODEC_STREAMS", 200_000);
    for _ in 0..streams {
        let flags = if rng.once_in(2) { WS_SERVER } else { WS_CLIENT };
        let stream = random_stream(&mut rng);
        match compare(&stream, flags) {
            Outcome::End => ended += 1,
            Outcome::Close => closed += 1,
            Outcome::Fault(error) => refused[error.unsigned_abs()] += 1,
        }
    }
    // The test is meaningful only if every outcome occurs often.
    let often = streams / 1000;
    assert!(ended > often && closed > often, "{ended} {closed}");
    for (fault, _) in OTHER_FAULT.iter().chain(&[(code::LENGTH, &[][..])]) {
        assert!(refused[fault.unsigned_abs()] > often, "{fault}: {refused:?}");
    }
}
