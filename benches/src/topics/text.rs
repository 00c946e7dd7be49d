//! Text messages, which must be UTF-8 (RFC 6455, 8.1): the cost of the check, and peers that
//! check, too. Ours is the connection, which checks by default.

use super::decode::{self, Connection};
use crate::abi::Abi;
use crate::harness::{Bench, Group};
use crate::stream::{self, BINARY, Stream, TEXT};
use crate::targets::{DECODE_ASCII, DECODE_MULTIBYTE, TEXT_OR_BINARY};

pub(crate) fn run(bench: &mut Bench, abi: &Abi) {
    for size in bench.sizes(TEXT_OR_BINARY) {
        let payload = ascii(size);
        let (text, binary) = (Stream::new(TEXT, &payload), Stream::new(BINARY, &payload));
        let mut group = Group::new(TEXT_OR_BINARY, size).operations(text.frames);
        stream::add(&mut group, "text", Connection::new(abi, &text));
        stream::add(&mut group, "binary", Connection::new(abi, &binary));
        group.floor(decode::floor(&text));
        bench.measure(group);
    }
    for (quantity, text) in
        [(DECODE_ASCII, ascii as fn(usize) -> Vec<u8>), (DECODE_MULTIBYTE, multibyte)]
    {
        for size in bench.sizes(quantity) {
            against_peers(bench, abi, quantity, &text(size));
        }
    }
}

fn against_peers(bench: &mut Bench, abi: &Abi, quantity: &'static str, text: &[u8]) {
    let stream = Stream::new(TEXT, text);
    let mut group = Group::new(quantity, text.len()).operations(stream.frames);
    decode::add_connections(&mut group, abi, &stream, 1);
    group.floor(decode::floor(&stream));
    bench.measure(group);
}

pub(crate) fn ascii(len: usize) -> Vec<u8> {
    b"{\"id\": 4711, \"text\": \"The quick brown fox.\"}"
        .iter()
        .copied()
        .cycle()
        .take(len)
        .collect()
}

/// Characters of two, three and four bytes, among some of one; as long as the text must be.
pub(crate) fn multibyte(len: usize) -> Vec<u8> {
    let mut text = String::new();
    for character in "Здравствуй, мир! 你好，世界。 Καλημέρα 🙂🚀 ".chars().cycle()
    {
        if text.len() + character.len_utf8() > len {
            break;
        }
        text.push(character);
    }
    // The rest is less than a character.
    text.extend(std::iter::repeat_n('.', len - text.len()));
    text.into_bytes()
}
