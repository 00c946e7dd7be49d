//! Streams of frames for a connection, and what a simple model of RFC 6455 expects of them. The
//! model reads whole frames, so it cannot depend on where a stream is cut.

use crate::c::{WS_CLIENT, WS_SERVER, code};
use crate::conn::*;
use crate::wire::hex;

pub(crate) struct Stream {
    pub(crate) name: String,
    pub(crate) side: u32,
    pub(crate) max_message: u64,
    pub(crate) bytes: Vec<u8>,
    /// Whole messages and replies; None if only runs of the connection are compared.
    pub(crate) expected: Option<Vec<Item>>,
}

// ---- the model ----

#[derive(Default)]
struct Model {
    items: Vec<Item>,
    /// Opcode and bytes of the incomplete message.
    open: Option<(u16, Vec<u8>)>,
    limit: usize,
}

impl Model {
    /// Reads a frame: Err if it is invalid, false if it was a close.
    fn read(&mut self, first: u8, payload: &[u8]) -> Result<bool, isize> {
        let (opcode, fin) = (first & 0x0f, first & 0x80 != 0);
        self.check_header(first, payload.len())?;
        match opcode {
            8 => {
                let (number, reason) = read_close(payload)?;
                self.items.push(close(number, reason));
                self.items.push(close_reply(number));
                return Ok(false);
            }
            9 => self.items.extend([ping(payload), pong_reply(payload)]),
            10 => self.items.push(pong(payload)),
            _ => self.read_data(opcode, fin, payload)?,
        }
        Ok(true)
    }

    fn check_header(&self, first: u8, len: usize) -> Result<(), isize> {
        let (opcode, fin) = (first & 0x0f, first & 0x80 != 0);
        let is_open = self.open.is_some();
        if first & 0x70 != 0 {
            return Err(code::RESERVED_BITS);
        }
        match opcode {
            3..=7 | 11.. => Err(code::OPCODE),
            8..=10 if !fin || len > 125 => Err(code::CONTROL_FRAME),
            0 if !is_open => Err(code::FRAGMENTATION),
            1 | 2 if is_open => Err(code::FRAGMENTATION),
            0..=2 => {
                let so_far = self.open.as_ref().map_or(0, |(_, data)| data.len());
                if so_far + len > self.limit { Err(code::TOO_BIG) } else { Ok(()) }
            }
            _ => Ok(()),
        }
    }

    fn read_data(&mut self, opcode: u8, fin: bool, payload: &[u8]) -> Result<(), isize> {
        let (opcode, mut data) = self.open.take().unwrap_or((opcode.into(), Vec::new()));
        data.extend(payload);
        let fault = std::str::from_utf8(&data).err();
        // A fault without a length is an incomplete character.
        if opcode == 1 && fault.is_some_and(|fault| fin || fault.error_len().is_some()) {
            return Err(code::UTF8);
        }
        if fin {
            self.items.push(Item::Data(opcode, BOTH, data));
        } else {
            self.open = Some((opcode, data));
        }
        Ok(())
    }
}

fn read_close(payload: &[u8]) -> Result<(u16, &[u8]), isize> {
    match payload {
        [] => Ok((1005, b"")),
        [_] => Err(code::CLOSE_PAYLOAD),
        [high, low, reason @ ..] => {
            let number = u16::from_be_bytes([*high, *low]);
            let valid = matches!(number, 1000..=1003 | 1007..=1014 | 3000..=4999);
            if !valid {
                return Err(code::CLOSE_PAYLOAD);
            }
            std::str::from_utf8(reason).map_err(|_| code::UTF8)?;
            Ok((number, reason))
        }
    }
}

fn close_code(error: isize) -> u16 {
    match error {
        code::UTF8 => 1007,
        code::TOO_BIG => 1009,
        _ => 1002,
    }
}

type Frame = (u8, Vec<u8>);

fn model(frames: &[Frame], limit: u64) -> Vec<Item> {
    let mut model = Model { limit: limit as usize, ..Model::default() };
    for (first, payload) in frames {
        match model.read(*first, payload) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                model.items.extend([Item::Error(error), close_reply(close_code(error))]);
                break;
            }
        }
    }
    model.items
}

// ---- the families ----

struct Corpus {
    streams: Vec<Stream>,
    max_message: u64,
}

