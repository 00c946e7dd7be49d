//! Heads that are long, have many fields, or are crafted to be slow (RFC 6455, 10).

use crate::c::{self, code};
use crate::heads::{Head, KEY, outcome, request_outcome};
use wscodec::ffi::handshake::WS_MAX_HEAD;

/// A valid request of exactly `len` bytes.
fn padded_to(len: usize) -> Vec<u8> {
    let room = len - Head::request().add("X", "").bytes().len();
    let bytes = Head::request().add("X", vec![b'x'; room]).bytes();
    assert_eq!(bytes.len(), len);
    bytes
}

/// A valid request with `count` fields.
fn with_fields(count: usize) -> Head {
    (5..count).fold(Head::request(), |head, _| head.add("A", "b"))
}

#[test]
fn a_request_has_at_most_65536_bytes() {
    let longest = padded_to(WS_MAX_HEAD);
    assert_eq!(c::parse_handshake(&longest).0, WS_MAX_HEAD as isize);
    assert_eq!(c::parse_handshake(&longest[..WS_MAX_HEAD - 1]).0, 0);
    let followed = [longest, vec![0x81; 10_000]].concat();
    assert_eq!(c::parse_handshake(&followed).0, WS_MAX_HEAD as isize);
    for len in [WS_MAX_HEAD + 1, WS_MAX_HEAD + 2, 70_000, 200_000] {
        assert_eq!(c::parse_handshake(&padded_to(len)).0, code::HTTP_TOO_LARGE, "{len}");
    }
}

#[test]
fn an_incomplete_head_is_refused_at_byte_65536() {
    for bytes in
        [padded_to(70_000), vec![b'A'; 70_000], [b"GET /", &[b'a'; 70_000][..]].concat()]
    {
        assert_eq!(c::parse_handshake(&bytes[..WS_MAX_HEAD - 1]).0, 0);
        for len in [WS_MAX_HEAD, WS_MAX_HEAD + 1, bytes.len()] {
            assert_eq!(c::parse_handshake(&bytes[..len]).0, code::HTTP_TOO_LARGE);
        }
    }
}

#[test]
fn a_request_has_at_most_256_fields() {
    let bytes = with_fields(256).bytes();
    assert_eq!(request_outcome(&bytes), Ok(bytes.len()));
    let bytes = with_fields(257).bytes();
    // Reported at the end of line 257, which is the last one.
    assert_eq!(request_outcome(&bytes), Err((bytes.len() - 2, code::HTTP_TOO_LARGE)));
}

#[test]
fn thousands_of_fields_are_too_many_even_without_an_upgrade() {
    let bytes = with_fields(2000).bytes();
    assert_eq!(request_outcome(&bytes).unwrap_err().1, code::HTTP_TOO_LARGE);
    let head = Head::request().without("Upgrade");
    let bytes = (0..2000).fold(head, |head, _| head.add("A", "")).bytes();
    assert_eq!(request_outcome(&bytes).unwrap_err().1, code::HTTP_TOO_LARGE);
}

#[test]
fn a_response_has_the_same_limits() {
    let request = Head::request().bytes();
    let room = WS_MAX_HEAD - Head::response().add("X", "").bytes().len();
    let bytes = Head::response().add("X", vec![b'x'; room]).bytes();
    assert_eq!(c::parse_response(&bytes, &request).0, WS_MAX_HEAD as isize);
    let bytes = Head::response().add("X", vec![b'x'; room + 1]).bytes();
    assert_eq!(c::parse_response(&bytes, &request).0, code::HTTP_TOO_LARGE);
    let full = (3..256).fold(Head::response(), |head, _| head.add("A", "b"));
    let parse = |bytes: &[u8]| c::parse_response(bytes, &request).0;
    assert_eq!(outcome(&full.bytes(), parse), Ok(full.bytes().len()));
    let bytes = full.add("A", "b").bytes();
    assert_eq!(outcome(&bytes, parse), Err((bytes.len() - 2, code::HTTP_TOO_LARGE)));
}

