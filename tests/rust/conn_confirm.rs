//! ws_conn_confirm(): from a server's response to a connection.

// All unsafe blocks here pass slices that live during the call, with their own lengths.
#![allow(clippy::undocumented_unsafe_blocks)]

use crate::c::{self, WS_CLIENT, code};
use crate::conn::{Conn, WS_OPCODE_TEXT, WS_STATE_OPEN, from_peer, text};
use crate::conn_allocator::{Fail, Recorder};
use crate::handshakes::{accept_raw, confirm_raw, spec};
use crate::heads::{Head, KEY};
use crate::pmd::USUAL;
use core::ffi::c_void;
use core::ptr::{null, null_mut, without_provenance_mut};
use wscodec::ffi::accept::{ws_accept_spec, ws_conn_confirm};
use wscodec::ffi::conn::{ws_allocator, ws_conn, ws_conn_get_pmd};
use wscodec::ffi::handshake::ws_response;
use wscodec::ffi::negotiation::{ws_pmd_offer, ws_pmd_params};

fn confirm(buf: &[u8], request: &[u8]) -> (isize, Option<Conn>, ws_response) {
    confirm_raw(buf, request, None, null())
}

#[test]
fn a_101_becomes_a_connection_that_reads_the_frames_after_it() {
    let request = Head::request().add("Sec-WebSocket-Protocol", "chat, b").bytes();
    let head = Head::response().add("Sec-WebSocket-Protocol", "b").bytes();
    let buf = [head.as_slice(), &from_peer(WS_CLIENT, 0x81, "hi")].concat();
    for len in 0..head.len() {
        assert_eq!(confirm(&buf[..len], &request).0, 0);
    }
    let (result, conn, response) = confirm(&buf, &request);
    assert_eq!(result, head.len() as isize);
    assert_eq!((response.status, response.http_version), (101, 11));
    assert_eq!(c::piece(&buf, response.protocol), Some(&b"b"[..]));
    let mut conn = conn.unwrap();
    assert_eq!(conn.state(), WS_STATE_OPEN);
    assert_eq!(conn.read(&buf[head.len()..]), [text("hi")]);
    // `send` checks that the frame is masked.
    assert_eq!(conn.send(WS_OPCODE_TEXT, 0, b"x"), Ok((0x81, b"x".to_vec())));
}

#[test]
fn the_result_equals_that_of_parse_response() {
    let request = Head::request()
        .add("Sec-WebSocket-Protocol", "chat")
        .add("Sec-WebSocket-Extensions", "x-one");
    let request = request.bytes();
    for head in [
        Head::response(),
        Head::response().add("Content-Length", "5"),
        Head::response().start("HTTP/1.1 403 Forbidden"),
        Head::response().start("HTTP/1.1 103 Early Hints"),
        Head::response().start("HTTP/1.0 101"),
        Head::response().start("HTTP"),
        Head::response().raw("no colon"),
        Head::response().set("Sec-WebSocket-Accept", KEY),
        Head::response().add("Sec-WebSocket-Protocol", "other"),
        Head::response().add("Sec-WebSocket-Extensions", "x-one"),
        Head::response().add("Sec-WebSocket-Extensions", "x-one, x-one"),
        Head::response().add("Sec-WebSocket-Extensions", "permessage-deflate"),
    ] {
        let bytes = head.bytes();
        let (result, _, response) = confirm(&bytes, &request);
        assert_eq!((result, response), c::parse_response(&bytes, &request));
    }
    for invalid in [&b""[..], b"GET / HTTP/1.1\r\n\r\n", &request[..40]] {
        for buf in [&b""[..], &Head::response().bytes()] {
            assert_eq!(confirm(buf, invalid).0, code::INVALID_ARGUMENT);
        }
    }
}

/// The request and its offer.
pub(crate) fn request_with(params: &ws_pmd_params) -> Vec<u8> {
    let mut offer = [0_u8; 256];
    let len = unsafe { ws_pmd_offer(params, offer.as_mut_ptr().cast(), offer.len()) };
    Head::request().add("Sec-WebSocket-Extensions", &offer[..len as usize]).bytes()
}

fn agreed(conn: &Conn) -> Option<[u8; 8]> {
    let mut params = USUAL;
    let result = unsafe { ws_conn_get_pmd(conn.raw, &mut params) };
    assert!(result >= 0);
    (result == 1).then(|| c::pmd_bytes(&params))
}

#[test]
#[cfg(feature = "deflate")]
fn the_confirmed_parameters_are_set_and_the_offer_is_unchanged() {
    let offered = ws_pmd_params { level: 3, client_max_window_bits: 12, ..USUAL };
    let request = request_with(&offered);
    for (extensions, expected) in [
        (None, None),
        (Some("permessage-deflate"), Some([0, 0, 15, 12, 3, 8, 0, 0])),
        (
            Some(
                "permessage-deflate; client_no_context_takeover; server_max_window_bits=9",
            ),
            Some([0, 1, 9, 12, 3, 8, 0, 0]),
        ),
        (
            Some("permessage-deflate; client_max_window_bits=\"10\""),
            Some([0, 0, 15, 10, 3, 8, 0, 0]),
        ),
    ] {
        let head = extensions.iter().fold(Head::response(), |head, value| {
            head.add("Sec-WebSocket-Extensions", value)
        });
        let before = c::pmd_bytes(&offered);
        let (result, conn, _) =
            confirm_raw(&head.bytes(), &request, Some(&offered), null());
        assert_eq!(result, head.bytes().len() as isize);
        assert_eq!(agreed(&conn.unwrap()), expected);
        assert_eq!(c::pmd_bytes(&offered), before);
        assert_eq!(c::pmd_confirm(&head.bytes(), offered), Ok(expected));
    }
    for bad in [
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate; client_max_window_bits=13",
        "permessage-deflate; x",
        "permessage-deflate; server_max_window_bits=7",
        "permessage-deflate, permessage-deflate",
        "x-one",
        "permessage-deflate;",
    ] {
        let head = Head::response().add("Sec-WebSocket-Extensions", bad).bytes();
        let recorder = Recorder::new();
        let allocator = recorder.allocator();
        let (result, ..) = confirm_raw(&head, &request, Some(&offered), &allocator);
        assert_eq!(result, code::EXTENSION, "{bad}");
        assert_eq!(recorder.asked(), 0);
    }
}

