//! The messages and the error of a compressed stream do not depend on how it is cut, nor on the
//! pieces in which messages are reported: the vectors, and streams with texts and limits.

use crate::c::{WS_SERVER, code};
use crate::conn::*;
use crate::conn_splits::{assembled, joined};
use crate::pmd::*;
use crate::rng::Rng;
use crate::vectors::{Vector, load};
use crate::wire::hex;
use crate::zlib::{Deflate, Settings};
use libz_sys::{Z_BLOCK, Z_FINISH, Z_FIXED, Z_FULL_FLUSH, Z_PARTIAL_FLUSH, Z_SYNC_FLUSH};
use wscodec::ffi::negotiation::ws_pmd_params;

pub(crate) struct Stream {
    pub(crate) name: String,
    pub(crate) side: u32,
    params: ws_pmd_params,
    pub(crate) limit: u64,
    /// First bytes of frames, and payloads.
    frames: Vec<(u8, Vec<u8>)>,
    /// The expected items, without replies.
    expected: Vec<Item>,
}

impl Stream {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let frames = self.frames.iter();
        frames
            .flat_map(|(first, payload)| from_peer(self.side, *first, payload))
            .collect()
    }
}

fn damaged() -> Vec<Item> {
    vec![Item::Error(code::COMPRESSION)]
}

/// A message with blocks of every kind, and its payload.
fn blocks() -> (Vec<u8>, Vec<u8>) {
    let (mut payload, mut message) = (Vec::new(), Vec::new());
    let mut rng = Rng::new(61);
    for (strategy, flush) in [
        (0, Z_PARTIAL_FLUSH),
        (Z_FIXED, Z_BLOCK),
        (0, Z_FULL_FLUSH),
        (Z_FIXED, Z_FINISH),
        (0, Z_FINISH),
        (0, Z_SYNC_FLUSH),
    ] {
        let mut deflate = Deflate::new(Settings { strategy, ..Settings::USUAL });
        let text: Vec<u8> = (0..60).map(|_| *rng.pick(b"abcab ")).collect();
        payload.extend(deflate.run(&text, flush));
        message.extend(&text);
        if flush != Z_FINISH {
            payload.extend(deflate.run(b"", Z_SYNC_FLUSH));
        }
        let random = rng.bytes(40);
        payload.extend(deflate.run(&random, Z_SYNC_FLUSH));
        message.extend(random);
    }
    payload.truncate(payload.len() - 4);
    (payload, message)
}

pub(crate) fn all() -> Vec<Stream> {
    let hello = hex("f248cdc9c90700");
    let (payload, message) = blocks();
    let euro = Deflate::new(Settings::USUAL).message("10 €, 20 €, 30 €".as_bytes());
    let cut_euro = Deflate::new(Settings::USUAL).message(&"10 €, 20 €".as_bytes()[..12]);
    let wrong = Deflate::new(Settings::USUAL).message(b"right \xff wrong");
    let long = Deflate::new(Settings::USUAL).message(&[b'l'; 200]);
    let mut streams = Vec::new();
    for side in SIDES {
        let mut add = |name: &str, limit, frames: &[(u8, &[u8])], expected: Vec<Item>| {
            let (name, params) = (name.into(), USUAL);
            let frames = frames.iter().map(|(first, p)| (*first, p.to_vec())).collect();
            streams.push(Stream { name, side, params, limit, frames, expected });
        };
        add(
            "hello again",
            5,
            &[(0xc1, &hello), (0xc1, &hex("f200110000")), (0x81, b"plain")],
            vec![text("Hello"), text("Hello"), text("plain")],
        );
        add("every kind of block", 0, &[(0xc2, &payload)], vec![binary(&message)]);
        let exactly = message.len() as u64;
        add("as long as allowed", exactly, &[(0xc2, &payload)], vec![binary(&message)]);
        add(
            "a byte too long",
            exactly - 1,
            &[(0xc2, &payload)],
            vec![Item::Error(code::TOO_BIG)],
        );
        add("much too long", 10, &[(0xc2, &long)], vec![Item::Error(code::TOO_BIG)]);
        let (head, tail) = long.split_at(long.len() - 1);
        let parts = [(0x41, head), (0x80, tail)];
        add("much too long in fragments", 10, &parts, vec![Item::Error(code::TOO_BIG)]);
        add("text", 0, &[(0xc1, &euro)], vec![text("10 €, 20 €, 30 €")]);
        add(
            "ends in a character",
            0,
            &[(0xc1, &cut_euro)],
            vec![Item::Error(code::UTF8)],
        );
        add("not UTF-8", 0, &[(0xc1, &wrong)], vec![Item::Error(code::UTF8)]);
        add(
            "not UTF-8, then damaged",
            0,
            &[(0x41, &wrong), (0x80, b"\xff")],
            vec![Item::Error(code::UTF8)],
        );
        add(
            "too long for its limit, not UTF-8",
            6,
            &[(0xc1, &wrong)],
            vec![Item::Error(code::TOO_BIG)],
        );
        add(
            "not UTF-8 within its limit",
            7,
            &[(0xc1, &wrong)],
            vec![Item::Error(code::UTF8)],
        );
        add(
            "binary need not be UTF-8",
            0,
            &[(0xc2, &wrong)],
            vec![binary(b"right \xff wrong")],
        );
        let kept = hex("f248cdc9c907000000ffff");
        let again = hex("f2001100000000ffff");
        for cut in 8..11 {
            add("kept a part of its marker", 0, &[(0xc1, &kept[..cut])], damaged());
        }
        let beyond = [&kept[..], &hex("00")].concat();
        add(
            "kept its marker, then a block that begins",
            0,
            &[(0xc2, &beyond)],
            vec![binary("Hello")],
        );
        let beyond = [&kept[..], &hex("06")].concat();
        add("kept its marker, then no block", 0, &[(0xc2, &beyond)], damaged());
        let beyond = [&kept[..], &again[..]].concat();
        add(
            "two of them, beyond the limit",
            9,
            &[(0xc2, &beyond)],
            vec![Item::Error(code::TOO_BIG)],
        );
        add("two of them", 10, &[(0xc2, &beyond)], vec![binary("HelloHello")]);
        add("damaged, then more", 0, &[(0xc1, b"\x06"), (0x81, b"late")], damaged());
    }
    streams.extend(load("deflate_messages").iter().map(of_vector));
    streams
}

