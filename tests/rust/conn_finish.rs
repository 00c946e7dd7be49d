//! ws_conn_finish() in every state.

use crate::c::code;
use crate::conn::*;

fn has_ended(conn: &mut Conn) {
    assert_eq!(conn.state(), WS_STATE_FAILED);
    assert_eq!(conn.output(), [], "no output is pending");
    for opcode in [WS_OPCODE_TEXT, WS_OPCODE_BINARY, WS_OPCODE_PING, WS_OPCODE_PONG] {
        assert_eq!(conn.send(opcode, 0, b"a"), Err(code::INVALID_STATE));
    }
    let late = conn.close(1000, b"");
    assert!(matches!(late, Ok(None) | Err(code::INVALID_STATE)), "{late:?}");
    assert_eq!(conn.finish(), code::EOF, "the error is permanent");
    let mut text = from_peer(conn.side, 0x81, "a");
    assert_eq!(conn.recv(&mut text, 4).err(), Some(code::EOF), "for recv too");
    assert_eq!(conn.output(), []);
    assert_eq!(conn.state(), WS_STATE_FAILED);
}

/// RFC 6455, 7.1.5: without a close frame the code is 1006, even between two messages.
#[test]
fn finish_before_a_close_is_an_eof_error() {
    for side in SIDES {
        for bytes in [
            vec![],
            from_peer(side, 0x81, "a"),
            from_peer(side, 0x01, "a"),
            from_peer(side, 0x81, "abc")[..3].to_vec(),
            vec![0x81],
        ] {
            let mut conn = Conn::new(side);
            conn.read(&bytes);
            assert_eq!(conn.finish(), code::EOF);
            has_ended(&mut conn);
        }
    }
}

#[test]
fn finish_drops_a_pending_pong() {
    for side in SIDES {
        let mut conn = Conn::new(side);
        conn.read_only(&from_peer(side, 0x89, "p"));
        assert_eq!(conn.finish(), code::EOF);
        has_ended(&mut conn);
    }
}

#[test]
fn finish_while_sending_a_message_is_an_eof_error() {
    for side in SIDES {
        let mut conn = Conn::new(side);
        conn.send(WS_OPCODE_TEXT, WS_SEND_MORE, b"a").unwrap();
        assert_eq!(conn.finish(), code::EOF);
        has_ended(&mut conn);
    }
}

#[test]
fn finish_before_the_peers_close_is_an_eof_error() {
    for side in SIDES {
        for bytes in [vec![], from_peer(side, 0x81, "a"), vec![0x88]] {
            let mut conn = Conn::new(side);
            conn.close(1000, b"").unwrap();
            conn.read(&bytes);
            assert_eq!(conn.finish(), code::EOF);
            has_ended(&mut conn);
        }
    }
}

#[test]
fn finish_after_both_closes_is_ok() {
    for side in SIDES {
        for ours_first in [true, false] {
            let mut conn = Conn::new(side);
            if ours_first {
                conn.close(1000, b"").unwrap();
            }
            conn.read(&from_peer(side, 0x88, ""));
            for _ in 0..2 {
                assert_eq!(conn.finish(), 0);
                assert_eq!(conn.state(), WS_STATE_CLOSED);
            }
        }
    }
}

/// The peer may have shut down only its sending side, and still read.
#[test]
fn a_pending_close_reply_survives_finish() {
    for side in SIDES {
        for pings in [false, true] {
            let mut conn = Conn::new(side);
            if pings {
                conn.read_only(&from_peer(side, 0x89, "p"));
            }
            conn.read_only(&from_peer(side, 0x88, b"\x03\xe8"));
            for _ in 0..2 {
                assert_eq!(conn.finish(), 0);
                assert_eq!(conn.state(), WS_STATE_CLOSING);
            }
            assert_eq!(conn.output().last(), Some(&close_reply(1000)));
            assert_eq!((conn.state(), conn.finish()), (WS_STATE_CLOSED, 0));
        }
    }
}

#[test]
fn finish_returns_an_earlier_error_and_keeps_its_close_frame() {
    for side in SIDES {
        let mut conn = Conn::new(side);
        conn.read_only(&from_peer(side, 0x83, ""));
        for _ in 0..2 {
            assert_eq!(conn.finish(), code::OPCODE);
            assert_eq!(conn.state(), WS_STATE_FAILED);
        }
        assert_eq!(conn.output(), [close_reply(1002)]);
        assert_eq!(conn.finish(), code::OPCODE);
        assert_eq!(conn.output(), []);
    }
}
