//! WS_INFO_*: what a connection reports about itself.

use crate::c::{WS_CLIENT, WS_SERVER, code};
use crate::conn::*;
use crate::pmd::USUAL;
use crate::zlib::{Deflate, Settings};

const ALL: [i32; 7] = [
    WS_INFO_CLOSE_SENT,
    WS_INFO_CLOSE_RECEIVED,
    WS_INFO_CLOSED_BY_PEER,
    WS_INFO_SENDING,
    WS_INFO_RECEIVING,
    WS_INFO_ANNOUNCED,
    WS_INFO_BUFFERED,
];

fn info(conn: &Conn) -> [u64; 7] {
    ALL.map(|number| conn.get(number).unwrap())
}

#[test]
fn information_cannot_be_set() {
    for side in SIDES {
        let mut conn = Conn::new(side);
        for number in ALL {
            for value in [0, 1, u64::MAX] {
                assert_eq!(conn.set(number, value), code::INVALID_ARGUMENT, "{number}");
            }
        }
        assert_eq!(info(&conn), [0; 7]);
    }
}

#[test]
fn an_incomplete_message_has_an_opcode_and_buffered_bytes() {
    for side in SIDES {
        let mut conn = Conn::new(side);
        conn.read(&from_peer(side, 0x02, "abc"));
        assert_eq!(
            (conn.get(WS_INFO_RECEIVING), conn.get(WS_INFO_BUFFERED)),
            (Ok(2), Ok(3))
        );
        conn.read(&from_peer(side, 0x89, "ping"));
        let part = from_peer(side, 0x00, "defgh");
        conn.read(&part[..part.len() - 2]);
        assert_eq!(
            (conn.get(WS_INFO_RECEIVING), conn.get(WS_INFO_BUFFERED)),
            (Ok(2), Ok(6))
        );
        conn.read(&part[part.len() - 2..]);
        conn.read(&from_peer(side, 0x80, ""));
        assert_eq!(
            (conn.get(WS_INFO_RECEIVING), conn.get(WS_INFO_BUFFERED)),
            (Ok(0), Ok(0))
        );
        conn.send(WS_OPCODE_TEXT, WS_SEND_MORE, b"x").unwrap();
        conn.send(WS_OPCODE_PING, 0, b"x").unwrap();
        assert_eq!(conn.get(WS_INFO_SENDING), Ok(1));
        conn.send(WS_OPCODE_TEXT, 0, b"x").unwrap();
        assert_eq!(conn.get(WS_INFO_SENDING), Ok(0));
    }
}

#[test]
fn with_stream_nothing_is_buffered() {
    for side in SIDES {
        let mut conn = Conn::new(side).option(WS_OPT_STREAM, 1);
        conn.read(&from_peer(side, 0x01, "abc"));
        assert_eq!(
            (conn.get(WS_INFO_RECEIVING), conn.get(WS_INFO_BUFFERED)),
            (Ok(1), Ok(0))
        );
    }
}

#[test]
fn data_that_was_reported_is_not_buffered() {
    for side in SIDES {
        let payload = Deflate::new(Settings::USUAL).message(b"Hello");
        let mut conn = Conn::new(side).pmd(USUAL).option(WS_OPT_STREAM, 1);
        let (events, _) = conn.recv(&mut from_peer(side, 0x41, &payload), 1).unwrap();
        assert_eq!((events.len(), conn.get(WS_INFO_BUFFERED)), (1, Ok(0)), "a part");
        let mut conn = Conn::new(side);
        let mut message = all_from_peer(side, &[(0x01, b"Hel"), (0x80, b"lo")]);
        let (events, _) = conn.recv(&mut message, 1).unwrap();
        assert_eq!((events.len(), conn.get(WS_INFO_BUFFERED)), (1, Ok(0)), "a message");
    }
}

#[test]
fn close_codes_after_the_peer_closed() {
    for side in SIDES {
        for (payload, number) in [(&b"\x03\xe9bye"[..], 1001), (b"", 1005)] {
            let mut conn = Conn::new(side);
            conn.read_only(&from_peer(side, 0x88, payload));
            assert_eq!(info(&conn)[..3], [0, number, 1], "reported, not answered yet");
            conn.output();
            assert_eq!(info(&conn)[..3], [number, number, 1]);
        }
    }
}

