//! Vectors of what a connection reports and sends. (Those of the decoder are in `corpus`.)

use crate::conn::*;
use crate::conn_extension::flags;
use crate::conn_splits::joined;
use crate::vectors::{Vector, load};

const OPTIONS: [(&str, i32); 10] = [
    ("max_message", WS_OPT_MAX_MESSAGE),
    ("stream", WS_OPT_STREAM),
    ("auto_pong", WS_OPT_AUTO_PONG),
    ("auto_close", WS_OPT_AUTO_CLOSE),
    ("check_utf8", WS_OPT_CHECK_UTF8),
    ("keep_buffer", WS_OPT_KEEP_BUFFER),
    ("max_frame", WS_OPT_MAX_FRAME),
    ("any_mask", WS_OPT_ANY_MASK),
    ("allow_rsv", WS_OPT_ALLOW_RSV),
    ("compress_from", WS_OPT_COMPRESS_FROM),
];

fn conn_of(vector: &Vector) -> Conn {
    let mut conn = Conn::new(vector.side());
    if vector.has("parameters") {
        conn = conn.pmd(vector.parameters("parameters"));
    }
    let options = vector.member("options");
    for (name, option) in OPTIONS {
        if let Some(value) = options.as_ref().and_then(|these| these.number(name)) {
            conn = conn.option(option, value);
        }
    }
    conn
}

fn event(entry: &Vector) -> Item {
    let payload = entry.bytes("payload");
    match entry.number("opcode").unwrap() as u16 {
        8 => Item::Close(entry.number("close_code").unwrap() as u16, payload),
        9 => Item::Ping(payload),
        10 => Item::Pong(payload),
        opcode => {
            Item::Data(opcode, if entry.has("last") { FIRST } else { BOTH }, payload)
        }
    }
}

fn reply(entry: &Vector) -> Item {
    Item::Reply(0x80 | entry.number("opcode").unwrap() as u8, entry.bytes("payload"))
}

/// Reads the input in pieces: the events with the error, and the replies.
fn read(vector: &Vector, pieces: &[usize], cap: usize) -> (Vec<Item>, Vec<Item>, isize) {
    let mut conn = conn_of(vector);
    let items = conn.read_pieces(&vector.bytes("input"), pieces, |conn, piece| {
        conn.read_in(piece, cap, true)
    });
    let is_reply = |item: &Item| matches!(item, Item::Reply(..));
    let (replies, events) = items.into_iter().partition(is_reply);
    (joined(events), replies, conn.finish())
}

fn expected(vector: &Vector) -> (Vec<Item>, Vec<Item>, isize) {
    let mut events: Vec<Item> = vector.members("events").iter().map(event).collect();
    if vector.error() != 0 {
        events.push(Item::Error(vector.error()));
    }
    let replies = vector.members("output").iter().map(reply).collect();
    (events, replies, vector.end())
}

#[test]
fn every_stream_has_its_events_its_replies_and_its_error_however_it_is_cut() {
    for vector in load("connection_streams") {
        let (len, expected) = (vector.bytes("input").len(), expected(&vector));
        assert_eq!(read(&vector, &[len], 64), expected, "{}", vector.name());
        for cap in [1, 64] {
            let single = vec![1; len.min(1000)];
            let rest = [single, vec![len - len.min(1000)]].concat();
            assert_eq!(read(&vector, &rest, cap), expected, "{} by bytes", vector.name());
        }
        for cut in (0..=len).filter(|cut| *cut < 300 || cut + 2 > len) {
            let cap = [1, 64][cut % 2];
            let items = read(&vector, &[cut, len - cut], cap);
            assert_eq!(items, expected, "{} at {cut}", vector.name());
        }
    }
}

#[test]
fn an_error_comes_with_the_byte_that_proves_it() {
    for vector in load("connection_streams") {
        let Some(at) = vector.error_at() else { continue };
        let (input, error) = (vector.bytes("input"), Item::Error(vector.error()));
        let mut conn = conn_of(&vector);
        assert!(!conn.read(&input[..at]).contains(&error), "{}", vector.name());
        assert!(conn.read(&input[at..=at]).contains(&error), "{}", vector.name());
    }
}

#[test]
fn reserved_bits_are_reported_with_every_event_of_their_message() {
    for vector in load("connection_streams") {
        let events = vector.members("events");
        let bits: Vec<u16> =
            events.iter().map(|entry| entry.reserved_bits().into()).collect();
        if bits.iter().all(|bits| *bits == 0) {
            continue;
        }
        let flags = flags(&mut conn_of(&vector), &vector.bytes("input"), 1000);
        let reported: Vec<u16> = flags.iter().map(|flags| flags & 0x70).collect();
        assert_eq!(reported, bits, "{}", vector.name());
    }
}
