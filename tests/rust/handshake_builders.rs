//! The builders of requests, responses and replies: what they write, and that nothing can be
//! injected.

use crate::c::{self, Request, Response, code};
use crate::heads::{ACCEPT, KEY};

const REQUEST: Request<'_> = Request {
    host: b"server.example.com",
    target: b"/chat",
    key: KEY,
    origin: b"",
    protocols: b"",
    extensions: b"",
    headers: b"",
};

const RESPONSE: Response<'_> =
    Response { key: KEY, protocol: b"", extensions: b"", headers: b"" };

#[test]
fn a_minimal_request_has_only_required_fields() {
    let expected = b"GET /chat HTTP/1.1\r\n\
        Host: server.example.com\r\n\
        Upgrade: websocket\r\n\
        Connection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
        Sec-WebSocket-Version: 13\r\n\
        \r\n";
    assert_eq!(c::build_request(&REQUEST).unwrap(), expected);
}

#[test]
fn a_request_contains_every_field_of_its_spec() {
    let spec = Request {
        host: b"[::1]:8080",
        target: b"/chat?a=b",
        origin: b"http://example.com",
        protocols: b"chat, superchat",
        extensions: b"permessage-deflate; client_max_window_bits, x; y=\"z\"",
        headers: b"Cookie: a=b\r\nX-High: \xff\r\nX-Empty:\r\n",
        ..REQUEST
    };
    let expected = b"GET /chat?a=b HTTP/1.1\r\n\
        Host: [::1]:8080\r\n\
        Upgrade: websocket\r\n\
        Connection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
        Sec-WebSocket-Version: 13\r\n\
        Origin: http://example.com\r\n\
        Sec-WebSocket-Protocol: chat, superchat\r\n\
        Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, x; y=\"z\"\r\n\
        Cookie: a=b\r\nX-High: \xff\r\nX-Empty:\r\n\
        \r\n";
    assert_eq!(c::build_request(&spec).unwrap(), expected);
}

#[test]
fn a_minimal_response_has_only_required_fields() {
    let expected = b"HTTP/1.1 101 Switching Protocols\r\n\
        Upgrade: websocket\r\n\
        Connection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
        \r\n";
    assert_eq!(c::build_response(&RESPONSE).unwrap(), expected);
}

#[test]
fn a_response_contains_every_field_of_its_spec() {
    let spec = Response {
        protocol: b"chat",
        extensions: b"permessage-deflate",
        headers: b"Set-Cookie: a=b\r\nServer: x\r\n",
        ..RESPONSE
    };
    let expected = b"HTTP/1.1 101 Switching Protocols\r\n\
        Upgrade: websocket\r\n\
        Connection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
        Sec-WebSocket-Protocol: chat\r\n\
        Sec-WebSocket-Extensions: permessage-deflate\r\n\
        Set-Cookie: a=b\r\nServer: x\r\n\
        \r\n";
    let response = c::build_response(&spec).unwrap();
    assert_eq!(response, expected);
    assert!(response.windows(ACCEPT.len()).any(|window| window == ACCEPT));
}

/// Attempts to end a line or a token early; invalid in every field.
const INJECTIONS: &[&[u8]] = &[
    b"a\r\nX: y",
    b"a\r\n",
    b"\r\na",
    b"a\n",
    b"\na",
    b"a\r",
    b"a\nb",
    b"a\rb",
    b"a\0",
    b"a\0b",
    b"a\x01",
    b"a\x7f",
    b"chat\r\nSet-Cookie: a=b",
    b" HTTP/1.1\r\nHeader: injected\r\nX:",
    b"\xff",
    b"caf\xc3\xa9",
    b" a",
    b"a\t",
];

type Fill = fn(&[u8]) -> Result<Vec<u8>, isize>;

/// Every field of both builders except `headers` and the lists.
const FIELDS: &[(&str, Fill)] = &[
    ("host", |host| c::build_request(&Request { host, ..REQUEST })),
    ("target", |target| c::build_request(&Request { target, ..REQUEST })),
    ("key", |key| c::build_request(&Request { key, ..REQUEST })),
    ("origin", |origin| c::build_request(&Request { origin, ..REQUEST })),
    ("key", |key| c::build_response(&Response { key, ..RESPONSE })),
    ("protocol", |protocol| c::build_response(&Response { protocol, ..RESPONSE })),
];

/// Lists, which allow whitespace around an element.
const LISTS: &[(&str, Fill)] = &[
    ("protocols", |protocols| c::build_request(&Request { protocols, ..REQUEST })),
    ("extensions", |extensions| c::build_request(&Request { extensions, ..REQUEST })),
    ("extensions", |extensions| c::build_response(&Response { extensions, ..RESPONSE })),
];

