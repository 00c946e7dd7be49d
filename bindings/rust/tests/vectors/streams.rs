//! Streams of frames, and compressed messages.

use crate::reader::{Vector, cuts};
use wscodec_std::frame::DecodeFlags;
use wscodec_std::frame::{Chunk, FIN, RSV1, append_frame, decode, feed};
use wscodec_std::wscodec::decoder::Decoder;
use wscodec_std::{Codec, Error, Event, Opcode, Opt, Result, Side};

// The decoder

#[derive(Debug, PartialEq)]
struct Frame {
    opcode: u64,
    bits: u8,
    mask_key: Option<[u8; 4]>,
    payload: Vec<u8>,
    /// Of a frame of which only a part has arrived.
    payload_len: Option<u64>,
    /// Of a continuation.
    message_opcode: Option<u64>,
}

impl Frame {
    fn expected(frame: &Vector) -> Frame {
        Frame {
            opcode: frame.number("opcode").unwrap(),
            bits: frame.bits(),
            mask_key: frame.mask_key(),
            payload: frame.bytes("payload"),
            payload_len: frame.number("payload_length"),
            message_opcode: frame.number("message_opcode"),
        }
    }

    fn started(chunk: &Chunk) -> Frame {
        let header = &chunk.header;
        let continues = header.opcode == Opcode::Continuation;
        Frame {
            opcode: header.opcode as u64,
            bits: header.bits,
            mask_key: header.mask_key,
            payload: Vec::new(),
            payload_len: None,
            message_opcode: continues.then(|| chunk.message_opcode.into()),
        }
    }
}

struct Decoded {
    decoder: Decoder,
    frames: Vec<Frame>,
}

impl Decoded {
    fn new(vector: &Vector) -> Decoded {
        let options = vector.member("options");
        let most = options.and_then(|these| these.number("max_payload")).unwrap_or(0);
        Decoded { decoder: Decoder::new(vector.flags(), most), frames: Vec::new() }
    }

    fn read(&mut self, mut piece: Vec<u8>) -> Result<()> {
        let mut rest = &mut piece[..];
        while !rest.is_empty() {
            let mut chunks = Vec::with_capacity(3);
            let used = feed(&mut self.decoder, rest, &mut chunks)?.consumed;
            for chunk in chunks {
                if chunk.begins() {
                    self.frames.push(Frame::started(&chunk));
                }
                let frame = self.frames.last_mut().unwrap();
                frame.payload.extend_from_slice(&rest[chunk.off..][..chunk.len]);
                frame.payload_len = (!chunk.ends()).then_some(chunk.header.payload_len);
            }
            rest = &mut rest[used..];
        }
        Ok(())
    }
}

pub fn decoder_stream(vector: &Vector) {
    let (input, name) = (vector.bytes("input"), vector.name());
    let expected: Vec<Frame> =
        vector.members("frames").iter().map(Frame::expected).collect();
    cuts(&input, |pieces| {
        let mut decoded = Decoded::new(vector);
        let result = pieces.into_iter().try_for_each(|piece| decoded.read(piece));
        assert_eq!(result.err(), vector.error(), "{name}");
        assert_eq!(decoded.frames, expected, "{name}");
        assert_eq!(decoded.decoder.finish().err(), vector.end(), "{name}");
    });
    if let Some(error) = vector.error() {
        let (valid, invalid) = input.split_at(vector.at(input.len()));
        let mut decoded = Decoded::new(vector);
        assert_eq!(decoded.read(valid.to_vec()), Ok(()), "{name}");
        assert_eq!(decoded.read(invalid[..1].to_vec()), Err(error), "{name}");
    }
}

// The connection

const OPTIONS: [(&str, Opt); 10] = [
    ("max_message", Opt::MaxMessage),
    ("stream", Opt::Stream),
    ("auto_pong", Opt::AutoPong),
    ("auto_close", Opt::AutoClose),
    ("check_utf8", Opt::CheckUtf8),
    ("keep_buffer", Opt::KeepBuffer),
    ("max_frame", Opt::MaxFrame),
    ("any_mask", Opt::AnyMask),
    ("allow_rsv", Opt::AllowRsv),
    ("compress_from", Opt::CompressFrom),
];

/// A message, whose parts are joined, or a control frame.
#[derive(Debug, PartialEq)]
struct Item {
    opcode: u64,
    payload: Vec<u8>,
    close_code: u64,
    last: bool,
    rsv: u8,
}

impl Item {
    fn expected(entry: &Vector) -> Item {
        Item {
            opcode: entry.number("opcode").unwrap(),
            payload: entry.bytes("payload"),
            close_code: entry.number("close_code").unwrap_or(0),
            last: !entry.has("last"),
            rsv: entry.bits(),
        }
    }
}

struct Connection {
    codec: Codec,
    items: Vec<Item>,
    sent: Vec<u8>,
}

