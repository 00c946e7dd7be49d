//! A head is judged like its fields as an HTTP library parses them: a repeated field counts as its
//! values joined with ", ".

use crate::c::{self, RequestFields, ResponseFields, code};
use crate::handshakes::{accept_raw, spec};
use crate::heads::{ACCEPT, Head, KEY};
use crate::pmd::USUAL;
use crate::rng::{Rng, count};
use wscodec::ffi::accept::ws_accept_spec;
use wscodec::ffi::conn::ws_conn_free;
use wscodec::ffi::handshake::ws_bytes;

/// Fields that matter, with valid and invalid values.
const VALUES: &[(&str, &[&[u8]])] = &[
    ("Host", &[b"", b"a", b"a:80", b"[::1]", b"::1", b"a b", b"a,b", b"[:::]", b"a%zz"]),
    ("Upgrade", &[b"websocket", b"h2c", b"h2c, WebSocket", b"", b"websocket/13"]),
    ("Connection", &[b"Upgrade", b"keep-alive", b"close, upgrade", b"", b","]),
    (
        "Sec-WebSocket-Key",
        &[KEY, b"x", b"", b"AQIDBAUGBwgJCgsMDQ4PEC==", b"dGhlIHNhbXBsZSBub25jZQ="],
    ),
    ("Sec-WebSocket-Version", &[b"13", b"8", b"", b"13, 13", b"013"]),
    (
        "Origin",
        &[b"https://a", b"null", b"", b"https://b", b"https://a, https://b", b"x"],
    ),
    ("Content-Length", &[b"0", b"00", b"5", b"", b"0, 0"]),
    ("Transfer-Encoding", &[b"chunked", b""]),
    (
        "Sec-WebSocket-Protocol",
        &[b"chat", b"x, chat", b"", b"superchat", b"ch at,chat", b"\xff"],
    ),
    ("Sec-WebSocket-Extensions", EXTENSIONS),
    ("Sec-WebSocket-Accept", &[ACCEPT, b"", b"x"]),
    ("X-Other", &[b"", b"y", b"caf\xc3\xa9"]),
];

const EXTENSIONS: &[&[u8]] = &[
    b"permessage-deflate",
    b"permessage-deflate; client_max_window_bits",
    b"permessage-deflate; client_max_window_bits=\"1\\0\"",
    b"permessage-deflate; server_max_window_bits=\"\\\\1\\\\0\"",
    b"permessage-deflate; client_max_window_bits=7, permessage-deflate",
    b"permessage-deflate; x",
    b"x-one; eid=\"os::1, 2\"",
    b"x-one; a=\"open",
    b"closed\", permessage-deflate",
    b"x; a=\"\\",
    b"\"; b, x-one",
    b"",
    b",",
    b"a b",
    b"a;",
    b";b=c",
    b"x-one, , permessage-deflate,",
];

const BYTES: &[u8] = b",; =\"\\\tax0:/[]%.@\x80";

fn random_value(rng: &mut Rng, values: &[&[u8]]) -> Vec<u8> {
    let mut value = rng.pick(values).to_vec();
    while rng.once_in(4) {
        let at = rng.below(value.len() + 1);
        match rng.below(3) {
            0 if at < value.len() => drop(value.remove(at)),
            1 if at < value.len() => value[at] = *rng.pick(BYTES),
            _ => value.insert(at, *rng.pick(BYTES)),
        }
    }
    value
}

/// Mostly a valid head, with a few fields added or changed.
fn random_head(rng: &mut Rng, good: &Head) -> Vec<u8> {
    let mut head = good.clone();
    for _ in 0..rng.below(4) {
        let (name, values) = rng.pick(VALUES);
        let value = random_value(rng, values);
        head = match rng.below(3) {
            0 if c::find_header(&head.bytes(), name.as_bytes()) != Ok(None) => {
                head.set_any(name, &value)
            }
            _ if rng.once_in(8) => head.add(&name.to_uppercase(), &value),
            _ => head.add(name, &value),
        };
    }
    head.bytes()
}

