//! Builders and parsers: what is built is read as what was passed, and nothing that is passed adds
//! a field or ends the head early.

use crate::c::{self, Request, Response, code};
use crate::heads::KEY;
use crate::plain::{extensions, fields};
use crate::source::Source;

pub fn run(data: &[u8]) {
    let mut source = Source::new(data);
    match source.below(3) {
        0 => request(&mut source),
        1 => response(&mut source),
        _ => reply(&mut source),
    }
}

fn text<'a>(source: &mut Source<'a>, usual: &'static [u8]) -> &'a [u8] {
    match source.below(3) {
        0 => source.some_bytes(),
        1 => b"",
        _ => usual,
    }
}

/// Whole lines, none of which is a field that a builder writes.
fn extra_lines(lines: &[u8]) -> Option<Vec<c::Field>> {
    if lines.is_empty() {
        return Some(Vec::new());
    }
    fields::all(&[b"x\r\n", lines, b"\r\n"].concat()).filter(|_| {
        lines.ends_with(b"\r\n") && !lines.ends_with(b"\r\n\r\n") && lines != b"\r\n"
    })
}

/// The fields of a head, without those of the caller at its end.
fn own_fields(head: &[u8], extra: &[u8]) -> Vec<c::Field> {
    let all = fields::all(head).expect("a well-formed head");
    let extra = extra_lines(extra).expect("whole lines");
    let (own, callers) = all.split_at(all.len() - extra.len());
    assert_eq!(callers, extra);
    own.to_vec()
}

fn request(source: &mut Source<'_>) {
    let spec = Request {
        host: text(source, b"example.com:8080"),
        target: text(source, b"/chat?room=1"),
        key: KEY,
        origin: text(source, b"https://example.com"),
        protocols: text(source, b"chat, superchat"),
        extensions: text(source, b"permessage-deflate; client_max_window_bits"),
        headers: text(source, b"X-Name: value\r\n"),
    };
    let Ok(head) = c::build_request(&spec) else { return };
    let (result, hs) = c::parse_handshake(&head);
    assert_eq!(result, head.len() as isize, "the library reads its own request");
    assert_eq!(c::piece(&head, hs.target), Some(spec.target));
    let own = own_fields(&head, spec.headers);
    let get = |name: &str| c::joined(&own, name);
    assert_eq!(get("Host").as_deref(), Some(fields::trim(spec.host)));
    assert_eq!(get("Sec-WebSocket-Key").as_deref(), Some(KEY));
    let optional = [
        ("Origin", spec.origin),
        ("Sec-WebSocket-Protocol", spec.protocols),
        ("Sec-WebSocket-Extensions", spec.extensions),
    ];
    let mut count = 5;
    for (name, value) in optional {
        let expected = (!value.is_empty()).then(|| fields::trim(value).to_vec());
        count += usize::from(expected.is_some());
        assert_eq!(get(name), expected, "{name}");
    }
    assert_eq!(own.len(), count, "no other field");
    assert!(extensions::read(Some(spec.extensions)).is_some());
    assert!(fields::choose(None, spec.protocols).is_ok());
}

fn response(source: &mut Source<'_>) {
    let spec = Response {
        key: KEY,
        protocol: text(source, b"chat"),
        extensions: text(source, b"permessage-deflate"),
        headers: text(source, b"X-Name: value\r\n"),
    };
    let Ok(head) = c::build_response(&spec) else { return };
    let own = own_fields(&head, spec.headers);
    let optional = [spec.protocol, spec.extensions];
    let count = 3 + optional.iter().filter(|value| !value.is_empty()).count();
    assert_eq!(own.len(), count, "no other field");
    // A request that offers exactly this.
    let request = Request {
        host: b"a",
        target: b"/",
        key: KEY,
        protocols: spec.protocol,
        extensions: spec.extensions,
        ..Request::default()
    };
    let request = c::build_request(&request).expect("what may be chosen may be offered");
    let chosen = extensions::read(Some(spec.extensions)).expect("a well-formed list");
    let twice = (1..chosen.len())
        .any(|at| chosen[..at].iter().any(|(name, _)| *name == chosen[at].0));
    let expected = if twice { code::EXTENSION } else { head.len() as isize };
    assert_eq!(c::parse_response(&head, &request).0, expected);
}

fn reply(source: &mut Source<'_>) {
    let status =
        *source.pick(&[200, 204, 205, 304, 403, 405, 426, 101, 599, 600, 199, 503]);
    let headers = text(source, b"Content-Length: 5\r\n");
    let body = source.rest();
    let Ok(reply) = c::build_reply(status, headers, body) else { return };
    assert!((200..=599).contains(&status));
    let mut room = [httparse::EMPTY_HEADER; 256];
    let mut parsed = httparse::Response::new(&mut room);
    let httparse::Status::Complete(len) =
        parsed.parse(&reply).expect("a well-formed reply")
    else {
        panic!("an incomplete reply");
    };
    assert_eq!(parsed.code, Some(status));
    assert_eq!(&reply[len..], body);
    let own = own_fields(&reply[..len], headers);
    let all = fields::all(&reply[..len]).unwrap();
    let announced = c::joined(&all, "Content-Length");
    match c::joined(&own, "Content-Length") {
        Some(length) => assert_eq!(length, body.len().to_string().into_bytes()),
        None => assert!(
            body.is_empty() && (announced.is_some() || [204, 304].contains(&status))
        ),
    }
    let connection = c::joined(&own, "Connection").unwrap();
    assert!(connection.ends_with(b"close"));
    assert_eq!(status == 426, c::joined(&own, "Upgrade").is_some());
}
