//! The messages and the error of a compressed stream do not depend on how it is cut, nor on the
//! pieces in which messages are reported.

use crate::c::{WS_SERVER, code};
use crate::conn::*;
use crate::conn_splits::{assembled, joined};
use crate::pmd::*;
use crate::rng::Rng;
use crate::wire::hex;
use crate::zlib::{Deflate, Settings};
use libz_sys::{Z_BLOCK, Z_FINISH, Z_FIXED, Z_FULL_FLUSH, Z_PARTIAL_FLUSH, Z_SYNC_FLUSH};

pub(crate) struct Stream {
    pub(crate) name: &'static str,
    pub(crate) side: u32,
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
        let mut add = |name, limit, frames: &[(u8, &[u8])], expected: Vec<Item>| {
            let frames = frames.iter().map(|(first, p)| (*first, p.to_vec())).collect();
            streams.push(Stream { name, side, limit, frames, expected });
        };
        add("hello", 5, &[(0xc1, &hello)], vec![text("Hello")]);
        add(
            "hello again",
            5,
            &[(0xc1, &hello), (0xc1, &hex("f200110000")), (0x81, b"plain")],
            vec![text("Hello"), text("Hello"), text("plain")],
        );
        add(
            "in fragments, with a ping",
            9,
            &[(0x41, b""), (0, &hello[..3]), (0x89, b"?"), (0, b""), (0x80, &hello[3..])],
            vec![ping("?"), text("Hello")],
        );
        add("empty", 0, &[(0xc2, &[0])], vec![binary("")]);
        add("empty, final", 1, &[(0xc2, &hex("0300"))], vec![binary("")]);
        add(
            "stored",
            5,
            &[(0xc2, &hex("000500faff48656c6c6f00"))],
            vec![binary("Hello")],
        );
        let twice = hex("f348cdc9c90700f348cdc9c9070000");
        add("final blocks", 10, &[(0xc2, &twice)], vec![binary("HelloHello")]);
        add("ends final", 5, &[(0xc2, &hex("f348cdc9c90700"))], vec![binary("Hello")]);
        let after_final =
            &[(0xc2, &twice[..7]), (0xc2, &hello[..]), (0xc1, &hex("f200110000"))];
        let three = vec![binary("Hello"), binary("Hello"), text("Hello")];
        add("after a final block", 10, after_final, three);
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
        add("nothing", 0, &[(0xc1, b"")], vec![text("")]);
        add("nothing in fragments", 0, &[(0x41, b""), (0x80, b"")], vec![text("")]);
        let kept = hex("f248cdc9c907000000ffff");
        let again = hex("f2001100000000ffff");
        let five =
            vec![text("Hello"), text("Hello"), text(""), text("Hello"), text("Hello")];
        let frames: &[(u8, &[u8])] = &[
            (0xc1, &kept),
            (0xc1, &again),
            (0xc1, b""),
            (0xc1, &again[..5]),
            (0x41, &again[..3]),
            (0, b""),
            (0x80, &again[3..]),
        ];
        add("kept its marker", 5, frames, five);
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
        add("reserved block type", 0, &[(0xc1, b"\x06")], damaged());
        add(
            "reserved block type after a block",
            0,
            &[(0xc1, &[&hello[..6], b"\x06\x06"].concat())],
            damaged(),
        );
        add("lengths that differ", 0, &[(0xc1, &hex("000500fafe"))], damaged());
        add("distance too far back", 0, &[(0xc1, &hex("f200110000"))], damaged());
        add(
            "the marker was not left out",
            0,
            &[(0xc1, &[&hello[..], &hex("0000ffff")].concat())],
            vec![text("Hello")],
        );
        add("stored and cut off", 0, &[(0xc2, &hex("000500faff48"))], damaged());
        add(
            "stored with its marker missing in the middle",
            0,
            &[(0xc2, &hex("00"))],
            vec![binary("")],
        );
        add(
            "RSV1 in the middle",
            0,
            &[(0x41, &hello[..2]), (0xc0, &hello[2..])],
            vec![Item::Error(code::RESERVED_BITS)],
        );
        add("RSV1 on a ping", 0, &[(0xc9, b"")], vec![Item::Error(code::RESERVED_BITS)]);
        add("RSV2", 0, &[(0xa1, &hello)], vec![Item::Error(code::RESERVED_BITS)]);
        add("damaged, then more", 0, &[(0xc1, b"\x06"), (0x81, b"late")], damaged());
        let closing: &[(u8, &[u8])] = &[(0xc1, &hello), (0x88, &[3, 232])];
        add("closed", 0, closing, vec![text("Hello"), close(1000, "")]);
    }
    streams
}

fn read(stream: &Stream, in_pieces: bool, pieces: &[usize], cap: usize) -> Vec<Item> {
    let mut conn = Conn::new(stream.side)
        .pmd(USUAL)
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