fn random_request(rng: &mut Rng) -> Vec<u8> {
    let lines = [
        "GET /chat HTTP/1.1",
        "GET /chat HTTP/1.0",
        "POST /chat HTTP/1.1",
        "get / HTTP/1.1",
    ];
    let line = if rng.once_in(8) { *rng.pick(&lines) } else { lines[0] };
    random_head(rng, &Head::request().start(line))
}

/// The error of ws_conn_accept() for a complete head.
fn judged(head: &[u8], spec: &ws_accept_spec) -> isize {
    let (result, _, accepted) = accept_raw(head, Some(spec), 4096);
    assert!(result > 0, "{}", String::from_utf8_lossy(head));
    // SAFETY: it was just created, and nothing else uses it.
    unsafe { ws_conn_free(accepted.conn) };
    accepted.error
}

#[test]
fn a_head_and_its_parsed_fields_are_judged_alike_in_requests() {
    let mut rng = Rng::new(71);
    let list = b"https://a file://";
    let rounds = count("WSCODEC_HEADS", 50_000);
    let mut seen = std::collections::HashMap::<isize, usize>::new();
    for _ in 0..rounds {
        let head = random_request(&mut rng);
        let origins = rng.once_in(2).then_some(&list[..]);
        let mut spec = spec(b"", b"");
        if let Some(list) = origins {
            spec.origins = ws_bytes { data: list.as_ptr().cast(), len: list.len() };
        }
        let line = head.split(|b| *b == b'\r').next().unwrap();
        let (method, version) =
            (line.split(|b| *b == b' ').next(), line.ends_with(b"1.1"));
        let fields = c::all_fields(&head).unwrap();
        let http_version = if version { 11 } else { 10 };
        let rest = RequestFields { method, origins, http_version, ..Default::default() };
        let expected = judged(&head, &spec);
        let result = c::check_request_of(&fields, rest);
        assert_eq!(result, expected, "{}", String::from_utf8_lossy(&head));
        *seen.entry(result).or_default() += 1;
    }
    for error in [
        0,
        code::HTTP_SYNTAX,
        code::NOT_UPGRADE,
        code::HTTP_METHOD,
        code::HTTP_VERSION,
        code::HOST,
        code::KEY,
        code::VERSION,
        code::EXTENSION,
        code::ORIGIN,
    ] {
        assert!(seen.get(&error) > Some(&(rounds / 500)), "{error}: {seen:?}");
    }
}

fn asked() -> [Head; 4] {
    [
        Head::request(),
        Head::request().add("Sec-WebSocket-Protocol", "chat"),
        Head::request()
            .add("Sec-WebSocket-Protocol", "chat, x")
            .add("Sec-WebSocket-Protocol", "superchat")
            .add("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits")
            .add("Sec-WebSocket-Extensions", "x-one; a=\"open")
            .add("Sec-WebSocket-Extensions", "closed\", a, x"),
        Head::request().add("Sec-WebSocket-Extensions", "a b"),
    ]
}

#[test]
fn a_head_and_its_parsed_fields_are_judged_alike_in_responses() {
    let mut rng = Rng::new(72);
    let asked = asked().map(|head| head.bytes());
    let rounds = count("WSCODEC_HEADS", 50_000);
    let mut seen = std::collections::HashMap::<isize, usize>::new();
    for _ in 0..rounds {
        let (line, status, http_version) = match rng.below(8) {
            0 => ("HTTP/1.0 101 x", 101, 10),
            1 => ("HTTP/1.1 200 OK", 200, 11),
            _ => ("HTTP/1.1 101", 101, 11),
        };
        let head = random_head(&mut rng, &Head::response().start(line));
        let request = rng.pick(&asked);
        let (fields, sent) =
            (c::all_fields(&head).unwrap(), c::all_fields(request).unwrap());
        let key = Some(KEY);
        let rest = ResponseFields { key, http_version, status, ..Default::default() };
        let (expected, _) = c::parse_response(&head, request);
        let result = c::check_response_of(&fields, &sent, rest);
        let shown = String::from_utf8_lossy(&head);
        assert_eq!(
            result,
            expected.min(0),
            "{shown} {}",
            String::from_utf8_lossy(request)
        );
        *seen.entry(result).or_default() += 1;
    }
    for error in [
        0,
        code::INVALID_ARGUMENT,
        code::STATUS,
        code::HTTP_VERSION,
        code::ACCEPT,
        code::PROTOCOL,
        code::EXTENSION,
    ] {
        assert!(seen.get(&error) > Some(&(rounds / 500)), "{error}: {seen:?}");
    }
}

