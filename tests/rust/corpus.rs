//! Valid and invalid streams of frames, written without the library, each with the result that
//! is expected. The tests cut them into pieces.

use crate::c::{WS_ANY_MASK, WS_CLIENT, WS_DEFLATE, WS_SERVER, code};
use crate::wire::{Form, KEY, frame, header, header_in, hex};

pub(crate) struct Stream {
    pub(crate) name: String,
    pub(crate) flags: u32,
    pub(crate) max_payload: u64,
    pub(crate) bytes: Vec<u8>,
    /// How many whole frames it has.
    pub(crate) frames: usize,
    /// The error after them; 0 for none.
    pub(crate) error: isize,
    /// The result of ws_decoder_finish() at the end of the stream.
    pub(crate) end: isize,
}

fn stream(name: &str, flags: u32, bytes: Vec<u8>, frames: usize, error: isize) -> Stream {
    let end = error;
    Stream { name: name.into(), flags, max_payload: 0, bytes, frames, error, end }
}

fn ends_early(name: &str, flags: u32, bytes: Vec<u8>, frames: usize) -> Stream {
    Stream { end: code::EOF, ..stream(name, flags, bytes, frames, 0) }
}

fn join(frames: &[Vec<u8>]) -> Vec<u8> {
    frames.concat()
}

/// Two streams of the same frames: from a client and from a server.
fn from_both(name: &str, frames: Frames<'_>, error: isize) -> [Stream; 2] {
    let whole = frames.len() - usize::from(error != 0);
    [(WS_SERVER, Some(KEY)), (WS_CLIENT, None)].map(|(flags, key)| {
        let bytes = frames.iter().map(|(first, payload)| frame(*first, key, payload));
        let bytes: Vec<Vec<u8>> = bytes.collect();
        stream(&format!("{name} ({flags})"), flags, join(&bytes), whole, error)
    })
}

const NOTHING: &[u8] = b"";

