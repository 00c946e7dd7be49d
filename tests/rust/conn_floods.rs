//! Peers that send very many small frames.

use crate::c::{WS_SERVER, code};
use crate::conn::*;
use crate::conn_allocator::Recorder;
use crate::rng::one_in;
use std::time::Duration;

struct Flood {
    recorder: Box<Recorder>,
    arrived: usize,
}

impl Flood {
    fn new() -> Flood {
        Flood { recorder: Recorder::new(), arrived: 0 }
    }

    fn conn(&self) -> Conn {
        Conn::with(WS_SERVER, &self.recorder.allocator()).unwrap()
    }

    /// Sends `frame` so many times in reads of 64 KiB; returns the number of events.
    fn send(&mut self, conn: &mut Conn, frame: &[u8], times: usize) -> usize {
        let batch = frame.repeat(65_536 / frame.len());
        let (mut left, mut events) = (times * frame.len(), 0);
        let (mut buf, mut durations) = (Vec::new(), Vec::new());
        while left > 0 {
            let start = cpu_time();
            buf.clear();
            buf.extend(&batch[..batch.len().min(left)]);
            left -= buf.len();
            self.arrived += buf.len();
            let mut rest = &mut buf[..];
            loop {
                let (some, consumed) = conn.recv_raw(rest, 64).unwrap();
                events += some.len();
                rest = &mut rest[consumed..];
                if some.is_empty() {
                    break;
                }
            }
            let (live, most) = (self.recorder.live(), 512 + 3 * self.arrived);
            assert!(live <= most, "{live} bytes for {}", self.arrived);
            durations.push(cpu_time() - start);
        }
        assert_steady(&durations);
        events
    }
}

/// The last quarter of the reads takes no longer than the first, except for noise.
fn assert_steady(durations: &[Duration]) {
    let quarter = durations.len() / 4;
    let first: Duration = durations[..quarter].iter().sum();
    let last: Duration = durations[durations.len() - quarter..].iter().sum();
    assert!(last <= 3 * first + Duration::from_millis(20), "{first:?}, then {last:?}");
}

/// Of this thread.
fn cpu_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is valid.
    let result =
        unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    assert_eq!(result, 0);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

const MANY: usize = 1_000_000;

#[test]
fn empty_fragments_need_constant_memory() {
    let mut flood = Flood::new();
    let mut conn = flood.conn();
    assert_eq!(flood.send(&mut conn, &from_peer(WS_SERVER, 0x01, ""), 1), 0);
    assert_eq!(flood.send(&mut conn, &from_peer(WS_SERVER, 0x00, ""), MANY), 0);
    assert!(flood.recorder.peak() <= 512, "{}", flood.recorder.peak());
    assert_eq!(conn.read(&from_peer(WS_SERVER, 0x80, "end")), [text("end")]);
}

#[test]
fn fragments_of_one_byte_need_memory_only_for_their_payload() {
    let mut flood = Flood::new();
    let mut conn = flood.conn();
    assert_eq!(flood.send(&mut conn, &from_peer(WS_SERVER, 0x01, ""), 1), 0);
    assert_eq!(flood.send(&mut conn, &from_peer(WS_SERVER, 0x00, "x"), MANY), 0);
    // Each byte of payload arrives in a frame of 7 bytes.
    assert!(flood.recorder.peak() <= 512 + 2 * MANY, "{}", flood.recorder.peak());
    assert!(flood.recorder.asked() < 100, "{} times", flood.recorder.asked());
    assert_eq!(conn.read(&from_peer(WS_SERVER, 0x80, "")), [text("x".repeat(MANY))]);
}

#[test]
fn endless_fragments_end_at_the_message_limit() {
    let mut flood = Flood::new();
    let mut conn = flood.conn().option(WS_OPT_MAX_MESSAGE, MANY as u64);
    flood.send(&mut conn, &from_peer(WS_SERVER, 0x02, "x"), 1);
    flood.send(&mut conn, &from_peer(WS_SERVER, 0x00, "x"), MANY - 1);
    let items = conn.read(&from_peer(WS_SERVER, 0x00, "x"));
    assert_eq!(items, [Item::Error(code::TOO_BIG), close_reply(1009)]);
}

fn pings(times: usize) {
    let mut flood = Flood::new();
    let mut conn = flood.conn();
    assert_eq!(flood.send(&mut conn, &from_peer(WS_SERVER, 0x89, ""), times), times);
    assert!(flood.recorder.peak() <= 512, "{}", flood.recorder.peak());
    assert_eq!(conn.output(), [pong_reply("")]);
}

#[test]
fn empty_pings_are_reported_and_need_constant_memory() {
    pings(MANY / one_in());
}

#[test]
#[ignore = "takes long in a debug build"]
fn ten_million_empty_pings_need_constant_memory() {
    pings(10 * MANY);
}

#[test]
fn pings_of_125_bytes_need_constant_memory() {
    let mut flood = Flood::new();
    let mut conn = flood.conn();
    let frame = from_peer(WS_SERVER, 0x89, [b'p'; 125]);
    let times = MANY / 10 / one_in();
    assert_eq!(flood.send(&mut conn, &frame, times), times);
    assert!(flood.recorder.peak() <= 1024, "{}", flood.recorder.peak());
    assert_eq!(conn.output(), [pong_reply([b'p'; 125])]);
}

#[test]
fn empty_messages_and_pongs_use_no_memory() {
    for first in [0x81, 0x82, 0x8a] {
        let mut flood = Flood::new();
        let mut conn = flood.conn();
        let frame = from_peer(WS_SERVER, first, "");
        assert_eq!(flood.send(&mut conn, &frame, MANY / 4), MANY / 4);
        assert_eq!(flood.recorder.asked(), 1);
    }
}

#[test]
fn bytes_after_a_close_use_no_memory() {
    let mut flood = Flood::new();
    let mut conn = flood.conn();
    conn.read_only(&from_peer(WS_SERVER, 0x88, ""));
    assert_eq!(flood.send(&mut conn, b"\x81", MANY), 0);
    assert_eq!(flood.recorder.asked(), 1);
    assert_eq!(conn.output(), [close_reply(1005)]);
}