impl Connection {
    fn new(vector: &Vector) -> Connection {
        let deflate = vector.has("parameters").then(|| vector.parameters("parameters"));
        let mut codec = Codec::new(vector.side(), deflate).unwrap();
        for name in vector.member("options").iter().flat_map(Vector::names) {
            let (_, option) =
                OPTIONS.iter().find(|(known, _)| *known == name).expect(name);
            let value = vector.member("options").unwrap().number(name).unwrap();
            codec.set(*option, value).unwrap();
        }
        Connection { codec, items: Vec::new(), sent: Vec::new() }
    }

    fn take(&mut self, event: Event<'_>) {
        if event.first {
            self.items.push(Item {
                opcode: event.opcode as u64,
                payload: Vec::new(),
                close_code: event.close_code.into(),
                last: false,
                rsv: event.rsv,
            });
        }
        let is_part = |item: &&mut Item| item.opcode == event.opcode as u64;
        let item = self.items.iter_mut().rev().find(is_part).unwrap();
        item.payload.extend_from_slice(&event.data);
        item.last = event.last;
    }

    fn read(&mut self, mut piece: Vec<u8>) -> Result<()> {
        let mut rest = &mut piece[..];
        while !rest.is_empty() {
            let used = match self.codec.receive(rest) {
                Ok((events, used)) => {
                    for event in events {
                        self.take(event);
                    }
                    used
                }
                Err(error) => {
                    self.codec.output(&mut self.sent)?;
                    return Err(error);
                }
            };
            self.codec.output(&mut self.sent)?;
            rest = &mut rest[used..];
        }
        Ok(())
    }

    /// Opcodes and payloads of the frames that were sent.
    fn replies(&self, side: Side) -> Vec<(u64, Vec<u8>)> {
        let flags = if side == Side::Server { DecodeFlags::CLIENT } else { 0 };
        let flags = DecodeFlags::from_caller(flags).unwrap();
        let (mut sent, mut replies) = (self.sent.clone(), Vec::new());
        let mut rest = &mut sent[..];
        while !rest.is_empty() {
            let (header, payload) = decode(rest, flags).unwrap().unwrap();
            assert_eq!(header.bits, FIN);
            replies.push((header.opcode as u64, payload.to_vec()));
            let len = usize::from(header.len) + payload.len();
            rest = &mut rest[len..];
        }
        replies
    }
}

pub fn connection_stream(vector: &Vector) {
    let (input, name) = (vector.bytes("input"), vector.name());
    let events: Vec<Item> = vector.members("events").iter().map(Item::expected).collect();
    let output = vector.members("output");
    let output: Vec<(u64, Vec<u8>)> = output
        .iter()
        .map(|frame| (frame.number("opcode").unwrap(), frame.bytes("payload")))
        .collect();
    cuts(&input, |pieces| {
        let mut connection = Connection::new(vector);
        let result = pieces.into_iter().try_for_each(|piece| connection.read(piece));
        assert_eq!(result.err(), vector.error(), "{name}");
        assert_eq!(connection.items, events, "{name}");
        assert_eq!(connection.replies(vector.side()), output, "{name}");
        assert_eq!(connection.codec.finish().err(), vector.end(), "{name}");
    });
    if vector.has("error_at") {
        let (valid, invalid) = input.split_at(vector.at(input.len()));
        let mut connection = Connection::new(vector);
        assert_eq!(connection.read(valid.to_vec()), Ok(()), "{name}");
        assert_eq!(
            connection.read(invalid[..1].to_vec()).err(),
            vector.error(),
            "{name}"
        );
    }
}

/// The frames of a compressed binary message.
fn frames_of(side: Side, payloads: &[Vec<u8>]) -> Vec<u8> {
    let (mut wire, last) = (Vec::new(), payloads.len() - 1);
    for (at, payload) in payloads.iter().enumerate() {
        let (opcode, rsv) =
            if at == 0 { (Opcode::Binary, RSV1) } else { (Opcode::Continuation, 0) };
        let fin = if at == last { FIN } else { 0 };
        let key = (side == Side::Server).then_some([1, 2, 3, 4]);
        append_frame(opcode, fin | rsv, key, payload, &mut wire).unwrap();
    }
    wire
}

pub fn deflate_messages(vector: &Vector) {
    for step in [1, 2, 3, usize::MAX] {
        let codec =
            Codec::new(vector.side(), Some(vector.parameters("parameters"))).unwrap();
        let mut connection = Connection { codec, items: Vec::new(), sent: Vec::new() };
        for message in vector.members("messages") {
            connection.items.clear();
            let wire = frames_of(vector.side(), &message.all_bytes("payloads"));
            let mut pieces = wire.chunks(step.min(wire.len()));
            let result = pieces.try_for_each(|piece| connection.read(piece.to_vec()));
            assert_eq!(result.err(), message.error(), "{}", vector.name());
            if message.error() != Some(Error::Compression) {
                let payloads: Vec<_> =
                    connection.items.iter().map(|item| &item.payload).collect();
                assert_eq!(payloads, [&message.bytes("message")], "{}", vector.name());
            }
        }
    }
}
