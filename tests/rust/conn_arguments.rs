//! Invalid arguments of the functions for connections.

// The pointers refer to live variables, or must be refused before they are used.
#![allow(clippy::undocumented_unsafe_blocks)]

use crate::arguments_frame::{ABSURD, dangling, unaligned};
use crate::c::code::{BUFFER_TOO_SMALL, INVALID_ARGUMENT};
use crate::c::{WS_CLIENT, WS_SERVER};
use crate::conn::*;
use crate::conn_allocator::Recorder;
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use wscodec::ffi::version::ws_sizeof;

#[test]
fn new_refuses_unknown_sides() {
    for side in [2, 3, 4, 8, 0x100, 0x8000_0000, u32::MAX] {
        assert!(Conn::with(side, null()).is_none(), "{side:x}");
        let recorder = Recorder::new();
        assert!(Conn::with(side, &recorder.allocator()).is_none());
        assert_eq!(recorder.asked(), 0);
    }
    assert!(
        Conn::with(WS_SERVER, null()).is_some()
            && Conn::with(WS_CLIENT, null()).is_some()
    );
}

#[test]
fn new_refuses_allocators_without_their_functions() {
    let recorder = Recorder::new();
    let whole = recorder.allocator();
    for side in SIDES {
        assert!(Conn::with(side, &ws_allocator { alloc: None, ..whole }).is_none());
        assert!(Conn::with(side, &ws_allocator { free: None, ..whole }).is_none());
        assert!(Conn::with(side, unaligned((&raw const whole).cast_mut())).is_none());
        assert!(Conn::with(side, &ws_allocator { resize: None, ..whole }).is_some());
    }
}

#[test]
fn an_allocator_is_copied() {
    let recorder = Recorder::new();
    let mut allocator = recorder.allocator();
    let conn = Conn::with(WS_SERVER, &allocator).unwrap();
    allocator.free = None;
    allocator.user = null_mut();
    drop(conn);
    assert_eq!(recorder.blocks(), 0, "{:?}", allocator.user);
}

#[test]
fn without_a_connection_every_function_fails() {
    let mut event = NO_EVENT;
    let (mut consumed, mut value, mut buf) = (7, 7, [0x81, 0x80, 0, 0, 0, 0]);
    let to: *mut c_void = buf.as_mut_ptr().cast();
    unsafe {
        ws_conn_free(null_mut());
        assert_eq!(ws_conn_set(null_mut(), 1, 1), INVALID_ARGUMENT);
        assert_eq!(ws_conn_get(null(), 1, &mut value), INVALID_ARGUMENT);
        let recv = ws_conn_recv(null_mut(), to, 6, &mut event, 1, &mut consumed);
        assert_eq!((recv, consumed), (INVALID_ARGUMENT, 0));
        assert_eq!(ws_conn_output(null_mut(), to, 6), INVALID_ARGUMENT);
        assert_eq!(ws_conn_output(null_mut(), null_mut(), 0), INVALID_ARGUMENT);
        assert_eq!(ws_conn_send(null_mut(), 1, 0, null(), 0, to, 6), INVALID_ARGUMENT);
        assert_eq!(ws_conn_close(null_mut(), 1000, null(), 0, to, 6), INVALID_ARGUMENT);
        assert_eq!(ws_conn_finish(null_mut()), INVALID_ARGUMENT);
        assert_eq!(ws_conn_send_bound(null(), 5), 0);
        assert_ne!(ws_conn_state(null()), WS_STATE_OPEN, "NULL is not open");
    }
    assert_eq!(buf, [0x81, 0x80, 0, 0, 0, 0]);
    assert_eq!((event.len, event.opcode), (77, 77), "nothing was written");
}

#[test]
fn recv_refuses_invalid_arguments() {
    for side in SIDES {
        let conn = &mut Conn::new(side);
        let mut wire = from_peer(side, 0x81, "a");
        let before = wire.clone();
        let mut places = [NO_EVENT; 2];
        let (events, len) = (places.as_mut_ptr(), wire.len());
        let buf: *mut c_void = wire.as_mut_ptr().cast();
        let mut counts = [7_usize; 2];
        let consumed = counts.as_mut_ptr();
        unsafe {
            for (buf, len, events, cap) in [
                (null_mut(), 1, events, 1),
                (buf, len, null_mut(), 1),
                (buf, len, null_mut(), 0),
                (buf, len, events, 0),
                (buf, len, unaligned(events), 1),
            ] {
                *consumed = 7;
                let result = ws_conn_recv(conn.raw, buf, len, events, cap, consumed);
                assert_eq!((result, *consumed), (INVALID_ARGUMENT, 0));
            }
            for absurd in ABSURD {
                *consumed = 7;
                let result = ws_conn_recv(conn.raw, buf, absurd, events, 1, consumed);
                assert_eq!((result, *consumed), (INVALID_ARGUMENT, 0));
                *consumed = 7;
                let result = ws_conn_recv(conn.raw, buf, len, events, absurd, consumed);
                assert_eq!((result, *consumed), (INVALID_ARGUMENT, 0));
            }
            // An array of so many events cannot exist either.
            let too_many = isize::MAX as usize / size_of::<ws_event>() + 1;
            let result = ws_conn_recv(conn.raw, buf, len, events, too_many, consumed);
            assert_eq!(result, INVALID_ARGUMENT);
            let result = ws_conn_recv(conn.raw, buf, len, events, 1, null_mut());
            assert_eq!(result, INVALID_ARGUMENT);
            let odd = unaligned(consumed);
            let result = ws_conn_recv(conn.raw, buf, len, events, 1, odd);
            assert_eq!(result, INVALID_ARGUMENT);
            for empty in [null_mut(), dangling()] {
                *consumed = 7;
                let result = ws_conn_recv(conn.raw, empty, 0, events, 1, consumed);
                assert_eq!((result, *consumed), (0, 0));
            }
        }
        assert_eq!(wire, before, "nothing was unmasked");
        assert_eq!((places[0].len, places[1].len), (77, 77));
        assert_eq!(conn.state(), WS_STATE_OPEN);
        assert_eq!(conn.read(&wire), [text("a")], "nothing has changed");
    }
}

