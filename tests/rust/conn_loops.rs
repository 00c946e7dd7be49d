//! The loop until the result is 0 and the loop until all bytes are consumed report the same
//! events, output and error, for every stream, every cut and any number of event slots.

use crate::conn::*;
use crate::pmd::{USUAL, ours};
use crate::rng::Rng;
use crate::{conn_corpus, pmd_splits};
use wscodec::ffi::negotiation::ws_pmd_params;

/// A stream, and the options to read it with.
struct Case {
    name: String,
    side: u32,
    limit: u64,
    pmd: Option<ws_pmd_params>,
    bytes: Vec<u8>,
}

fn cases() -> Vec<Case> {
    let plain = conn_corpus::all().into_iter().map(|stream| Case {
        name: stream.name,
        side: stream.side,
        limit: stream.max_message,
        pmd: None,
        bytes: stream.bytes,
    });
    let compressed = pmd_splits::all().into_iter().flat_map(|stream| {
        // The peer may also reset its window after each message.
        [USUAL, ours(1 - stream.side, 15, true)].map(|pmd| Case {
            name: stream.name.clone(),
            side: stream.side,
            limit: stream.limit,
            pmd: Some(pmd),
            bytes: stream.bytes(),
        })
    });
    plain.chain(compressed).collect()
}

impl Case {
    fn conn(&self, in_pieces: bool) -> Conn {
        let conn = Conn::new(self.side)
            .option(WS_OPT_MAX_MESSAGE, self.limit)
            .option(WS_OPT_STREAM, in_pieces.into());
        match self.pmd {
            Some(pmd) => conn.pmd(pmd),
            None => conn,
        }
    }

    /// Both loops over the same pieces.
    fn compare(&self, in_pieces: bool, pieces: &[usize], cap: usize) {
        let by_result =
            self.conn(in_pieces).read_pieces(&self.bytes, pieces, |conn, piece| {
                conn.read_in(piece, cap, true)
            });
        let by_bytes =
            self.conn(in_pieces).read_pieces(&self.bytes, pieces, |conn, piece| {
                conn.read_by_bytes(piece, cap)
            });
        assert_eq!(by_bytes, by_result, "{} in {pieces:?}, cap {cap}", self.name);
    }
}

const MODES: [bool; 2] = [false, true];
const CAPS: [usize; 4] = [1, 2, 3, 64];

#[test]
fn both_loops_agree_on_whole_streams() {
    for case in cases() {
        for in_pieces in MODES {
            for cap in CAPS {
                case.compare(in_pieces, &[case.bytes.len()], cap);
            }
        }
    }
}

#[test]
fn both_loops_agree_on_streams_cut_in_two() {
    for case in cases() {
        for cut in 0..=case.bytes.len() {
            let in_pieces = MODES[cut % 2];
            case.compare(in_pieces, &[cut, case.bytes.len() - cut], CAPS[cut % 4]);
        }
    }
}

#[test]
fn both_loops_agree_on_random_cuts() {
    let mut rng = Rng::new(91);
    for case in cases() {
        for longest in [1, 2, 5, 30, 300] {
            let (mut pieces, mut left) = (Vec::new(), case.bytes.len());
            while left > 0 {
                let piece = (1 + rng.below(longest)).min(left);
                pieces.push(piece);
                left -= piece;
            }
            case.compare(*rng.pick(&MODES), &pieces, *rng.pick(&CAPS));
        }
    }
}

/// The next call returns the error, whatever its input.
#[test]
fn an_outstanding_error_needs_no_bytes() {
    for side in SIDES {
        let mut conn = Conn::new(side);
        let mut bytes = [from_peer(side, 0x81, "ok"), vec![0x83]].concat();
        let (events, consumed) = conn.recv(&mut bytes, 64).unwrap();
        assert_eq!(events.len(), 1);
        assert!(consumed < bytes.len(), "a byte is left");
        assert_eq!(conn.state(), WS_STATE_OPEN, "the error has no effect yet");
        assert_eq!(conn.recv(&mut [], 64).unwrap_err(), crate::c::code::OPCODE);
        assert_eq!(conn.state(), WS_STATE_FAILED);
    }
}

/// When the slots run out.
#[test]
fn a_call_consumes_only_the_bytes_of_the_events_it_reports() {
    for side in SIDES {
        let one = from_peer(side, 0x81, "a");
        let mut bytes = one.repeat(5);
        let mut conn = Conn::new(side);
        let (events, consumed) = conn.recv(&mut bytes, 2).unwrap();
        assert_eq!((events.len(), consumed), (2, 2 * one.len()));
    }
}

#[test]
fn an_invalid_byte_of_a_text_is_not_consumed_but_those_before_it_are() {
    for side in SIDES {
        let mut conn = Conn::new(side).option(WS_OPT_STREAM, 1);
        let mut bytes = from_peer(side, 0x81, b"abc\xff");
        let len = bytes.len();
        let (events, consumed) = conn.recv(&mut bytes, 64).unwrap();
        assert_eq!(events[0].item, Item::Data(1, FIRST, b"abc".to_vec()));
        assert_eq!(consumed, len - 1);
    }
}

#[test]
fn a_close_consumes_all_that_follows_it() {
    for side in SIDES {
        let mut conn = Conn::new(side);
        let mut bytes = [from_peer(side, 0x88, b"\x03\xe8"), vec![0xff; 20]].concat();
        let len = bytes.len();
        let (events, consumed) = conn.recv(&mut bytes, 64).unwrap();
        assert_eq!((events.len(), consumed), (1, len));
    }
}

/// The bytes before it are reported unmasked; it is not consumed.
#[test]
fn the_last_byte_of_an_incomplete_character_is_not_reported() {
    for side in SIDES {
        for (payload, reported) in [(&b"A\xc3"[..], &b"A"[..]), (b"\xc3", b"")] {
            let bytes = from_peer(side, 0x81, payload);
            for cut in 0..bytes.len() {
                let mut conn = Conn::new(side).option(WS_OPT_STREAM, 1);
                let mut items = conn.read_by_bytes(&bytes[..cut], 64);
                items.extend(conn.read_by_bytes(&bytes[cut..], 64));
                let data: Vec<u8> = items
                    .iter()
                    .filter_map(|item| match item {
                        Item::Data(_, _, data) => Some(data.clone()),
                        _ => None,
                    })
                    .flatten()
                    .collect();
                assert_eq!(data, reported, "cut at {cut}");
                assert!(items.contains(&Item::Error(crate::c::code::UTF8)));
            }
        }
    }
}

/// A block may end inside a byte, and the other bits of that byte may be an invalid block.
#[test]
fn damage_in_the_bits_after_a_block_is_outstanding() {
    for side in SIDES {
        for first in [0xc1, 0x41] {
            let bytes = from_peer(side, first, b"\x02\x18");
            let mut conn = Conn::new(side).pmd(USUAL);
            let consumed = match conn.recv(&mut bytes.clone(), 64) {
                Ok((_, consumed)) => consumed,
                Err(error) => {
                    assert_eq!(error, crate::c::code::COMPRESSION);
                    continue;
                }
            };
            assert!(consumed < bytes.len(), "the error is outstanding");
        }
    }
}
