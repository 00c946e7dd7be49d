//! Two examples from the request to the response (RFC 6455, 1.2, 1.3), and frames after a request.

use crate::c::{self, piece};
use crate::heads::{ACCEPT, KEY, request_outcome};
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