impl Corpus {
    /// Two streams of the same frames: from a client and from a server.
    fn add(&mut self, name: &str, frames: &[Frame]) {
        for side in SIDES {
            let bytes = frames
                .iter()
                .flat_map(|(first, payload)| from_peer(side, *first, payload));
            self.streams.push(Stream {
                name: format!(
                    "{name}, {}",
                    if side == WS_SERVER { "masked" } else { "plain" }
                ),
                side,
                max_message: self.max_message,
                bytes: bytes.collect(),
                expected: Some(model(frames, self.max_message)),
            });
        }
    }

    fn add_all(&mut self, name: &str, frames: Frames<'_>) {
        let frames: Vec<Frame> =
            frames.iter().map(|(first, payload)| (*first, payload.to_vec())).collect();
        self.add(name, &frames);
    }

    fn messages(&mut self) {
        self.add_all("nothing", &[]);
        for len in [0, 1, 2, 125, 126, 127, 200] {
            let payload = vec![b'm'; len];
            self.add_all(&format!("a text of {len}"), &[(0x81, &payload)]);
            self.add_all(&format!("a binary of {len}"), &[(0x82, &payload)]);
        }
        self.add_all("three", &[(0x81, b"one"), (0x82, b"\xff"), (0x81, b"")]);
        self.add_all("many empty ones", &[(0x81, &b""[..]); 20]);
        self.add_all("many pongs", &[(0x8a, &b"x"[..]); 20]);
        self.add_all("many pings", &[(0x89, &b"x"[..]); 20]);
        self.add_all("a long ping", &[(0x89, &[b'p'; 125]), (0x8a, &[b'q'; 125])]);
    }