#[test]
fn close_codes_after_we_closed() {
    for side in SIDES {
        let mut conn = Conn::new(side);
        conn.close(1005, b"").unwrap();
        assert_eq!(info(&conn)[..3], [1005, 0, 0]);
        conn.read(&from_peer(side, 0x88, b"\x03\xe8"));
        assert_eq!(info(&conn)[..3], [1005, 1000, 0]);
    }
}

#[test]
fn finish_keeps_the_close_codes() {
    for side in SIDES {
        let mut conn = Conn::new(side);
        assert_eq!(conn.finish(), code::EOF);
        assert_eq!(info(&conn)[..3], [0, 0, 0], "no close was written");
        let mut conn = Conn::new(side);
        conn.close(1001, b"").unwrap();
        assert_eq!(conn.finish(), code::EOF);
        assert_eq!(info(&conn)[..3], [1001, 0, 0]);
    }
}

#[test]
fn the_close_code_of_an_error_counts_once_it_was_written() {
    for side in SIDES {
        let mut conn = Conn::new(side);
        conn.read_only(&from_peer(side, 0x83, ""));
        assert_eq!(info(&conn)[..3], [0, 0, 0]);
        conn.output();
        assert_eq!(info(&conn)[..3], [1002, 0, 0]);
    }
}

/// WS_INFO_ANNOUNCED after bytes that exceed a limit, read one by one.
fn announced(mut conn: Conn, bytes: &[u8]) -> u64 {
    for byte in bytes.chunks(1) {
        if conn.state() == WS_STATE_FAILED {
            break;
        }
        assert_eq!(conn.get(WS_INFO_ANNOUNCED), Ok(0), "before the error was returned");
        conn.read(byte);
    }
    let by_bytes = conn.get(WS_INFO_ANNOUNCED).unwrap();
    assert_eq!(conn.recv(&mut [], 1).unwrap_err(), code::TOO_BIG);
    by_bytes
}

#[test]
fn too_big_reports_the_announced_length() {
    for side in SIDES {
        let limited = || Conn::new(side).option(WS_OPT_MAX_MESSAGE, 100);
        for len in [101, 125, 126, 65_535, 65_536, 1 << 40] {
            let header = crate::wire::header(0x82, peer_key(side), len);
            assert_eq!(announced(limited(), &header), len);
            let mut whole = limited();
            whole.read(&header);
            assert_eq!(whole.get(WS_INFO_ANNOUNCED), Ok(len), "all at once");
            let framed = Conn::new(side).option(WS_OPT_MAX_FRAME, 100);
            assert_eq!(announced(framed, &header), len, "one frame");
        }
        let fragments = all_from_peer(side, &[(0x02, &[0; 90]), (0x80, &[0; 20])]);
        assert_eq!(announced(limited(), &fragments), 110, "the whole message");
        let framed =
            Conn::new(side).option(WS_OPT_MAX_FRAME, 15).option(WS_OPT_MAX_MESSAGE, 0);
        let fragments = all_from_peer(side, &[(0x02, &[0; 10]), (0x80, &[0; 20])]);
        assert_eq!(announced(framed, &fragments), 20, "the frame alone");
    }
}

#[test]
fn too_big_while_decompressing_reports_the_length_reached() {
    for side in SIDES {
        for stream in [0, 1] {
            let payload = Deflate::new(Settings::USUAL).message(&[0; 5000]);
            let mut conn = Conn::new(side)
                .pmd(USUAL)
                .option(WS_OPT_MAX_MESSAGE, 1000)
                .option(WS_OPT_STREAM, stream);
            conn.read(&from_peer(side, 0xc2, &payload));
            assert_eq!(conn.get(WS_INFO_ANNOUNCED), Ok(1001));
        }
    }
}

#[test]
fn other_errors_announce_no_length() {
    for side in [WS_SERVER, WS_CLIENT] {
        let mut conn = Conn::new(side);
        conn.read(&from_peer(side, 0x81, b"\xff"));
        assert_eq!((conn.state(), conn.get(WS_INFO_ANNOUNCED)), (WS_STATE_FAILED, Ok(0)));
    }
}
