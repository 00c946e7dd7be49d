//! ws_next_header() and ws_find_header().

use crate::c::{self, code};
use crate::heads::Head;
use wscodec::handshake::names::Name;

fn field(name: &str, value: &[u8]) -> c::Field {
    (name.into(), value.to_vec())
}

#[test]
fn fields_are_returned_in_order_and_without_surrounding_whitespace() {
    let head = b"GET / HTTP/1.1\r\n\
        Host: a\r\n\
        Empty:\r\n\
        Blank: \t \r\n\
        Tight:x\r\n\
        Wide: \t x y\t \r\n\
        Colons: a:b: c\r\n\
        High: caf\xc3\xa9\xff\r\n\
        host: again\r\n\
        !#$%&'*+-.^_`|~09azAZ: token\r\n\
        \r\nBody: not a field\r\n\r\n";
    let expected = [
        field("Host", b"a"),
        field("Empty", b""),
        field("Blank", b""),
        field("Tight", b"x"),
        field("Wide", b"x y"),
        field("Colons", b"a:b: c"),
        field("High", b"caf\xc3\xa9\xff"),
        field("host", b"again"),
        field("!#$%&'*+-.^_`|~09azAZ", b"token"),
    ];
    assert_eq!(c::all_fields(head).unwrap(), expected);
}

#[test]
fn fields_of_a_response_are_returned_too() {
    let head = b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n";
    assert_eq!(c::all_fields(head).unwrap(), [field("A", b"b")]);
    assert_eq!(c::all_fields(b"HTTP/1.1 200 OK\r\n\r\n").unwrap(), []);
}

#[test]
fn after_the_last_field_every_call_returns_none() {
    let head = b"GET / HTTP/1.1\r\nA: b\r\n\r\nX: y\r\n\r\n";
    let mut pos = 0;
    assert!(c::next_header(head, &mut pos).unwrap().is_some());
    let end = pos;
    for _ in 0..3 {
        assert_eq!(c::next_header(head, &mut pos), Ok(None));
        assert_eq!(pos, end);
    }
}

#[test]
fn an_incomplete_head_is_an_invalid_argument() {
    let head = b"GET / HTTP/1.1\r\nA: b\r\n\r\n";
    for len in 0..head.len() {
        let result = c::all_fields(&head[..len]);
        assert_eq!(result, Err(code::INVALID_ARGUMENT), "{len}");
        let found = c::find_header(&head[..len], b"absent");
        assert_eq!(found, Err(code::INVALID_ARGUMENT), "{len}");
        let chosen = c::select_protocol(&head[..len], b"chat");
        assert_eq!(chosen, Err(code::INVALID_ARGUMENT), "{len}");
    }
}

#[test]
fn a_malformed_head_is_a_syntax_error() {
    for head in [
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n".as_slice(),
        b"GET / HTTP/1.1\r\n folded\r\n\r\n",
        b"GET / HTTP/1.1\r\nA : b\r\n\r\n",
        b"GET / HTTP/1.1\nA: b\n\n",
        b"GET / HTTP/1.1\r\nA: b\0\r\n\r\n",
    ] {
        assert_eq!(c::all_fields(head), Err(code::HTTP_SYNTAX));
        assert_eq!(c::find_header(head, b"absent"), Err(code::HTTP_SYNTAX));
        assert_eq!(c::select_protocol(head, b"chat"), Err(code::HTTP_SYNTAX));
    }
}

#[test]
fn a_position_inside_a_line_is_an_invalid_argument() {
    let head = b"GET / HTTP/1.1\r\nA: b\r\nCd: e\r\n\r\n";
    let starts = [0, 16, 22, 29];
    for pos in (0..head.len() + 3).chain([usize::MAX, usize::MAX / 2 + 1]) {
        let mut at = pos;
        let result = c::next_header(head, &mut at);
        if starts.contains(&pos) {
            assert!(result.is_ok(), "{pos}");
        } else {
            assert_eq!(result, Err(code::INVALID_ARGUMENT), "{pos}");
            assert_eq!(at, pos, "an error leaves the position");
        }
    }
}

/// RFC 9112, 2.2.
#[test]
fn an_empty_line_before_a_request_is_skipped() {
    let head = b"\r\nGET / HTTP/1.1\r\nA: b\r\nCd: e\r\n\r\n";
    assert_eq!(c::all_fields(head).unwrap(), [field("A", b"b"), field("Cd", b"e")]);
    assert_eq!(c::find_header(head, b"cd"), Ok(Some(b"e".to_vec())));
    assert_eq!(c::find_header(head, b"x"), Ok(None));
    let mut pos = 2;
    assert_eq!(c::next_header(head, &mut pos), Err(code::INVALID_ARGUMENT));
    for two in [&b"\r\n\r\nGET / HTTP/1.1\r\n\r\n"[..], b"\n\r\nGET / HTTP/1.1\r\n\r\n"] {
        let found = c::find_header(two, b"a");
        assert!(found == Err(code::HTTP_SYNTAX) || found == Ok(None));
        assert_eq!(c::parse_handshake(two).0, code::HTTP_SYNTAX);
    }
}

#[test]
fn find_header_ignores_case_and_returns_the_first_field() {
    let head = Head::request()
        .add("Cookie", "first")
        .add("cookie", "second")
        .add("Empty", "")
        .bytes();
    for (name, value) in [
        ("Cookie", Some("first")),
        ("COOKIE", Some("first")),
        ("cookie", Some("first")),
        ("Empty", Some("")),
        ("HOST", Some("server.example.com")),
        ("Cooki", None),
        ("Cookies", None),
        ("Cookie:", None),
        (" Cookie", None),
        ("", None),
        ("GET /chat HTTP/1.1", None),
    ] {
        let found = c::find_header(&head, name.as_bytes()).unwrap();
        assert_eq!(found.as_deref(), value.map(str::as_bytes), "{name}");
    }
}

#[test]
fn bytes_after_the_head_do_not_matter() {
    let mut buf = b"GET / HTTP/1.1\r\nA: b\r\nC: d\r\n\r\n".to_vec();
    buf.resize(90_000, b'x');
    assert_eq!(c::all_fields(&buf).unwrap(), [field("A", b"b"), field("C", b"d")]);
}

#[test]
fn a_head_beyond_the_limit_is_too_large() {
    let long = "x".repeat(70_000);
    let head = format!("GET / HTTP/1.1\r\nA: b\r\nX: {long}\r\n\r\n");
    assert_eq!(c::all_fields(head.as_bytes()), Err(code::HTTP_TOO_LARGE));
}

/// Two differences do not cancel each other.
#[test]
fn a_name_is_known_only_if_all_of_its_characters_are() {
    for (text, name) in [("Host", Name::Host), ("Upgrade", Name::Upgrade)] {
        assert_eq!(Name::parse(text.to_ascii_uppercase().as_bytes()), Some(name));
        for first in 0..text.len() {
            for second in first..text.len() {
                for bits in (1..0x20).chain([0x40, 0x80]) {
                    let mut other = text.as_bytes().to_vec();
                    other[first] ^= bits;
                    if second > first {
                        other[second] ^= bits;
                    }
                    assert_eq!(Name::parse(&other), None, "{}", other.escape_ascii());
                }
            }
        }
    }
}
