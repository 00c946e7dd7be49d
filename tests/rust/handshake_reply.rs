//! ws_build_reply(): responses that are not an upgrade (RFC 9110, RFC 9112).

use crate::c::{self, code};

fn reply(status: u16, headers: &str, body: &str) -> String {
    let reply = c::build_reply(status, headers.as_bytes(), body.as_bytes()).unwrap();
    String::from_utf8(reply).unwrap()
}

/// How many fields have this name.
fn count(reply: &str, name: &str) -> usize {
    let head = reply.split_once("\r\n\r\n").unwrap().0;
    head.split("\r\n").filter(|line| line.starts_with(&format!("{name}: "))).count()
}

#[test]
fn replies_have_these_bytes() {
    assert_eq!(
        reply(404, "Content-Type: text/plain\r\n", "gone"),
        "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\nConnection: close\r\n\
         Content-Type: text/plain\r\n\r\ngone"
    );
    assert_eq!(
        reply(426, "", ""),
        "HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\
         Connection: Upgrade, close\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n"
    );
    assert_eq!(
        reply(204, "", ""),
        "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
    );
}

/// RFC 9110, 15, and RFC 6585.
const PHRASES: &str = "200 OK, 201 Created, 202 Accepted, 204 No Content, 205 Reset Content, \
    206 Partial Content, 301 Moved Permanently, 302 Found, 303 See Other, 304 Not Modified, \
    307 Temporary Redirect, 308 Permanent Redirect, 400 Bad Request, 401 Unauthorized, \
    403 Forbidden, 404 Not Found, 405 Method Not Allowed, 406 Not Acceptable, \
    408 Request Timeout, 409 Conflict, 410 Gone, 411 Length Required, 413 Content Too Large, \
    414 URI Too Long, 415 Unsupported Media Type, 421 Misdirected Request, \
    426 Upgrade Required, 429 Too Many Requests, 431 Request Header Fields Too Large, \
    500 Internal Server Error, 501 Not Implemented, 502 Bad Gateway, 503 Service Unavailable, \
    504 Gateway Timeout, 505 HTTP Version Not Supported";

#[test]
fn a_status_has_its_phrase_or_none() {
    let mut phrases: std::collections::HashMap<_, _> =
        PHRASES.split(", ").map(|row| row.split_at(3)).collect();
    for status in 200..=599 {
        let phrase = phrases.remove(&*status.to_string()).unwrap_or(" ");
        let text = reply(status, "", "");
        assert!(text.starts_with(&format!("HTTP/1.1 {status}{phrase}\r\n")), "{text}");
    }
    assert!(phrases.is_empty());
}

/// So that a proxy cannot take the refused upgrade for an accepted one.
#[test]
fn every_reply_closes_the_connection_and_has_a_length() {
    for status in 200..=599 {
        let body = if matches!(status, 204 | 205 | 304) { "" } else { "body" };
        let text = reply(status, "X: y\r\n", body);
        assert!(text.starts_with(&format!("HTTP/1.1 {status} ")));
        assert!(text.ends_with(&format!("X: y\r\n\r\n{body}")));
        assert_eq!(count(&text, "Connection"), 1);
        // Connection lists Upgrade, since that field is hop-by-hop (RFC 9110, 7.8).
        let connection = if status == 426 { "Upgrade, close" } else { "close" };
        assert!(text.contains(&format!("\r\nConnection: {connection}\r\n")));
        let with_length = usize::from(!matches!(status, 204 | 304));
        assert_eq!(count(&text, "Content-Length"), with_length, "{status}");
        let length = format!("Content-Length: {}\r\n", body.len());
        assert_eq!(text.contains(&length), with_length == 1);
        assert_eq!(count(&text, "Upgrade"), usize::from(status == 426));
        assert_eq!(count(&text, "Sec-WebSocket-Version"), usize::from(status == 426));
        assert_eq!(count(&text, "Allow"), usize::from(status == 405));
    }
}