/// The first bytes and the payloads of the frames of a compressed binary message.
fn frames_of(message: &Vector) -> Vec<(u8, Vec<u8>)> {
    let payloads = message.all_bytes("payloads");
    let last = payloads.len() - 1;
    let first_byte =
        |at| if at == 0 { 0x42 } else { 0 } | if at == last { 0x80 } else { 0 };
    payloads
        .into_iter()
        .enumerate()
        .map(|(at, payload)| (first_byte(at), payload))
        .collect()
}

fn of_vector(vector: &Vector) -> Stream {
    let messages = vector.members("messages");
    let expected =
        messages.iter().map(|message| match message.optional_bytes("message") {
            Some(bytes) => binary(bytes),
            None => Item::Error(message.error()),
        });
    Stream {
        name: vector.name().into(),
        side: vector.side(),
        params: vector.parameters("parameters"),
        limit: 0,
        frames: messages.iter().flat_map(frames_of).collect(),
        expected: expected.collect(),
    }
}

fn read(stream: &Stream, in_pieces: bool, pieces: &[usize], cap: usize) -> Vec<Item> {
    let mut conn = Conn::new(stream.side)
        .pmd(stream.params)
        .option(WS_OPT_MAX_MESSAGE, stream.limit)
        .option(WS_OPT_STREAM, in_pieces.into());
    let bytes = stream.bytes();
    let mut items =
        conn.read_pieces(&bytes, pieces, |conn, piece| conn.read_in(piece, cap, true));
    items.retain(|item| !matches!(item, Item::Reply(..)));
    if in_pieces { joined(items) } else { items }
}

fn in_whole_messages(items: &[Item]) -> Vec<Item> {
    let mut items = items.to_vec();
    // The valid part before an error.
    if let [.., Item::Data(_, flags, _), Item::Error(_)] = &items[..] {
        if flags & LAST == 0 {
            items.remove(items.len() - 2);
        }
    }
    assembled(&items)
}

#[test]
fn every_stream_has_its_messages_and_its_error() {
    for stream in all() {
        let len = stream.bytes().len();
        assert_eq!(read(&stream, false, &[len], 64), stream.expected, "{}", stream.name);
        let pieces = read(&stream, true, &[len], 64);
        assert_eq!(in_whole_messages(&pieces), stream.expected, "{}", stream.name);
    }
}

#[test]
fn a_cut_anywhere_changes_nothing() {
    for stream in all() {
        let len = stream.bytes().len();
        for in_pieces in [false, true] {
            let expected = read(&stream, in_pieces, &[len], 64);
            for cut in 0..=len {
                let items = read(&stream, in_pieces, &[cut, len - cut], [1, 64][cut % 2]);
                assert_eq!(items, expected, "{} at {cut}", stream.name);
            }
        }
    }
}

