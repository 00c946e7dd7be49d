//! ws_conn_accept(): from a client's request to a response and a connection.

// All unsafe blocks here pass slices that live during the call, with their own lengths.
#![allow(clippy::undocumented_unsafe_blocks)]

use crate::c::{self, WS_SERVER, code};
use crate::conn::{Conn, WS_STATE_OPEN, from_peer, ping, pong_reply, text};
use crate::conn_allocator::{Fail, Recorder};
use crate::handshakes::{NONE, UNTOUCHED, accept_raw, bytes, is_zero, spec};
use crate::heads::{ACCEPT, Head, KEY};
use crate::pmd::USUAL;
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use wscodec::ffi::accept::{
    WS_ACCEPT_NEED_PROTOCOL, WS_MAX_REPLY, ws_accept_spec, ws_accepted, ws_conn_accept,
};
use wscodec::ffi::conn::ws_allocator;
use wscodec::ffi::handshake::{ws_bytes, ws_span};
use wscodec::ffi::negotiation::ws_pmd_params;
use wscodec::ffi::result::ws_http_status;

/// The error of a refused head, and its length.
fn refusal(head: &[u8], spec: &ws_accept_spec) -> (isize, usize) {
    let (result, reply, accepted) = accept_raw(head, Some(spec), 4096);
    assert!(result > 0 && accepted.conn.is_null(), "{result}");
    let status = format!("HTTP/1.1 {} ", ws_http_status(accepted.error));
    assert!(reply.starts_with(status.as_bytes()));
    (accepted.error, accepted.head_len as usize)
}

/// The response and, only with a 101, the connection.
pub(crate) fn accept_into(
    head: &[u8],
    spec: &ws_accept_spec,
    cap: usize,
) -> Result<(Vec<u8>, Option<Conn>), isize> {
    let (result, reply, accepted) = accept_raw(head, Some(spec), cap);
    let conn = (!accepted.conn.is_null()).then(|| Conn::of(accepted.conn, WS_SERVER));
    if result < 0 { Err(result) } else { Ok((reply, conn)) }
}

fn accept(head: &Head, protocols: &str, headers: &str) -> (Vec<u8>, Option<Conn>) {
    let spec = spec(protocols.as_bytes(), headers.as_bytes());
    accept_into(&head.bytes(), &spec, 4096).unwrap()
}

/// A client's view of a response: the result, the status and the subprotocol.
fn read(head: &Head, response: &[u8]) -> (isize, u16, Option<Vec<u8>>) {
    let (result, parsed) = c::parse_response(response, &head.bytes());
    let protocol = c::piece(response, parsed.protocol).map(<[u8]>::to_vec);
    (result, parsed.status, protocol)
}

#[test]
fn a_valid_request_becomes_an_open_connection() {
    let head = Head::request();
    let (response, conn) = accept(&head, "", "");
    assert_eq!(read(&head, &response), (response.len() as isize, 101, None));
    let accept = c::find_header(&response, b"Sec-WebSocket-Accept").unwrap().unwrap();
    assert_eq!(accept, ACCEPT);
    assert!(response.len() <= WS_MAX_REPLY);
    let mut conn = conn.unwrap();
    assert_eq!(conn.state(), WS_STATE_OPEN);
    let bytes =
        [from_peer(WS_SERVER, 0x89, "p"), from_peer(WS_SERVER, 0x81, "hi")].concat();
    assert_eq!(conn.read(&bytes), [ping("p"), pong_reply("p"), text("hi")]);
}

#[test]
fn the_servers_first_protocol_that_was_offered_is_chosen() {
    for (offered, ours, chosen) in [
        ("chat, superchat", "superchat, chat", Some("superchat")),
        ("chat, superchat", "x, chat", Some("chat")),
        ("chat", "chat", Some("chat")),
        ("chat", "superchat", None),
        ("chat", "", None),
    ] {
        let head = Head::request().add("Sec-WebSocket-Protocol", offered);
        let (response, conn) = accept(&head, ours, "");
        let chosen = chosen.map(|name| name.as_bytes().to_vec());
        assert_eq!(read(&head, &response), (response.len() as isize, 101, chosen));
        assert!(conn.is_some());
    }
    let (response, _) = accept(&Head::request(), "chat", "");
    assert_eq!(read(&Head::request(), &response).2, None, "none was offered");
}

