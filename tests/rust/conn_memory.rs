//! The memory that a connection allocates, and when it frees it.

use crate::conn::*;
use crate::conn_allocator::Recorder;
use crate::wire::header;

/// The allowance besides the handle for a few bytes.
const LITTLE: usize = 256;

fn conn(side: u32, recorder: &Recorder) -> Conn {
    Conn::with(side, &recorder.allocator()).unwrap()
}

#[test]
fn a_handle_is_one_block_of_at_most_256_bytes() {
    for side in SIDES {
        let recorder = Recorder::new();
        let conn = conn(side, &recorder);
        assert_eq!((recorder.asked(), recorder.blocks()), (1, 1));
        assert!(recorder.live() <= 256, "{}", recorder.live());
        drop(conn);
        assert_eq!(recorder.blocks(), 0);
    }
}

#[test]
fn whole_messages_and_pongs_need_no_memory() {
    for side in SIDES {
        let recorder = Recorder::new();
        let mut conn = conn(side, &recorder);
        for len in [0, 1, 1000, 100_000] {
            conn.read(&from_peer(side, 0x81, vec![b'x'; len]));
        }
        conn.read(&from_peer(side, 0x8a, [1; 125]));
        assert_eq!((recorder.asked(), recorder.blocks()), (1, 1));
    }
}

/// It owns more only for a message or control frame that is incomplete or collected, and for a
/// pending pong. From its first frame on, a client also owns its masking keys.
#[test]
fn an_idle_connection_owns_only_its_handle() {
    for side in SIDES {
        let recorder = Recorder::new();
        let mut conn = conn(side, &recorder);
        let mut idle = 1;
        for round in 0..3 {
            conn.read(&all_from_peer(side, &[(0x01, &[b'a'; 500]), (0x80, b"b")]));
            conn.read(b"");
            assert_eq!(recorder.blocks(), idle, "after a message, {round}");
            for byte in from_peer(side, 0x8a, [7; 100]).chunks(1) {
                conn.read(byte);
            }
            conn.read(b"");
            assert_eq!(recorder.blocks(), idle, "after a control frame in pieces");
            conn.read_only(&from_peer(side, 0x89, [7; 100]));
            assert_eq!(conn.output().len(), 1);
            idle = if side == crate::c::WS_CLIENT { 2 } else { 1 };
            assert_eq!(recorder.blocks(), idle, "after a pong");
        }
        conn.read_only(&from_peer(side, 0x89, [7; 100]));
        conn.close(1000, b"").unwrap();
        assert_eq!(recorder.blocks(), idle + 1, "a pong is pending");
        conn.read(&from_peer(side, 0x88, b"\x03\xe8"));
        conn.read(b"");
        assert_eq!(recorder.blocks(), idle, "after the close");
    }
}

#[test]
fn an_announced_length_allocates_nothing() {
    for side in SIDES {
        for len in [1 << 16, 1 << 20, (1 << 63) - 1] {
            for fragment in [false, true] {
                let recorder = Recorder::new();
                let mut conn = conn(side, &recorder).option(WS_OPT_MAX_MESSAGE, 0);
                if fragment {
                    conn.read(&from_peer(side, 0x02, "a"));
                }
                let first = if fragment { 0x80 } else { 0x82 };
                conn.read(&header(first, peer_key(side), len));
                conn.read(b"x");
                conn.read(b"yz");
                assert!(recorder.peak() <= 256 + LITTLE, "{}", recorder.peak());
            }
        }
    }
}

/// At most twice what has arrived, and three times while a block is resized.
fn grows_with_what_arrived(
    conn: &mut Conn,
    recorder: &Recorder,
    bytes: &[u8],
    chunk: usize,
) {
    let handle = recorder.live();
    let mut arrived = 0;
    for piece in bytes.chunks(chunk) {
        conn.read(piece);
        arrived += piece.len();
        assert!(recorder.live() <= handle + 2 * arrived + LITTLE, "after {arrived}");
        let times = if recorder.peak() > recorder.live() { 3 } else { 2 };
        assert!(recorder.peak() <= handle + times * arrived + LITTLE);
    }
}

#[test]
fn memory_grows_with_what_arrived() {
    for side in SIDES {
        let long = from_peer(side, 0x02, vec![7; 300_000]);
        for chunk in [1000, 4096, 65_536, 299_999] {
            let recorder = Recorder::new();
            let mut conn = conn(side, &recorder);
            grows_with_what_arrived(&mut conn, &recorder, &long, chunk);
            assert!(recorder.asked() < 40, "{} times", recorder.asked());
            let recorder = Recorder::new();
            let allocator = recorder.allocator_without_resize();
            let mut conn = Conn::with(side, &allocator).unwrap();
            grows_with_what_arrived(&mut conn, &recorder, &long, chunk);
        }
        let short = from_peer(side, 0x02, vec![7; 3000]);
        let recorder = Recorder::new();
        grows_with_what_arrived(&mut conn(side, &recorder), &recorder, &short, 1);
        assert!(recorder.asked() < 40, "{} times for 3000 bytes", recorder.asked());
    }
}

