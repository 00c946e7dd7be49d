//! tungstenite, from the crates registry.

use crate::stream::{Decode, Endless, Stream};
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
    fn pass(&mut self, each: &mut impl FnMut(&[u8])) {
        for _ in 0..self.frames {
            match self.socket.read().expect("tungstenite: read") {
                Message::Binary(bytes) => each(&bytes),
                Message::Text(text) => each(text.as_bytes()),
                other => panic!("tungstenite: {other:?}"),
            }
        }
    }
}

/// A client's write() and flush().
pub(crate) struct Writer {
    socket: WebSocket<Sink>,
    /// Shared with each message: it is not copied to make one.
    payload: Bytes,
}

impl Writer {
    pub(crate) fn new(payload: &[u8]) -> Writer {
        let socket = WebSocket::from_raw_socket(Sink::default(), Role::Client, None);
        Writer { socket, payload: Bytes::copy_from_slice(payload) }
    }

    pub(crate) fn write(&mut self) {
        let message = Message::Binary(self.payload.clone());
        self.socket.write(message).expect("tungstenite: write");
        self.socket.flush().expect("tungstenite: flush");
    }

    /// The bytes of one write().
    pub(crate) fn frame(&mut self) -> Vec<u8> {
        self.socket.get_mut().kept = Some(Vec::new());
        self.write();
        self.socket.get_mut().kept.take().unwrap_or_default()
    }
}

/// Accepts all writes, and drops their bytes unless it has to keep them.
#[derive(Default)]
struct Sink {
    kept: Option<Vec<u8>>,
}

impl Write for Sink {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if let Some(kept) = &mut self.kept {
            kept.extend_from_slice(buf);
        }
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Sink {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Ok(0)
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
