//! ws_conn_accept(): from a client's head to an answer and a connection.

// All unsafe blocks here pass slices that live during the call, with their own lengths.
#![allow(clippy::undocumented_unsafe_blocks)]

use crate::c::{self, SERVER, code};
use crate::conn::{Conn, OPEN, answer_pong, from_peer, ping, text};
use crate::conn_allocator::{Fail, Recorder};
use crate::heads::{ACCEPT, Head, KEY};
use core::ffi::c_void;
use core::ptr::{null, null_mut, without_provenance_mut};
use wscodec::ffi::conn::{ws_accept_spec, ws_allocator, ws_conn, ws_conn_accept};
use wscodec::ffi::handshake::ws_bytes;

const MAX_REPLY: usize = 512;

fn bytes(bytes: &[u8]) -> ws_bytes {
    ws_bytes { data: bytes.as_ptr().cast(), len: bytes.len() }
}

fn spec(protocols: &[u8], headers: &[u8]) -> ws_accept_spec {
    ws_accept_spec {
        protocols: bytes(protocols),
        headers: bytes(headers),
        pmd: null(),
        allocator: null(),
    }
}

/// What is written and the connection. There is one if and only if it is a 101.
fn accept_into(
    head: &[u8],
    spec: &ws_accept_spec,
    cap: usize,
) -> Result<(Vec<u8>, Option<Conn>), isize> {
    let mut room = vec![0xc5; cap + 16];
    let mut raw: *mut ws_conn = without_provenance_mut(77);
    let to: *mut c_void = room.as_mut_ptr().cast();
    let from = head.as_ptr().cast();
    let size = size_of::<ws_accept_spec>();
    let result =
        unsafe { ws_conn_accept(from, head.len(), spec, size, &mut raw, to, cap) };
    let len = usize::try_from(result).unwrap_or(0);
    assert!(len <= cap);
    assert!(room[len..].iter().all(|byte| *byte == 0xc5), "wrote more than it said");
    room.truncate(len);
    let conn = (!raw.is_null()).then_some(Conn::of(raw, SERVER));
    assert_eq!(conn.is_some(), room.starts_with(b"HTTP/1.1 101 "));
    if result < 0 { Err(result) } else { Ok((room, conn)) }
}

fn accept(head: &Head, protocols: &str, headers: &str) -> (Vec<u8>, Option<Conn>) {
    let spec = spec(protocols.as_bytes(), headers.as_bytes());
    accept_into(&head.bytes(), &spec, 4096).unwrap()
}

/// What a client makes of it: the status, and the subprotocol that was chosen.
fn read(head: &Head, answer: &[u8]) -> (isize, u16, Option<Vec<u8>>) {
    let (result, response) = c::parse_response(answer, &head.bytes());
    let protocol = c::piece(answer, response.protocol).map(<[u8]>::to_vec);
    (result, response.status, protocol)
}

#[test]
fn a_client_is_accepted() {
    let head = Head::request();
    let (answer, conn) = accept(&head, "", "");
    assert_eq!(read(&head, &answer), (answer.len() as isize, 101, None));
    let said = c::find_header(&answer, b"Sec-WebSocket-Accept").unwrap().unwrap();
    assert_eq!(said, ACCEPT);
    assert!(answer.len() <= MAX_REPLY);
    let mut conn = conn.unwrap();
    assert_eq!(conn.state(), OPEN);
    let bytes = [from_peer(SERVER, 0x89, "p"), from_peer(SERVER, 0x81, "hi")].concat();
    assert_eq!(conn.read(&bytes), [ping("p"), answer_pong("p"), text("hi")]);
}