    fn fragments(&mut self) {
        let text = "aé€😀".as_bytes();
        for cut in 0..=text.len() {
            let (one, two) = text.split_at(cut);
            let name = format!("a text cut at {cut}");
            self.add_all(&name, &[(0x01, one), (0x80, two), (0x82, b"x")]);
            let name = format!("{name} with a ping");
            self.add_all(&name, &[(0x01, one), (0x89, b"p"), (0x80, two)]);
            let name = format!("{name} and empty fragments");
            let frames: Frames<'_> = &[
                (0x01, b""),
                (0x8a, b""),
                (0x00, one),
                (0x00, b""),
                (0x89, b""),
                (0x00, two),
                (0x80, b""),
                (0x81, text),
            ];
            self.add_all(&name, frames);
            self.add_all(&format!("half a text of {cut}"), &[(0x01, one), (0x89, b"p")]);
            self.add_all(&format!("a text of only {cut}"), &[(0x81, one), (0x81, b"x")]);
            let frames: Frames<'_> = &[(0x01, one), (0x88, b"\x03\xe8"), (0x80, two)];
            self.add_all(&format!("a close at {cut}"), frames);
        }
    }

    fn invalid_texts(&mut self) {
        let invalid: &[&[u8]] = &[
            b"\x80",
            b"\xc0\x80",
            b"ab\xffcd",
            b"\xc3\x28",
            b"\xe0\x9f\xbf",
            b"\xed\xa0\x80",
            b"\xe2\x82\x28",
            b"\xf0\x8f\xbf\xbf",
            b"\xf4\x90\x80\x80",
            b"\xf0\x9f\x98",
        ];
        for text in invalid {
            self.add_all(&format!("{text:x?}"), &[(0x82, b"ok"), (0x81, text)]);
            self.add_all(
                &format!("{text:x?} at the end"),
                &[(0x01, b"ok"), (0x80, text)],
            );
            for cut in 0..text.len() {
                let (one, two) = text.split_at(cut);
                let frames: Frames<'_> = &[(0x01, one), (0x89, b"p"), (0x00, two)];
                self.add_all(&format!("{text:x?} cut at {cut}"), frames);
            }
        }
    }

    fn closes(&mut self) {
        for number in
            [0, 999, 1000, 1004, 1005, 1006, 1011, 1015, 2999, 3000, 4999, 5000_u16]
        {
            for reason in [&b""[..], b"bye", "é".as_bytes(), b"\xff", b"\xc3"] {
                let payload = [&number.to_be_bytes()[..], reason].concat();
                let name = format!("a close of {payload:x?}");
                self.add_all(&name, &[(0x81, b"a"), (0x88, &payload), (0x81, b"late")]);
            }
        }
        self.add_all("an empty close", &[(0x88, b""), (0xff, b"late")]);
        self.add_all("a close of one byte", &[(0x88, b"\x03")]);
        self.add_all("a ping and a close", &[(0x89, b"p"), (0x88, b"\x03\xe8")]);
        self.add_all("two closes", &[(0x88, b"\x03\xe8"), (0x88, b"\x03\xe9")]);
        self.add_all(
            "the longest close",
            &[(0x88, &[&[3, 0xe8][..], &[b'r'; 123]].concat())],
        );
    }

    fn faults(&mut self) {
        for first in 0..=255_u8 {
            let control = first & 0x08 != 0;
            let valid = first & 0x70 == 0 && (!control || first & 0x80 != 0);
            if valid && matches!(first & 0x0f, 1 | 2 | 8..=10) || first % 3 == 1 {
                continue;
            }
            self.add_all(&format!("a {first:02x}"), &[(0x81, b"a"), (first, b"x")]);
        }
        for first in [0x81, 0x82, 0x01, 0x02] {
            let frames: Frames<'_> = &[(0x01, b"a"), (0x89, b"p"), (first, b"b")];
            self.add_all(&format!("a {first:02x} inside"), frames);
        }
        for first in [0x88, 0x89, 0x8a] {
            let name = format!("a {first:02x} of 126");
            self.add_all(&name, &[(0x01, b"a"), (first, &[0; 126])]);
        }
    }

    fn limits(&mut self) {
        self.max_message = 5;
        self.add_all("at the limit", &[(0x81, b"Hello"), (0x01, b"Hel"), (0x80, b"lo")]);
        self.add_all(
            "beyond it",
            &[(0x81, b"Hello"), (0x89, b"longer"), (0x81, b"Hello!")],
        );
        self.add_all(
            "in the sum",
            &[(0x01, b"Hel"), (0x00, b"lo"), (0x00, b""), (0x80, b"!")],
        );
        self.add_all("far beyond", &[(0x81, b"a"), (0x82, &[0; 130])]);
        self.max_message = 1 << 20;
    }

    fn bytes(
        &mut self,
        name: &str,
        side: u32,
        bytes: Vec<u8>,
        expected: Option<Vec<Item>>,
    ) {
        let (name, max_message) = (name.into(), self.max_message);
        self.streams.push(Stream { name, side, max_message, bytes, expected });
    }

    /// Streams that frames alone cannot express: masks, forms of lengths, early ends.
    fn raw(&mut self) {
        let failed =
            |error| Some(vec![Item::Error(error), close_reply(close_code(error))]);
        for (wire, side, error) in [
            ("8105 48656c6c6f", WS_SERVER, code::MASK),
            ("8185 37fa213d 7f9f4d5158", WS_CLIENT, code::MASK),
            ("81fe 0005 00000000 68656c6c6f", WS_SERVER, code::LENGTH),
            ("817e 007d", WS_CLIENT, code::LENGTH),
            ("82ff 8000000000000000 00000000", WS_SERVER, code::LENGTH),
            ("827f 000000000000ffff", WS_CLIENT, code::LENGTH),
            ("827f 7fffffffffffffff 61", WS_CLIENT, code::TOO_BIG),
        ] {
            self.bytes(wire, side, hex(wire), failed(error));
        }
        for (wire, side) in [
            ("81", WS_SERVER),
            ("8185 37fa", WS_SERVER),
            ("8185 37fa213d 7f9f", WS_SERVER),
            ("8105 4865", WS_CLIENT),
            ("8903 70", WS_CLIENT),
            ("8805 03e8 62", WS_CLIENT),
            ("827e 0100 6162", WS_CLIENT),
        ] {
            self.bytes(wire, side, hex(wire), Some(vec![]));
        }
        for stream in crate::corpus::short() {
            if stream.flags <= WS_CLIENT && stream.max_payload == 0 {
                self.bytes(&stream.name, stream.flags, stream.bytes, None);
            }
        }
    }
}

pub(crate) fn all() -> Vec<Stream> {
    let mut corpus = Corpus { streams: Vec::new(), max_message: 1 << 20 };
    corpus.messages();
    corpus.fragments();
    corpus.invalid_texts();
    corpus.closes();
    corpus.faults();
    corpus.limits();
    corpus.raw();
    corpus.streams
}
