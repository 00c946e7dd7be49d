//! Each allocation fails, alone or with all after it: the connection reports it permanently, and
//! leaks nothing.

use crate::c::{WS_SERVER, code};
use crate::conn::*;
use crate::conn_allocator::{Fail, Recorder};
use crate::rng::{Rng, one_in};

/// Streams that make a connection ask for memory, and how they are cut.
fn scenarios(side: u32) -> Vec<(Vec<u8>, usize)> {
    let long = [b'x'; 3000];
    let frames: [Frames<'_>; 6] = [
        &[(0x01, b"Hel"), (0x00, b"lo, "), (0x80, b"you")],
        &[(0x81, &long)],
        &[(0x89, b"ping"), (0x81, b"a"), (0x89, &[b'q'; 125])],
        &[(0x02, &long), (0x89, b"p"), (0x00, &long), (0x8a, b"q"), (0x80, &long)],
        &[(0x88, b"\x03\xe8a reason")],
        &[
            (0x81, b"a"),
            (0x89, b""),
            (0x89, b"p"),
            (0x89, b"longer"),
            (0x88, b"\x03\xe8"),
        ],
    ];
    let streams = frames.map(|frames| all_from_peer(side, frames));
    streams
        .iter()
        .flat_map(|bytes| [1, 7, 100, 10_000].map(|cut| (bytes.clone(), cut)))
        .collect()
}

struct Case {
    bytes: Vec<u8>,
    cut: usize,
    side: u32,
    stream: bool,
    collects: bool,
    resizes: bool,
}

impl Case {
    /// None if there was no memory for the connection.
    fn run(&self, recorder: &Recorder) -> Option<Vec<Item>> {
        let allocator = if self.resizes {
            recorder.allocator()
        } else {
            recorder.allocator_without_resize()
        };
        let mut conn = Conn::with(self.side, &allocator)?;
        conn = conn.option(WS_OPT_STREAM, self.stream.into());
        let mut items = Vec::new();
        for piece in self.bytes.chunks(self.cut) {
            items.extend(conn.read_in(piece, 64, self.collects));
            if items.contains(&Item::Error(code::NO_MEMORY)) {
                self.check_failed(&mut conn, &mut items);
                return Some(items);
            }
        }
        items.extend(conn.output());
        Some(items)
    }

    fn check_failed(&self, conn: &mut Conn, items: &mut Vec<Item>) {
        assert_eq!(conn.state(), WS_STATE_FAILED);
        if !self.collects {
            items.extend(conn.output());
        }
        assert_eq!(items.pop(), Some(close_reply(1011)), "the close frame for the peer");
        for late in ["", "late"] {
            let late = conn.recv(&mut late.as_bytes().to_vec(), 4).err();
            assert_eq!(late, Some(code::NO_MEMORY), "the error is permanent");
        }
        assert_eq!(conn.finish(), code::NO_MEMORY);
        assert_eq!(conn.output(), []);
    }

    /// Fails each allocation in turn; returns how many there are, and how many errors they caused.
    fn check(&self) -> (usize, usize) {
        let recorder = Recorder::new();
        let expected = self.run(&recorder).unwrap();
        let (count, mut errors) = (recorder.asked(), 0);
        for number in 1..=count {
            for fail in [Fail::Only(number), Fail::From(number)] {
                let recorder = Recorder::failing(fail);
                let items = self.run(&recorder);
                assert!(recorder.refused() > 0);
                assert_eq!(recorder.blocks(), 0, "{fail:?}: a leak");
                let Some(items) = items else {
                    assert_eq!(number, 1, "no connection");
                    continue;
                };
                let failed = items.contains(&Item::Error(code::NO_MEMORY));
                errors += usize::from(failed);
                if failed {
                    self.check_prefix(&items, &expected);
                } else {
                    assert_eq!(
                        items, expected,
                        "{fail:?}: a difference without an error"
                    );
                }
            }
        }
        (count, errors)
    }

    /// The items before the error are those of a run without it; after it comes at most a
    /// pending pong.
    fn check_prefix(&self, items: &[Item], expected: &[Item]) {
        let at = items.iter().position(|item| matches!(item, Item::Error(_))).unwrap();
        assert!(expected.starts_with(&items[..at]), "{items:?} instead of {expected:?}");
        let pings: Vec<&Vec<u8>> = items[..at]
            .iter()
            .filter_map(|item| match item {
                Item::Ping(payload) => Some(payload),
                _ => None,
            })
            .collect();
        for reply in &items[at + 1..] {
            let Item::Reply(0x8a, payload) = reply else { panic!("{reply:?}") };
            assert!(pings.contains(&payload), "a pong without a ping: {items:?}");
        }
    }
}

#[test]
fn a_failed_allocation_is_an_error_or_makes_no_difference() {
    let (mut rng, one_in) = (Rng::new(87), one_in());
    for side in SIDES {
        let (mut counts, mut errors) = (0, 0);
        for (bytes, cut) in scenarios(side) {
            for bits in (0..8).filter(|_| rng.once_in(one_in)) {
                let [stream, collects, resizes] = [1, 2, 4].map(|bit| bits & bit != 0);
                let bytes = bytes.clone();
                let case = Case { bytes, cut, side, stream, collects, resizes };
                let (count, failed) = case.check();
                assert!(count >= 1);
                counts += count - 1;
                errors += failed;
            }
        }
        // All but the first are needed, and each fails in two ways.
        let few = if one_in == 1 { 500 } else { 0 };
        assert!(counts > few && errors > counts, "{errors} errors of {counts}");
    }
}

#[test]
fn a_failed_allocation_for_a_pong_is_an_error() {
    let recorder = Recorder::new();
    let mut conn = Conn::with(WS_SERVER, &recorder.allocator()).unwrap();
    recorder.fail(Fail::From(1));
    let items = conn.read_only(&from_peer(WS_SERVER, 0x89, [b'x'; 125]));
    assert_eq!(items, [Item::Error(code::NO_MEMORY)]);
    assert_eq!(conn.output(), [close_reply(1011)]);
}

#[test]
fn a_pending_pong_is_replaced_without_an_allocation() {
    let recorder = Recorder::new();
    let mut conn = Conn::with(WS_SERVER, &recorder.allocator()).unwrap();
    conn.read_only(&from_peer(WS_SERVER, 0x89, "first"));
    recorder.fail(Fail::From(1));
    let items = conn.read_only(&from_peer(WS_SERVER, 0x89, [b'x'; 125]));
    assert_eq!(items, [ping([b'x'; 125])]);
    assert_eq!(conn.output(), [pong_reply([b'x'; 125])]);
}

#[test]
fn without_memory_there_is_no_connection() {
    for side in SIDES {
        let recorder = Recorder::failing(Fail::From(1));
        assert!(Conn::with(side, &recorder.allocator()).is_none());
        assert_eq!(recorder.refused(), 1);
    }
}

#[test]
fn after_a_failed_allocation_no_memory_is_requested() {
    let recorder = Recorder::new();
    let mut conn = Conn::with(WS_SERVER, &recorder.allocator()).unwrap();
    recorder.fail(Fail::Only(1));
    let part = from_peer(WS_SERVER, 0x01, "Hello");
    assert_eq!(conn.read(&part), [Item::Error(code::NO_MEMORY), close_reply(1011)]);
    assert_eq!(conn.read(&part), [Item::Error(code::NO_MEMORY)]);
    assert_eq!(recorder.asked(), 1);
}
