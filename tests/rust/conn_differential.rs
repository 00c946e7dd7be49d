//! Streams read by tungstenite too: the same messages and closes, and an error where it reports
//! one. A table explains where it is more lenient or reports another fault.

use crate::c::{self, WS_CLIENT, WS_KEEP_MASKED, WS_SERVER, code};
use crate::conn::*;
use crate::frame_differential::{
    Event, MAX_PAYLOAD, Outcome, PADDING, Pipe, is_explained,
    is_length_that_tungstenite_accepts, number, random_stream,
};
use crate::rng::{Rng, count};
use tungstenite::Message;
use tungstenite::error::{Error, ProtocolError};
use tungstenite::protocol::{Role, WebSocket, WebSocketConfig};

/// How a stream ended; a close has its code and its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Early,
    Close(u16, Vec<u8>),
    Fault(isize),
}

fn ours(stream: &[u8], side: u32, cap: usize) -> (Vec<Event>, End) {
    let mut conn = Conn::new(side).option(WS_OPT_MAX_MESSAGE, MAX_PAYLOAD as u64);
    let (mut events, mut end) = (Vec::new(), End::Early);
    for item in conn.read_in(stream, cap, true) {
        match item {
            Item::Data(opcode, _, data) => events.push((opcode as u8, data)),
            Item::Ping(data) => events.push((9, data)),
            Item::Pong(data) => events.push((10, data)),
            Item::Close(number, reason) => end = End::Close(number, reason),
            Item::Error(error) => end = End::Fault(error),
            Item::Reply(..) => {}
        }
    }
    (events, end)
}

/// The reason that tungstenite reports in place of an invalid close code.
const REPLACED: &str = "Protocol violation";

fn theirs(stream: &[u8], side: u32) -> (Vec<Event>, End) {
    let role = if side == WS_SERVER { Role::Server } else { Role::Client };
    let config = WebSocketConfig::default()
        .read_buffer_size(256)
        .max_message_size(Some(MAX_PAYLOAD))
        .max_frame_size(Some(MAX_PAYLOAD));
    let mut socket = WebSocket::from_raw_socket(Pipe(stream), role, Some(config));
    let mut events = Vec::new();
    loop {
        events.push(match socket.read() {
            Ok(Message::Text(payload)) => (1, payload.as_bytes().to_vec()),
            Ok(Message::Binary(payload)) => (2, payload.to_vec()),
            Ok(Message::Ping(payload)) => (9, payload.to_vec()),
            Ok(Message::Pong(payload)) => (10, payload.to_vec()),
            Ok(Message::Close(None)) => return (events, End::Close(1005, Vec::new())),
            Ok(Message::Close(Some(frame))) if frame.reason.as_str() == REPLACED => {
                return (events, End::Fault(code::CLOSE_PAYLOAD));
            }
            Ok(Message::Close(Some(frame))) => {
                let reason = frame.reason.as_bytes().to_vec();
                return (events, End::Close(frame.code.into(), reason));
            }
            Ok(other) => panic!("unexpected: {other}"),
            Err(Error::Protocol(ProtocolError::InvalidCloseSequence)) => {
                return (events, End::Fault(code::CLOSE_PAYLOAD));
            }
            Err(error) => {
                let end = match number(&error) {
                    Outcome::End => End::Early,
                    Outcome::Fault(error) => End::Fault(error),
                    Outcome::Close => unreachable!("a close is returned as a message"),
                };
                return (events, end);
            }
        });
    }
}

/// Fragmented texts with characters of all lengths, closes with and without reasons, and
/// sometimes one damaged byte.
fn random_messages(rng: &mut Rng) -> Vec<u8> {
    let key = rng.once_in(2).then(|| [rng.byte(), rng.byte(), rng.byte(), rng.byte()]);
    let mut bytes = Vec::new();
    let mut frame = |first: u8, payload: &[u8]| {
        bytes.extend(crate::wire::frame(first, key, payload));
    };
    for _ in 0..=rng.below(5) {
        let opcode = 1 + u8::from(rng.once_in(4));
        let text: String = (0..rng.below(12))
            .map(|_| *rng.pick(&['a', 'é', '€', '😀', '\u{7ff}', '\u{10ffff}', '\0']))
            .collect();
        let (mut rest, mut first) = (text.as_bytes(), opcode);
        while rng.once_in(2) {
            let (piece, after) = rest.split_at(rng.below(rest.len() + 1));
            frame(first, piece);
            (rest, first) = (after, 0);
            if rng.once_in(3) {
                frame(*rng.pick(&[0x89, 0x8a]), "pïng".as_bytes());
            }
        }
        frame(0x80 | first, rest);
    }
    if rng.once_in(2) {
        let codes =
            [1000, 1001, 1007, 1011, 1014, 3000, 4999, 1004, 1005, 1006, 1016, 999];
        let reason = *rng.pick(&[&b""[..], b"bye", "é".as_bytes(), b"\xc3", b"\xff\xff"]);
        frame(0x88, &close_payload(*rng.pick(&codes), reason));
        frame(0x81, b"late");
    }
    match rng.below(6) {
        0 => bytes.truncate(rng.below(bytes.len() + 1)),
        1 => {
            let at = rng.below(bytes.len());
            bytes[at] ^= 1 << rng.below(8);
        }
        2 => {
            let at = rng.below(bytes.len());
            bytes.remove(at);
        }
        _ => {}
    }
    bytes
}

