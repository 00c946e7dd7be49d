//! Of several faults the one that is named first in the contract is reported.

use crate::c::{self, code};
use crate::heads::{Head, KEY, outcome, refused, request_outcome};

type Fault = (isize, &'static str, fn(Head) -> Head);

/// In the order of ws_parse_handshake(). What spoils a line is reported at once, and so comes
/// before everything that is known only at the end.
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
fn each_fault_of_a_request_alone() {
    for (error, name, spoil) in REQUEST_FAULTS {
        let bytes = spoil(Head::request()).bytes();
        assert_eq!(request_outcome(&bytes).unwrap_err().1, *error, "{name}");
    }
}

#[test]
fn of_two_faults_of_a_request_the_earlier_named_wins() {
    for (at, (error, first, spoil)) in REQUEST_FAULTS.iter().enumerate() {
        for (_, second, spoil_too) in &REQUEST_FAULTS[at + 1..] {
            for bytes in [
                spoil_too(spoil(Head::request())).bytes(),
                spoil(spoil_too(Head::request())).bytes(),
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
        let head = all.fold(Head::request(), |head, (_, _, spoil)| spoil(head));
        assert_eq!(request_outcome(&head.bytes()).unwrap_err().1, *error, "{name}");
    }
}

#[test]
fn two_origins_count_as_a_body_does() {
    let two = |h: Head| h.add("Origin", "https://a").add("Origin", "https://b");
    refused(&two(Head::request()).start("POST / HTTP/1.0"), code::HTTP_SYNTAX);
    refused(&two(Head::request()).without("Upgrade"), code::NOT_UPGRADE);
}

#[test]
fn a_target_counts_as_a_body_does() {
    for start in ["POST chat HTTP/1.0", "POST /a#b HTTP/1.0", "POST ftp://a/ HTTP/1.0"] {
        refused(&Head::request().start(start).without("Host"), code::HTTP_SYNTAX);
        let plain = Head::request().start(start).without("Upgrade");
        refused(&plain, code::NOT_UPGRADE);
    }
}

const STATUS_LINE: &str = "HTTP/1.1 101 Switching Protocols";

/// In the order of ws_parse_response().
const ANSWER_FAULTS: &[Fault] = &[
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

fn answer_error(head: &Head) -> isize {
    let request = Head::request().add("Sec-WebSocket-Protocol", "chat").bytes();
    let bytes = head.bytes();
    outcome(&bytes, |bytes| c::parse_response(bytes, &request).0).unwrap_err().1
}

#[test]
fn of_two_faults_of_an_answer_the_earlier_named_wins() {
    for (at, (error, first, spoil)) in ANSWER_FAULTS.iter().enumerate() {
        assert_eq!(answer_error(&spoil(Head::response())), *error, "{first}");
        for (_, second, spoil_too) in &ANSWER_FAULTS[at + 1..] {
            let head = spoil_too(spoil(Head::response()));
            assert_eq!(answer_error(&head), *error, "{first}, {second}");
            if *first != "another status" {
                let head = spoil(spoil_too(Head::response()));
                assert_eq!(answer_error(&head), *error, "{second}, {first}");
            }
        }
    }
}

#[test]
fn the_answer_that_is_spoilt_here_is_accepted_when_it_is_not() {
    let (bytes, request) = (Head::response().bytes(), Head::request().bytes());
    assert_eq!(c::parse_response(&bytes, &request).0, bytes.len() as isize);
}
