//! Responses as a client parses them (RFC 6455, 4.1).

use crate::c::{self, code, piece};
use crate::heads::{Head, KEY, outcome};
use wscodec::ffi::handshake::ws_response;

/// Offers subprotocols and extensions, in several fields.
fn request() -> Vec<u8> {
    Head::request()
        .add("Sec-WebSocket-Protocol", "chat, superchat")
        .add("Sec-WebSocket-Protocol", "mqtt")
        .add(
            "Sec-WebSocket-Extensions",
            "permessage-deflate; client_max_window_bits, x-one",
        )
        .add("Sec-WebSocket-Extensions", "x-two; a=\"b\"")
        .bytes()
}

fn outcome_of(bytes: &[u8]) -> Result<usize, (usize, isize)> {
    let request = request();
    outcome(bytes, |bytes| {
        let (result, parsed) = c::parse_response(bytes, &request);
        let fills = result > 0 || result == code::STATUS;
        assert_eq!(
            parsed == ws_response::default(),
            !fills,
            "filled exactly if accepted or not a 101"
        );
        result
    })
}

fn accepted(head: &Head) {
    let bytes = head.bytes();
    let shown = String::from_utf8_lossy(&bytes).into_owned();
    assert_eq!(outcome_of(&bytes), Ok(bytes.len()), "{shown}");
}

fn refused(head: &Head, error: isize) {
    let bytes = head.bytes();
    let shown = String::from_utf8_lossy(&bytes).into_owned();
    assert_eq!(outcome_of(&bytes), Err((bytes.len(), error)), "{shown}");
}

#[test]
fn a_minimal_response_is_accepted() {
    accepted(&Head::response());
    let bytes = Head::response().bytes();
    let (_, parsed) = c::parse_response(&bytes, &request());
    assert_eq!((parsed.status, parsed.head_len as usize), (101, bytes.len()));
    assert_eq!(
        (piece(&bytes, parsed.protocol), piece(&bytes, parsed.extensions)),
        (None, None)
    );
}

#[test]
fn the_protocol_and_extensions_are_reported() {
    for protocol in ["chat", "superchat", "mqtt"] {
        for extensions in ["permessage-deflate", "x-two; a=b, x-one", "x-one"] {
            let head = Head::response()
                .add("Sec-WebSocket-Protocol", protocol)
                .add("Sec-WebSocket-Extensions", extensions);
            accepted(&head);
            let bytes = head.bytes();
            let (_, parsed) = c::parse_response(&bytes, &request());
            assert_eq!(piece(&bytes, parsed.protocol), Some(protocol.as_bytes()));
            assert_eq!(piece(&bytes, parsed.extensions), Some(extensions.as_bytes()));
        }
    }
}

#[test]
fn only_101_switches_protocols() {
    for status in (100..=999).filter(|status| *status != 101) {
        let bytes = Head::response().start(format!("HTTP/1.1 {status} x")).bytes();
        let (result, parsed) = c::parse_response(&bytes, &request());
        assert_eq!((result, parsed.status), (code::STATUS, status));
        assert_eq!(parsed.head_len as usize, bytes.len());
    }
}

#[test]
fn another_1xx_response_may_be_skipped() {
    let early = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    let bytes = [early.as_slice(), &Head::response().bytes()].concat();
    let (result, parsed) = c::parse_response(&bytes, &request());
    assert_eq!((result, parsed.head_len as usize), (code::STATUS, early.len()));
    let (result, _) = c::parse_response(&bytes[early.len()..], &request());
    assert_eq!(result as usize, bytes.len() - early.len());
}

#[test]
fn a_status_line_may_have_no_reason() {
    for line in ["HTTP/1.1 101 ", "HTTP/1.1 101", "HTTP/1.1 101 Any \u{e9} text at all"] {
        accepted(&Head::response().start(line));
    }
}