/// The position of the frame whose header is refused.
fn start_of_fault(stream: &[u8], side: u32) -> usize {
    let mut decoder = c::decoder(side | WS_KEEP_MASKED, 0);
    let (mut buf, mut start) = (stream.to_vec(), 0);
    while let Ok((frames, consumed)) = c::feed(&mut decoder, &mut buf[start..], 64) {
        assert!(!frames.is_empty(), "there is a fault");
        start += consumed;
    }
    start
}

/// Whether both ends mean the same.
fn is_the_same_end(ours: &End, theirs: &End) -> bool {
    match (ours, theirs) {
        // Two faults in one close; RFC 6455, 5.5.1 and 7.4 demand no order.
        (
            End::Fault(code::CLOSE_PAYLOAD),
            End::Fault(code::UTF8 | code::CLOSE_PAYLOAD),
        ) => true,
        (End::Fault(code::CLOSE_PAYLOAD), _) => false,
        // 1014 was registered after the RFC (7.4.2); tungstenite does not know it.
        (End::Close(1014, _), End::Fault(code::CLOSE_PAYLOAD)) => true,
        // Several faults in one header (5.2), or one that tungstenite does not report.
        (End::Fault(ours), End::Fault(theirs)) => {
            is_explained(*ours, Outcome::Fault(*theirs))
        }
        _ => ours == theirs,
    }
}

pub(crate) fn compare(stream: &[u8], side: u32, cap: usize) -> End {
    let (our_events, end) = ours(stream, side, cap);
    let case = || format!("side {side}: {stream:02x?}");
    let End::Fault(error) = end else {
        let (their_events, their_end) = theirs(stream, side);
        assert_eq!(their_events, our_events, "{}", case());
        let same = is_the_same_end(&end, &their_end);
        assert!(same, "{end:?} and {their_end:?}, {}", case());
        return end;
    };
    // 5.2 and 5.5: tungstenite accepts lengths that are not minimal or have their top bit set.
    let lenient = error == code::LENGTH
        || error == code::CONTROL_FRAME
            && is_length_that_tungstenite_accepts(
                error,
                &stream[start_of_fault(stream, side)..],
            );
    // It judges a frame only when it is complete.
    let (their_events, their_end) = theirs(&[stream, &PADDING].concat(), side);
    if lenient {
        assert!(their_events.starts_with(&our_events), "{}", case());
    } else {
        assert_eq!(their_events, our_events, "{}", case());
        let same = is_the_same_end(&end, &their_end);
        assert!(same, "{end:?} and {their_end:?}, {}", case());
    }
    end
}

const FAULTS: [isize; 9] = [
    code::RESERVED_BITS,
    code::OPCODE,
    code::LENGTH,
    code::MASK,
    code::CONTROL_FRAME,
    code::FRAGMENTATION,
    code::CLOSE_PAYLOAD,
    code::UTF8,
    code::TOO_BIG,
];

#[test]
fn tungstenite_reports_the_same_messages_closes_and_errors() {
    let mut rng = Rng::new(33);
    let (mut early, mut closed, mut refused) = (0, 0, [0; 50]);
    let streams = count("WSCODEC_STREAMS", 50_000);
    for _ in 0..streams {
        let side = *rng.pick(&[WS_SERVER, WS_CLIENT]);
        let stream = if rng.once_in(2) {
            random_stream(&mut rng)
        } else {
            random_messages(&mut rng)
        };
        match compare(&stream, side, *rng.pick(&[1, 3, 64])) {
            End::Early => early += 1,
            End::Close(..) => closed += 1,
            End::Fault(error) => refused[error.unsigned_abs()] += 1,
        }
    }
    // The test is meaningful only if every outcome occurs often.
    let often = streams / 1000;
    assert!(early > often && closed > often, "{early} {closed}");
    for fault in FAULTS {
        assert!(refused[fault.unsigned_abs()] > often, "{fault}: {refused:?}");
    }
}