/// First bytes and payloads.
type Frames<'a> = &'a [(u8, &'a [u8])];

fn valid() -> Vec<Stream> {
    let long: Vec<u8> = (0..400_u32).map(|i| (i * 31) as u8).collect();
    let cases: &[(&str, Frames<'_>)] = &[
        ("nothing", &[]),
        ("an empty text", &[(0x81, b"")]),
        ("a text", &[(0x81, b"Hello")]),
        (
            "payloads of every remainder",
            &[
                (0x82, b"a"),
                (0x82, b"ab"),
                (0x82, b"abc"),
                (0x82, b"abcd"),
                (0x82, b"abcde"),
            ],
        ),
        ("two fragments", &[(0x01, b"Hel"), (0x80, b"lo")]),
        ("empty fragments", &[(0x02, b""), (0x00, b""), (0x00, b""), (0x80, b"")]),
        (
            "control frames between fragments",
            &[
                (0x01, b"Hel"),
                (0x89, b"ping"),
                (0x00, b"lo "),
                (0x8a, b""),
                (0x80, b"you"),
            ],
        ),
        ("a close and a frame after it", &[(0x88, b"\x03\xe8bye"), (0x81, b"late")]),
        ("a close between two fragments", &[(0x01, b"a"), (0x88, b""), (0x80, b"b")]),
        ("a ping of 125 bytes", &[(0x89, &[b'p'; 125])]),
        ("lengths around 126", &[(0x82, &long[..125]), (0x82, &long[..126])]),
        ("a long one and a short one", &[(0x82, &long), (0x8a, b"x")]),
        ("many empty frames", &[(0x8a, NOTHING); 70]),
    ];
    cases.iter().flat_map(|(name, frames)| from_both(name, frames, 0)).collect()
}

fn invalid() -> Vec<Stream> {
    let cases: &[(&str, Frames<'_>, isize)] = &[
        ("a continuation without a start", &[(0x80, b"")], code::FRAGMENTATION),
        (
            "a continuation after a whole message",
            &[(0x81, b"a"), (0x00, b"b")],
            code::FRAGMENTATION,
        ),
        ("a text in a message", &[(0x01, b"a"), (0x81, b"b")], code::FRAGMENTATION),
        ("a binary in a message", &[(0x01, b"a"), (0x02, b"b")], code::FRAGMENTATION),
        (
            "a continuation without a start, of invalid UTF-8",
            &[(0x00, b"\xff\xfe")],
            code::FRAGMENTATION,
        ),
        ("RSV1 without an extension", &[(0xc1, b"a")], code::RESERVED_BITS),
        ("RSV2", &[(0x81, b"a"), (0xa1, b"a")], code::RESERVED_BITS),
        ("RSV3", &[(0x91, b"a")], code::RESERVED_BITS),
        ("RSV1 and a reserved opcode", &[(0xc3, b"a")], code::RESERVED_BITS),
        ("opcode 3", &[(0x83, b"")], code::OPCODE),
        ("opcode 7", &[(0x01, b"x"), (0x87, b"")], code::OPCODE),
        ("opcode 11", &[(0x8b, b"")], code::OPCODE),
        ("opcode 15, not final", &[(0x0f, b"")], code::OPCODE),
        ("a ping that is not final", &[(0x09, b"")], code::CONTROL_FRAME),
        ("a close that is not final", &[(0x8a, b"x"), (0x08, b"")], code::CONTROL_FRAME),
        ("a ping of 126 bytes", &[(0x89, &[0; 126])], code::CONTROL_FRAME),
        ("a close of 126 bytes", &[(0x88, &[0; 126])], code::CONTROL_FRAME),
    ];
    cases
        .iter()
        .flat_map(|(name, frames, error)| from_both(name, frames, *error))
        .collect()
}

/// Bytes that broke other implementations: lengths that wrap around, lengths that are not
/// minimal, misplaced control frames and fragments.
fn hostile() -> Vec<Stream> {
    let cases: &[(&str, u32, usize, isize)] = &[
        ("82ff fffffffffffffffc 00000000", WS_SERVER, 0, code::LENGTH),
        ("82ff fffffffffffffff2 00000000", WS_SERVER, 0, code::LENGTH),
        ("827f fffffffffffffff6", WS_CLIENT, 0, code::LENGTH),
        ("827f ffffffffffffffff", WS_CLIENT, 0, code::LENGTH),
        ("82ff ffffff00fffff000 00000000", WS_SERVER, 0, code::LENGTH),
        ("81ff ffffffffffffffff 00000000", WS_SERVER, 0, code::LENGTH),
        ("82ff 8000000000000000 00000000", WS_SERVER, 0, code::LENGTH),
        ("0181 00000000 61 80ff 8000000000000000 00000000", WS_SERVER, 1, code::LENGTH),
        ("80ff ffffffffffffff7f", WS_SERVER, 0, code::FRAGMENTATION),
        ("8080 00000000", WS_SERVER, 0, code::FRAGMENTATION),
        ("82fe 0005 00000000 68656c6c6f", WS_SERVER, 0, code::LENGTH),
        ("827e 007d", WS_CLIENT, 0, code::LENGTH),
        ("82ff 0000000000000005 00000000 68656c6c6f", WS_SERVER, 0, code::LENGTH),
        ("82ff 000000000000ffff 00000000", WS_SERVER, 0, code::LENGTH),
        ("89fe 007e 00000000", WS_SERVER, 0, code::CONTROL_FRAME),
        ("88ff 0000000000000080 00000000", WS_SERVER, 0, code::CONTROL_FRAME),
        ("0980 00000000", WS_SERVER, 0, code::CONTROL_FRAME),
        (
            "0082 00000000 fffe 8085 00000000 68656c6c6f",
            WS_SERVER,
            0,
            code::FRAGMENTATION,
        ),
        ("0181 00000000 61 8181 00000000 62", WS_SERVER, 1, code::FRAGMENTATION),
        ("4080 00000000", WS_SERVER | WS_DEFLATE, 0, code::RESERVED_BITS),
        ("c980 00000000", WS_SERVER | WS_DEFLATE, 0, code::RESERVED_BITS),
        (
            "4181 00000000 61 4080 00000000",
            WS_SERVER | WS_DEFLATE,
            1,
            code::RESERVED_BITS,
        ),
        ("8105 48656c6c6f", WS_SERVER, 0, code::MASK),
        ("8185 37fa213d 7f9f4d5158", WS_CLIENT, 0, code::MASK),
        ("8181 00000000 61 8101 62", WS_SERVER, 1, code::MASK),
        ("8881 00000000 03 8880 00000000", WS_SERVER, 2, 0),
        ("0181 00000000 61 0080 00000000 8080 00000000", WS_SERVER, 3, 0),
        ("c181 00000000 00 8180 00000000", WS_SERVER | WS_DEFLATE, 2, 0),
        ("4180 00000000 0080 00000000 8081 00000000 00", WS_SERVER | WS_DEFLATE, 3, 0),
        ("8101 61 8181 00000000 62", WS_SERVER | WS_ANY_MASK, 2, 0),
    ];
    cases
        .iter()
        .map(|(wire, flags, frames, error)| {
            stream(wire, *flags, hex(wire), *frames, *error)
        })
        .collect()
}

/// Streams that end early, which only ws_decoder_finish() reports.
fn unfinished() -> Vec<Stream> {
    vec![
        ends_early("a header's first byte", WS_SERVER, hex("81"), 0),
        ends_early("a header without its mask", WS_SERVER, hex("8185 37fa21"), 0),
        ends_early("a header, and no payload", WS_SERVER, hex("8185 37fa213d"), 0),
        ends_early("a part of a payload", WS_SERVER, hex("8185 37fa213d 7f9f"), 0),
        ends_early("a message without its end", WS_SERVER, hex("0181 00000000 61"), 1),
        ends_early("a ping in such a message", WS_CLIENT, hex("0100 8900"), 2),
        ends_early(
            "an announcement of 2^63-1",
            WS_CLIENT,
            hex("827f 7fffffffffffffff 61"),
            0,
        ),
        ends_early(
            "an announcement of 4 GiB and 5",
            WS_SERVER,
            {
                let mut bytes = hex("82ff 0000000100000005 00000000");
                bytes.extend(*b"0102030405");
                bytes
            },
            0,
        ),
        ends_early(
            "an announcement of 4 GiB",
            WS_CLIENT,
            hex("827f 0000000100000000 6162"),
            0,
        ),
    ]
}

fn limited() -> Vec<Stream> {
    let five = || frame(0x82, Some(KEY), b"Hello");
    let limited = |name, bytes, frames, error| Stream {
        max_payload: 5,
        ..stream(name, WS_SERVER, bytes, frames, error)
    };
    let announce = |form, len| join(&[five(), header_in(form, 0x82, Some(KEY), len)]);
    vec![
        limited("as long as the limit", join(&[five(), five()]), 2, 0),
        limited("longer, in 7 bits", announce(Form::Short, 6), 1, code::TOO_BIG),
        limited("longer, in 16 bits", announce(Form::Two, 126), 1, code::TOO_BIG),
        limited("longer, in 64 bits", announce(Form::Eight, 1 << 40), 1, code::TOO_BIG),
        limited("not minimal and too long", announce(Form::Two, 7), 1, code::LENGTH),
    ]
}

fn long_payload() -> Vec<Stream> {
    let payload: Vec<u8> = (0..70_000_u32).map(|i| (i * 13) as u8).collect();
    let mut bytes = header(0x82, Some(KEY), 70_000);
    bytes.extend(crate::wire::masked(&payload, KEY));
    bytes.extend(frame(0x89, Some([1, 2, 3, 4]), b"ping"));
    vec![stream("a long payload in 64 bits", WS_SERVER, bytes, 2, 0)]
}

/// All streams that are short enough to be cut everywhere.
pub(crate) fn short() -> Vec<Stream> {
    let mut all = valid();
    all.extend(invalid());
    all.extend(hostile());
    all.extend(unfinished());
    all.extend(limited());
    all
}

pub(crate) fn long() -> Vec<Stream> {
    long_payload()
}
