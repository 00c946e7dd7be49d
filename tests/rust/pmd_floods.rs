//! Peers that send very much from which nothing is decompressed.

use crate::c::{WS_SERVER, code};
use crate::conn::*;
use crate::conn_allocator::Recorder;
use crate::pmd::USUAL;
use crate::wire::hex;

/// Blocks without content: a stored one, and a final one, after which another stream may begin.
const EMPTY_BLOCKS: [&str; 2] = ["00 0000ffff", "0300"];

fn conn(recorder: &Recorder) -> Conn {
    Conn::with(WS_SERVER, &recorder.allocator()).unwrap().pmd(USUAL)
}

/// The most memory while a compressed message arrives in so many fragments, without its end.
fn peak_of_fragments(payload: &[u8], count: usize) -> usize {
    let recorder = Recorder::new();
    let mut conn = conn(&recorder);
    assert_eq!(conn.read(&from_peer(WS_SERVER, 0x42, payload)), []);
    let fragment = from_peer(WS_SERVER, 0x00, payload);
    for _ in 1..count {
        assert_eq!(conn.read(&fragment), []);
    }
    recorder.peak()
}

#[test]
fn blocks_without_output_need_constant_memory() {
    for block in EMPTY_BLOCKS {
        let payload = hex(block).repeat(100);
        let few = peak_of_fragments(&payload, 10);
        assert_eq!(peak_of_fragments(&payload, 1000), few, "{block}");
    }
}

#[test]
fn empty_fragments_of_a_compressed_message_need_constant_memory() {
    let few = peak_of_fragments(b"", 10);
    assert_eq!(peak_of_fragments(b"", 100_000), few);
}

#[test]
fn blocks_without_output_end_at_the_limit_on_the_payload() {
    let allowed = 16 * 1000 + 65_536;
    for block in EMPTY_BLOCKS {
        let payload = hex(block).repeat(100);
        let recorder = Recorder::new();
        let mut conn = conn(&recorder).option(WS_OPT_MAX_MESSAGE, 1000);
        let mut frame = from_peer(WS_SERVER, 0x42, &payload);
        for _ in 0..allowed / payload.len() {
            assert_eq!(conn.read(&frame), [], "{block}");
            frame = from_peer(WS_SERVER, 0x00, &payload);
        }
        let items = conn.read(&frame);
        assert_eq!(items, [Item::Error(code::TOO_BIG), close_reply(1009)], "{block}");
    }
}

#[test]
fn empty_compressed_messages_need_constant_memory() {
    let recorder = Recorder::new();
    let mut conn = conn(&recorder);
    let mut read = || {
        assert_eq!(conn.read(&from_peer(WS_SERVER, 0xc1, b"\0")), [text("")]);
        recorder.peak()
    };
    let first = read();
    for _ in 0..10_000 {
        assert_eq!(read(), first);
    }
}