#[test]
fn the_callers_headers_are_in_the_response() {
    let head = Head::request().add("Sec-WebSocket-Protocol", "chat");
    let (response, _) = accept(&head, "chat", "Set-Cookie: a=b\r\nServer: x\r\n");
    for (name, value) in [("Set-Cookie", "a=b"), ("Server", "x")] {
        let found = c::find_header(&response, name.as_bytes()).unwrap();
        assert_eq!(found.as_deref(), Some(value.as_bytes()));
    }
    assert_eq!(read(&head, &response).0, response.len() as isize);
}

#[test]
fn without_pmd_no_extension_is_confirmed() {
    let head =
        Head::request().add("Sec-WebSocket-Extensions", "permessage-deflate, x; y=1");
    let (response, conn) = accept(&head, "", "");
    assert_eq!(c::find_header(&response, b"Sec-WebSocket-Extensions"), Ok(None));
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
        ((0..260).fold(request(), |head, i| head.add("X", i.to_string())), 431),
        (request().add("X", "x".repeat(65_536)), 431),
        (request().add("Sec-WebSocket-Extensions", "a b"), 400),
    ]
}

#[test]
fn every_refusal_has_its_status_and_no_connection() {
    for (head, status) in refusals() {
        let shown =
            String::from_utf8_lossy(&head.bytes()).chars().take(300).collect::<String>();
        let recorder = Recorder::new();
        let allocator = recorder.allocator();
        let spec = ws_accept_spec { allocator: &allocator, ..spec(b"chat", b"X: y\r\n") };
        // A refusal has no protocol and no header of the caller: WS_MAX_REPLY is enough.
        let room = WS_MAX_REPLY + 6;
        let (response, conn) = accept_into(&head.bytes(), &spec, room).expect(&shown);
        assert!(conn.is_none(), "{shown}");
        let (result, sent, _) = read(&Head::request(), &response);
        assert_eq!((result, sent), (code::STATUS, status), "{shown}");
        let closes = c::find_header(&response, b"Connection").unwrap();
        let expected = if status == 426 { "Upgrade, close" } else { "close" };
        assert_eq!(closes.as_deref(), Some(expected.as_bytes()));
        if status == 426 {
            let version = c::find_header(&response, b"Sec-WebSocket-Version").unwrap();
            assert_eq!(version.as_deref(), Some(&b"13"[..]));
        }
        assert_eq!(recorder.blocks(), 0);
    }
}

#[test]
fn a_refusal_fits_into_max_reply() {
    for (head, _) in refusals() {
        let (response, _) =
            accept_into(&head.bytes(), &spec(b"", b""), WS_MAX_REPLY).unwrap();
        assert!(!response.is_empty() && response.len() <= WS_MAX_REPLY);
    }
}

#[test]
fn a_response_fits_into_max_reply_plus_protocol_and_headers() {
    let protocol = "p".repeat(1000);
    let headers = format!("X: {}\r\n", "h".repeat(1000));
    let head = Head::request().add("Sec-WebSocket-Protocol", &protocol);
    let room = WS_MAX_REPLY + protocol.len() + headers.len();
    let spec = spec(protocol.as_bytes(), headers.as_bytes());
    let (response, conn) = accept_into(&head.bytes(), &spec, room).unwrap();
    assert_eq!(read(&head, &response).2, Some(protocol.into_bytes()));
    assert!(conn.is_some());
}

#[test]
fn an_incomplete_head_has_no_response_yet() {
    let head = Head::request().bytes();
    for len in 0..head.len() {
        let (response, conn) = accept_into(&head[..len], &spec(b"", b""), 1000).unwrap();
        assert!(response.is_empty() && conn.is_none(), "at {len}");
    }
    assert!(accept_into(&head, &spec(b"", b""), 1000).unwrap().1.is_some());
}

