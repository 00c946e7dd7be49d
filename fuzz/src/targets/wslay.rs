//! wslay reads the same messages, and refuses the same streams with the same close code.

use crate::c::{WS_CLIENT, WS_SERVER, code};
use crate::conn::{Conn, Item, WS_OPT_MAX_MESSAGE, close_payload};
use crate::peers::wslay::{self, Message};
use crate::source::Source;

const MAX_MESSAGE: u64 = 1000;
const PADDING: [u8; 1014] = [0; 1014];

pub fn run(data: &[u8]) {
    let mut source = Source::new(data);
    let side = if source.flag() { WS_CLIENT } else { WS_SERVER };
    let stream = source.rest();
    // wslay judges a header when it is complete, and a close while it arrives; the library judges
    // each byte of a header, and a close when it is complete. The padding completes both.
    let padded = [stream, &PADDING].concat();
    let (messages, error) = ours(stream, side);
    let (their_messages, their_code) = theirs(stream, side);
    if error.is_none() && their_code == 0 {
        assert_eq!(their_messages, messages);
        return;
    }
    let (their_messages, their_code) = if error.is_some() {
        theirs(&padded, side)
    } else {
        (their_messages, their_code)
    };
    let error = error.or_else(|| ours(&padded, side).1);
    if !is_explained(error, their_code, &their_messages)
        && !ends_with_newer_code(&messages)
    {
        panic!("{messages:?} {error:?}, and {their_messages:?} {their_code}");
    }
}

fn theirs(stream: &[u8], side: u32) -> (Vec<Message>, u16) {
    wslay::read(side == WS_CLIENT, MAX_MESSAGE, stream)
}

fn ours(stream: &[u8], side: u32) -> (Vec<Message>, Option<isize>) {
    let mut conn = Conn::new(side).option(WS_OPT_MAX_MESSAGE, MAX_MESSAGE);
    let (mut messages, mut error) = (Vec::new(), None);
    for item in conn.read(stream) {
        match item {
            Item::Data(opcode, _, data) => messages.push((opcode as u8, data)),
            Item::Ping(data) => messages.push((9, data)),
            Item::Pong(data) => messages.push((10, data)),
            Item::Close(number, reason) => {
                messages.push((8, close_payload(number, &reason)))
            }
            Item::Error(code) => error = Some(code),
            Item::Reply(..) => {}
        }
    }
    (messages, error)
}

/// 1012 to 1014 were registered after the RFC (7.4.2); wslay does not know all of them.
fn ends_with_newer_code(messages: &[Message]) -> bool {
    messages.last().is_some_and(|(opcode, data)| {
        *opcode == 8 && matches!(data[..], [0x03, 0xf4..=0xf6, ..])
    })
}

fn is_explained(
    error: Option<isize>,
    their_code: u16,
    their_messages: &[Message],
) -> bool {
    match (error, their_code) {
        (Some(code::UTF8), 1007) | (Some(code::TOO_BIG), 1009) => true,
        (Some(_), 1002 | 1005) => true,
        // Two faults in one close; RFC 6455, 5.5.1 and 7.4 demand no order.
        (Some(code::CLOSE_PAYLOAD), 1007) => true,
        // 5.5.1: a code has two bytes. wslay accepts one.
        (Some(code::CLOSE_PAYLOAD), 0) => their_messages
            .last()
            .is_some_and(|(opcode, data)| (*opcode, data.len()) == (8, 1)),
        _ => false,
    }
}
