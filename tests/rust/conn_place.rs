//! ws_conn_init(): a connection in the caller's memory.

// All unsafe blocks here pass memory that lives longer than the connection in it.
#![allow(clippy::undocumented_unsafe_blocks)]

use crate::c::{WS_CLIENT, WS_SERVER};
use crate::conn::*;
use crate::conn_allocator::{Fail, Recorder};
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use wscodec::ffi::conn::{WS_MAX_CONN, ws_allocator, ws_conn, ws_conn_init};
use wscodec::ffi::version::{WS_TYPE_CONN, ws_sizeof};

#[repr(align(16))]
struct Room([u8; 272]);

fn room() -> Box<Room> {
    Box::new(Room([0xa5; 272]))
}

fn size() -> usize {
    ws_sizeof(WS_TYPE_CONN)
}

fn init(
    mem: *mut c_void,
    len: usize,
    side: u32,
    allocator: *const ws_allocator,
) -> *mut ws_conn {
    unsafe { ws_conn_init(mem, len, side, allocator) }
}

#[test]
fn a_connection_stays_within_its_memory_and_its_handle_is_the_address() {
    assert!(size() > 0 && size() <= WS_MAX_CONN);
    for side in SIDES {
        let mut room = room();
        let mem: *mut c_void = room.0.as_mut_ptr().cast();
        let conn = init(mem, size(), side, null());
        assert_eq!(conn.cast(), mem);
        let mut conn = Conn::of(conn, side);
        assert_eq!(conn.read(&from_peer(side, 0x81, "Hello")), [text("Hello")]);
        drop(conn);
        assert!(room.0[size()..].iter().all(|byte| *byte == 0xa5), "beyond its memory");
    }
}

#[test]
fn invalid_memory_is_refused_and_not_written() {
    let mut room = room();
    let mem = room.0.as_mut_ptr();
    for offset in 1..16 {
        let shifted = mem.wrapping_add(offset).cast();
        assert!(init(shifted, 256, WS_SERVER, null()).is_null(), "at {offset}");
    }
    for len in [0, 1, size() - 1] {
        assert!(init(mem.cast(), len, WS_SERVER, null()).is_null(), "{len} bytes");
    }
    assert!(init(null_mut(), 256, WS_SERVER, null()).is_null(), "NULL");
    for side in [2, 4, u32::MAX] {
        assert!(init(mem.cast(), 256, side, null()).is_null(), "side {side}");
    }
    let no_functions =
        ws_allocator { alloc: None, resize: None, free: None, user: null_mut() };
    assert!(
        init(mem.cast(), 256, WS_SERVER, &no_functions).is_null(),
        "an allocator without functions"
    );
    assert!(room.0.iter().all(|byte| *byte == 0xa5));
}

#[test]
fn a_server_that_reads_whole_messages_allocates_nothing() {
    let recorder = Recorder::failing(Fail::From(1));
    let mut room = room();
    let conn = init(room.0.as_mut_ptr().cast(), 272, WS_SERVER, &recorder.allocator());
    let mut conn = Conn::of(conn, WS_SERVER);
    for len in [0, 1, 1000, 100_000] {
        let payload = vec![b'x'; len];
        assert_eq!(conn.read(&from_peer(WS_SERVER, 0x81, &payload)), [text(&payload)]);
        assert_eq!(conn.send(WS_OPCODE_TEXT, 0, &payload).unwrap().1, payload);
    }
    conn.close(1000, b"").unwrap();
    drop(conn);
    assert_eq!((recorder.asked(), recorder.refused()), (0, 0));
}

#[test]
fn freeing_leaves_the_memory_for_the_next_connection() {
    let recorder = Recorder::new();
    let mut room = room();
    for side in [WS_SERVER, WS_CLIENT, WS_SERVER] {
        let conn = init(room.0.as_mut_ptr().cast(), 272, side, &recorder.allocator());
        let mut conn = Conn::of(conn, side);
        conn.read_only(&from_peer(side, 0x89, "ping"));
        conn.read(&from_peer(side, 0x01, "a fragment"));
        conn.send(WS_OPCODE_TEXT, 0, b"x").unwrap();
        assert!(recorder.blocks() > 0);
        drop(conn);
        assert_eq!(recorder.blocks(), 0, "all memory but the handle");
    }
}
