//! A request: any prefix of it is incomplete or has its result; httparse reads the same; it is
//! judged like its fields, and as ws_conn_accept() judges it.

use crate::c::{self, RequestFields, code};
use crate::handshake_differential::{self, Tally};
use crate::handshakes::{accept_raw, spec};
use crate::plain::fields;
use crate::source::Source;
use wscodec::ffi::conn::ws_conn_free;
use wscodec::ffi::handshake::{ws_handshake, ws_span};
use wscodec::ffi::result::ws_http_status;

pub fn run(data: &[u8]) {
    let mut source = Source::new(data);
    let cut = usize::from(source.u16());
    let head = source.rest();
    let (result, hs) = c::parse_handshake(head);
    let fills = result > 0 || result == code::NOT_UPGRADE;
    assert_eq!(hs == ws_handshake::default(), !fills);
    prefix(head, cut, result);
    head_length(head, cut, &hs);
    handshake_differential::compare(head, &mut Tally::default());
    let error = accept(head);
    assert_eq!(error, result.min(0), "ws_conn_accept() judges otherwise");
    if fills {
        spans(head, &hs);
    }
    if hs.head_len > 0 || error < 0 {
        judged_like_fields(head, error);
    }
}

/// A prefix has the result of the whole, or is incomplete; only an incomplete head changes.
fn prefix(head: &[u8], cut: usize, result: isize) {
    let (of_prefix, _) = c::parse_handshake(&head[..cut.min(head.len())]);
    assert!(of_prefix == 0 || of_prefix == result, "{of_prefix} then {result}");
}

fn head_length(head: &[u8], cut: usize, hs: &ws_handshake) {
    let at_once = c::head_length(head, 0).0;
    if hs.head_len > 0 {
        assert_eq!(at_once, hs.head_len as isize);
    }
    let (first, scanned) = c::head_length(&head[..cut.min(head.len())], 0);
    let in_two = if first == 0 { c::head_length(head, scanned).0 } else { first };
    // Beyond the largest head, the first part alone may be complete.
    assert_eq!(in_two, at_once);
}

fn spans(head: &[u8], hs: &ws_handshake) {
    let within =
        |span: ws_span| span.off as usize + span.len as usize <= hs.head_len as usize;
    let all = [hs.method, hs.target, hs.host, hs.origin, hs.key];
    assert!(all.into_iter().all(within));
    let head = &head[..hs.head_len as usize];
    let read = fields::all(head).expect("a head that was accepted");
    assert_eq!(c::all_fields(head).as_ref(), Ok(&read));
    let first =
        |name: &str| read.iter().find(|f| f.0.eq_ignore_ascii_case(name.as_bytes()));
    let value = |name| first(name).map(|field| field.1.as_slice());
    let span = |span: ws_span| c::piece(head, span);
    assert_eq!(span(hs.origin), value("Origin"));
    assert_eq!(span(hs.key), value("Sec-WebSocket-Key"));
    let line = fields::lines(head).unwrap().0[0];
    let mut parts = line.split(|byte| *byte == b' ');
    assert_eq!((span(hs.method), span(hs.target)), (parts.next(), parts.next()));
}

/// The error of ws_conn_accept() without a policy.
fn accept(head: &[u8]) -> isize {
    let (result, written, accepted) = accept_raw(head, Some(&spec(b"", b"")), 1024);
    // SAFETY: nothing else uses the connection.
    unsafe { ws_conn_free(accepted.conn) };
    assert!(result >= 0, "a valid policy and enough room");
    if result > 0 {
        let status =
            if accepted.error == 0 { 101 } else { ws_http_status(accepted.error) };
        assert!(written.starts_with(format!("HTTP/1.1 {status} ").as_bytes()));
        assert!(fields::all(&written).is_some() || !written.ends_with(b"\r\n\r\n"));
    }
    accepted.error
}

/// ws_check_request() leaves the target to its caller, so only paths are compared.
fn judged_like_fields(head: &[u8], error: isize) {
    let Some((lines, len)) = fields::lines(head) else { return };
    let Some(all) = fields::all(&head[..len]) else { return };
    let mut parts = lines[0].split(|byte| *byte == b' ');
    let (method, target, version) = (parts.next(), parts.next(), parts.next());
    let http_version = match version {
        Some(b"HTTP/1.1") => 11,
        Some(b"HTTP/1.0") => 10,
        _ => return,
    };
    let is_path = target.is_some_and(|target| {
        target.starts_with(b"/")
            && std::str::from_utf8(target).is_ok()
            && !target.contains(&b'#')
            && !target.contains(&b'\t')
    });
    if !fields::are_few(&all)
        || !is_path
        || parts.next().is_some()
        || !method.is_some_and(fields::is_token)
    {
        return;
    }
    let rest = RequestFields { method, http_version, ..Default::default() };
    assert_eq!(c::check_request_of(&all, rest), error);
}