/// Complete, incomplete, valid and invalid heads.
fn all_heads() -> Vec<Vec<u8>> {
    let with_protocol = Head::request().add("Sec-WebSocket-Protocol", "chat");
    let with_origin = Head::request().add("Origin", "https://a.example");
    let plain = Head::request().without("Upgrade");
    let mut heads = vec![
        Vec::new(),
        b"GET / HT".to_vec(),
        b"\x16\x03\x01".to_vec(),
        Head::request().bytes(),
        with_protocol.bytes(),
        with_origin.bytes(),
        plain.bytes(),
    ];
    heads.extend(refusals().into_iter().map(|(head, _)| head.bytes()));
    heads
}

fn always_refused(spec: &ws_accept_spec, error: isize, what: &str) {
    for head in all_heads() {
        let (result, ..) = accept_raw(&head, Some(spec), 4096);
        assert_eq!(result, error, "{what} {}", String::from_utf8_lossy(&head));
    }
    let mut accepted = UNTOUCHED;
    let result = unsafe {
        let (size, to_size) = (size_of::<ws_accept_spec>(), size_of::<ws_accepted>());
        ws_conn_accept(null(), 0, spec, size, &mut accepted, to_size, null_mut(), 0)
    };
    assert_eq!((result, is_zero(&accepted)), (error, true), "{what}");
}

#[test]
fn an_invalid_spec_is_refused_whatever_the_input() {
    for (protocols, headers) in [
        ("chat\r\nX: y", ""),
        ("a b", ""),
        ("chat, chat", ""),
        ("chat,", ""),
        ("", "X"),
        ("", "X: y"),
        ("chat", "X: y\r\n\r\n"),
        ("chat", "Upgrade: websocket\r\n"),
        ("chat", "Connection: close\r\n"),
        ("chat", "Content-Length: 0\r\n"),
        ("chat", "Sec-WebSocket-Protocol: chat\r\n"),
    ] {
        let spec = spec(protocols.as_bytes(), headers.as_bytes());
        let shown = format!("{protocols} {headers}");
        always_refused(&spec, code::INVALID_ARGUMENT, &shown);
    }
    let good = spec(b"chat", b"");
    for flags in [0x2, 0x8000_0000, 0x3] {
        always_refused(
            &ws_accept_spec { flags, ..good },
            code::INVALID_ARGUMENT,
            "flags",
        );
    }
    let reserved = ws_accept_spec { reserved: 1, ..good };
    always_refused(&reserved, code::INVALID_ARGUMENT, "reserved");
    let needs = ws_accept_spec { flags: WS_ACCEPT_NEED_PROTOCOL, ..spec(b"", b"") };
    always_refused(&needs, code::INVALID_ARGUMENT, "needs a protocol of an empty list");
    let no_functions =
        ws_allocator { alloc: None, resize: None, free: None, user: null_mut() };
    let allocator = ws_accept_spec { allocator: &no_functions, ..good };
    always_refused(&allocator, code::INVALID_ARGUMENT, "allocator");
    for bad in [
        ws_pmd_params { server_max_window_bits: 16, ..USUAL },
        ws_pmd_params { client_max_window_bits: 7, ..USUAL },
        ws_pmd_params { level: 10, ..USUAL },
        ws_pmd_params { server_no_context_takeover: 2, ..USUAL },
        ws_pmd_params { reserved: [0, 1], ..USUAL },
    ] {
        let error = match cfg!(feature = "deflate") {
            true => code::INVALID_ARGUMENT,
            false => code::UNSUPPORTED,
        };
        always_refused(&ws_accept_spec { pmd: &bad, ..good }, error, "pmd");
    }
}

#[test]
fn headers_that_leave_no_room_for_the_response_are_an_invalid_spec() {
    let headers = |len: usize| format!("X: {}\r\n", "y".repeat(len - 5)).into_bytes();
    let (most, protocols) = (65_536 - WS_MAX_REPLY - 9, b"chat, superchat");
    let (fitting, longer) = (headers(most), headers(most + 1));
    always_refused(&spec(protocols, &longer), code::INVALID_ARGUMENT, "too long");
    let head = Head::request().add("Sec-WebSocket-Protocol", "superchat").bytes();
    let (result, reply, accepted) =
        accept_raw(&head, Some(&spec(protocols, &fitting)), 70_000);
    assert!(result > 0 && reply.len() <= 65_536);
    drop(Conn::of(accepted.conn, WS_SERVER));
}

