//! Vectors of requests and responses.

use crate::c::{self, RequestFields, code, piece};
use crate::handshakes::{accept_raw, spec};
use crate::heads::{outcome, request_outcome};
use crate::vectors::{Vector, load};
use wscodec::ffi::accept::{WS_ACCEPT_NEED_PROTOCOL, ws_accept_spec};
use wscodec::ffi::conn::ws_conn_free;
use wscodec::ffi::handshake::{ws_bytes, ws_response, ws_span};
use wscodec::ffi::result::ws_http_status;

/// The length of a valid head; or the length of the first prefix that is an error, and the error.
fn expected(vector: &Vector, head: &[u8]) -> Result<usize, (usize, isize)> {
    let at = vector.error_at().unwrap_or(head.len() - 1);
    if vector.error() == 0 { Ok(head.len()) } else { Err((at + 1, vector.error())) }
}

/// Checks the prefixes of a long head only around its end and its error.
fn check_prefixes(vector: &Vector, head: &[u8], parse: impl Fn(&[u8]) -> isize) {
    let expected = expected(vector, head);
    let first = expected.unwrap_or_else(|(at, _)| at);
    for len in [0, 1, 100, first - 2, first - 1, first, head.len()] {
        let result = expected.map_or_else(|(_, error)| error, |len| len as isize);
        let result = if len < first { 0 } else { result };
        assert_eq!(parse(&head[..len]), result, "{} to {len}", vector.name());
    }
}

const LONG: usize = 4096;

fn check_span(vector: &Vector, name: &str, head: &[u8], span: ws_span) {
    if vector.has(name) {
        let expected = vector.optional_bytes(name);
        assert_eq!(piece(head, span), expected.as_deref(), "{name}");
        assert_eq!(span.off == 0, expected.is_none() || name == "method", "{name}");
    }
}

#[test]
fn every_request_is_accepted_or_has_its_error() {
    for vector in load("requests") {
        let head = vector.bytes("request");
        if head.len() > LONG {
            check_prefixes(&vector, &head, |head| c::parse_handshake(head).0);
        } else {
            assert_eq!(
                request_outcome(&head),
                expected(&vector, &head),
                "{}",
                vector.name()
            );
        }
        let (_, hs) = c::parse_handshake(&head);
        if let Some(fields) = vector.member("fields") {
            check_span(&fields, "method", &head, hs.method);
            check_span(&fields, "target", &head, hs.target);
            check_span(&fields, "host", &head, hs.host);
            check_span(&fields, "origin", &head, hs.origin);
            check_span(&fields, "key", &head, hs.key);
            let version = fields.number("http_version").unwrap_or(hs.http_version.into());
            assert_eq!(u64::from(hs.http_version), version, "{}", vector.name());
        }
        if vector.error() == 0 || vector.error() == code::NOT_UPGRADE {
            assert_eq!(hs.head_len as usize, head.len(), "{}", vector.name());
        }
    }
}

#[test]
fn bytes_after_a_request_change_nothing() {
    for vector in load("requests").iter().filter(|vector| vector.error() == 0) {
        let head = vector.bytes("request");
        for after in [&b"\x81"[..], b"\n", b"\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"] {
            let (result, _) = c::parse_handshake(&[&head, after].concat());
            assert_eq!(result, head.len() as isize, "{}", vector.name());
        }
    }
}