#[test]
fn the_parameters_must_be_given_exactly_if_the_request_offers_them() {
    let plain = [
        Head::request(),
        Head::request().add("Sec-WebSocket-Extensions", "x-one; permessage-deflate"),
    ];
    for buf in [&b""[..], &Head::response().bytes(), b"\0"] {
        for request in &plain {
            let (result, ..) = confirm_raw(buf, &request.bytes(), Some(&USUAL), null());
            let expected = match cfg!(feature = "deflate") {
                true => code::INVALID_ARGUMENT,
                false => code::UNSUPPORTED,
            };
            assert_eq!(result, expected);
        }
        for offer in ["permessage-deflate", "x-one, permessage-deflate; x=\"y\""] {
            let request = Head::request().add("Sec-WebSocket-Extensions", offer).bytes();
            assert_eq!(confirm(buf, &request).0, code::INVALID_ARGUMENT);
        }
    }
}

#[test]
#[cfg(feature = "deflate")]
fn accept_and_confirm_make_connections_that_exchange_messages() {
    let offered = ws_pmd_params { server_no_context_takeover: 1, ..USUAL };
    let request = request_with(&offered);
    let willing = ws_accept_spec { pmd: &USUAL, ..spec(b"", b"") };
    let (result, reply, accepted) = accept_raw(&request, Some(&willing), 512);
    assert!(result > 0);
    let mut server = Conn::of(accepted.conn, c::WS_SERVER);
    let (result, client, _) = confirm_raw(&reply, &request, Some(&offered), null());
    assert_eq!(result, reply.len() as isize);
    let mut client = client.unwrap();
    (server.compresses, client.compresses) = (true, true);
    assert_eq!(agreed(&server), agreed(&client));
    let (first, payload) = client.send(WS_OPCODE_TEXT, 0, &[b'a'; 300]).unwrap();
    assert_eq!(first, 0xc1, "compressed");
    let frame = from_peer(c::WS_SERVER, 0xc1, &payload);
    assert_eq!(server.read(&frame), [text([b'a'; 300])]);
}

#[test]
fn the_connection_uses_the_callers_allocator() {
    let (request, head) = (Head::request().bytes(), Head::response().bytes());
    let recorder = Recorder::new();
    let allocator = recorder.allocator();
    let (_, conn, _) = confirm_raw(&head, &request, None, &allocator);
    assert_eq!((recorder.blocks(), recorder.asked()), (1, 1));
    drop(conn);
    assert_eq!(recorder.blocks(), 0);
    let recorder = Recorder::failing(Fail::From(1));
    let allocator = recorder.allocator();
    let (result, ..) = confirm_raw(&head, &request, None, &allocator);
    assert_eq!(result, code::NO_MEMORY);
    let whole = recorder.allocator();
    for allocator in
        [ws_allocator { alloc: None, ..whole }, ws_allocator { free: None, ..whole }]
    {
        for buf in [&head[..], b""] {
            let (result, ..) = confirm_raw(buf, &request, None, &allocator);
            assert_eq!(result, code::INVALID_ARGUMENT);
        }
    }
}

#[test]
fn invalid_pointers_are_refused() {
    let (request, head) = (Head::request().bytes(), Head::response().bytes());
    let size = size_of::<ws_response>();
    let filled = || ws_response { head_len: 77, ..ws_response::default() };
    let (mut conn, mut response) = (without_provenance_mut::<ws_conn>(77), filled());
    let call = |buf, len, asked, asked_len, conn: *mut *mut ws_conn, response, size| unsafe {
        let (none, system) = (null(), null());
        ws_conn_confirm(buf, len, asked, asked_len, none, system, conn, response, size)
    };
    let (buf, asked): (*const c_void, *const c_void) =
        (head.as_ptr().cast(), request.as_ptr().cast());
    let (len, asked_len) = (head.len(), request.len());
    for absurd in crate::arguments_frame::ABSURD {
        for (len, asked_len) in [(absurd, asked_len), (len, absurd)] {
            let result = call(buf, len, asked, asked_len, &mut conn, &mut response, size);
            assert_eq!(result, code::INVALID_ARGUMENT);
        }
    }
    response = filled();
    let result = call(buf, len, asked, asked_len, null_mut(), &mut response, size);
    assert_eq!((result, response), (code::INVALID_ARGUMENT, ws_response::default()));
    for (bad, size) in [(null_mut(), size), (&raw mut response, size - 1)] {
        conn = without_provenance_mut(77);
        let result = call(buf, len, asked, asked_len, &mut conn, bad, size);
        assert_eq!((result, conn.is_null()), (code::INVALID_ARGUMENT, true));
    }
    conn = without_provenance_mut(77);
    let result = call(null(), 5, asked, asked_len, &mut conn, &mut response, size);
    assert_eq!((result, conn.is_null()), (code::INVALID_ARGUMENT, true));
}