#[test]
fn the_first_protocol_of_ours_that_was_offered_is_chosen() {
    for (offered, ours, chosen) in [
        ("chat, superchat", "superchat, chat", Some("superchat")),
        ("chat, superchat", "x, chat", Some("chat")),
        ("chat", "chat", Some("chat")),
        ("chat", "superchat", None),
        ("chat", "", None),
    ] {
        let head = Head::request().add("Sec-WebSocket-Protocol", offered);
        let (answer, conn) = accept(&head, ours, "");
        let chosen = chosen.map(|name| name.as_bytes().to_vec());
        assert_eq!(read(&head, &answer), (answer.len() as isize, 101, chosen));
        assert!(conn.is_some());
    }
    let (answer, _) = accept(&Head::request(), "chat", "");
    assert_eq!(read(&Head::request(), &answer).2, None, "none was offered");
}

#[test]
fn the_headers_are_in_the_answer() {
    let head = Head::request().add("Sec-WebSocket-Protocol", "chat");
    let (answer, _) = accept(&head, "chat", "Set-Cookie: a=b\r\nServer: x\r\n");
    for (name, value) in [("Set-Cookie", "a=b"), ("Server", "x")] {
        let found = c::find_header(&answer, name.as_bytes()).unwrap();
        assert_eq!(found.as_deref(), Some(value.as_bytes()));
    }
    assert_eq!(read(&head, &answer).0, answer.len() as isize);
}

/// No extension is answered, whatever is offered: there is none in this build.
#[test]
fn extensions_are_not_agreed_on() {
    let head =
        Head::request().add("Sec-WebSocket-Extensions", "permessage-deflate, x; y=1");
    let (answer, conn) = accept(&head, "", "");
    assert_eq!(c::find_header(&answer, b"Sec-WebSocket-Extensions"), Ok(None));
    assert!(conn.is_some());
}

fn refusals() -> Vec<(Head, u16)> {
    let request = Head::request;
    vec![
        (request().without("Upgrade"), 426),
        (request().without("Connection"), 426),
        (request().set("Upgrade", "h2c"), 426),
        (request().start("POST /chat HTTP/1.1").without("Upgrade"), 426),
        (request().start("POST /chat HTTP/1.1"), 405),
        (request().start("GET /chat HTTP/1.0"), 505),
        (request().without("Host"), 400),
        (request().add("Host", "other.example"), 400),
        (request().without("Sec-WebSocket-Version"), 426),
        (request().set("Sec-WebSocket-Version", "8"), 426),
        (request().without("Sec-WebSocket-Key"), 400),
        (request().set("Sec-WebSocket-Key", "short"), 400),
        (request().add("Sec-WebSocket-Key", KEY), 400),
        (request().add("Origin", "http://a").add("Origin", "http://b"), 400),
        (request().add("Content-Length", "5"), 400),
        (request().add("Transfer-Encoding", "chunked"), 400),
        (request().start("GET"), 400),
        (request().raw("no colon"), 400),
        (request().raw(" folded: x"), 400),
        (request().add("X", "a\0b"), 400),
        ((0..130).fold(request(), |head, i| head.add("X", i.to_string())), 431),
        (request().add("X", "x".repeat(16_384)), 431),
    ]
}

#[test]
fn every_refusal_says_why_and_gives_no_connection() {
    for (head, status) in refusals() {
        let shown =
            String::from_utf8_lossy(&head.bytes()).chars().take(300).collect::<String>();
        let recorder = Recorder::new();
        let allocator = recorder.allocator();
        let spec = ws_accept_spec { allocator: &allocator, ..spec(b"chat", b"X: y\r\n") };
        // Nothing is chosen and no header of the caller's is due: WS_MAX_REPLY is enough.
        let room = MAX_REPLY + 6;
        let (answer, conn) = accept_into(&head.bytes(), &spec, room).expect(&shown);
        assert!(conn.is_none(), "{shown}");
        let (result, said, _) = read(&Head::request(), &answer);
        assert_eq!((result, said), (code::STATUS, status), "{shown}");
        let closes = c::find_header(&answer, b"Connection").unwrap();
        assert_eq!(closes.as_deref(), Some(&b"close"[..]));
        if status == 426 {
            let version = c::find_header(&answer, b"Sec-WebSocket-Version").unwrap();
            assert_eq!(version.as_deref(), Some(&b"13"[..]));
        }
        assert_eq!(recorder.blocks(), 0);
    }
}

