//! Heads that are long, have many fields, or were made to take long (RFC 6455, 10).

use crate::c::{self, code};
use crate::heads::{Head, KEY, outcome, request_outcome};
use wscodec::ffi::handshake::WS_MAX_HEAD;

/// A good request of exactly this many bytes.
fn padded_to(len: usize) -> Vec<u8> {
    let room = len - Head::request().add("X", "").bytes().len();
    let bytes = Head::request().add("X", vec![b'x'; room]).bytes();
    assert_eq!(bytes.len(), len);
    bytes
}

/// A good request with this many fields.
fn with_fields(count: usize) -> Head {
    (5..count).fold(Head::request(), |head, _| head.add("A", "b"))
}

#[test]
fn a_head_of_65536_bytes_is_the_longest() {
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
fn what_is_too_long_is_refused_with_byte_65536() {
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
fn no_256_fields_are_too_many_but_257_are() {
    let bytes = with_fields(256).bytes();
    assert_eq!(request_outcome(&bytes), Ok(bytes.len()));
    let bytes = with_fields(257).bytes();
    // Reported with the line that is too many, which is the last one.
    assert_eq!(request_outcome(&bytes), Err((bytes.len() - 2, code::HTTP_TOO_LARGE)));
}

#[test]
fn thousands_of_fields_are_too_many_whatever_they_are() {
    let bytes = with_fields(2000).bytes();
    assert_eq!(request_outcome(&bytes).unwrap_err().1, code::HTTP_TOO_LARGE);
    let head = Head::request().without("Upgrade");
    let bytes = (0..2000).fold(head, |head, _| head.add("A", "")).bytes();
    assert_eq!(request_outcome(&bytes).unwrap_err().1, code::HTTP_TOO_LARGE);
}

#[test]
fn the_same_limits_hold_for_an_answer() {
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
fn walking_a_head_that_is_too_large_is_an_error() {
    let long = padded_to(WS_MAX_HEAD + 1);
    assert_eq!(c::select_protocol(&long, b"chat"), Err(code::HTTP_TOO_LARGE));
    let many = with_fields(257).bytes();
    assert_eq!(c::select_protocol(&many, b"chat"), Err(code::HTTP_TOO_LARGE));
}

/// Values of almost 64 KiB that took others quadratic time or worse.
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
    // Unclosed quotes, and a word between very many blanks.
    values.push([b"a; b=\"".to_vec(), repeat("\\c")].concat());
    values.push([b"a; b=\"".to_vec(), repeat("x")].concat());
    values.push([b"b".to_vec(), repeat(" "), b"x".to_vec()].concat());
    values.push([b"b;".to_vec(), repeat(" "), b"x".to_vec()].concat());
    values
}

/// Fields that are looked at, and what it means that they have such a value (or, where the
/// head has them already, such a second one); 0: nothing.
const LOOKED_AT: &[(&str, isize)] = &[
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

/// Whether such a value lists extensions, or nothing at all. (One has a parameter.)
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
fn values_made_to_be_slow_come_to_an_end_in_a_request() {
    for value in slow_values() {
        for (name, error) in LOOKED_AT {
            let bytes = Head::request().add(name, &value).bytes();
            let fine = match *name {
                // A very long 0 is a length of 0.
                "Content-Length" => value.starts_with(b"0"),
                // Two of them.
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
fn values_made_to_be_slow_come_to_an_end_in_an_answer() {
    let request = Head::request()
        .add("Sec-WebSocket-Protocol", "chat")
        .add("Sec-WebSocket-Extensions", "a")
        .bytes();
    for value in slow_values() {
        let bytes = Head::response().add("Sec-WebSocket-Protocol", &value).bytes();
        assert_eq!(c::parse_response(&bytes, &request).0, code::PROTOCOL);
        let bytes = Head::response().add("Sec-WebSocket-Extensions", &value).bytes();
        let (result, _) = c::parse_response(&bytes, &request);
        // Nothing at all; the one that was offered comes over and over.
        let fine = value.trim_ascii().is_empty();
        assert_eq!(result > 0, fine, "{:?}", String::from_utf8_lossy(&value[..20]));
        assert!(fine || result == code::EXTENSION);
    }
}

#[test]
fn values_made_to_be_slow_come_to_an_end_in_the_builders() {
    let spec = c::Request { host: b"a", target: b"/", key: KEY, ..Default::default() };
    let builds = |spec: c::Request<'_>| c::build_request(&spec).is_ok();
    for value in slow_values() {
        // RFC 3986, 3.2.2: what a name may be made of.
        let is_name =
            value.iter().all(|b| b.is_ascii_alphanumeric() || b"=;".contains(b));
        let is_zeros = value.starts_with(b"0");
        assert_eq!(builds(c::Request { host: &value, ..spec }), is_name);
        assert_eq!(builds(c::Request { protocols: &value, ..spec }), is_zeros);
        assert!(!builds(c::Request { target: &value, ..spec }));
        assert!(!builds(c::Request { headers: &value, ..spec }));
    }
}

/// The names of a language's own objects are names like any other.
#[test]
fn an_extension_called_constructor_is_only_a_name() {
    for name in ["constructor", "__proto__", "hasOwnProperty"] {
        let bytes = Head::request().add("Sec-WebSocket-Extensions", name).bytes();
        assert_eq!(c::parse_handshake(&bytes).0, bytes.len() as isize);
        let answer = Head::response().add("Sec-WebSocket-Extensions", name).bytes();
        assert_eq!(c::parse_response(&answer, &bytes).0, answer.len() as isize);
        let (result, _) = c::parse_response(&answer, &Head::request().bytes());
        assert_eq!(result, code::EXTENSION);
    }
}

/// The heads that take longest to be parsed again with each of their bytes.
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

/// Not even this is a way to keep a server busy.
#[test]
#[ignore = "a measurement: cargo test --release -- --ignored --nocapture"]
fn parsing_again_with_every_byte_is_cheap() {
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
