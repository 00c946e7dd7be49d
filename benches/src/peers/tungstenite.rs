//! tungstenite, from the crates registry.

use crate::sink::Sink;
use crate::stream::{Decode, Echo, Encode, Endless, Stream};
use bytes::Bytes;
use std::io::{self, Read, Write};
use tungstenite::protocol::{Role, WebSocket};
use tungstenite::{Message, accept};

/// Its own mask.rs, which it does not export.
#[allow(dead_code, unreachable_pub)]
mod mask {
    include!(env!("TUNGSTENITE_MASK"));
}

pub(crate) use mask::apply_mask;
pub(crate) use tungstenite::handshake::derive_accept_key;

/// A server's read().
pub(crate) struct Reader {
    socket: WebSocket<Endless>,
    frames: usize,
}

impl Reader {
    pub(crate) fn new(stream: &Stream) -> Reader {
        let socket = WebSocket::from_raw_socket(Endless::new(stream), Role::Server, None);
        Reader { socket, frames: stream.frames }
    }
}

impl Decode for Reader {
    fn decode(&mut self, each: &mut impl FnMut(&[u8])) {
        for _ in 0..self.frames {
            match self.socket.read().expect("tungstenite: read") {
                Message::Binary(bytes) => each(&bytes),
                Message::Text(text) => each(text.as_bytes()),
                other => panic!("tungstenite: {other:?}"),
            }
        }
    }
}

/// write() and flush().
pub(crate) struct Writer {
    socket: WebSocket<Sink>,
    /// Its payload is shared with each message: it is not copied to make one.
    message: Message,
}

impl Writer {
    pub(crate) fn server(message: Message) -> Writer {
        Writer::new(Role::Server, message)
    }

    pub(crate) fn client(message: Message) -> Writer {
        Writer::new(Role::Client, message)
    }

    fn new(role: Role, message: Message) -> Writer {
        let socket = WebSocket::from_raw_socket(Sink::default(), role, None);
        Writer { socket, message }
    }
}

pub(crate) fn binary(payload: &[u8]) -> Message {
    Message::Binary(Bytes::copy_from_slice(payload))
}

pub(crate) fn text(payload: &[u8]) -> Message {
    Message::Text(Bytes::copy_from_slice(payload).try_into().expect("UTF-8"))
}

impl Encode for Writer {
    fn write(&mut self) {
        self.socket.write(self.message.clone()).expect("tungstenite: write");
        self.socket.flush().expect("tungstenite: flush");
    }

    fn frame(&mut self) -> Vec<u8> {
        self.socket.get_mut().keep();
        self.write();
        self.socket.get_mut().take()
    }
}

/// A server that sends each message back.
pub(crate) struct Server {
    socket: WebSocket<Peer>,
    frames: usize,
}

/// A client that sends its stream, and keeps the last answers.
struct Peer {
    stream: Endless,
    answers: Vec<u8>,
}

impl Server {
    pub(crate) fn new(stream: &Stream) -> Server {
        let peer = Peer { stream: Endless::new(stream), answers: Vec::new() };
        let socket = WebSocket::from_raw_socket(peer, Role::Server, None);
        Server { socket, frames: stream.frames }
    }
}

impl Echo for Server {
    fn echo(&mut self) -> &[u8] {
        self.socket.get_mut().answers.clear();
        for _ in 0..self.frames {
            let message = self.socket.read().expect("tungstenite: read");
            self.socket.write(message).expect("tungstenite: write");
        }
        self.socket.flush().expect("tungstenite: flush");
        &self.socket.get_ref().answers
    }
}

impl Read for Peer {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.stream.read(buf)
    }
}

impl Write for Peer {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.answers.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Responds to a request as a server. Returns the length of the response.
pub(crate) fn answer(head: &[u8], out: &mut [u8]) -> usize {
    let room = out.len();
    let socket = accept(Client { head, out }).expect("tungstenite: accept");
    room - socket.get_ref().out.len()
}

/// Sends its request, and has room for the response.
#[derive(Debug)]
struct Client<'a> {
    head: &'a [u8],
    out: &'a mut [u8],
}

impl Read for Client<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.head.read(buf)
    }
}

impl Write for Client<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.out.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
