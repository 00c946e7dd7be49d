//! Responses as a client parses them (RFC 6455, 4.1): what no vector shows.

use crate::c::{self, code};
use crate::heads::Head;
use wscodec::ffi::handshake::ws_response;

fn request() -> Vec<u8> {
    Head::request().bytes()
}

#[test]
fn only_101_switches_protocols() {
    for status in (100..=999).filter(|status| *status != 101) {
        let bytes = Head::response().start(format!("HTTP/1.1 {status} x")).bytes();
        let (result, parsed) = c::parse_response(&bytes, &request());
        assert_eq!((result, parsed.status), (code::STATUS, status));
        assert_eq!(parsed.head_len as usize, bytes.len());
    }
}

#[test]
fn another_1xx_response_may_be_skipped() {
    let early = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    let bytes = [early.as_slice(), &Head::response().bytes()].concat();
    let (result, parsed) = c::parse_response(&bytes, &request());
    assert_eq!((result, parsed.head_len as usize), (code::STATUS, early.len()));
    let (result, _) = c::parse_response(&bytes[early.len()..], &request());
    assert_eq!(result as usize, bytes.len() - early.len());
}

#[test]
fn the_own_request_must_be_valid() {
    let bytes = Head::response().bytes();
    let invalid = [
        Vec::new(),
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        Head::request().set("Sec-WebSocket-Key", "x").bytes(),
        Head::request().without("Upgrade").bytes(),
        request()[..50].to_vec(),
        Head::response().bytes(),
    ];
    for request in invalid {
        let (result, parsed) = c::parse_response(&bytes, &request);
        assert_eq!((result, parsed), (code::INVALID_ARGUMENT, ws_response::default()));
    }
}

#[test]
fn the_result_is_where_the_first_frame_starts() {
    let bytes = [Head::response().bytes(), vec![0x81, 0x02, b'h', b'i']].concat();
    let (result, _) = c::parse_response(&bytes, &request());
    assert_eq!(result as usize, bytes.len() - 4);
}
