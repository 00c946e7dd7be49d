//! fastwebsockets, from the crates registry. It reads by tokio's traits; the futures are polled
//! directly, without a runtime, and are always ready. The cost of that is included.

use crate::stream::{Decode, Endless, Stream, ready};
use fastwebsockets::{Role, WebSocket};
use tokio::io::{Join, Sink, join, sink};

pub(crate) use fastwebsockets::unmask;

/// A server's read_frame().
pub(crate) struct Reader {
    socket: WebSocket<Join<Endless, Sink>>,
    frames: usize,
}

impl Reader {
    pub(crate) fn new(stream: &Stream) -> Reader {
        let socket =
            WebSocket::after_handshake(join(Endless::new(stream), sink()), Role::Server);
        Reader { socket, frames: stream.frames }
    }
}

impl Decode for Reader {
    fn decode(&mut self, each: &mut impl FnMut(&[u8])) {
        for _ in 0..self.frames {
            let frame =
                ready(self.socket.read_frame()).expect("fastwebsockets: read_frame");
            each(&frame.payload);
        }
    }
}