#[test]
fn select_protocol_refuses_a_head_beyond_the_limits() {
    let long = padded_to(WS_MAX_HEAD + 1);
    assert_eq!(c::select_protocol(&long, b"chat"), Err(code::HTTP_TOO_LARGE));
    let many = with_fields(257).bytes();
    assert_eq!(c::select_protocol(&many, b"chat"), Err(code::HTTP_TOO_LARGE));
}

/// Values of almost 64 KiB that cost other parsers quadratic time or worse.
fn slow_values() -> Vec<Vec<u8>> {
    let repeat = |what: &str| what.repeat(64_000 / what.len()).into_bytes();
    let mut values: Vec<Vec<u8>> = [
        ",",
        " ,",
        "a,",
        "\t",
        " ",
        ";",
        "a;",
        "a; b;",
        "\"",
        "a; b=\"\"",
        "\\",
        "\\c",
        "=",
        "a=b;",
        "websocket ",
        "upgrade,",
        "0",
        "chat, ",
        "[",
        ":",
        "https://a ",
    ]
    .map(repeat)
    .into();
    // Unclosed quotes, and a token after very many spaces.
    values.push([b"a; b=\"".to_vec(), repeat("\\c")].concat());
    values.push([b"a; b=\"".to_vec(), repeat("x")].concat());
    values.push([b"b".to_vec(), repeat(" "), b"x".to_vec()].concat());
    values.push([b"b;".to_vec(), repeat(" "), b"x".to_vec()].concat());
    values
}

/// Fields that are checked, and the error if such a value is added to a valid request; 0: none.
const CHECKED: &[(&str, isize)] = &[
    ("Host", code::HOST),
    ("Origin", code::HTTP_SYNTAX),
    ("Upgrade", 0),
    ("Connection", 0),
    ("Content-Length", code::HTTP_SYNTAX),
    ("Sec-WebSocket-Key", code::KEY),
    ("Sec-WebSocket-Version", code::VERSION),
    ("Sec-WebSocket-Protocol", 0),
    ("Sec-WebSocket-Extensions", code::EXTENSION),
];

/// Whether such a value is empty or a valid list of extensions. (One has a parameter.)
fn is_list_of_names(value: &[u8]) -> bool {
    let elements: Vec<&[u8]> = value
        .split(|b| *b == b',')
        .map(|e| e.trim_ascii())
        .filter(|e| !e.is_empty())
        .collect();
    let name = |e: &&[u8]| e.iter().all(u8::is_ascii_alphanumeric);
    let nothing = value.trim_ascii().is_empty();
    nothing
        || value.starts_with(b"b; ")
        || !elements.is_empty() && elements.iter().all(name)
}

#[test]
fn costly_values_are_parsed_quickly_in_a_request() {
    for value in slow_values() {
        for (name, error) in CHECKED {
            let bytes = Head::request().add(name, &value).bytes();
            let fine = match *name {
                // Many zeros are a length of 0.
                "Content-Length" => value.starts_with(b"0"),
                // A comma separates two origins.
                "Origin" => !value.contains(&b','),
                "Sec-WebSocket-Extensions" => is_list_of_names(&value),
                _ => *error == 0,
            };
            let expected = if fine { bytes.len() as isize } else { *error };
            assert_eq!(c::parse_handshake(&bytes).0, expected, "{name}");
            let offers =
                *name == "Sec-WebSocket-Protocol" && value.starts_with(b"chat, ");
            let chosen = c::select_protocol(&bytes, b"superchat, chat").unwrap();
            assert_eq!(chosen.is_some(), offers);
            assert!(c::find_header(&bytes, name.as_bytes()).unwrap().is_some());
        }
        assert!(!c::origin_allowed(&value, b"https://b"));
        let listed = value.starts_with(b"https://a ");
        assert_eq!(c::origin_allowed(b"https://a", &value), listed);
    }
}