#[test]
fn a_list_of_origins_with_an_invalid_entry_is_an_invalid_spec() {
    let empty = ws_bytes { data: b"".as_ptr().cast(), len: 0 };
    let with = |origins| ws_accept_spec { origins, ..spec(b"", b"") };
    always_refused(&with(empty), code::INVALID_ARGUMENT, "empty");
    for list in [
        " ",
        "https://a.example/",
        "https://a.example,https://b.example",
        "https://a.example, https://b.example",
        "https://*.example",
        "https://a.example *",
        "*",
        "a.example",
        "//a.example",
        "null",
        "https://a.example null",
        "https://a.example:port",
        "https://a.example:080",
        "https://",
        "https://user@a.example",
        "https://a.example\t",
        "file:///",
        "file:",
        "https://caf\u{e9}.example",
    ] {
        let spec = with(bytes(list.as_bytes()));
        always_refused(&spec, code::INVALID_ARGUMENT, list);
    }
    for list in [
        "https://a.example",
        "  https://a.example   http://b.example:8080 ",
        "file://",
        "http://[::1]:8000 chrome-extension://abcdef FILE://",
    ] {
        let spec = with(bytes(list.as_bytes()));
        let (result, ..) = accept_raw(b"", Some(&spec), 0);
        assert_eq!(result, 0, "{list}");
    }
}

#[test]
fn a_valid_spec_without_input_returns_0() {
    assert_eq!(accept_raw(b"", Some(&spec(b"chat, b", b"X: y\r\n")), 0).0, 0);
    assert_eq!(accept_raw(b"", None, 0).0, 0);
    let (result, reply, accepted) = accept_raw(&Head::request().bytes(), None, 512);
    assert!(result > 0 && reply.starts_with(b"HTTP/1.1 101 "));
    assert_eq!(Conn::of(accepted.conn, WS_SERVER).state(), WS_STATE_OPEN);
}

#[test]
fn the_length_of_the_head_is_reported_even_with_a_refusal() {
    for (head, error, known) in [
        (Head::request(), 0, true),
        (Head::request().without("Upgrade"), code::NOT_UPGRADE, true),
        (Head::request().without("Host"), code::HOST, true),
        (Head::request().start("POST / HTTP/1.1"), code::HTTP_METHOD, true),
        (Head::request().start("GET / HTTP/1.0"), code::HTTP_VERSION, true),
        (Head::request().set("Sec-WebSocket-Key", "x"), code::KEY, true),
        (Head::request().add("Sec-WebSocket-Extensions", ","), code::EXTENSION, true),
        (Head::request().add("Transfer-Encoding", "chunked"), code::HTTP_SYNTAX, false),
        (Head::request().start("GET chat HTTP/1.1"), code::HTTP_SYNTAX, false),
        (Head::request().raw("no colon"), code::HTTP_SYNTAX, false),
    ] {
        for before in ["", "\r\n"] {
            let bytes = [before.as_bytes(), &head.bytes()].concat();
            let buf = [bytes.as_slice(), &from_peer(WS_SERVER, 0x81, "hi")].concat();
            let (result, _, accepted) = accept_raw(&buf, None, 512);
            assert!(result > 0);
            let expected = if known { bytes.len() } else { 0 };
            assert_eq!((accepted.error, accepted.head_len as usize), (error, expected));
            if error == 0 {
                let mut conn = Conn::of(accepted.conn, WS_SERVER);
                assert_eq!(conn.read(&buf[bytes.len()..]), [text("hi")]);
            }
        }
    }
    let endless = vec![b'x'; 70_000];
    assert_eq!(refusal(&endless, &spec(b"", b"")), (code::HTTP_TOO_LARGE, 0));
}

