//! nexus-web, from the crates registry: messages are slices of its own buffer, as are ours of the
//! caller's.

use crate::harness::Aligned;
use crate::stream::{Decode, Echo, Encode, Stream};
use nexus_web::ws::{FrameReader, FrameReaderBuilder, Message};

pub(crate) use nexus_web::ws::{FrameWriter, Role, apply_mask};

/// A server's FrameReader. Its buffer is filled as a read() would do it.
pub(crate) struct Reader {
    reader: FrameReader,
    stream: Vec<u8>,
}

impl Reader {
    pub(crate) fn new(stream: &Stream) -> Reader {
        Reader::of(FrameReader::builder(), stream)
    }

    /// With a buffer of a page: those of many connections would otherwise have the same offset in
    /// theirs, and displace each other in the cache.
    pub(crate) fn small(stream: &Stream) -> Reader {
        Reader::of(FrameReader::builder().buffer_capacity(Aligned::PAGE), stream)
    }

    fn of(builder: FrameReaderBuilder, stream: &Stream) -> Reader {
        let reader = builder.role(Role::Server).build();
        Reader { reader, stream: stream.bytes.clone() }
    }
}

impl Decode for Reader {
    fn read(&mut self) {
        self.reader.read(&self.stream).expect("nexus-web: read");
    }

    fn decode(&mut self, each: &mut impl FnMut(&[u8])) {
        while let Some(message) = self.reader.next().expect("nexus-web: next") {
            match message {
                Message::Binary(bytes) => each(bytes),
                Message::Text(text) => each(text.as_bytes()),
                other => panic!("nexus-web: {other:?}"),
            }
        }
    }
}

/// Its FrameWriter. A client's keys are those of a generator that was seeded once.
pub(crate) struct Writer {
    writer: FrameWriter,
    is_text: bool,
    payload: Vec<u8>,
    out: Aligned,
}

impl Writer {
    pub(crate) fn binary(role: Role, payload: &[u8]) -> Writer {
        Writer::new(role, false, payload)
    }

    pub(crate) fn text(role: Role, payload: &[u8]) -> Writer {
        Writer::new(role, true, payload)
    }

    fn new(role: Role, is_text: bool, payload: &[u8]) -> Writer {
        let writer = FrameWriter::new(role);
        let out = Aligned::new(&vec![0; writer.max_encoded_len(payload.len())]);
        Writer { writer, is_text, payload: payload.to_vec(), out }
    }

    /// The length of the frame.
    fn encode(&mut self) -> usize {
        let out = self.out.bytes();
        if self.is_text {
            self.writer.encode_text(&self.payload, out)
        } else {
            self.writer.encode_binary(&self.payload, out)
        }
    }
}

impl Encode for Writer {
    fn write(&mut self) {
        self.encode();
    }

    fn frame(&mut self) -> Vec<u8> {
        let len = self.encode();
        self.out.bytes()[..len].to_vec()
    }
}

/// A server that sends each text back.
pub(crate) struct Server {
    reader: Reader,
    writer: FrameWriter,
    out: Vec<u8>,
}

impl Server {
    pub(crate) fn new(stream: &Stream) -> Server {
        let writer = FrameWriter::new(Role::Server);
        let out = vec![0; stream.bytes.len()];
        Server { reader: Reader::small(stream), writer, out }
    }
}

impl Echo for Server {
    fn read(&mut self) {
        self.reader.read();
    }

    fn echo(&mut self) -> &[u8] {
        let mut len = 0;
        self.reader.decode(&mut |text| {
            len += self.writer.encode_text(text, &mut self.out[len..]);
        });
        &self.out[..len]
    }
}
