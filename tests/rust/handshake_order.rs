//! A head with several faults is refused for the first one in the order of the header.

use crate::c::{self, code};
use crate::heads::{Head, KEY, outcome, refused, request_outcome};

type Fault = (isize, &'static str, fn(Head) -> Head);

/// In the order of ws_parse_handshake(). A malformed line is reported at once, before the faults
/// that are known only at the end of the head.
const REQUEST_FAULTS: &[Fault] = &[
    (code::HTTP_SYNTAX, "a malformed line", |h| h.raw("no colon")),
    (code::NOT_UPGRADE, "no Upgrade", |h| h.without("Upgrade")),
    (code::HTTP_SYNTAX, "a body", |h| h.add("Content-Length", "5")),
    (code::HTTP_METHOD, "another method", |h| {
        let version =
            if h.bytes().starts_with(b"GET /chat HTTP/1.0") { "1.0" } else { "1.1" };
        h.start(format!("POST /chat HTTP/{version}"))
    }),
    (code::HTTP_VERSION, "another HTTP", |h| {
        let method = if h.bytes().starts_with(b"POST") { "POST" } else { "GET" };
        h.start(format!("{method} /chat HTTP/1.0"))
    }),
    (code::HOST, "no Host", |h| h.without("Host")),
    (code::VERSION, "another version", |h| h.set("Sec-WebSocket-Version", "8")),
    (code::KEY, "a bad key", |h| h.set("Sec-WebSocket-Key", "x")),
    (code::EXTENSION, "malformed extensions", |h| {
        h.add("Sec-WebSocket-Extensions", "a b")
    }),
];

#[test]
fn each_fault_of_a_request_has_its_error() {
    for (error, name, break_head) in REQUEST_FAULTS {
        let bytes = break_head(Head::request()).bytes();
        assert_eq!(request_outcome(&bytes).unwrap_err().1, *error, "{name}");
    }
}

#[test]
fn two_faults_of_a_request_report_the_first_in_the_documented_order() {
    for (at, (error, first, break_head)) in REQUEST_FAULTS.iter().enumerate() {
        for (_, second, break_again) in &REQUEST_FAULTS[at + 1..] {
            for bytes in [
                break_again(break_head(Head::request())).bytes(),
                break_head(break_again(Head::request())).bytes(),
            ] {
                let (_, reported) = request_outcome(&bytes).unwrap_err();
                assert_eq!(reported, *error, "{first}, {second}");
            }
        }
    }
}

#[test]
fn all_later_faults_together_do_not_hide_an_earlier_one() {
    for (at, (error, name, _)) in REQUEST_FAULTS.iter().enumerate() {
        let all = REQUEST_FAULTS[at..].iter();
        let head = all.fold(Head::request(), |head, (_, _, break_head)| break_head(head));
        assert_eq!(request_outcome(&head.bytes()).unwrap_err().1, *error, "{name}");
    }
}

#[test]
fn two_origins_rank_with_a_body() {
    let two = |h: Head| h.add("Origin", "https://a").add("Origin", "https://b");
    refused(&two(Head::request()).start("POST / HTTP/1.0"), code::HTTP_SYNTAX);
    refused(&two(Head::request()).without("Upgrade"), code::NOT_UPGRADE);
}

#[test]
fn an_invalid_target_ranks_with_a_body() {
    for start in ["POST chat HTTP/1.0", "POST /a#b HTTP/1.0", "POST ftp://a/ HTTP/1.0"] {
        refused(&Head::request().start(start).without("Host"), code::HTTP_SYNTAX);
        let plain = Head::request().start(start).without("Upgrade");
        refused(&plain, code::NOT_UPGRADE);
    }
}

const STATUS_LINE: &str = "HTTP/1.1 101 Switching Protocols";

/// In the order of ws_parse_response().
const RESPONSE_FAULTS: &[Fault] = &[
    (code::HTTP_SYNTAX, "a malformed line", |h| h.raw("no colon")),
    (code::STATUS, "another status", |h| h.start("HTTP/1.1 200 OK")),
    (code::HTTP_VERSION, "another HTTP", |h| {
        if h.bytes().starts_with(STATUS_LINE.as_bytes()) {
            h.start(STATUS_LINE.replace("1.1", "1.0"))
        } else {
            h.start("HTTP/1.0 200 OK")
        }
    }),
    (code::ACCEPT, "another Accept", |h| h.set("Sec-WebSocket-Accept", KEY)),
    (code::PROTOCOL, "another protocol", |h| h.add("Sec-WebSocket-Protocol", "other")),
    (code::EXTENSION, "an extension", |h| h.add("Sec-WebSocket-Extensions", "other")),
];

fn response_error(head: &Head) -> isize {
    let request = Head::request().add("Sec-WebSocket-Protocol", "chat").bytes();
    let bytes = head.bytes();
    outcome(&bytes, |bytes| c::parse_response(bytes, &request).0).unwrap_err().1
}

#[test]
fn two_faults_of_a_response_report_the_first_in_the_documented_order() {
    for (at, (error, first, break_head)) in RESPONSE_FAULTS.iter().enumerate() {
        assert_eq!(response_error(&break_head(Head::response())), *error, "{first}");
        for (_, second, break_again) in &RESPONSE_FAULTS[at + 1..] {
            let head = break_again(break_head(Head::response()));
            assert_eq!(response_error(&head), *error, "{first}, {second}");
            if *first != "another status" {
                let head = break_head(break_again(Head::response()));
                assert_eq!(response_error(&head), *error, "{second}, {first}");
            }
        }
    }
}

#[test]
fn the_response_without_faults_is_accepted() {
    let (bytes, request) = (Head::response().bytes(), Head::request().bytes());
    assert_eq!(c::parse_response(&bytes, &request).0, bytes.len() as isize);
}
