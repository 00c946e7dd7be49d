//! Every allocation fails once, and from then on: the connection says so, for ever, and
//! nothing is lost.

use crate::c::{WS_SERVER, code};
use crate::conn::*;
use crate::conn_allocator::{Fail, Recorder};

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
    /// None: there was no connection.
    fn run(&self, recorder: &Recorder) -> Option<Vec<Item>> {
        let allocator = if self.resizes {
            recorder.allocator()
        } else {
            recorder.allocator_without_resize()
        };
        let mut conn = Conn::with(self.side, &allocator)?;
        conn = conn.option(WS_OPT_STREAM, self.stream.into());
        let mut said = Vec::new();
        for piece in self.bytes.chunks(self.cut) {
            said.extend(conn.read_in(piece, 64, self.collects));
            if said.contains(&Item::Error(code::NO_MEMORY)) {
                self.check_failed(&mut conn, &mut said);
                return Some(said);
            }
        }
        said.extend(conn.output());
        Some(said)
    }

    fn check_failed(&self, conn: &mut Conn, said: &mut Vec<Item>) {
        assert_eq!(conn.state(), WS_STATE_FAILED);
        if !self.collects {
            said.extend(conn.output());
        }
        assert_eq!(said.pop(), Some(close_reply(1011)), "the peer is told");
        for late in ["", "late"] {
            let late = conn.recv(&mut late.as_bytes().to_vec(), 4).err();
            assert_eq!(late, Some(code::NO_MEMORY), "it is returned for ever");
        }
        assert_eq!(conn.finish(), code::NO_MEMORY);
        assert_eq!(conn.output(), []);
    }

    /// How many allocations there are, and how many of them led to the error.
    fn check(&self) -> (usize, usize) {
        let recorder = Recorder::new();
        let expected = self.run(&recorder).unwrap();
        let (count, mut errors) = (recorder.asked(), 0);
        for number in 1..=count {
            for fail in [Fail::Only(number), Fail::From(number)] {
                let recorder = Recorder::failing(fail);
                let said = self.run(&recorder);
                assert!(recorder.refused() > 0);
                assert_eq!(recorder.blocks(), 0, "{fail:?}: a leak");
                let Some(said) = said else {
                    assert_eq!(number, 1, "there is a connection");
                    continue;
                };
                let failed = said.contains(&Item::Error(code::NO_MEMORY));
                errors += usize::from(failed);
                if failed {
                    self.check_prefix(&said, &expected);
                } else {
                    assert_eq!(
                        said, expected,
                        "{fail:?}: it must have made no difference"
                    );
                }
            }
        }
        (count, errors)
    }

    /// What was said before is what is said otherwise; a pong that still waited is a pong.
    fn check_prefix(&self, said: &[Item], expected: &[Item]) {
        let at = said.iter().position(|item| matches!(item, Item::Error(_))).unwrap();
        assert!(expected.starts_with(&said[..at]), "{said:?} instead of {expected:?}");
        let pings: Vec<&Vec<u8>> = said[..at]
            .iter()
            .filter_map(|item| match item {
                Item::Ping(payload) => Some(payload),
                _ => None,
            })
            .collect();
        for reply in &said[at + 1..] {
            let Item::Reply(0x8a, payload) = reply else { panic!("{reply:?}") };
            assert!(pings.contains(&payload), "a pong without a ping: {said:?}");
        }
    }
}

#[test]
fn every_allocation_may_fail() {
    for side in SIDES {
        let (mut counts, mut errors) = (0, 0);
        for (bytes, cut) in scenarios(side) {
            for bits in 0..8 {
                let [stream, collects, resizes] = [1, 2, 4].map(|bit| bits & bit != 0);
                let bytes = bytes.clone();
                let case = Case { bytes, cut, side, stream, collects, resizes };
                let (count, failed) = case.check();
                assert!(count >= 1);
                counts += count - 1;
                errors += failed;
            }
        }
        // All but those of the handle are needed, and each fails in two ways.
        assert!(counts > 500 && errors > counts, "{errors} errors of {counts}");
    }
}

#[test]
fn a_pong_needs_memory_that_may_not_be_there() {
    let recorder = Recorder::new();
    let mut conn = Conn::with(WS_SERVER, &recorder.allocator()).unwrap();
    recorder.fail(Fail::From(1));
    let said = conn.read_only(&from_peer(WS_SERVER, 0x89, [b'x'; 125]));
    assert_eq!(said, [Item::Error(code::NO_MEMORY)]);
    assert_eq!(conn.output(), [close_reply(1011)]);
}

#[test]
fn a_pong_that_waits_has_room_for_the_next() {
    let recorder = Recorder::new();
    let mut conn = Conn::with(WS_SERVER, &recorder.allocator()).unwrap();
    conn.read_only(&from_peer(WS_SERVER, 0x89, "first"));
    recorder.fail(Fail::From(1));
    let said = conn.read_only(&from_peer(WS_SERVER, 0x89, [b'x'; 125]));
    assert_eq!(said, [ping([b'x'; 125])]);
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
fn after_it_nothing_is_asked_for_any_more() {
    let recorder = Recorder::new();
    let mut conn = Conn::with(WS_SERVER, &recorder.allocator()).unwrap();
    recorder.fail(Fail::Only(1));
    let part = from_peer(WS_SERVER, 0x01, "Hello");
    assert_eq!(conn.read(&part), [Item::Error(code::NO_MEMORY), close_reply(1011)]);
    assert_eq!(conn.read(&part), [Item::Error(code::NO_MEMORY)]);
    assert_eq!(recorder.asked(), 1);
}
