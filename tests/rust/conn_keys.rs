//! ws_conn_set_random(): the source of a client's masking keys.

// All unsafe blocks here pass functions that live longer than the connection.
#![allow(clippy::undocumented_unsafe_blocks)]

use crate::c::{WS_CLIENT, WS_SERVER, code};
use crate::conn::*;
use crate::conn_allocator::{Fail, Recorder};
use crate::pmd::USUAL;
use core::cell::Cell;
use core::ffi::{c_int, c_void};
use core::mem::MaybeUninit;
use core::ptr::null_mut;
use std::collections::HashSet;
use wscodec::ffi::conn::ws_conn_set_random;
use wscodec::memory::Allocator;
use wscodec::random::{self, expand};
use wscodec::side::Side;

/// A source that returns consecutive bytes, and fails on demand.
#[derive(Default)]
struct Source {
    calls: Cell<usize>,
    last_len: Cell<usize>,
    next: Cell<u8>,
    fails: Cell<bool>,
}

unsafe extern "C" fn fill(user: *mut c_void, out: *mut c_void, len: usize) -> c_int {
    let source = unsafe { &*user.cast::<Source>() };
    source.calls.set(source.calls.get() + 1);
    source.last_len.set(len);
    if source.fails.get() {
        return 5;
    }
    let out = unsafe { core::slice::from_raw_parts_mut(out.cast::<u8>(), len) };
    for byte in out {
        *byte = source.next.get();
        source.next.set(source.next.get().wrapping_add(1));
    }
    0
}

impl Source {
    fn give(&self, conn: &Conn) -> isize {
        let user = (&raw const *self).cast_mut().cast();
        unsafe { ws_conn_set_random(conn.raw, Some(fill), user) }
    }
}

/// The key of a short masked frame.
fn key(frame: &[u8]) -> [u8; 4] {
    frame[2..6].try_into().unwrap()
}

#[test]
fn keys_are_used_in_order_and_drawn_64_at_a_time() {
    let source = Source::default();
    let mut conn = Conn::new(WS_CLIENT);
    assert_eq!(source.give(&conn), 0);
    for number in 0..200_usize {
        let frame = conn.send_bytes(WS_OPCODE_TEXT, 0, b"Hello").unwrap();
        let first = (number * 4) as u8;
        assert_eq!(key(&frame), [first, first + 1, first + 2, first + 3], "{number}");
        assert_eq!(source.calls.get(), number / 64 + 1);
        assert_eq!(source.last_len.get(), 256);
    }
}

#[test]
fn a_frame_that_is_not_written_takes_no_key() {
    let write: [fn(&mut Conn) -> Vec<u8>; 3] = [
        |conn| {
            conn.read_only(&from_peer(WS_CLIENT, 0x88, b"\x03\xe8"));
            conn.output_bytes(WS_MAX_OUTPUT).unwrap()
        },
        |conn| {
            conn.read_only(&from_peer(WS_CLIENT, 0x89, b""));
            conn.output_bytes(WS_MAX_OUTPUT).unwrap()
        },
        |conn| conn.send_bytes(WS_OPCODE_TEXT, 0, b"").unwrap(),
    ];
    for (number, write) in write.iter().enumerate() {
        let source = Source::default();
        let mut conn = Conn::new(WS_CLIENT);
        assert_eq!(source.give(&conn), 0);
        assert_eq!(conn.output_bytes(WS_MAX_OUTPUT), Ok(vec![]));
        assert_eq!(key(&write(&mut conn)), [0, 1, 2, 3], "{number}");
        assert_eq!(conn.output_bytes(WS_MAX_OUTPUT), Ok(vec![]));
        if number > 0 {
            let next = conn.send_bytes(WS_OPCODE_TEXT, 0, b"").unwrap();
            assert_eq!(key(&next), [4, 5, 6, 7], "{number}");
        }
    }
}

#[test]
fn a_seed_is_expanded_as_the_published_vector_says() {
    // draft-strombergson-chacha-test-vectors-01, TC1: 12 rounds, a key of 256 zero bits.
    let [a, b, c, d, ..] = expand([0; 32]);
    assert_eq!(
        [a, b, c, d].map(|word| u32::from_be_bytes(word.to_le_bytes())),
        [0x9bf4_9a6a, 0x0755_f953, 0x811f_ce12, 0x5f26_83d5]
    );
}

#[test]
fn keys_of_the_operating_system_do_not_repeat() {
    // More than come from one seed: the keys of two connections, beyond the second seed of each.
    let mut seen = HashSet::new();
    for _ in 0..2 {
        let mut conn = Conn::new(WS_CLIENT);
        for _ in 0..1000 {
            seen.insert(key(&conn.send_bytes(WS_OPCODE_TEXT, 0, b"x").unwrap()));
        }
    }
    // By chance two keys of 2000 are the same in one run of 2000, and five pairs in none.
    assert!(seen.len() > 1995, "{} keys", seen.len());
}

#[test]
fn without_memory_keys_are_drawn_one_by_one() {
    let (source, recorder) = (Source::default(), Recorder::new());
    let mut conn = Conn::with(WS_CLIENT, &recorder.allocator()).unwrap();
    recorder.fail(Fail::From(1));
    assert_eq!(source.give(&conn), 0);
    for number in 0..5 {
        conn.send(WS_OPCODE_TEXT, 0, b"x").unwrap();
        assert_eq!((source.calls.get(), source.last_len.get()), (number + 1, 4));
    }
}