#[test]
fn no_refusal_needs_more_than_the_header_says() {
    for (head, _) in refusals() {
        let (answer, _) = accept_into(&head.bytes(), &spec(b"", b""), MAX_REPLY).unwrap();
        assert!(!answer.is_empty() && answer.len() <= MAX_REPLY);
    }
}

/// With the longest protocol and headers that there may be beside it.
#[test]
fn nor_does_an_answer() {
    let protocol = "p".repeat(1000);
    let headers = format!("X: {}\r\n", "h".repeat(1000));
    let head = Head::request().add("Sec-WebSocket-Protocol", &protocol);
    let room = MAX_REPLY + protocol.len() + headers.len();
    let spec = spec(protocol.as_bytes(), headers.as_bytes());
    let (answer, conn) = accept_into(&head.bytes(), &spec, room).unwrap();
    assert_eq!(read(&head, &answer).2, Some(protocol.into_bytes()));
    assert!(conn.is_some());
}

#[test]
fn an_incomplete_head_has_no_answer_yet() {
    let head = Head::request().bytes();
    for len in 0..head.len() {
        let (answer, conn) = accept_into(&head[..len], &spec(b"", b""), 1000).unwrap();
        assert!(answer.is_empty() && conn.is_none(), "at {len}");
    }
    assert!(accept_into(&head, &spec(b"", b""), 1000).unwrap().1.is_some());
}

#[test]
fn what_the_caller_must_not_ask_for() {
    let head = Head::request().add("Sec-WebSocket-Protocol", "chat").bytes();
    for (protocols, headers) in [
        ("chat\r\nX: y", ""),
        ("a b", ""),
        ("chat", "X"),
        ("chat", "X: y"),
        ("chat", "X: y\r\n\r\n"),
        ("chat", "Upgrade: websocket\r\n"),
        ("chat", "Connection: close\r\n"),
        ("chat", "Sec-WebSocket-Protocol: chat\r\n"),
    ] {
        let spec = spec(protocols.as_bytes(), headers.as_bytes());
        let refused = accept_into(&head, &spec, 1000).err();
        assert_eq!(refused, Some(code::INVALID_ARGUMENT), "{protocols} {headers}");
    }
}

#[test]
fn too_little_room_is_no_connection() {
    let recorder = Recorder::new();
    let allocator = recorder.allocator();
    let spec = ws_accept_spec { allocator: &allocator, ..spec(b"", b"") };
    for head in [Head::request(), Head::request().without("Host")] {
        let head = head.bytes();
        let exact = accept_into(&head, &spec, 1000).unwrap().0.len();
        for cap in [0, 1, exact - 1] {
            let refused = accept_into(&head, &spec, cap).err();
            assert_eq!(refused, Some(code::BUFFER_TOO_SMALL));
            assert_eq!(recorder.blocks(), 0);
        }
        assert_eq!(accept_into(&head, &spec, exact).unwrap().0.len(), exact);
    }
}

#[test]
fn without_memory_nothing_is_written() {
    let recorder = Recorder::failing(Fail::From(1));
    let allocator = recorder.allocator();
    let spec = ws_accept_spec { allocator: &allocator, ..spec(b"", b"") };
    let refused = accept_into(&Head::request().bytes(), &spec, 1000).err();
    assert_eq!(refused, Some(code::NO_MEMORY));
    assert_eq!(recorder.refused(), 1);
}

#[test]
fn the_connection_is_in_the_callers_memory() {
    let recorder = Recorder::new();
    let allocator = recorder.allocator();
    let spec = ws_accept_spec { allocator: &allocator, ..spec(b"", b"") };
    let (_, conn) = accept_into(&Head::request().bytes(), &spec, 1000).unwrap();
    assert_eq!((recorder.blocks(), recorder.asked()), (1, 1));
    assert!(recorder.live() <= 256);
    drop(conn);
    assert_eq!(recorder.blocks(), 0);
}