#[test]
fn nothing_can_be_injected_into_any_field() {
    for injection in INJECTIONS {
        for (field, build) in FIELDS {
            let result = build(injection);
            assert_eq!(result, Err(code::INVALID_ARGUMENT), "{field} {injection:?}");
        }
        let target = [b"/", *injection].concat();
        let result = c::build_request(&Request { target: &target, ..REQUEST });
        assert_eq!(result, Err(code::INVALID_ARGUMENT), "/ {injection:?}");
        if !injection.starts_with(b" ") && !injection.ends_with(b"\t") {
            for (field, build) in LISTS {
                let result = build(injection);
                assert_eq!(result, Err(code::INVALID_ARGUMENT), "{field} {injection:?}");
            }
        }
    }
}

#[test]
fn control_characters_and_non_ascii_bytes_are_refused_in_every_field() {
    for byte in (0..=32).chain(127..=255_u8) {
        for template in [b"ab".as_slice(), b"/ab", b"https://ab"] {
            let text = [&template[..template.len() - 1], &[byte], b"b"].concat();
            for (field, build) in FIELDS {
                assert_eq!(build(&text), Err(code::INVALID_ARGUMENT), "{field} {text:?}");
            }
            for (field, build) in LISTS {
                assert_eq!(build(&text), Err(code::INVALID_ARGUMENT), "{field} {text:?}");
            }
        }
    }
}

fn all_refused(what: &str, texts: &[&[u8]], build: Fill) {
    for text in texts {
        let result = build(text);
        let shown = String::from_utf8_lossy(text);
        assert_eq!(result, Err(code::INVALID_ARGUMENT), "{what} {shown:?}");
    }
}

#[test]
fn required_fields_must_be_present_and_valid() {
    let hosts: &[&[u8]] = &[
        b"",
        b"a b",
        b"a/b",
        b"a@b",
        b"a:b",
        b"[::1",
        b"a?",
        b"a#b",
        b"a,b",
        b"::1",
        b"[:::::::]",
        b"a%zz",
        b"[fe80::1%]",
    ];
    all_refused("host", hosts, |host| c::build_request(&Request { host, ..REQUEST }));
    let targets: &[&[u8]] = &[
        b"",
        b"chat",
        b"*",
        b"?a",
        b"/a b",
        b"/a#b",
        b"ws://a/",
        b"//\xff",
        b"/\xc3\xa9",
        b"http://other.example/",
        b"http://u@server.example.com/",
        b"http:///",
        b"http://[::/",
    ];
    all_refused("target", targets, |target| {
        c::build_request(&Request { target, ..REQUEST })
    });
    let keys: &[&[u8]] =
        &[b"", b"x", b"eA==", b"dGhlIHNhbXBsZSBub25jZQ=", b"dGhlIHNhbXBsZSBub25jZQ==="];
    all_refused("key", keys, |key| c::build_request(&Request { key, ..REQUEST }));
    all_refused("key", keys, |key| c::build_response(&Response { key, ..RESPONSE }));
}

#[test]
fn lists_must_be_well_formed() {
    let protocols: &[&[u8]] =
        &[b",", b"a,", b"a,,b", b"a b", b"a, a", b"a;b", b"a=b", b"\"a\"", b"a/b", b" "];
    all_refused("protocols", protocols, |protocols| {
        c::build_request(&Request { protocols, ..REQUEST })
    });
    let not_one: &[&[u8]] = &[b"a,b", b"a, b", b"ch at", b"a;b", b"\"a\"", b",", b" "];
    all_refused("protocol", not_one, |protocol| {
        c::build_response(&Response { protocol, ..RESPONSE })
    });
    let extensions: &[&[u8]] = &[
        b",",
        b" ",
        b"a;",
        b"a;;b",
        b"a b",
        b"a; =b",
        b"a; b=",
        b"a; b=\"",
        b"a; b=\"c",
        b"a; b=\"c\\",
        b"a; b=\"c\x7f\"",
        b"a; b=\"c\\\"",
        b"a; b=c d",
        b"a=b",
        b";a",
        b"\"a\"",
        b"a; b=\"c\"d",
    ];
    for (field, build) in &LISTS[1..] {
        all_refused(field, extensions, *build);
    }
}

/// TR-369: both sides must send this extension.
const USP: &str = "bbf-usp-protocol; eid=\"os::012345-000000000001\"";

/// RFC 9110, 5.6.4.
#[test]
fn a_quoted_parameter_may_be_any_quoted_string() {
    for extensions in [
        &b"a; b=\"\""[..],
        b"a; b=\"c d\"",
        b"a; b=\"c, d; e\"; f",
        b"a; b=\"c\\\"d\"",
        b"a; b=\"\\\\\"",
        b"a; b=\"\t\"",
        b"a; b=\"caf\xc3\xa9\\\xff\"",
    ] {
        assert!(c::build_response(&Response { extensions, ..RESPONSE }).is_ok());
        let request = c::build_request(&Request { extensions, ..REQUEST }).unwrap();
        assert_eq!(c::parse_handshake(&request).0, request.len() as isize);
    }
}

