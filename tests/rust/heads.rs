//! Requests and responses, built line by line and parsed byte by byte.

use crate::c;
use wscodec::ffi::handshake::ws_handshake;

/// The key of RFC 6455, 1.3, and the value that accepts it.
pub(crate) const KEY: &[u8] = b"dGhlIHNhbXBsZSBub25jZQ==";
pub(crate) const ACCEPT: &[u8] = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// A head that tests can easily make invalid.
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

    /// The minimal request of a client (RFC 6455, 4.2.1).
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

    /// The minimal response of a server (4.2.2).
    pub(crate) fn response() -> Head {
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

    /// Appends any line.
    pub(crate) fn raw(mut self, line: impl AsRef<[u8]>) -> Head {
        self.lines.push(line.as_ref().to_vec());
        self
    }

    /// Inserts any line before the others.
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

    /// As `set`, for a field that may be in any case, repeated or absent.
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

/// Parses every prefix, shortest first. Ok is the length of the accepted head; Err is the length
/// of the first prefix that is an error, and the error. Shorter prefixes must return 0, longer
/// ones the same result.
pub(crate) fn outcome(
    bytes: &[u8],
    parse: impl Fn(&[u8]) -> isize,
) -> Result<usize, (usize, isize)> {
    let first = (0..=bytes.len()).find(|len| parse(&bytes[..*len]) != 0);
    let first = first.expect("every prefix is incomplete");
    let result = parse(&bytes[..first]);
    for len in first..=bytes.len() {
        let case = String::from_utf8_lossy(&bytes[..len]).into_owned();
        assert_eq!(parse(&bytes[..len]), result, "another result: {case}");
    }
    usize::try_from(result).map_err(|_| (first, result))
}

fn parse_request(bytes: &[u8]) -> isize {
    let (result, hs) = c::parse_handshake(bytes);
    let fills = result > 0 || result == c::code::NOT_UPGRADE;
    assert_eq!(
        hs == ws_handshake::default(),
        !fills,
        "filled exactly if accepted or not an upgrade"
    );
    result
}

/// The outcome of a request over all its prefixes.
pub(crate) fn request_outcome(bytes: &[u8]) -> Result<usize, (usize, isize)> {
    outcome(bytes, parse_request)
}

/// The request is accepted as soon as it is complete.
pub(crate) fn accepted(head: &Head) {
    let bytes = head.bytes();
    let shown = String::from_utf8_lossy(&bytes).into_owned();
    assert_eq!(request_outcome(&bytes), Ok(bytes.len()), "{shown}");
}

/// The request is refused once it is complete; its lines are well formed.
pub(crate) fn refused(head: &Head, error: isize) {
    let bytes = head.bytes();
    let shown = String::from_utf8_lossy(&bytes).into_owned();
    assert_eq!(request_outcome(&bytes), Err((bytes.len(), error)), "{shown}");
}

/// The request is malformed, and refused before its end.
pub(crate) fn malformed(bytes: &[u8]) {
    let shown = String::from_utf8_lossy(bytes).into_owned();
    let (at, error) = request_outcome(bytes).expect_err(&shown);
    assert_eq!(error, c::code::HTTP_SYNTAX, "{shown}");
    assert!(at < bytes.len(), "reported only at the end: {shown}");
}