#[test]
fn a_failing_source_has_no_effect() {
    let source = Source::default();
    let mut conn = Conn::new(WS_CLIENT);
    assert_eq!(source.give(&conn), 0);
    source.fails.set(true);
    assert_eq!(conn.send(WS_OPCODE_TEXT, WS_SEND_MORE, b"x"), Err(code::RANDOM));
    assert_eq!(conn.close(1000, b""), Err(code::RANDOM));
    conn.read_only(&all_from_peer(WS_CLIENT, &[(0x89, b"p"), (0x88, b"\x03\xe8")]));
    conn.read_only(&from_peer(WS_CLIENT, 0x88, b"\x03\xe8"));
    assert_eq!(conn.output_bytes(WS_MAX_OUTPUT), Err(code::RANDOM));
    assert_eq!(source.give(&conn), 0, "no frame was sent yet");
    source.fails.set(false);
    assert_eq!(
        conn.send(WS_OPCODE_BINARY, 0, b"x").unwrap().0,
        0x82,
        "no message was begun"
    );
    assert_eq!(
        conn.output(),
        [pong_reply("p"), close_reply(1000)],
        "both are still pending"
    );
}

#[test]
fn a_source_that_fails_between_pong_and_close_loses_neither() {
    let (source, recorder) = (Source::default(), Recorder::new());
    let mut conn = Conn::with(WS_CLIENT, &recorder.allocator()).unwrap();
    assert_eq!(source.give(&conn), 0);
    // 63 keys are used: the pong gets the last one, and the close none.
    for _ in 0..63 {
        conn.send(WS_OPCODE_TEXT, 0, b"x").unwrap();
    }
    conn.read_only(&all_from_peer(WS_CLIENT, &[(0x89, b"p"), (0x88, b"\x03\xe8")]));
    conn.read_only(&from_peer(WS_CLIENT, 0x88, b"\x03\xe8"));
    source.fails.set(true);
    assert_eq!(conn.output_bytes(WS_MAX_OUTPUT), Err(code::RANDOM));
    source.fails.set(false);
    let written = conn.output_bytes(WS_MAX_OUTPUT).unwrap();
    let expected = [(0x8a, b"p".to_vec()), (0x88, b"\x03\xe8".to_vec())];
    assert_eq!(frames(WS_CLIENT, &written), expected);
    assert!(!conn.has_output(), "all of it is written at once");
    assert_eq!(key(&written), [252, 253, 254, 255], "the pong gets the same key");
    let close_frame = &written[7..];
    assert_eq!(key(close_frame), [0, 1, 2, 3], "of the next 256 bytes");
}

#[test]
fn a_compressed_frame_that_is_not_written_takes_no_key() {
    let (source, recorder) = (Source::default(), Recorder::new());
    let mut conn = Conn::with(WS_CLIENT, &recorder.allocator()).unwrap().pmd(USUAL);
    assert_eq!(source.give(&conn), 0);
    assert_eq!(key(&conn.send_bytes(WS_OPCODE_PING, 0, b"").unwrap()), [0, 1, 2, 3]);
    recorder.fail(Fail::From(1));
    assert_eq!(conn.send(WS_OPCODE_TEXT, 0, b"Hello"), Err(code::NO_MEMORY));
    recorder.fail(Fail::Never);
    let frame = conn.send_bytes(WS_OPCODE_TEXT, 0, b"Hello").unwrap();
    assert_eq!((frame[0], key(&frame)), (0xc1, [4, 5, 6, 7]));
}

#[test]
fn a_source_must_be_set_before_the_first_frame_and_is_unused_by_servers() {
    let source = Source::default();
    let mut conn = Conn::new(WS_CLIENT);
    conn.send(WS_OPCODE_PING, 0, b"").unwrap();
    assert_eq!(source.give(&conn), code::INVALID_STATE);
    let mut server = Conn::new(WS_SERVER);
    server.send(WS_OPCODE_TEXT, 0, b"x").unwrap();
    assert_eq!(source.give(&server), 0);
    server.send(WS_OPCODE_TEXT, 0, b"x").unwrap();
    assert_eq!(source.calls.get(), 0);
}

#[test]
fn null_means_the_operating_systems_source() {
    let source = Source::default();
    let mut conn = Conn::new(WS_CLIENT);
    assert_eq!(source.give(&conn), 0);
    assert_eq!(unsafe { ws_conn_set_random(conn.raw, None, null_mut()) }, 0);
    conn.send(WS_OPCODE_TEXT, 0, b"x").unwrap();
    assert_eq!(source.calls.get(), 0);
    assert_eq!(
        unsafe { ws_conn_set_random(null_mut(), None, null_mut()) },
        code::INVALID_ARGUMENT
    );
}

#[test]
fn a_connection_that_is_printed_keeps_its_keys_secret() {
    let source = Source::default();
    let user = (&raw const source).cast_mut().cast();
    let mut conn = wscodec::conn::Conn::new(Side::Client, Allocator::SYSTEM);
    conn.set_random(unsafe { random::Source::new(fill, user) }).unwrap();
    conn.close(1000, b"", &mut [MaybeUninit::uninit(); 8]).unwrap();
    let printed = format!("{conn:?}");
    assert!(printed.contains("keys: "), "{printed}");
    assert!(!printed.contains("4, 5, 6, 7"), "{printed}");
}