#[test]
fn the_chosen_protocol_is_a_span_of_the_servers_list() {
    let head = Head::request().add("Sec-WebSocket-Protocol", "b, superchat").bytes();
    let (_, _, accepted) = accept_raw(&head, Some(&spec(b"chat,  superchat", b"")), 512);
    drop(Conn::of(accepted.conn, WS_SERVER));
    assert_eq!(accepted.protocol, ws_span { off: 7, len: 9 });
    let (_, _, accepted) = accept_raw(&head, Some(&spec(b"chat", b"")), 512);
    drop(Conn::of(accepted.conn, WS_SERVER));
    assert_eq!(accepted.protocol, ws_span::default());
}

#[test]
fn another_origin_is_refused_and_a_missing_one_accepted() {
    let list = b"https://good.example http://localhost:8000 file://";
    let spec = ws_accept_spec { origins: bytes(list), ..spec(b"", b"") };
    let with = |origin: &str| Head::request().add("Origin", origin).bytes();
    for origin in [
        "https://good.example",
        "HTTPS://Good.example:443",
        "http://localhost:8000",
        "file://",
    ] {
        let (_, conn) = accept_into(&with(origin), &spec, 512).unwrap();
        assert!(conn.is_some(), "{origin}");
    }
    for origin in [
        "",
        "null",
        "https://evil.example",
        "https://good.example.evil.example",
        "http://good.example",
        "https://good.example/",
        "good.example",
        "https://good.example https://good.example",
    ] {
        let head = with(origin);
        assert_eq!(refusal(&head, &spec), (code::ORIGIN, head.len()), "{origin}");
    }
    assert!(accept_into(&Head::request().bytes(), &spec, 512).unwrap().1.is_some());
    let any = ws_accept_spec { origins: NONE, ..spec };
    for origin in ["", "null", "https://evil.example", "x"] {
        assert!(accept_into(&with(origin), &any, 512).unwrap().1.is_some(), "{origin}");
    }
}

#[test]
fn need_protocol_refuses_a_client_that_offers_none_of_the_list() {
    let flags = WS_ACCEPT_NEED_PROTOCOL;
    let spec = ws_accept_spec { flags, ..spec(b"chat, superchat", b"") };
    for offered in ["other", "", "Chat", "cha t"] {
        let head = Head::request().add("Sec-WebSocket-Protocol", offered).bytes();
        assert_eq!(refusal(&head, &spec), (code::PROTOCOL, head.len()), "{offered}");
    }
    let head = Head::request().bytes();
    assert_eq!(refusal(&head, &spec), (code::PROTOCOL, head.len()));
    let head = Head::request().add("Sec-WebSocket-Protocol", "x, superchat").bytes();
    assert!(accept_into(&head, &spec, 512).unwrap().1.is_some());
}

#[test]
fn faults_of_the_head_precede_the_origin_and_the_origin_the_protocol() {
    let spec = ws_accept_spec {
        origins: bytes(b"https://good.example"),
        flags: WS_ACCEPT_NEED_PROTOCOL,
        ..spec(b"chat", b"")
    };
    let bad = Head::request().add("Origin", "https://evil.example");
    let error = |head: Head| refusal(&head.bytes(), &spec).0;
    assert_eq!(error(bad.clone()), code::ORIGIN);
    assert_eq!(error(bad.clone().add("Sec-WebSocket-Extensions", ";")), code::EXTENSION);
    assert_eq!(error(bad.without("Sec-WebSocket-Key")), code::KEY);
}

