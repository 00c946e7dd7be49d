//! The messages, the order of the replies and the error do not depend on how a stream is cut,
//! nor on the number of event slots.

use crate::c::code;
use crate::conn::*;
use crate::conn_corpus::{self, Stream};
use crate::rng::{Rng, count};

/// Reads a stream in the given pieces.
fn read(stream: &Stream, in_pieces: bool, pieces: &[usize], cap: usize) -> Vec<Item> {
    let mut conn = Conn::new(stream.side)
        .option(WS_OPT_MAX_MESSAGE, stream.max_message)
        .option(WS_OPT_STREAM, in_pieces.into());
    let items = conn
        .read_pieces(&stream.bytes, pieces, |conn, piece| conn.read_in(piece, cap, true));
    if in_pieces { joined(items) } else { items }
}

/// Cuts change only the number of pieces of a message. Joins consecutive pieces, and drops empty
/// ones without flags.
pub(crate) fn joined(items: Vec<Item>) -> Vec<Item> {
    let mut all: Vec<Item> = Vec::new();
    for item in items {
        if matches!(&item, Item::Data(_, 0, data) if data.is_empty()) {
            continue;
        }
        match (all.last_mut(), item) {
            (
                Some(Item::Data(opcode, flags, data)),
                Item::Data(next_opcode, next_flags, next),
            ) if *flags & LAST == 0 => {
                assert_eq!(next_flags & FIRST, 0, "a message inside a message");
                assert_eq!(*opcode, next_opcode);
                *flags |= next_flags;
                data.extend(next);
            }
            (_, item) => all.push(item),
        }
    }
    // The valid part before an invalid byte may be reported as a piece or not at all.
    let invalid_text = all.iter().position(|item| *item == Item::Error(code::UTF8));
    if let Some(at) = invalid_text {
        if matches!(all[..at].last(), Some(Item::Data(_, flags, _)) if flags & LAST == 0)
        {
            all.remove(at - 1);
        }
    }
    all
}

/// Joins the pieces of each message, for comparison with the model.
pub(crate) fn assembled(items: &[Item]) -> Vec<Item> {
    let (mut all, mut open): (Vec<Item>, Option<(u16, Vec<u8>)>) = (Vec::new(), None);
    for item in items {
        let Item::Data(opcode, flags, data) = item else {
            all.push(item.clone());
            continue;
        };
        assert_eq!(flags & FIRST != 0, open.is_none(), "one first piece");
        let (first_opcode, whole) = open.get_or_insert((*opcode, Vec::new()));
        assert_eq!(first_opcode, opcode);
        whole.extend(data);
        if flags & LAST != 0 {
            let (opcode, whole) = open.take().unwrap();
            all.push(Item::Data(opcode, BOTH, whole));
        }
    }
    all
}

fn whole(stream: &Stream, in_pieces: bool) -> Vec<Item> {
    read(stream, in_pieces, &[stream.bytes.len()], 64)
}

const MODES: [bool; 2] = [false, true];
const CAPS: [usize; 2] = [1, 64];

#[test]
fn every_stream_is_read_as_by_the_model() {
    let streams = conn_corpus::all();
    assert!(streams.len() >= 300, "{}", streams.len());
    for stream in &streams {
        let Some(expected) = &stream.expected else { continue };
        assert_eq!(whole(stream, false), *expected, "{}", stream.name);
        let pieces = assembled(&whole(stream, true));
        assert_eq!(pieces, *expected, "{} in pieces", stream.name);
    }
    let errors = |stream: &&Stream| {
        let items = stream.expected.iter().flatten();
        items.into_iter().any(|item| matches!(item, Item::Error(_)))
    };
    let invalid = streams.iter().filter(errors).count();
    assert!(
        invalid > 100 && invalid < streams.len() - 100,
        "{invalid} of {}",
        streams.len()
    );
}

#[test]
fn a_cut_anywhere_changes_nothing() {
    for stream in conn_corpus::all() {
        let len = stream.bytes.len();
        for in_pieces in MODES {
            let expected = whole(&stream, in_pieces);
            for cut in 0..=len {
                let cap = CAPS[cut % 2];
                let items = read(&stream, in_pieces, &[cut, len - cut], cap);
                assert_eq!(items, expected, "{} at {cut}", stream.name);
            }
        }
    }
}

#[test]
fn reading_byte_by_byte_changes_nothing() {
    for stream in conn_corpus::all() {
        for in_pieces in MODES {
            let expected = whole(&stream, in_pieces);
            let pieces = vec![1; stream.bytes.len()];
            for cap in CAPS {
                let items = read(&stream, in_pieces, &pieces, cap);
                assert_eq!(items, expected, "{} cap {cap}", stream.name);
            }
        }
    }
}

#[test]
fn the_number_of_event_slots_changes_nothing() {
    for stream in conn_corpus::all() {
        for in_pieces in MODES {
            let expected = whole(&stream, in_pieces);
            for cap in [1, 2, 3, 1000] {
                let items = read(&stream, in_pieces, &[stream.bytes.len()], cap);
                assert_eq!(items, expected, "{} cap {cap}", stream.name);
            }
        }
    }
}

#[test]
fn random_and_empty_pieces_change_nothing() {
    let mut rng = Rng::new(31);
    for stream in conn_corpus::all() {
        for in_pieces in MODES {
            let expected = whole(&stream, in_pieces);
            for round in 0..8 {
                let pieces = rng.pieces(stream.bytes.len(), 1 + 3 * round);
                let items = read(&stream, in_pieces, &pieces, CAPS[round % 2]);
                assert_eq!(items, expected, "{} in {pieces:?}", stream.name);
            }
        }
    }
}

#[test]
fn random_pieces_of_random_streams_change_nothing() {
    let mut rng = Rng::new(32);
    for _ in 0..count("WSCODEC_STREAMS", 10_000) {
        let stream = Stream {
            name: String::new(),
            side: *rng.pick(&SIDES),
            max_message: *rng.pick(&[0, 1, 100, 200, 1000]),
            bytes: crate::frame_differential::random_stream(&mut rng),
            expected: None,
        };
        let in_pieces = rng.once_in(2);
        let expected = whole(&stream, in_pieces);
        let longest = *rng.pick(&[1, 3, 20, 200]);
        let pieces = rng.pieces(stream.bytes.len(), longest);
        let items = read(&stream, in_pieces, &pieces, *rng.pick(&CAPS));
        assert_eq!(items, expected, "{:02x?} in {pieces:?}", stream.bytes);
    }
}

/// Even inside a character (RFC 6455, 5.5.1).
#[test]
fn the_reason_of_a_close_may_be_cut_anywhere() {
    for side in SIDES {
        let bytes = from_peer(side, 0x88, close_payload(1000, "é".as_bytes()));
        for cut in 0..=bytes.len() {
            let mut conn = Conn::new(side);
            let mut items = conn.read(&bytes[..cut]);
            items.extend(conn.read(&bytes[cut..]));
            assert_eq!(items, [close(1000, "é"), close_reply(1000)], "cut at {cut}");
        }
    }
}

#[test]
fn finish_does_not_depend_on_cuts() {
    for stream in conn_corpus::all() {
        let [at_once, bytewise] = [false, true].map(|bytewise| {
            let mut conn =
                Conn::new(stream.side).option(WS_OPT_MAX_MESSAGE, stream.max_message);
            let size = if bytewise { 1 } else { stream.bytes.len().max(1) };
            for piece in stream.bytes.chunks(size) {
                conn.read(piece);
            }
            (conn.finish(), conn.state(), conn.output())
        });
        assert_eq!(at_once, bytewise, "{}", stream.name);
    }
}
