//! Requests and answers, line by line, and what becomes of them byte by byte.

use crate::c;
use wscodec::ffi::handshake::ws_handshake;

/// The key of RFC 6455, 1.3, and its answer.
pub(crate) const KEY: &[u8] = b"dGhlIHNhbXBsZSBub25jZQ==";
pub(crate) const ACCEPT: &[u8] = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// A head that is easily spoilt.
#[derive(Clone)]
pub(crate) struct Head {
    start: Vec<u8>,
    /// Whole lines, without their ends.
    lines: Vec<Vec<u8>>,
}

fn line(name: &str, value: impl AsRef<[u8]>) -> Vec<u8> {
    [name.as_bytes(), b": ", value.as_ref()].concat()
}

impl Head {
    fn new(start: &str, fields: &[(&str, &[u8])]) -> Head {
        let lines = fields.iter().map(|(name, value)| line(name, value)).collect();
        Head { start: start.into(), lines }
    }

    /// The least that RFC 6455, 4.2.1 asks of a client.
    pub(crate) fn request() -> Head {
        Head::new(
            "GET /chat HTTP/1.1",
            &[
                ("Host", b"server.example.com"),
                ("Upgrade", b"websocket"),
                ("Connection", b"Upgrade"),
                ("Sec-WebSocket-Key", KEY),
                ("Sec-WebSocket-Version", b"13"),
            ],
        )
    }

    /// The least that 4.2.2 asks of a server.
    pub(crate) fn answer() -> Head {
        Head::new(
            "HTTP/1.1 101 Switching Protocols",
            &[
                ("Upgrade", b"websocket"),
                ("Connection", b"Upgrade"),
                ("Sec-WebSocket-Accept", ACCEPT),
            ],
        )
    }

    pub(crate) fn start(mut self, start: impl AsRef<[u8]>) -> Head {
        self.start = start.as_ref().to_vec();
        self
    }

    pub(crate) fn add(mut self, name: &str, value: impl AsRef<[u8]>) -> Head {
        self.lines.push(line(name, value));
        self
    }

    /// Any line at all, at the end.
    pub(crate) fn raw(mut self, line: impl AsRef<[u8]>) -> Head {
        self.lines.push(line.as_ref().to_vec());
        self
    }

    /// Any line at all, before the others.
    pub(crate) fn raw_first(mut self, line: impl AsRef<[u8]>) -> Head {
        self.lines.insert(0, line.as_ref().to_vec());
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Head {
        let before = self.lines.len();
        self.lines.retain(|line| !line.starts_with(format!("{name}: ").as_bytes()));
        assert!(self.lines.len() < before, "no {name} to leave out");
        self
    }

    pub(crate) fn set(self, name: &str, value: impl AsRef<[u8]>) -> Head {
        self.without(name).add(name, value)
    }

    /// The same, where the field may be written in any case and have come more than once.
    pub(crate) fn set_any(mut self, name: &str, value: impl AsRef<[u8]>) -> Head {
        let is = |line: &[u8]| {
            let start = line.get(..name.len() + 1).unwrap_or_default();
            start.eq_ignore_ascii_case(format!("{name}:").as_bytes())
        };
        self.lines.retain(|line| !is(line));
        self.add(name, value)
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.start.clone();
        bytes.extend(b"\r\n");
        for line in &self.lines {
            bytes.extend(line);
            bytes.extend(b"\r\n");
        }
        bytes.extend(b"\r\n");
        bytes
    }
}

/// Parses ever longer prefixes: the length of the first that is an error, and the error.
/// Before it there must be 0 and nothing else, and behind it the same error. Ok: how
/// long the head is that was accepted.
pub(crate) fn outcome(
    bytes: &[u8],
    parse: impl Fn(&[u8]) -> isize,
) -> Result<usize, (usize, isize)> {
    let first = (0..=bytes.len()).find(|len| parse(&bytes[..*len]) != 0);
    let first = first.expect("no prefix says anything");
    let result = parse(&bytes[..first]);
    for len in first..=bytes.len() {
        let case = String::from_utf8_lossy(&bytes[..len]).into_owned();
        assert_eq!(parse(&bytes[..len]), result, "changed its mind: {case}");
    }
    usize::try_from(result).map_err(|_| (first, result))
}

fn parse_request(bytes: &[u8]) -> isize {
    let (result, hs) = c::parse_handshake(bytes);
    let fills = result > 0 || result == c::code::NOT_UPGRADE;
    assert_eq!(hs == ws_handshake::default(), !fills, "filled or not");
    result
}

/// The outcome of a request, checked at each of its prefixes.
pub(crate) fn request_outcome(bytes: &[u8]) -> Result<usize, (usize, isize)> {
    outcome(bytes, parse_request)
}

/// A request that is accepted, as a whole and not before.
pub(crate) fn accepted(head: &Head) {
    let bytes = head.bytes();
    let shown = String::from_utf8_lossy(&bytes).into_owned();
    assert_eq!(request_outcome(&bytes), Ok(bytes.len()), "{shown}");
}

/// A request that is refused once it is complete: there is nothing wrong with its lines.
pub(crate) fn refused(head: &Head, error: isize) {
    let bytes = head.bytes();
    let shown = String::from_utf8_lossy(&bytes).into_owned();
    assert_eq!(request_outcome(&bytes), Err((bytes.len(), error)), "{shown}");
}

/// A request that is malformed: refused before its end.
pub(crate) fn malformed(bytes: &[u8]) {
    let shown = String::from_utf8_lossy(bytes).into_owned();
    let (at, error) = request_outcome(bytes).expect_err(&shown);
    assert_eq!(error, c::code::HTTP_SYNTAX, "{shown}");
    assert!(at < bytes.len(), "reported only at the end: {shown}");
}
