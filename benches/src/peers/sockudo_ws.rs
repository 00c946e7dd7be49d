//! sockudo-ws, from the crates registry: its Protocol, which does no input or output itself.

use crate::stream::{Decode, Echo, Encode, Stream};
use bytes::{Bytes, BytesMut};
use sockudo_ws::protocol::{Message, Protocol, Role};

pub(crate) use sockudo_ws::mask::apply_mask;

/// The largest message, and frame. No message of the comparisons is as large.
const LIMIT: usize = 1 << 20;

/// A server's process_into(). Its buffer is filled as a read() would do it.
pub(crate) struct Reader {
    protocol: Protocol,
    stream: Vec<u8>,
    buffer: BytesMut,
    messages: Vec<Message>,
}

impl Reader {
    pub(crate) fn new(stream: &Stream) -> Reader {
        Reader {
            protocol: Protocol::new(Role::Server, LIMIT, LIMIT),
            stream: stream.bytes.clone(),
            buffer: BytesMut::with_capacity(stream.bytes.len()),
            messages: Vec::with_capacity(stream.frames),
        }
    }

    fn process(&mut self) {
        self.protocol
            .process_into(&mut self.buffer, &mut self.messages)
            .expect("sockudo-ws: process_into");
    }
}

impl Decode for Reader {
    fn read(&mut self) {
        // They share the buffer, which can be used again when they are gone.
        self.messages.clear();
        self.buffer.reserve(self.stream.len());
        self.buffer.extend_from_slice(&self.stream);
    }

    fn decode(&mut self, each: &mut impl FnMut(&[u8])) {
        self.process();
        for message in &self.messages {
            each(message.as_bytes());
        }
    }
}

/// A server's or client's encode_message().
pub(crate) struct Writer {
    protocol: Protocol,
    message: Message,
    out: BytesMut,
}

impl Writer {
    pub(crate) fn server(message: Message) -> Writer {
        Writer::new(Role::Server, message)
    }

    pub(crate) fn client(message: Message) -> Writer {
        Writer::new(Role::Client, message)
    }

    fn new(role: Role, message: Message) -> Writer {
        let protocol = Protocol::new(role, LIMIT, LIMIT);
        Writer { protocol, message, out: BytesMut::new() }
    }
}

pub(crate) fn binary(payload: &[u8]) -> Message {
    Message::Binary(Bytes::copy_from_slice(payload))
}

pub(crate) fn text(payload: &[u8]) -> Message {
    Message::Text(Bytes::copy_from_slice(payload))
}

impl Encode for Writer {
    fn write(&mut self) {
        self.out.clear();
        self.protocol
            .encode_message(&self.message, &mut self.out)
            .expect("sockudo-ws: encode_message");
    }

    fn frame(&mut self) -> Vec<u8> {
        self.write();
        self.out.to_vec()
    }
}

/// A server that sends each message back.
pub(crate) struct Server {
    reader: Reader,
    out: BytesMut,
}

impl Server {
    pub(crate) fn new(stream: &Stream) -> Server {
        Server { reader: Reader::new(stream), out: BytesMut::new() }
    }
}

impl Echo for Server {
    fn read(&mut self) {
        self.reader.read();
    }

    fn echo(&mut self) -> &[u8] {
        self.reader.process();
        self.out.clear();
        for message in &self.reader.messages {
            self.reader
                .protocol
                .encode_message(message, &mut self.out)
                .expect("sockudo-ws: encode_message");
        }
        &self.out
    }
}
