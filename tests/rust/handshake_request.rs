//! Valid opening requests (RFC 6455, 1.2, 1.3, 4.2.1).

use crate::c::{self, code, piece};
use crate::heads::{ACCEPT, Head, KEY, accepted, request_outcome};
use crate::wire::{self, frame};

/// RFC 6455, 1.2.
const RFC: &[u8] = b"GET /chat HTTP/1.1\r\n\
    Host: server.example.com\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Origin: http://example.com\r\n\
    Sec-WebSocket-Protocol: chat, superchat\r\n\
    Sec-WebSocket-Version: 13\r\n\
    \r\n";

/// Another well-known example.
const OTHER: &[u8] = b"GET /chat HTTP/1.1\r\n\
    Host: server.example.com\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n\
    Sec-WebSocket-Protocol: chat, superchat\r\n\
    Sec-WebSocket-Version: 13\r\n\
    Origin: http://example.com\r\n\
    \r\n";

const OTHER_KEY: &[u8] = b"x3JJHMbDL1EzLkh9GBhXDw==";
const OTHER_ACCEPT: &[u8] = b"HSmrc0sMlYUkAGmm5OPpG2HaGWk=";

fn check_example(request: &[u8], key: &[u8], accept: &[u8]) {
    assert_eq!(request_outcome(request), Ok(request.len()));
    let (_, hs) = c::parse_handshake(request);
    let part = |span| piece(request, span).unwrap();
    assert_eq!(part(hs.method), b"GET");
    assert_eq!(part(hs.target), b"/chat");
    assert_eq!(part(hs.host), b"server.example.com");
    assert_eq!(part(hs.origin), b"http://example.com");
    assert_eq!(part(hs.key), key);
    assert_eq!((hs.head_len as usize, hs.http_version), (request.len(), 11));
    assert_eq!(c::accept_key(key).unwrap(), accept);
    let chosen = c::select_protocol(request, b"chat").unwrap().unwrap();
    let spec = c::Response { key, protocol: &chosen, ..Default::default() };
    let expected = [
        b"HTTP/1.1 101 Switching Protocols\r\n\
          Upgrade: websocket\r\n\
          Connection: Upgrade\r\n\
          Sec-WebSocket-Accept: "
            .as_slice(),
        accept,
        b"\r\nSec-WebSocket-Protocol: chat\r\n\r\n",
    ];
    let response = c::build_response(&spec).unwrap();
    assert_eq!(response, expected.concat());
    assert_eq!(c::parse_response(&response, request).0, response.len() as isize);
}

#[test]
fn the_example_of_the_rfc_has_the_response_of_the_rfc() {
    check_example(RFC, KEY, ACCEPT);
}

#[test]
fn the_other_well_known_example_has_its_response() {
    check_example(OTHER, OTHER_KEY, OTHER_ACCEPT);
}

#[test]
fn without_an_origin_its_span_is_0_0() {
    let bytes = Head::request().bytes();
    let (result, hs) = c::parse_handshake(&bytes);
    assert_eq!(result, bytes.len() as isize);
    assert_eq!((hs.origin.off, hs.origin.len), (0, 0));
}

#[test]
fn an_empty_origin_differs_from_an_absent_one() {
    let bytes = Head::request().add("Origin", "").bytes();
    let (_, hs) = c::parse_handshake(&bytes);
    assert_eq!(hs.origin.len, 0);
    assert_ne!(hs.origin.off, 0);
}

#[test]
fn any_origin_is_reported_unchanged() {
    for origin in ["null", "http://a:b", "https://Good.Example", "a b"] {
        let bytes = Head::request().add("Origin", origin).bytes();
        let (_, hs) = c::parse_handshake(&bytes);
        assert_eq!(piece(&bytes, hs.origin), Some(origin.as_bytes()));
    }
}

#[test]
fn upgrade_and_connection_are_case_insensitive_lists() {
    let upgrades =
        ["WebSocket", "WEBSOCKET", "h2c, websocket", "websocket,h2c", ",websocket"];
    for upgrade in upgrades {
        accepted(&Head::request().set("Upgrade", upgrade));
    }
    let connections = [
        "upgrade",
        "UPGRADE",
        "keep-alive, Upgrade",
        "Upgrade ,\tkeep-alive",
        " , Upgrade,,",
    ];
    for connection in connections {
        accepted(&Head::request().set("Connection", connection));
    }
}