#[test]
fn output_refuses_invalid_arguments() {
    for side in SIDES {
        let mut conn = Conn::new(side);
        let mut out = [0_u8; WS_MAX_OUTPUT];
        let to: *mut c_void = out.as_mut_ptr().cast();
        unsafe {
            assert_eq!(ws_conn_output(conn.raw, null_mut(), 0), 0);
            assert_eq!(ws_conn_output(conn.raw, dangling(), 0), 0);
            conn.read_only(&from_peer(side, 0x89, "p"));
            assert_eq!(ws_conn_output(conn.raw, null_mut(), 0), BUFFER_TOO_SMALL);
            assert_eq!(ws_conn_output(conn.raw, dangling(), 0), BUFFER_TOO_SMALL);
            assert_eq!(ws_conn_output(conn.raw, null_mut(), 5), INVALID_ARGUMENT);
            for absurd in ABSURD {
                assert_eq!(ws_conn_output(conn.raw, to, absurd), INVALID_ARGUMENT);
            }
        }
        assert_eq!(out, [0; WS_MAX_OUTPUT]);
        assert_eq!(conn.output(), [pong_reply("p")]);
    }
}

#[test]
fn send_refuses_invalid_arguments() {
    for side in SIDES {
        let mut conn = Conn::new(side);
        let mut out = [0_u8; 64];
        let to: *mut c_void = out.as_mut_ptr().cast();
        let payload: *const c_void = b"Hello".as_ptr().cast();
        unsafe {
            assert_eq!(ws_conn_send(conn.raw, 1, 0, null(), 5, to, 64), INVALID_ARGUMENT);
            let nowhere = ws_conn_send(conn.raw, 1, 0, payload, 5, null_mut(), 64);
            assert_eq!(nowhere, INVALID_ARGUMENT);
            let nothing = ws_conn_send(conn.raw, 1, 0, payload, 5, null_mut(), 0);
            assert_eq!(nothing, BUFFER_TOO_SMALL);
            for absurd in ABSURD {
                let result = ws_conn_send(conn.raw, 1, 0, payload, absurd, to, 64);
                assert_eq!(result, INVALID_ARGUMENT);
                let result = ws_conn_send(conn.raw, 1, 1, payload, 5, to, absurd);
                assert_eq!(result, INVALID_ARGUMENT);
            }
            assert_eq!(*to.cast::<[u8; 64]>(), [0; 64], "nothing was written");
            for empty in [null(), dangling().cast_const()] {
                assert!(ws_conn_send(conn.raw, 1, 0, empty, 0, to, 64) > 0);
            }
        }
        assert_eq!(conn.send(WS_OPCODE_TEXT, 0, b"a").unwrap(), (0x81, b"a".to_vec()));
    }
}

#[test]
fn close_refuses_invalid_arguments() {
    for side in SIDES {
        let conn = Conn::new(side);
        let mut out = [0_u8; 64];
        let to: *mut c_void = out.as_mut_ptr().cast();
        let reason: *const c_void = b"bye".as_ptr().cast();
        unsafe {
            assert_eq!(
                ws_conn_close(conn.raw, 1000, null(), 3, to, 64),
                INVALID_ARGUMENT
            );
            let nowhere = ws_conn_close(conn.raw, 1000, reason, 3, null_mut(), 64);
            assert_eq!(nowhere, INVALID_ARGUMENT);
            let nothing = ws_conn_close(conn.raw, 1000, reason, 3, null_mut(), 0);
            assert_eq!(nothing, BUFFER_TOO_SMALL);
            for absurd in ABSURD {
                let result = ws_conn_close(conn.raw, 1000, reason, absurd, to, 64);
                assert_eq!(result, INVALID_ARGUMENT);
                let result = ws_conn_close(conn.raw, 1000, reason, 3, to, absurd);
                assert_eq!(result, INVALID_ARGUMENT);
            }
        }
        assert_eq!(out, [0; 64], "nothing was written");
        assert_eq!(conn.state(), WS_STATE_OPEN);
        let to: *mut c_void = out.as_mut_ptr().cast();
        let written = unsafe { ws_conn_close(conn.raw, 1000, null(), 0, to, 64) };
        assert_eq!(written, if side == WS_CLIENT { 8 } else { 4 });
    }
}

#[test]
fn get_refuses_invalid_arguments() {
    let conn = Conn::new(WS_SERVER);
    let mut values = [7_u64; 2];
    let value = values.as_mut_ptr();
    unsafe {
        assert_eq!(
            ws_conn_get(conn.raw, WS_OPT_MAX_MESSAGE, null_mut()),
            INVALID_ARGUMENT
        );
        let odd = ws_conn_get(conn.raw, WS_OPT_MAX_MESSAGE, unaligned(value));
        assert_eq!(odd, INVALID_ARGUMENT);
        assert_eq!(*value, 7);
        assert_eq!(ws_conn_get(conn.raw, WS_OPT_MAX_MESSAGE, value), 0);
    }
    assert_eq!(values, [1 << 20, 7]);
}

#[test]
fn structs_have_their_abi_sizes() {
    let word = size_of::<usize>();
    assert_eq!(ws_sizeof(9), 4 * word);
    assert_eq!(ws_sizeof(11), 24);
    assert_eq!(size_of::<ws_allocator>(), 4 * word);
    assert_eq!(size_of::<ws_event>(), 24);
}