#[test]
fn costly_values_are_parsed_quickly_in_a_response() {
    let request = Head::request()
        .add("Sec-WebSocket-Protocol", "chat")
        .add("Sec-WebSocket-Extensions", "a")
        .bytes();
    for value in slow_values() {
        let bytes = Head::response().add("Sec-WebSocket-Protocol", &value).bytes();
        assert_eq!(c::parse_response(&bytes, &request).0, code::PROTOCOL);
        let bytes = Head::response().add("Sec-WebSocket-Extensions", &value).bytes();
        let (result, _) = c::parse_response(&bytes, &request);
        // Only an empty value is valid: the others repeat an extension or are malformed.
        let fine = value.trim_ascii().is_empty();
        assert_eq!(result > 0, fine, "{:?}", String::from_utf8_lossy(&value[..20]));
        assert!(fine || result == code::EXTENSION);
    }
}

#[test]
fn costly_values_are_checked_quickly_by_the_builders() {
    let spec = c::Request { host: b"a", target: b"/", key: KEY, ..Default::default() };
    let builds = |spec: c::Request<'_>| c::build_request(&spec).is_ok();
    for value in slow_values() {
        // RFC 3986, 3.2.2: the characters of a name.
        let is_name =
            value.iter().all(|b| b.is_ascii_alphanumeric() || b"=;".contains(b));
        let is_zeros = value.starts_with(b"0");
        assert_eq!(builds(c::Request { host: &value, ..spec }), is_name);
        assert_eq!(builds(c::Request { protocols: &value, ..spec }), is_zeros);
        assert!(!builds(c::Request { target: &value, ..spec }));
        assert!(!builds(c::Request { headers: &value, ..spec }));
    }
}

/// Names that some languages reserve.
#[test]
fn an_extension_named_constructor_is_not_special() {
    for name in ["constructor", "__proto__", "hasOwnProperty"] {
        let bytes = Head::request().add("Sec-WebSocket-Extensions", name).bytes();
        assert_eq!(c::parse_handshake(&bytes).0, bytes.len() as isize);
        let response = Head::response().add("Sec-WebSocket-Extensions", name).bytes();
        assert_eq!(c::parse_response(&response, &bytes).0, response.len() as isize);
        let (result, _) = c::parse_response(&response, &Head::request().bytes());
        assert_eq!(result, code::EXTENSION);
    }
}

/// The heads that cost most when they are parsed again after each byte.
fn long_heads() -> [(&'static str, Vec<u8>); 3] {
    let of_fields = |name: String, value: &str, count: usize| {
        let head = (0..count).fold(Head::request(), |head, _| head.add(&name, value));
        let mut bytes = head.bytes();
        assert!(bytes.len() <= WS_MAX_HEAD, "{}", bytes.len());
        bytes.truncate(bytes.len() - 2);
        bytes.resize(WS_MAX_HEAD - 1, b'x');
        bytes
    };
    [
        ("one long value", padded_to(WS_MAX_HEAD)),
        ("240 fields of 260 bytes", of_fields("X-Field".into(), &"v".repeat(251), 240)),
        ("names of 250 bytes", of_fields("N".repeat(250), "v", 245)),
    ]
}

#[test]
#[ignore = "a measurement: cargo test --release -- --ignored --nocapture"]
fn parsing_after_every_byte_is_cheap() {
    for (name, bytes) in long_heads() {
        let start = std::time::Instant::now();
        for len in 0..bytes.len() {
            let parsed = wscodec::handshake::request::parse(&bytes[..len]);
            assert_eq!(parsed, Ok(None));
        }
        let taken = start.elapsed();
        println!("{name}: {:.1} ms", taken.as_secs_f64() * 1e3);
        assert!(taken.as_millis() < 32_000, "{name}: {taken:?}");
    }
}