#[test]
fn lists_may_span_several_lines() {
    accepted(
        &Head::request().set("Connection", "keep-alive").add("Connection", "Upgrade"),
    );
    accepted(
        &Head::request().set("Connection", "Upgrade").add("Connection", "keep-alive"),
    );
    accepted(&Head::request().set("Upgrade", "h2c").add("Upgrade", "websocket"));
}

#[test]
fn names_ignore_case_and_whitespace_around_values_is_dropped() {
    let head = Head::request()
        .without("Host")
        .without("Sec-WebSocket-Version")
        .raw("hOST:server.example.com")
        .raw("SEC-WEBSOCKET-VERSION: \t 13 \t ");
    accepted(&head);
    let bytes = head.bytes();
    let (_, hs) = c::parse_handshake(&bytes);
    assert_eq!(piece(&bytes, hs.host), Some(b"server.example.com".as_slice()));
}

#[test]
fn a_target_may_be_absolute_or_have_a_query() {
    for target in ["http://server.example.com/chat", "/?a=b&c=%20", "/a;b=c,d"] {
        let head = Head::request().start(format!("GET {target} HTTP/1.1"));
        accepted(&head);
        let bytes = head.bytes();
        let (_, hs) = c::parse_handshake(&bytes);
        assert_eq!(piece(&bytes, hs.target), Some(target.as_bytes()));
    }
}

#[test]
fn a_host_may_have_a_port_or_be_an_address() {
    for host in ["a", "a:8080", "127.0.0.1", "[::1]:8080", "[::1]", "xn--a-b.example."] {
        accepted(&Head::request().set("Host", host));
    }
}

#[test]
fn other_fields_may_be_anything_and_repeated() {
    let head = Head::request()
        .add("Cookie", "a=b")
        .add("Cookie", "c=d")
        .add("X-Text", b"caf\xc3\xa9 \xff")
        .add("X-Empty", "")
        .add("Content-Length", "0");
    accepted(&head);
}

#[test]
fn the_http_version_is_reported_as_two_digits() {
    for (version, digits) in
        [("1.0", 10), ("1.1", 11), ("0.9", 9), ("2.0", 20), ("9.9", 99)]
    {
        let request = format!("GET / HTTP/{version}\r\nHost: a\r\n\r\n");
        let (result, hs) = c::parse_handshake(request.as_bytes());
        assert_eq!((result, hs.http_version), (code::NOT_UPGRADE, digits));
    }
}

#[test]
fn a_request_that_is_not_an_upgrade_fills_the_struct() {
    let request = b"POST /form HTTP/1.0\r\n\
        Host: a\r\nHost: b\r\nOrigin: null\r\nOrigin: x\r\n\
        Content-Length: 5\r\nSec-WebSocket-Key: unchecked\r\n\r\nabcde";
    let (result, hs) = c::parse_handshake(request);
    assert_eq!(result, code::NOT_UPGRADE);
    let part = |span| piece(request, span).unwrap();
    assert_eq!(
        (part(hs.method), part(hs.target)),
        (b"POST".as_slice(), b"/form".as_slice())
    );
    assert_eq!((part(hs.host), part(hs.origin)), (b"a".as_slice(), b"null".as_slice()));
    assert_eq!(part(hs.key), b"unchecked");
    assert_eq!(hs.head_len as usize, request.len() - 5);
}

#[test]
fn a_request_without_fields_is_not_an_upgrade() {
    let request = b"GET / HTTP/1.1\r\n\r\n";
    let (result, hs) = c::parse_handshake(request);
    assert_eq!((result, hs.head_len), (code::NOT_UPGRADE, 18));
    for span in [hs.host, hs.origin, hs.key] {
        assert_eq!((span.off, span.len), (0, 0));
    }
}

#[test]
fn frames_after_a_request_survive_every_split() {
    let sent = [RFC, &frame(0x81, Some(wire::KEY), b"Hello")].concat();
    for cut in 0..=sent.len() {
        let mut buf = sent[..cut].to_vec();
        let early = c::parse_handshake(&buf).0;
        assert_eq!(early, if cut < RFC.len() { 0 } else { RFC.len() as isize });
        buf.extend(&sent[cut..]);
        let (head_len, _) = c::parse_handshake(&buf);
        assert_eq!(head_len, RFC.len() as isize);
        let rest = &mut buf[RFC.len()..];
        let (frames, used) = c::feed(&mut c::decoder(c::WS_SERVER, 0), rest, 4).unwrap();
        assert_eq!((frames.len(), used), (1, 11));
        assert_eq!(rest[6..], *b"Hello");
    }
}
