//! Mutated heads, parsed by httparse too: both read the same. Short tables explain the heads that
//! only one of them accepts.

use crate::c::{self, Field};
use crate::heads::Head;
use crate::rng::{Rng, count};
use wscodec::error::Error;
use wscodec::handshake::request;

/// A parsed request.
#[derive(Debug, PartialEq, Eq)]
struct Parsed {
    method: Vec<u8>,
    target: Vec<u8>,
    fields: Vec<Field>,
    head_len: usize,
}

fn theirs(bytes: &[u8]) -> Result<Option<Parsed>, httparse::Error> {
    let mut fields = [httparse::EMPTY_HEADER; 256];
    let mut request = httparse::Request::new(&mut fields);
    let httparse::Status::Complete(head_len) = request.parse(bytes)? else {
        return Ok(None);
    };
    let field = |f: &httparse::Header<'_>| (f.name.as_bytes().to_vec(), f.value.to_vec());
    Ok(Some(Parsed {
        method: request.method.unwrap().into(),
        target: request.path.unwrap().into(),
        fields: request.headers.iter().map(field).collect(),
        head_len,
    }))
}

fn ours(bytes: &[u8]) -> Result<Option<Parsed>, Error> {
    let Some(parsed) = request::parse(bytes)? else { return Ok(None) };
    Ok(Some(Parsed {
        method: parsed.method.to_vec(),
        target: parsed.target.to_vec(),
        fields: c::all_fields(bytes).unwrap(),
        head_len: parsed.head_len,
    }))
}

/// A reason in words, and whether it applies to a head.
type Reason = (&'static str, fn(&[u8]) -> bool);

/// Why we refuse what httparse accepts. (The sections are those of RFC 9112.)
const REASONS: &[Reason] = &[
    // 2.2: a recipient MAY accept it as the end of a line, so two parsers could differ.
    ("a bare LF", |head| {
        let bare = |pair: &[u8]| pair[1] == b'\n' && pair[0] != b'\r';
        head.first() == Some(&b'\n') || head.windows(2).any(bare)
    }),
    // 2.2: a server SHOULD skip one.
    ("several empty lines before the start line", |head| head.starts_with(b"\r\n\r\n")),
    // RFC 3986, 2: a target is ASCII. Many clients send UTF-8.
    ("a target that is not UTF-8", |head| {
        let line = head.split(|b| *b == b'\r').find(|line| !line.trim_ascii().is_empty());
        core::str::from_utf8(line.unwrap_or_default()).is_err()
    }),
];

/// Why httparse refuses what we accept.
const OUR_REASONS: &[Reason] = &[
    // 2.3: DIGIT "." DIGIT. httparse knows only 1.0 and 1.1; we refuse an upgrade later.
    ("another version of HTTP", |head| {
        let line = head.split(|b| *b == b'\r').next().unwrap();
        !line.ends_with(b" HTTP/1.1") && !line.ends_with(b" HTTP/1.0")
    }),
];

fn explained(reasons: &[Reason], head: &[u8]) -> bool {
    reasons.iter().any(|(_, holds)| holds(head))
}

/// Faults of an upgrade that is well-formed HTTP.
fn is_about_meaning(error: Error, bytes: &[u8]) -> bool {
    let request = request::read(bytes).ok().flatten();
    request.is_some_and(|request| request.verdict == Err(error))
}

#[derive(Default)]
pub(crate) struct Tally {
    accepted: usize,
    refused: usize,
    waiting: usize,
    stricter: usize,
    meaning: usize,
}

pub(crate) fn compare(bytes: &[u8], tally: &mut Tally) {
    let shown = || String::from_utf8_lossy(bytes).into_owned();
    match (ours(bytes), theirs(bytes)) {
        (Ok(Some(our)), Ok(Some(their))) => {
            assert_eq!(our, their, "{}", shown());
            tally.accepted += 1;
        }
        (Ok(Some(_)), other) => {
            assert!(explained(OUR_REASONS, bytes), "{other:?} {}", shown());
        }
        // httparse reports some faults before the line is complete.
        (Ok(None), Ok(None) | Err(_)) => tally.waiting += 1,
        (Ok(None), Ok(Some(_))) => panic!("only we wait for more input: {}", shown()),
        (Err(error), Ok(Some(_))) => {
            let meaning = is_about_meaning(error, bytes);
            assert!(meaning || explained(REASONS, bytes), "{error:?} {}", shown());
            tally.meaning += usize::from(meaning);
            tally.stricter += usize::from(!meaning);
        }
        (Err(_), Ok(None) | Err(_)) => tally.refused += 1,
    }
}

fn heads() -> Vec<Vec<u8>> {
    let plain = "GET /chat?a=b HTTP/1.1\r\nHost: example.com\r\nAccept: */*\r\n\r\n";
    let browser = Head::request()
        .add("Origin", "https://example.com")
        .add("Cookie", "a=b; c=d")
        .add("Sec-WebSocket-Protocol", "chat, superchat")
        .add("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits")
        .add("X-Empty", "")
        .add("X-High", b"caf\xc3\xa9 \xff");
    let odd = Head::request().raw("X:y").raw("Y:\t z\t ").raw("Content-Length: 0");
    vec![plain.into(), Head::request().bytes(), browser.bytes(), odd.bytes()]
}

/// Bytes that have a meaning in a head.
const SPECIAL: &[u8] = b"\r\n\t :,;=\"\\/()\0\x01\x7f\x80\xc3\xffaZ0.~@[";

const PIECES: &[&[u8]] = &[
    b"\r\n",
    b"\n",
    b"\r\n ",
    b"\r\n\r\n",
    b" ",
    b": ",
    b"\r\nX: y",
    b"\r\nOrigin: a",
    b"\r\nContent-Length: 1",
    b"\xc3\xa9",
];

fn mutate(rng: &mut Rng, head: &mut Vec<u8>) {
    let at = rng.below(head.len() + 1);
    let within = rng.below(head.len().max(1)).min(head.len().saturating_sub(1));
    match rng.below(7) {
        0 if !head.is_empty() => head[within] = *rng.pick(SPECIAL),
        1 if !head.is_empty() => head[within] = rng.byte(),
        2 => head.insert(at, *rng.pick(SPECIAL)),
        3 if !head.is_empty() => drop(head.remove(within)),
        4 => drop(head.splice(at..at, rng.pick(PIECES).iter().copied())),
        5 if rng.once_in(4) => head.truncate(at),
        6 if !head.is_empty() => {
            let end = (within + rng.below(20)).min(head.len());
            let copy = head[within..end].to_vec();
            drop(head.splice(at..at, copy));
        }
        _ => head.extend(rng.pick(PIECES).iter()),
    }
}

#[test]
fn httparse_reads_the_same_heads_and_refuses_the_same_ones() {
    let heads = heads();
    let mut rng = Rng::new(12);
    let mut tally = Tally::default();
    let rounds = count("WSCODEC_HEADS", 200_000);
    for _ in 0..rounds {
        let mut head = rng.pick(&heads).clone();
        for _ in 0..rng.below(4) {
            mutate(&mut rng, &mut head);
        }
        compare(&head, &mut tally);
    }
    // The test is meaningful only if every outcome occurs often.
    let Tally { accepted, refused, waiting, stricter, meaning } = tally;
    let least = [accepted, refused, waiting, stricter, meaning].into_iter().min();
    assert!(
        least > Some(rounds / 200),
        "{accepted} {refused} {waiting} {stricter} {meaning}"
    );
}