/// Both sides of TR-369, with and without compression.
#[test]
fn an_extension_with_a_quoted_parameter_is_offered_and_confirmed() {
    let both = format!("{USP}, permessage-deflate");
    for extensions in [USP, &both] {
        let extensions = extensions.as_bytes();
        let request = c::build_request(&Request { extensions, ..REQUEST }).unwrap();
        let response = c::build_response(&Response { extensions, ..RESPONSE }).unwrap();
        assert_eq!(c::parse_response(&response, &request).0, response.len() as isize);
        let offered = c::pmd_accept(&request, crate::pmd::USUAL);
        if cfg!(feature = "deflate") {
            assert_eq!(offered.unwrap().is_some(), extensions == both.as_bytes());
        }
    }
}

#[test]
fn extensions_with_and_without_parameters_are_written() {
    for extensions in
        ["a", "a, b", "a;b", "a ; b = c", "a; b=\"c\"", "a; b=\"\\c\"", "a,,b", USP]
    {
        let extensions = extensions.as_bytes();
        assert!(c::build_response(&Response { extensions, ..RESPONSE }).is_ok());
        assert!(c::build_request(&Request { extensions, ..REQUEST }).is_ok());
    }
}

/// None of these is a sequence of complete lines.
const NO_LINES: &[&[u8]] = &[
    b"X",
    b"X: y",
    b"X: y\n",
    b"X: y\r",
    b"\r\n",
    b"X: y\r\n\r\n",
    b"X: y\r\n\r\nZ: z\r\n",
    b"X: y\r\nZ",
    b"X: y\r\nZ: z",
    b" X: y\r\n",
    b"X : y\r\n",
    b"X: y\r\n folded\r\n",
    b": y\r\n",
    b"no colon\r\n",
    b"X: a\rb\r\n",
    b"X: a\nb\r\n",
    b"X: a\0b\r\n",
    b"caf\xc3\xa9: y\r\n",
];

/// Fields that the builders write themselves, or that announce a body.
const OWN: &[&str] = &[
    "Upgrade",
    "Connection",
    "Content-Length",
    "Transfer-Encoding",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Accept",
    "Sec-WebSocket-Version",
    "Sec-WebSocket-Protocol",
    "Sec-WebSocket-Extensions",
    "Sec-WebSocket-Anything",
];

fn build_all(headers: &[u8]) -> [Result<Vec<u8>, isize>; 3] {
    [
        c::build_request(&Request { headers, ..REQUEST }),
        c::build_response(&Response { headers, ..RESPONSE }),
        c::build_reply(400, headers, b""),
    ]
}

#[test]
fn additional_headers_must_be_complete_lines() {
    for lines in NO_LINES {
        for result in build_all(lines) {
            let shown = String::from_utf8_lossy(lines);
            assert_eq!(result, Err(code::INVALID_ARGUMENT), "{shown:?}");
        }
    }
}

#[test]
fn additional_headers_must_not_repeat_those_of_the_builder() {
    for name in OWN {
        for name in [name.to_string(), name.to_lowercase(), name.to_uppercase()] {
            for lines in
                [format!("{name}: x\r\n"), format!("A: b\r\n{name}:\r\nC: d\r\n")]
            {
                for result in build_all(lines.as_bytes()) {
                    assert_eq!(result, Err(code::INVALID_ARGUMENT), "{lines:?}");
                }
            }
        }
    }
}

/// A target that names another host, or two origins, would be refused.
#[test]
fn a_built_request_is_one_that_parse_handshake_accepts() {
    for (target, host) in [
        ("http://server.example.com/chat", "server.example.com"),
        ("http://SERVER.example.com:80/chat?a", "server.example.com"),
        ("https://server.example.com/chat", "server.example.com:443"),
        ("http://[::1]:8080", "[::1]:8080"),
    ] {
        let (target, host) = (target.as_bytes(), host.as_bytes());
        let request = c::build_request(&Request { target, host, ..REQUEST }).unwrap();
        assert_eq!(c::parse_handshake(&request).0, request.len() as isize);
    }
    for (origin, headers) in [
        (&b"https://a,https://b"[..], &b""[..]),
        (b"", b"Origin: https://a,https://b\r\n"),
        (b"", b"Origin: https://a\r\norigin: https://b\r\n"),
        (b"https://a", b"Origin: https://a\r\n"),
    ] {
        let origins = Request { origin, headers, ..REQUEST };
        assert_eq!(c::build_request(&origins), Err(code::INVALID_ARGUMENT));
    }
    let headers = b"Origin: https://a\r\n";
    let request = c::build_request(&Request { origin: b"", headers, ..REQUEST }).unwrap();
    assert_eq!(c::parse_handshake(&request).0, request.len() as isize);
}