#[test]
fn heads_and_field_values_negotiate_alike() {
    let mut rng = Rng::new(73);
    let (mut chosen, mut accepted, mut malformed, mut confirmed) = (0, 0, 0, 0);
    let rounds = count("WSCODEC_HEADS", 20_000);
    for _ in 0..rounds {
        let mut head = Head::request();
        for _ in 0..rng.below(4) {
            let value = random_value(&mut rng, EXTENSIONS);
            head = head.add("Sec-WebSocket-Extensions", value);
        }
        for _ in 0..rng.below(4) {
            let value = random_value(&mut rng, &[b"chat", b"x, chat", b"", b"super , x"]);
            head = head.add("Sec-WebSocket-Protocol", value);
        }
        let head = head.bytes();
        let shown = || String::from_utf8_lossy(&head).into_owned();
        let protocols =
            c::joined(&c::all_fields(&head).unwrap(), "Sec-WebSocket-Protocol");
        let supported = *rng.pick(&[&b"super, chat"[..], b"chat", b"", b"y, x", b"a b"]);
        let one = c::select_protocol(&head, supported);
        assert_eq!(
            one,
            c::select_protocol_value(protocols.as_deref(), supported),
            "{}",
            shown()
        );
        chosen += usize::from(one.is_ok_and(|one| one.is_some()));
        let extensions =
            c::joined(&c::all_fields(&head).unwrap(), "Sec-WebSocket-Extensions");
        let one = c::pmd_accept(&head, USUAL);
        assert_eq!(one, c::pmd_accept_value(extensions.as_deref(), USUAL), "{}", shown());
        // ws_conn_accept() reports the same error.
        let error = judged(&head, &spec(b"", b""));
        if cfg!(feature = "deflate") {
            assert_eq!(one.clone().err().unwrap_or(0), error, "{}", shown());
            malformed += usize::from(one == Err(code::EXTENSION));
            accepted += usize::from(one.is_ok_and(|one| one.is_some()));
        }
        let one = c::pmd_confirm(&head, USUAL);
        assert_eq!(
            one,
            c::pmd_confirm_value(extensions.as_deref(), USUAL),
            "{}",
            shown()
        );
        confirmed += usize::from(one.is_ok_and(|one| one.is_some()));
    }
    assert!(chosen > rounds / 50, "{chosen}");
    if cfg!(feature = "deflate") {
        let least = accepted.min(malformed).min(confirmed);
        assert!(least > rounds / 50, "{accepted} {malformed} {confirmed}");
    }
}

/// Random heads show only that both agree, so these are written out.
#[test]
fn a_quoted_string_may_span_several_lines_of_a_field() {
    let head = |values: &[&str]| {
        let add = |head: Head, value: &&str| head.add("Sec-WebSocket-Extensions", value);
        values.iter().fold(Head::request(), add).bytes()
    };
    for good in [
        &["x; a=\"b", "c\""][..],
        &["x; a=\"b\\", "c\", y"],
        &["x; a=\"b", "", "c\"; d"],
        &["", "x"],
        &["x", "", ""],
        &["", "", "x", ","],
    ] {
        assert!(c::parse_handshake(&head(good)).0 > 0, "{good:?}");
    }
    for bad in [
        &["x; a=\"b", "c"][..],
        &["x;", "a"],
        &["x; a=", "b"],
        &["x", "; a"],
        &["", ""],
        &[","],
        &["x; a=\"b\"", "c\""],
        &["x; a=\"b", "c\\\""],
    ] {
        assert_eq!(c::parse_handshake(&head(bad)).0, code::EXTENSION, "{bad:?}");
    }
}