#[test]
fn single_bytes_and_random_pieces_change_nothing() {
    let mut rng = Rng::new(62);
    for stream in all() {
        let len = stream.bytes().len();
        for in_pieces in [false, true] {
            let expected = read(&stream, in_pieces, &[len], 64);
            for cap in [1, 64] {
                let items = read(&stream, in_pieces, &vec![1; len], cap);
                assert_eq!(items, expected, "{}", stream.name);
            }
            for longest in [2, 3, 10, 40] {
                let pieces = rng.pieces(len, longest);
                let items = read(&stream, in_pieces, &pieces, 64);
                assert_eq!(items, expected, "{} in {pieces:?}", stream.name);
            }
        }
    }
}

#[test]
fn a_truncated_message_is_damaged() {
    let (payload, _) = blocks();
    let hello = hex("f248cdc9c90700");
    let dynamic = Deflate::new(Settings::USUAL).message(&messages_of_many_letters());
    for whole in [&hello, &dynamic] {
        for cut in 1..whole.len() {
            let mut conn = Conn::new(WS_SERVER).pmd(USUAL);
            let items = conn.read(&from_peer(WS_SERVER, 0xc2, &whole[..cut]));
            assert_eq!(
                items,
                [Item::Error(code::COMPRESSION), close_reply(1007)],
                "{cut}"
            );
        }
    }
    // Some prefixes of this one are whole: those that end with a final block, or next to a marker.
    let cut_short = (1..payload.len()).filter(|cut| {
        let mut conn = Conn::new(WS_SERVER).pmd(USUAL);
        let items = conn.read(&from_peer(WS_SERVER, 0xc2, &payload[..*cut]));
        items[0] == Item::Error(code::COMPRESSION)
    });
    let whole = payload.len() - 1 - cut_short.count();
    assert!(whole < 40, "{whole} of {}", payload.len());
}

fn messages_of_many_letters() -> Vec<u8> {
    let mut rng = Rng::new(63);
    (0..2000).map(|_| b'a' + (rng.below(26) * rng.below(26) / 26) as u8).collect()
}

#[test]
fn portions_of_one_input_are_reported_together() {
    let message = Rng::new(65).bytes(12_000);
    let payload = Deflate::new(Settings::USUAL).message(&message);
    let mut conn = Conn::new(WS_SERVER).pmd(USUAL).option(WS_OPT_STREAM, 1);
    let items = conn.read(&from_peer(WS_SERVER, 0xc2, &payload));
    assert_eq!(items, [binary(&message)], "one event, three portions");
}

/// With WS_OPT_STREAM a long payload is decompressed in portions, and the rest of one is handed
/// back when an event is full: here that of a later one, since only the end of the message is
/// short. What is handed back counts once against the limit.
#[test]
fn the_end_of_a_long_payload_is_handed_back() {
    let mut rng = Rng::new(64);
    for random in (0..9000).step_by(500) {
        let mut message = rng.bytes(random);
        message.resize(random + 100_000, 0);
        let payload = Deflate::new(Settings::USUAL).message(&message);
        for side in SIDES {
            let mut conn = Conn::new(side)
                .pmd(USUAL)
                .option(WS_OPT_STREAM, 1)
                .option(WS_OPT_MAX_MESSAGE, message.len() as u64);
            let (first, last) = payload.split_at(payload.len() - 3);
            let frames =
                [(0x82, &b"before"[..]), (0x42, first), (0x80, last), (0x82, b"after")];
            let expected = [binary("before"), binary(&message), binary("after")];
            assert_eq!(joined(conn.read(&all_from_peer(side, &frames))), expected);
        }
    }
}

#[test]
fn pieces_of_a_long_message_end_exactly_at_the_limit() {
    let message = vec![0; 100_000];
    let payload = Deflate::new(Settings::USUAL).message(&message);
    for limit in [1, 16_383, 16_384, 16_385, 32_768, 99_999, 100_000, 0] {
        let mut conn = Conn::new(WS_SERVER)
            .pmd(USUAL)
            .option(WS_OPT_STREAM, 1)
            .option(WS_OPT_MAX_MESSAGE, limit);
        let items = conn.read(&from_peer(WS_SERVER, 0xc2, &payload));
        let reported: usize = items
            .iter()
            .map(|item| match item {
                Item::Data(_, _, data) => {
                    assert!(data.len() <= 16_384 && data.iter().all(|byte| *byte == 0));
                    data.len()
                }
                _ => 0,
            })
            .sum();
        if limit == 0 || limit >= 100_000 {
            assert_eq!(reported, 100_000);
            assert!(matches!(items.last(), Some(Item::Data(2, LAST, _))));
        } else {
            assert_eq!(reported as u64, limit);
            let end = &items[items.len() - 2..];
            assert_eq!(end, [Item::Error(code::TOO_BIG), close_reply(1009)]);
        }
    }
}