/// RFC 6455, 4.1 itself has a key whose last character has bits that belong to no byte.
#[test]
fn the_unused_bits_of_a_key_may_be_set() {
    let key = b"AQIDBAUGBwgJCgsMDQ4PEC==";
    let request = c::build_request(&Request { key, ..REQUEST }).unwrap();
    let response = c::build_response(&Response { key, ..RESPONSE }).unwrap();
    assert_eq!(c::parse_response(&response, &request).0, response.len() as isize);
}

#[test]
fn additional_headers_with_similar_names_are_accepted() {
    for name in
        ["Upgrade-Insecure-Requests", "Connections", "Sec-WebSocket", "Sec-Fetch-Mode"]
    {
        for result in build_all(format!("{name}: 1\r\n").as_bytes()) {
            assert!(result.is_ok(), "{name}");
        }
    }
}

#[test]
fn host_and_origin_are_reserved_in_requests_only() {
    let host = c::build_request(&Request { headers: b"host: a\r\n", ..REQUEST });
    assert_eq!(host, Err(code::INVALID_ARGUMENT));
    let headers = b"ORIGIN: https://a\r\n".as_slice();
    assert!(c::build_request(&Request { headers, ..REQUEST }).is_ok());
    let twice = Request { headers, origin: b"https://b", ..REQUEST };
    assert_eq!(c::build_request(&twice), Err(code::INVALID_ARGUMENT));
    assert!(c::build_response(&Response { headers: b"Host: a\r\n", ..RESPONSE }).is_ok());
}

#[test]
fn a_built_request_and_its_response_are_accepted() {
    for protocols in ["", "chat", "chat, superchat", "a,b,c"] {
        for (origin, headers) in [("", ""), ("https://a.example", "Cookie: a=b\r\n")] {
            let key = c::make_key();
            let request = c::build_request(&Request {
                key: &key,
                origin: origin.as_bytes(),
                protocols: protocols.as_bytes(),
                extensions: b"permessage-deflate; client_max_window_bits",
                headers: headers.as_bytes(),
                ..REQUEST
            });
            let request = request.unwrap();
            let (result, hs) = c::parse_handshake(&request);
            assert_eq!(result, request.len() as isize);
            assert_eq!(c::piece(&request, hs.key), Some(key.as_slice()));
            check_response(&request, &key, protocols);
        }
    }
}

fn check_response(request: &[u8], key: &[u8], protocols: &str) {
    let chosen = c::select_protocol(request, b"superchat, chat, b").unwrap();
    assert_eq!(chosen.is_some(), !protocols.is_empty());
    let protocol = chosen.clone().unwrap_or_default();
    let spec = Response {
        key,
        protocol: &protocol,
        extensions: b"permessage-deflate; client_max_window_bits=9",
        headers: b"Server: x\r\n",
    };
    let response = c::build_response(&spec).unwrap();
    let (result, parsed) = c::parse_response(&response, request);
    assert_eq!(result, response.len() as isize);
    assert_eq!(c::piece(&response, parsed.protocol), chosen.as_deref());
    assert_eq!(c::piece(&response, parsed.extensions), Some(spec.extensions));
    assert_eq!((parsed.status, parsed.head_len as usize), (101, response.len()));
}

#[test]
fn a_head_beyond_the_limits_is_not_written() {
    let lines = |count: usize| "X: y\r\n".repeat(count).into_bytes();
    for result in build_all(&lines(241)) {
        assert_eq!(result, Err(code::INVALID_ARGUMENT));
    }
    for result in build_all(&lines(240)) {
        assert!(result.is_ok());
    }
    let target = format!("/{}", "x".repeat(65536));
    let long = c::build_request(&Request { target: target.as_bytes(), ..REQUEST });
    assert_eq!(long, Err(code::INVALID_ARGUMENT));
    let line = format!("X: {}\r\n", "y".repeat(65536));
    for result in build_all(line.as_bytes()) {
        assert_eq!(result, Err(code::INVALID_ARGUMENT));
    }
}

#[test]
fn the_longest_request_that_is_built_is_parsed() {
    let least = c::build_request(&REQUEST).unwrap().len();
    let fill = |len: usize| format!("X: {}\r\n", "y".repeat(len - 5)).into_bytes();
    let headers = fill(65536 - least);
    let longest = c::build_request(&Request { headers: &headers, ..REQUEST }).unwrap();
    assert_eq!(c::parse_handshake(&longest).0, 65536);
    let headers = fill(65537 - least);
    let longer = c::build_request(&Request { headers: &headers, ..REQUEST });
    assert_eq!(longer, Err(code::INVALID_ARGUMENT));
}