#[test]
fn a_malformed_status_line_is_reported_at_its_lf() {
    for line in [
        "",
        "HTTP/1.1",
        "HTTP/1.1 ",
        "HTTP/1.1 10",
        "HTTP/1.1 1010",
        "HTTP/1.1 101x",
        "HTTP/1.1 +10 x",
        "HTTP/1.1 1e1 x",
        "HTTP/1.1 001 x",
        "HTTP/1.1  101 x",
        " HTTP/1.1 101 x",
        "HTTP/1.10 101 x",
        "HTTP/11 101 x",
        "http/1.1 101 x",
        "ICY 101 OK",
        "GET / HTTP/1.1",
    ] {
        let bytes = Head::response().start(line).bytes();
        assert_eq!(
            outcome_of(&bytes),
            Err((line.len() + 2, code::HTTP_SYNTAX)),
            "{line}"
        );
    }
}

#[test]
fn lines_are_as_strict_as_in_a_request() {
    for line in ["no colon", "X : y", " folded", ": y", "X: a\nb", "X: a\rb", "X: a\0b"] {
        let bytes = Head::response().raw(line).bytes();
        let (at, error) = outcome_of(&bytes).unwrap_err();
        assert_eq!(error, code::HTTP_SYNTAX, "{line}");
        assert!(at < bytes.len());
    }
}

#[test]
fn a_101_has_no_body_whatever_it_announces() {
    accepted(&Head::response().add("Content-Length", "5"));
    accepted(&Head::response().add("Transfer-Encoding", "chunked"));
    accepted(&Head::response().add("Content-Length", "0").add("Content-Length", "x"));
    let refusal =
        Head::response().start("HTTP/1.1 403 Forbidden").add("Content-Length", "5");
    refused(&refusal, code::STATUS);
}

#[test]
fn a_101_must_use_http_1_1() {
    for version in ["1.0", "1.2", "2.0"] {
        let line = format!("HTTP/{version} 101 Switching Protocols");
        refused(&Head::response().start(line), code::HTTP_VERSION);
    }
}

#[test]
fn upgrade_must_be_websocket_alone_exactly_once() {
    for upgrade in ["", "h2c", "websocketx", "websocket, h2c", "websocket/13"] {
        refused(&Head::response().set("Upgrade", upgrade), code::ACCEPT);
    }
    refused(&Head::response().without("Upgrade"), code::ACCEPT);
    refused(&Head::response().add("Upgrade", "websocket"), code::ACCEPT);
    accepted(&Head::response().set("Upgrade", "WebSocket"));
}

#[test]
fn connection_must_list_upgrade() {
    for connection in ["", "close", "keep-alive", "close, notUpgrade"] {
        refused(&Head::response().set("Connection", connection), code::ACCEPT);
    }
    refused(&Head::response().without("Connection"), code::ACCEPT);
    accepted(&Head::response().set("Connection", "keep-alive, UPGRADE"));
    accepted(&Head::response().add("Connection", "keep-alive"));
}

#[test]
fn accept_must_match_the_key_exactly_once() {
    for accept in [
        "",
        "x",
        "HSmrc0sMlYUkAGmm5OPpG2HaGWk=",
        "S3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo",
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOp=",
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=x",
        "\"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\"",
    ] {
        refused(&Head::response().set("Sec-WebSocket-Accept", accept), code::ACCEPT);
    }
    refused(&Head::response().set("Sec-WebSocket-Accept", KEY), code::ACCEPT);
    refused(&Head::response().without("Sec-WebSocket-Accept"), code::ACCEPT);
    let twice = Head::response().add("Sec-WebSocket-Accept", crate::heads::ACCEPT);
    refused(&twice, code::ACCEPT);
}

#[test]
fn the_subprotocol_must_be_one_that_was_offered() {
    for protocol in
        ["", "other", "Chat", "chat, superchat", "chat,", "cha", "ch at", "\u{e9}"]
    {
        refused(
            &Head::response().add("Sec-WebSocket-Protocol", protocol),
            code::PROTOCOL,
        );
    }
    for second in ["chat", "mqtt", ""] {
        let two = Head::response().add("Sec-WebSocket-Protocol", "chat");
        refused(&two.add("Sec-WebSocket-Protocol", second), code::PROTOCOL);
    }
}