#[test]
fn an_allocator_without_its_functions_is_refused() {
    let recorder = Recorder::new();
    let whole = recorder.allocator();
    for allocator in
        [ws_allocator { alloc: None, ..whole }, ws_allocator { free: None, ..whole }]
    {
        let spec = ws_accept_spec { allocator: &allocator, ..spec(b"", b"") };
        let refused = accept_into(&Head::request().bytes(), &spec, 1000).err();
        assert_eq!(refused, Some(code::INVALID_ARGUMENT));
    }
}

fn raw(
    head: &[u8],
    spec: *const ws_accept_spec,
    size: usize,
    out: &mut [u8],
) -> (isize, bool) {
    let mut conn: *mut ws_conn = without_provenance_mut(77);
    let (from, to) = (head.as_ptr().cast(), out.as_mut_ptr().cast());
    let result =
        unsafe { ws_conn_accept(from, head.len(), spec, size, &mut conn, to, out.len()) };
    let none = conn.is_null();
    if !none {
        drop(Conn::of(conn, SERVER));
    }
    (result, none)
}

/// An extensible struct: what is unknown must be zero, and what is known must be there.
#[test]
fn the_size_of_the_spec() {
    #[repr(C)]
    struct Larger(ws_accept_spec, [u64; 2]);
    let head = Head::request().bytes();
    let mut out = [0; 1000];
    let mut larger = Larger(spec(b"", b""), [0; 2]);
    let size = size_of::<ws_accept_spec>();
    let (result, none) = raw(&head, &raw const larger.0, size + 16, &mut out);
    assert!(result > 0 && !none);
    larger.1[1] = 1;
    let unknown = raw(&head, &raw const larger.0, size + 16, &mut out);
    assert_eq!(unknown, (code::UNSUPPORTED, true));
    for short in [0, 1, size - 1] {
        let refused = raw(&head, &raw const larger.0, short, &mut out);
        assert_eq!(refused, (code::INVALID_ARGUMENT, true));
    }
    assert_eq!(raw(&head, null(), size, &mut out), (code::INVALID_ARGUMENT, true));
}

#[test]
fn pointers_that_nobody_should_pass() {
    let head = Head::request().bytes();
    let (from, len) = (head.as_ptr().cast::<c_void>(), head.len());
    let spec = spec(b"", b"");
    let size = size_of::<ws_accept_spec>();
    let mut out = [0_u8; 1000];
    let to: *mut c_void = out.as_mut_ptr().cast();
    let mut conn: *mut ws_conn = without_provenance_mut(77);
    unsafe {
        let no_conn = ws_conn_accept(from, len, &spec, size, null_mut(), to, 1000);
        assert_eq!(no_conn, code::INVALID_ARGUMENT);
        for absurd in crate::arguments_frame::ABSURD {
            let result = ws_conn_accept(from, absurd, &spec, size, &mut conn, to, 1000);
            assert_eq!(result, code::INVALID_ARGUMENT);
            assert!(conn.is_null());
            let result = ws_conn_accept(from, len, &spec, size, &mut conn, to, absurd);
            assert_eq!(result, code::INVALID_ARGUMENT);
            assert!(conn.is_null());
        }
        conn = without_provenance_mut(77);
        let result = ws_conn_accept(null(), 5, &spec, size, &mut conn, to, 1000);
        assert_eq!((result, conn.is_null()), (code::INVALID_ARGUMENT, true));
        conn = without_provenance_mut(77);
        let result = ws_conn_accept(from, len, &spec, size, &mut conn, null_mut(), 5);
        assert_eq!((result, conn.is_null()), (code::INVALID_ARGUMENT, true));
        let result = ws_conn_accept(null(), 0, &spec, size, &mut conn, null_mut(), 0);
        assert_eq!((result, conn.is_null()), (0, true));
        let mut bad = ws_accept_spec { ..spec };
        bad.protocols = ws_bytes { data: null(), len: 1 };
        let result = ws_conn_accept(from, len, &bad, size, &mut conn, to, 1000);
        assert_eq!((result, conn.is_null()), (code::INVALID_ARGUMENT, true));
    }
    assert_eq!(out, [0; 1000]);
}