#[test]
fn too_little_room_creates_no_connection() {
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
fn the_connection_uses_the_callers_allocator() {
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

/// An extensible struct: unknown fields must be zero, and known ones present.
#[test]
fn a_spec_may_be_larger_with_zeros_but_not_smaller() {
    #[repr(C)]
    struct Larger(ws_accept_spec, [u64; 2]);
    let head = Head::request().bytes();
    let raw = |spec: *const ws_accept_spec, size| {
        let (mut out, mut accepted) = ([0_u8; 1000], UNTOUCHED);
        let (from, to) = (head.as_ptr().cast(), out.as_mut_ptr().cast());
        let to_size = size_of::<ws_accepted>();
        let result = unsafe {
            ws_conn_accept(from, head.len(), spec, size, &mut accepted, to_size, to, 1000)
        };
        let none = accepted.conn.is_null();
        if !none {
            drop(Conn::of(accepted.conn, WS_SERVER));
        }
        (result, none)
    };
    let mut larger = Larger(spec(b"", b""), [0; 2]);
    let size = size_of::<ws_accept_spec>();
    let (result, none) = raw(&raw const larger.0, size + 16);
    assert!(result > 0 && !none);
    larger.1[1] = 1;
    assert_eq!(raw(&raw const larger.0, size + 16), (code::UNSUPPORTED, true));
    for short in [0, 1, size - 1] {
        assert_eq!(raw(&raw const larger.0, short), (code::INVALID_ARGUMENT, true));
    }
    assert_eq!(raw(null(), size), (code::INVALID_ARGUMENT, true));
    let (result, none) = raw(null(), 0);
    assert!(result > 0 && !none, "the defaults");
}

#[test]
fn the_filled_struct_may_be_larger_but_not_smaller() {
    #[repr(C)]
    struct Larger(ws_accepted, [u64; 2]);
    let head = Head::request().without("Host").bytes();
    let raw = |accepted: *mut ws_accepted, size| {
        let mut out = [0_u8; 1000];
        let (from, to) = (head.as_ptr().cast(), out.as_mut_ptr().cast());
        unsafe { ws_conn_accept(from, head.len(), null(), 0, accepted, size, to, 1000) }
    };
    let size = size_of::<ws_accepted>();
    let mut larger = Larger(UNTOUCHED, [7; 2]);
    for short in [0, 1, size - 1] {
        assert_eq!(raw(&raw mut larger.0, short), code::INVALID_ARGUMENT);
    }
    assert_eq!((larger.0.error, larger.1), (78, [7; 2]), "nothing has changed");
    assert!(raw(&raw mut larger.0, size + 8) > 0);
    assert_eq!((larger.0.error, larger.1), (code::HOST, [0, 7]));
    assert_eq!(raw(null_mut(), size), code::INVALID_ARGUMENT);
    assert_eq!(raw(null_mut(), 0), code::INVALID_ARGUMENT);
    let odd = (&raw mut larger.0).wrapping_byte_add(1);
    assert_eq!(raw(odd, size), code::INVALID_ARGUMENT);
}

#[test]
fn invalid_pointers_are_refused() {
    let head = Head::request().bytes();
    let (from, len) = (head.as_ptr().cast::<c_void>(), head.len());
    let good = spec(b"", b"");
    let mut out = [0_u8; 1000];
    let to: *mut c_void = out.as_mut_ptr().cast();
    let call = |from, len, spec: &ws_accept_spec, to, cap| unsafe {
        let mut accepted = UNTOUCHED;
        let (size, to_size) = (size_of::<ws_accept_spec>(), size_of::<ws_accepted>());
        let result =
            ws_conn_accept(from, len, spec, size, &mut accepted, to_size, to, cap);
        assert!(is_zero(&accepted));
        result
    };
    for absurd in crate::arguments_frame::ABSURD {
        assert_eq!(call(from, absurd, &good, to, 1000), code::INVALID_ARGUMENT);
        assert_eq!(call(from, len, &good, to, absurd), code::INVALID_ARGUMENT);
    }
    assert_eq!(call(null(), 5, &good, to, 1000), code::INVALID_ARGUMENT);
    assert_eq!(call(from, len, &good, null_mut(), 5), code::INVALID_ARGUMENT);
    assert_eq!(call(null(), 0, &good, null_mut(), 0), 0);
    let bad = ws_bytes { data: null(), len: 1 };
    for spec in [
        ws_accept_spec { protocols: bad, ..good },
        ws_accept_spec { headers: bad, ..good },
        ws_accept_spec { origins: bad, ..good },
    ] {
        assert_eq!(call(from, len, &spec, to, 1000), code::INVALID_ARGUMENT);
        assert_eq!(call(null(), 0, &spec, to, 1000), code::INVALID_ARGUMENT);
    }
    assert_eq!(out, [0; 1000]);
}
