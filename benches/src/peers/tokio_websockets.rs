//! tokio-websockets, from the crates registry. Its futures are always ready.

use crate::sink::Sink;
use crate::stream::{Decode, Encode, Endless, Stream, ready};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::io::{Join, join, sink};
use tokio_websockets::{ClientBuilder, Message, ServerBuilder, WebSocketStream};

/// A server's next().
pub(crate) struct Reader {
    socket: WebSocketStream<Join<Endless, tokio::io::Sink>>,
    frames: usize,
}

impl Reader {
    pub(crate) fn new(stream: &Stream) -> Reader {
        let socket = ServerBuilder::new().serve(join(Endless::new(stream), sink()));
        Reader { socket, frames: stream.frames }
    }
}

impl Decode for Reader {
    fn decode(&mut self, each: &mut impl FnMut(&[u8])) {
        for _ in 0..self.frames {
            let message = ready(self.socket.next()).expect("tokio-websockets: the end");
            each(message.expect("tokio-websockets: next").as_payload());
        }
    }
}

/// A client's send(). A server's does not copy the payload, but passes it to a writev().
pub(crate) struct Client {
    socket: WebSocketStream<Sink>,
    /// Shared with each message: it is not copied to make one.
    payload: Bytes,
}

impl Client {
    pub(crate) fn new(payload: &[u8]) -> Client {
        let socket = ClientBuilder::new().take_over(Sink::default());
        Client { socket, payload: Bytes::copy_from_slice(payload) }
    }
}

impl Encode for Client {
    fn write(&mut self) {
        let message = Message::binary(self.payload.clone());
        ready(self.socket.send(message)).expect("tokio-websockets: send");
    }

    fn frame(&mut self) -> Vec<u8> {
        self.socket.get_mut().keep();
        self.write();
        self.socket.get_mut().take()
    }
}