/// A message of many fragments is not copied once for each of them.
#[test]
fn ten_thousand_fragments_need_few_allocations() {
    for side in SIDES {
        let recorder = Recorder::new();
        let mut conn = conn(side, &recorder);
        conn.read(&from_peer(side, 0x02, "x"));
        for _ in 0..10_000 {
            conn.read(&from_peer(side, 0x00, "y"));
        }
        assert!(recorder.asked() < 40, "{} times", recorder.asked());
        let items = conn.read(&from_peer(side, 0x80, ""));
        assert!(matches!(&items[..], [Item::Data(2, BOTH, all)] if all.len() == 10_001));
    }
}

#[test]
fn memory_never_exceeds_the_message_limit() {
    for side in SIDES {
        let recorder = Recorder::new();
        let mut conn = conn(side, &recorder).option(WS_OPT_MAX_MESSAGE, 1000);
        let bytes = from_peer(side, 0x02, [7; 1000]);
        for byte in bytes.chunks(1) {
            conn.read(byte);
        }
        assert!(recorder.peak() <= 256 + 1000, "{}", recorder.peak());
    }
}

#[test]
fn a_kept_buffer_serves_the_next_message() {
    for side in SIDES {
        let recorder = Recorder::new();
        let mut conn = conn(side, &recorder).option(WS_OPT_KEEP_BUFFER, 4096);
        let idle = recorder.live();
        let send = |conn: &mut Conn, len: usize| {
            let payload = vec![b'x'; len];
            let items = conn.read(&all_from_peer(side, &[(0x01, &payload), (0x80, b"")]));
            assert_eq!(items, [text(&payload)]);
            conn.read(b"");
        };
        send(&mut conn, 3000);
        assert!((idle + 3000..=idle + 4096).contains(&recorder.live()));
        let asked = recorder.asked();
        for len in [3000, 1, 2999] {
            send(&mut conn, len);
        }
        assert_eq!(recorder.asked(), asked, "it was kept, and used");
        send(&mut conn, 10_000);
        assert!(recorder.live() <= idle + 4096, "{} kept", recorder.live() - idle);
    }
}

#[test]
fn exactly_as_many_bytes_are_kept_as_the_option_says() {
    for side in SIDES {
        for (len, kept) in [(4095, 4095), (4096, 4096), (4097, 0)] {
            let recorder = Recorder::new();
            let mut conn = conn(side, &recorder).option(WS_OPT_KEEP_BUFFER, 4096);
            let idle = recorder.live();
            conn.read(&all_from_peer(side, &[(0x01, &vec![b'x'; len]), (0x80, b"")]));
            conn.read(b"");
            assert_eq!(recorder.live(), idle + kept, "{len}");
        }
    }
}

#[test]
fn a_kept_buffer_is_freed_when_the_option_is_cleared() {
    for side in SIDES {
        let recorder = Recorder::new();
        let mut conn = conn(side, &recorder).option(WS_OPT_KEEP_BUFFER, 4096);
        conn.read(&all_from_peer(side, &[(0x01, &[b'x'; 3000]), (0x80, b"")]));
        conn.read(b"");
        assert_eq!(recorder.blocks(), 2);
        assert_eq!(conn.set(WS_OPT_KEEP_BUFFER, 0), 0);
        conn.read(&from_peer(side, 0x81, "whole"));
        conn.read(b"");
        assert_eq!(recorder.blocks(), 1);
    }
}

#[test]
fn a_large_keep_buffer_allocates_nothing_in_advance() {
    for side in SIDES {
        let recorder = Recorder::new();
        let mut conn = conn(side, &recorder).option(WS_OPT_KEEP_BUFFER, u64::MAX);
        conn.read(&all_from_peer(side, &[(0x01, b"a"), (0x80, b"b")]));
        conn.read(b"");
        assert!(recorder.peak() <= 256 + LITTLE);
    }
}

#[test]
fn freeing_at_any_moment_leaks_nothing() {
    for side in SIDES {
        let bytes = all_from_peer(
            side,
            &[(0x01, b"Hel"), (0x89, b"ping"), (0x80, b"lo"), (0x88, b"\x03\xe8bye")],
        );
        for cut in 0..=bytes.len() {
            for resizes in [false, true] {
                let recorder = Recorder::new();
                let allocator = if resizes {
                    recorder.allocator()
                } else {
                    recorder.allocator_without_resize()
                };
                let mut conn = Conn::with(side, &allocator).unwrap();
                for byte in bytes[..cut].chunks(1) {
                    conn.read_only(byte);
                }
                drop(conn);
                assert_eq!(recorder.blocks(), 0, "cut at {cut}");
            }
        }
    }
}

#[test]
fn null_may_be_freed() {
    drop(Conn::of(core::ptr::null_mut(), 0));
}
