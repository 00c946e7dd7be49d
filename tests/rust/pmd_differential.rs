//! Compressed messages, decompressed by zlib too: both refuse the same ones, and the others are
//! equal.

use crate::c::{WS_CLIENT, code};
use crate::conn::*;
use crate::pmd::*;
use crate::rng::{Rng, count};
use crate::zlib::{Deflate, Inflate, Settings};
use libz_sys::{
    Z_BLOCK, Z_DEFAULT_STRATEGY, Z_FINISH, Z_FIXED, Z_FULL_FLUSH, Z_HUFFMAN_ONLY,
    Z_NO_FLUSH, Z_PARTIAL_FLUSH, Z_RLE, Z_SYNC_FLUSH,
};

const LIMIT: usize = 20_000;

/// Random bytes, a repeated byte or a few letters.
fn random_text(rng: &mut Rng) -> Vec<u8> {
    let len = *rng.pick(&[0, 1, 3, 10, 40, 200]);
    match rng.below(4) {
        0 => rng.bytes(len),
        1 => vec![rng.byte(); 5 * len],
        _ => (0..len).map(|_| *rng.pick(b"abcde abc")).collect(),
    }
}

/// A message of a peer that flushes at random.
fn random_message(rng: &mut Rng, deflate: &mut Deflate) -> Vec<u8> {
    let mut payload = Vec::new();
    for _ in 0..rng.below(3) {
        let text = random_text(rng);
        let flushes =
            [Z_NO_FLUSH, Z_PARTIAL_FLUSH, Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_BLOCK, Z_FINISH];
        payload.extend(deflate.run(&text, *rng.pick(&flushes)));
    }
    payload.extend(deflate.message(&random_text(rng)));
    payload
}

fn random_settings(rng: &mut Rng) -> Settings {
    let strategies = [Z_DEFAULT_STRATEGY, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED];
    Settings {
        level: rng.below(10) as i32,
        window_bits: 9 + rng.below(7) as i32,
        mem_level: 1 + rng.below(9) as i32,
        strategy: *rng.pick(&strategies),
    }
}

fn damage(rng: &mut Rng, payload: &mut Vec<u8>) {
    match rng.below(6) {
        0 => {}
        1 => payload.truncate(rng.below(payload.len() + 1)),
        2 => payload.push(rng.byte()),
        3 => payload.insert(rng.below(payload.len() + 1), rng.byte()),
        4 if !payload.is_empty() => {
            payload.remove(rng.below(payload.len()));
        }
        _ if !payload.is_empty() => {
            let at = rng.below(payload.len());
            payload[at] ^= 1 << rng.below(8);
        }
        _ => {}
    }
}

/// The messages of one connection: most from one compressor, some of random bytes.
fn random_stream(rng: &mut Rng) -> Vec<Vec<u8>> {
    let mut deflate = Deflate::new(random_settings(rng));
    let damaged = 1 + rng.below(6);
    (0..1 + rng.below(4))
        .map(|_| {
            if rng.once_in(8) {
                let len = rng.below(20);
                return rng.bytes(len);
            }
            let mut payload = random_message(rng, &mut deflate);
            if rng.once_in(damaged) {
                damage(rng, &mut payload);
            }
            payload
        })
        .collect()
}

/// The messages up to the first that zlib refuses or that is too long.
fn theirs(messages: &[Vec<u8>]) -> Vec<Item> {
    let mut zlib = Inflate::new(15);
    let mut items = Vec::new();
    for payload in messages {
        match zlib.message(payload) {
            Some(message) if message.len() <= LIMIT => items.push(binary(message)),
            Some(_) => {
                items.push(Item::Error(code::TOO_BIG));
                break;
            }
            // It may exceed the limit before its damage.
            None if zlib.since(&items) > LIMIT => {
                items.push(Item::Error(code::TOO_BIG));
                break;
            }
            None => {
                items.push(Item::Error(code::COMPRESSION));
                break;
            }
        }
    }
    items
}

/// Our messages, sent in fragments and read in pieces.
fn ours(rng: &mut Rng, messages: &[Vec<u8>]) -> Vec<Item> {
    let mut conn =
        Conn::new(WS_CLIENT).pmd(USUAL).option(WS_OPT_MAX_MESSAGE, LIMIT as u64);
    let mut wire = Vec::new();
    for payload in messages {
        let (mut rest, mut first) = (&payload[..], 0x42);
        while rng.once_in(3) {
            let (piece, after) = rest.split_at(rng.below(rest.len() + 1));
            wire.extend(from_peer(WS_CLIENT, first, piece));
            (rest, first) = (after, 0);
        }
        wire.extend(from_peer(WS_CLIENT, 0x80 | first, rest));
    }
    let longest = *rng.pick(&[1, 7, 50, 5000]);
    let (mut items, mut rest) = (Vec::new(), &wire[..]);
    while !rest.is_empty() && conn.state() != WS_STATE_FAILED {
        let (piece, after) = rest.split_at((1 + rng.below(longest)).min(rest.len()));
        items.extend(conn.read(piece));
        rest = after;
    }
    items.retain(|item| !matches!(item, Item::Reply(..)));
    items
}

#[test]
fn messages_are_decompressed_as_by_zlib() {
    let mut rng = Rng::new(71);
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..count("WSCODEC_STREAMS", 30_000) {
        let messages = random_stream(&mut rng);
        let items = ours(&mut rng, &messages);
        let expected = theirs(&messages);
        assert_eq!(items, expected, "{messages:02x?}");
        match items.last() {
            Some(Item::Error(_)) => refused += 1,
            _ => accepted += 1,
        }
    }
    let few = (accepted + refused) / 10;
    assert!(accepted > few && refused > few, "{accepted} accepted, {refused} refused");
}
