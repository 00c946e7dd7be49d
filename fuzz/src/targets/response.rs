//! A response to a request: any prefix of it is incomplete or has its result, and it is judged
//! like its fields.

use crate::c::{self, ResponseFields, code};
use crate::plain::fields;
use crate::source::Source;
use wscodec::ffi::handshake::{ws_response, ws_span};

pub fn run(data: &[u8]) {
    let mut source = Source::new(data);
    let (len, cut) = (usize::from(source.u16()), usize::from(source.u16()));
    let head = source.bytes(len);
    let request = source.rest();
    let (result, response) = c::parse_response(head, request);
    assert_eq!(response != ws_response::default(), result > 0 || result == code::STATUS);
    let (of_prefix, _) = c::parse_response(&head[..cut.min(head.len())], request);
    assert!(of_prefix == 0 || of_prefix == result, "{of_prefix} then {result}");
    if response.head_len > 0 {
        spans(head, &response);
    }
    let upgrade = c::parse_handshake(request).0 > 0;
    assert_eq!(result == code::INVALID_ARGUMENT, !upgrade, "is the request an upgrade?");
    if upgrade && result != 0 {
        judged_like_fields(head, request, result.min(0));
    }
}

fn spans(head: &[u8], response: &ws_response) {
    assert_eq!(c::head_length(head, 0).0, response.head_len as isize);
    let head = &head[..response.head_len as usize];
    let span = |span: ws_span| c::piece(head, span);
    let first = |name: &str| c::find_header(head, name.as_bytes()).unwrap();
    assert_eq!(span(response.protocol), first("Sec-WebSocket-Protocol").as_deref());
    assert_eq!(span(response.extensions), first("Sec-WebSocket-Extensions").as_deref());
    let line = fields::lines(head).expect("a head that was read").0[0];
    let status = format!(" {:03}", response.status);
    assert_eq!(line.get(8..12), Some(status.as_bytes()));
    assert_eq!(
        span(response.reason).unwrap_or_default(),
        line.get(13..).unwrap_or_default()
    );
}

fn judged_like_fields(head: &[u8], request: &[u8], error: isize) {
    // A response has no empty line before it.
    let Some((lines, len)) = fields::lines(head).filter(|_| !head.starts_with(b"\r\n"))
    else {
        return;
    };
    let Some(all) = fields::all(&head[..len]).filter(|all| fields::are_few(all)) else {
        return;
    };
    let line = lines[0];
    let (http_version, rest) = match line.split_at_checked(8) {
        Some((b"HTTP/1.1", rest)) => (11, rest),
        Some((b"HTTP/1.0", rest)) => (10, rest),
        _ => return,
    };
    let [b' ', digits @ ..] = rest else { return };
    let (digits, after) = digits.split_at(digits.len().min(3));
    let status = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
    let Some(status) = status.filter(|status| (100..1000).contains(status)) else {
        return;
    };
    if error == code::HTTP_SYNTAX || !after.is_empty() && after[0] != b' ' {
        return;
    }
    let asked = fields::all(request).expect("a request that was accepted");
    let key = c::joined(&asked, "Sec-WebSocket-Key");
    let key = key.as_deref();
    let rest = ResponseFields { key, http_version, status, ..Default::default() };
    assert_eq!(c::check_response_of(&all, &asked, rest), error);
}