#[test]
fn every_response_is_accepted_or_has_its_error() {
    for vector in load("responses") {
        let (request, head) = (vector.bytes("request"), vector.bytes("response"));
        let parse = |head: &[u8]| {
            let (result, parsed) = c::parse_response(head, &request);
            let fills = result > 0 || result == code::STATUS;
            assert_eq!(parsed != ws_response::default(), fills, "{}", vector.name());
            result
        };
        if head.len() > LONG {
            check_prefixes(&vector, &head, parse);
        } else {
            assert_eq!(
                outcome(&head, parse),
                expected(&vector, &head),
                "{}",
                vector.name()
            );
        }
        let (_, parsed) = c::parse_response(&head, &request);
        if let Some(fields) = vector.member("fields") {
            check_span(&fields, "protocol", &head, parsed.protocol);
            check_span(&fields, "extensions", &head, parsed.extensions);
            check_span(&fields, "reason", &head, parsed.reason);
            let of = |name, default: u16| fields.number(name).unwrap_or(default.into());
            let numbers =
                (of("status", parsed.status), of("http_version", parsed.http_version));
            let read = (parsed.status.into(), parsed.http_version.into());
            assert_eq!(read, numbers, "{}", vector.name());
        }
        if vector.error() == 0 || vector.error() == code::STATUS {
            assert_eq!(parsed.head_len as usize, head.len(), "{}", vector.name());
        }
    }
}

fn bytes(text: &str) -> ws_bytes {
    ws_bytes { data: text.as_ptr().cast(), len: text.len() }
}

fn spec_of(policy: &Vector) -> ws_accept_spec {
    let mut spec = spec(policy.text("protocols").unwrap_or("").as_bytes(), b"");
    if let Some(origins) = policy.text("origins") {
        spec.origins = bytes(origins);
    }
    if policy.is("need_protocol") {
        spec.flags = WS_ACCEPT_NEED_PROTOCOL;
    }
    spec
}

#[test]
fn every_policy_selects_or_rejects() {
    for vector in load("policies") {
        let (head, name) = (vector.bytes("request"), vector.name());
        let policy = vector.member("policy");
        let spec = policy.as_ref().map(spec_of);
        let (_, reply, accepted) = accept_raw(&head, spec.as_ref(), 4096);
        // SAFETY: it was just created, and nothing else uses it.
        unsafe { ws_conn_free(accepted.conn) };
        assert_eq!(accepted.error, vector.error(), "{name}");
        if let Some(status) = vector.number("status") {
            assert!(
                reply.starts_with(format!("HTTP/1.1 {status} ").as_bytes()),
                "{name}"
            );
            assert_eq!(u64::from(ws_http_status(accepted.error)), status, "{name}");
        } else {
            let list = policy.as_ref().and_then(|these| these.text("protocols"));
            let list = list.unwrap_or_default().as_bytes();
            let chosen =
                piece(list, accepted.protocol).filter(|chosen| !chosen.is_empty());
            let expected = vector.text("protocol").map(str::as_bytes);
            assert_eq!(chosen, expected, "{name}");
            let selected = c::select_protocol(&head, list).unwrap();
            assert_eq!(selected.as_deref(), expected, "{name}");
        }
    }
}

/// An HTTP library passes the value of Origin; without a list, no origin is judged.
#[test]
fn origins_are_judged_alike_in_parsed_fields_and_by_origin_allowed() {
    for vector in load("policies") {
        let Some(policy) = vector.member("policy") else { continue };
        let Some(origins) = policy.text("origins") else { continue };
        let head = vector.bytes("request");
        let Some(origin) = c::find_header(&head, b"Origin").unwrap() else { continue };
        let error = vector.error();
        if error != 0 && error != code::ORIGIN {
            continue;
        }
        let allowed = c::origin_allowed(&origin, origins.as_bytes());
        assert_eq!(allowed, error == 0, "{}", vector.name());
        let fields = RequestFields {
            method: Some(b"GET"),
            host: Some(b"a"),
            upgrade: Some(b"websocket"),
            connection: Some(b"Upgrade"),
            key: Some(crate::heads::KEY),
            version: Some(b"13"),
            origin: Some(&origin),
            extensions: None,
            content_length: None,
            transfer_encoding: None,
            connect_protocol: None,
            origins: Some(origins.as_bytes()),
            http_version: 11,
        };
        assert_eq!(c::check_request(&fields), error, "{}", vector.name());
    }
}