#[test]
fn a_subprotocol_without_an_offer_is_refused() {
    let bytes = Head::response().add("Sec-WebSocket-Protocol", "chat").bytes();
    let (result, _) = c::parse_response(&bytes, &Head::request().bytes());
    assert_eq!(result, code::PROTOCOL);
}

#[test]
fn extensions_must_be_offered_and_confirmed_once() {
    for extensions in [
        "other",
        "x-one, other",
        "Permessage-Deflate",
        "permessage-deflat",
        "a",
        "client_max_window_bits",
        "x-one x-two",
        "x-one;",
        "x-one; =1",
        "x-one; a=",
        "x-one; a=\"",
        "x-one; b=\"\\c\\c\\c\\c",
        "x-one; b=\"c\"d",
        "\u{e9}",
        ",",
        ", ,",
        // Repeated.
        "x-one, x-one",
        "x-one, x-two, x-one; a=b",
        "permessage-deflate, permessage-deflate",
    ] {
        refused(
            &Head::response().add("Sec-WebSocket-Extensions", extensions),
            code::EXTENSION,
        );
    }
    for extensions in [
        "x-one; a=\"b c\"",
        "x-one; eid=\"os::1\", x-two",
        "x-two,,x-one,",
        "",
        " , x-one",
    ] {
        accepted(&Head::response().add("Sec-WebSocket-Extensions", extensions));
    }
    let two = Head::response().add("Sec-WebSocket-Extensions", "x-one");
    refused(&two.clone().add("Sec-WebSocket-Extensions", "x-one"), code::EXTENSION);
    refused(&two.clone().add("Sec-WebSocket-Extensions", "x-two;"), code::EXTENSION);
    accepted(&two.clone().add("Sec-WebSocket-Extensions", "x-two"));
    refused(&two.add("Sec-WebSocket-Extensions", "other"), code::EXTENSION);
}

#[test]
fn the_own_request_must_be_valid() {
    let bytes = Head::response().bytes();
    let invalid = [
        Vec::new(),
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        Head::request().set("Sec-WebSocket-Key", "x").bytes(),
        Head::request().without("Upgrade").bytes(),
        request()[..50].to_vec(),
        Head::response().bytes(),
    ];
    for request in invalid {
        let (result, parsed) = c::parse_response(&bytes, &request);
        assert_eq!((result, parsed), (code::INVALID_ARGUMENT, ws_response::default()));
    }
}

#[test]
fn the_http_version_and_the_reason_are_reported() {
    for (line, version, reason) in [
        ("HTTP/1.1 101 Switching Protocols", 11, Some("Switching Protocols")),
        ("HTTP/1.1 101 ", 11, Some("")),
        ("HTTP/1.1 101", 11, None),
        ("HTTP/1.0 403 No\u{e9} way", 10, Some("No\u{e9} way")),
        ("HTTP/2.0 500  ", 20, Some(" ")),
    ] {
        let bytes = Head::response().start(line).bytes();
        let (_, parsed) = c::parse_response(&bytes, &request());
        assert_eq!(parsed.http_version, version, "{line}");
        assert_eq!(piece(&bytes, parsed.reason), reason.map(str::as_bytes), "{line}");
        assert_eq!(parsed.reason.off != 0, reason.is_some());
    }
}

#[test]
fn an_empty_line_before_a_response_is_refused() {
    let bytes = [b"\r\n", Head::response().bytes().as_slice()].concat();
    assert_eq!(outcome_of(&bytes), Err((2, code::HTTP_SYNTAX)));
}

#[test]
fn the_result_is_where_the_first_frame_starts() {
    let bytes = [Head::response().bytes(), vec![0x81, 0x02, b'h', b'i']].concat();
    let (result, _) = c::parse_response(&bytes, &request());
    assert_eq!(result as usize, bytes.len() - 4);
}
