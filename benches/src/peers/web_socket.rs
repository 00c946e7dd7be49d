//! web-socket, from the crates registry. Its futures are always ready. It does not check text.

use crate::sink::Sink;
use crate::stream::{Decode, Encode, Endless, Stream, ready};
use tokio::io::BufReader;
use web_socket::{Event, WebSocket};

/// A server's recv(). It reads a header in pieces, so its users buffer what they read.
pub(crate) struct Reader {
    socket: WebSocket<BufReader<Endless>>,
    frames: usize,
}

impl Reader {
    pub(crate) fn new(stream: &Stream) -> Reader {
        let input = BufReader::new(Endless::new(stream));
        Reader { socket: WebSocket::server(input), frames: stream.frames }
    }
}

impl Decode for Reader {
    fn decode(&mut self, each: &mut impl FnMut(&[u8])) {
        for _ in 0..self.frames {
            match ready(self.socket.recv()).expect("web-socket: recv") {
                Event::Data { data, .. } => each(&data),
                other => panic!("web-socket: {other:?}"),
            }
        }
    }
}

/// A client's send(). A server's does not copy the payload, but passes it to a writev().
pub(crate) struct Client {
    socket: WebSocket<Sink>,
    payload: Vec<u8>,
}

impl Client {
    pub(crate) fn new(payload: &[u8]) -> Client {
        Client { socket: WebSocket::client(Sink::default()), payload: payload.to_vec() }
    }
}

impl Encode for Client {
    fn write(&mut self) {
        ready(self.socket.send(&*self.payload)).expect("web-socket: send");
    }

    fn frame(&mut self) -> Vec<u8> {
        self.socket.stream.keep();
        self.write();
        self.socket.stream.take()
    }
}