#[test]
fn every_reply_parses_as_a_response_with_its_status() {
    let request = crate::heads::Head::request().bytes();
    for status in 200..=599 {
        let text = reply(status, "", "");
        let (result, parsed) = c::parse_response(text.as_bytes(), &request);
        assert_eq!((result, parsed.status), (code::STATUS, status));
        assert_eq!(parsed.head_len as usize, text.len());
        assert_eq!(httparse_status(text.as_bytes()), status);
    }
}

fn httparse_status(reply: &[u8]) -> u16 {
    let mut fields = [httparse::EMPTY_HEADER; 16];
    let mut response = httparse::Response::new(&mut fields);
    assert!(response.parse(reply).unwrap().is_complete());
    response.code.unwrap()
}

#[test]
fn other_statuses_are_an_invalid_argument() {
    for status in (0..200).chain(600..=u16::MAX) {
        assert_eq!(c::build_reply(status, b"", b""), Err(code::INVALID_ARGUMENT));
    }
}

#[test]
fn statuses_without_a_body_refuse_one() {
    for status in [204, 205, 304] {
        assert_eq!(c::build_reply(status, b"", b"x"), Err(code::INVALID_ARGUMENT));
    }
}

/// The body follows in pieces, or not at all, as in a response to HEAD.
#[test]
fn the_callers_content_length_replaces_ours() {
    for length in ["0", "5", "007", "18446744073709551615"] {
        let line = format!("content-length: {length}\r\n");
        let text = reply(200, &line, "");
        assert!(text.ends_with(&format!("{line}\r\n")));
        assert_eq!(text.to_lowercase().matches("content-length").count(), 1);
        assert_eq!(httparse_status(text.as_bytes()), 200);
        let refused = c::build_reply(200, line.as_bytes(), b"body!");
        assert_eq!(refused, Err(code::INVALID_ARGUMENT), "with a body");
    }
    assert!(c::build_reply(304, b"Content-Length: 5\r\n", b"").is_ok());
    assert!(c::build_reply(205, b"Content-Length: 0\r\n", b"").is_ok());
    for (status, lines) in [
        (200, "Content-Length:\r\n"),
        (200, "Content-Length: -1\r\n"),
        (200, "Content-Length: +1\r\n"),
        (200, "Content-Length: 5, 5\r\n"),
        (200, "Content-Length: 5 5\r\n"),
        (200, "Content-Length: 0x5\r\n"),
        (200, "Content-Length: 18446744073709551616\r\n"),
        (200, "Content-Length: 5\r\nContent-Length: 5\r\n"),
        (200, "Content-Length: 5\r\nX: y\r\ncontent-length:\r\n"),
        (204, "Content-Length: 0\r\n"),
        (205, "Content-Length: 1\r\n"),
        (200, "Transfer-Encoding: chunked\r\n"),
    ] {
        let refused = c::build_reply(status, lines.as_bytes(), b"");
        assert_eq!(refused, Err(code::INVALID_ARGUMENT), "{status} {lines:?}");
    }
}

#[test]
fn a_405_has_allow_unless_the_caller_adds_it() {
    assert_eq!(count(&reply(405, "", ""), "Allow"), 1);
    assert!(reply(405, "", "").contains("\r\nAllow: GET\r\n"));
    let own = reply(405, "X: y\r\nAllow: GET, HEAD\r\n", "");
    assert_eq!(count(&own, "Allow"), 1);
    assert!(own.contains("\r\nAllow: GET, HEAD\r\n"));
    assert_eq!(reply(405, "allow: PUT\r\n", "").matches("llow: ").count(), 1);
}

#[test]
fn content_length_is_the_length_of_the_body() {
    for len in [0, 1, 9, 10, 99, 100, 12_345, 100_000] {
        let text = reply(200, "", &"x".repeat(len));
        assert!(text.contains(&format!("\r\nContent-Length: {len}\r\n")));
        assert_eq!(text.split_once("\r\n\r\n").unwrap().1.len(), len);
    }
}

#[test]
fn a_body_may_contain_any_bytes() {
    let body: Vec<u8> = (0..=255).collect();
    assert!(c::build_reply(200, b"", &body).unwrap().ends_with(&body));
}
