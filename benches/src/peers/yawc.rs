//! yawc, from the crates registry. Its futures are always ready.

use crate::stream::{Decode, Encode, Endless, Stream, ready};
use bytes::{Bytes, BytesMut};
use tokio::io::{Join, Sink, join, sink};
use tokio_util::codec::Encoder as _;
use yawc::codec::Encoder;
use yawc::{Frame, Options, Role, WebSocket};

/// A server's next_frame(), which delivers whole messages.
pub(crate) struct Reader {
    socket: WebSocket<Join<Endless, Sink>>,
    frames: usize,
}

impl Reader {
    pub(crate) fn new(stream: &Stream) -> Reader {
        let io = join(Endless::new(stream), sink());
        // It does not check text by default.
        let options = Options::default().with_utf8();
        let socket = WebSocket::from_stream(io, Role::Server, options);
        Reader { socket: socket.expect("yawc: from_stream"), frames: stream.frames }
    }
}

impl Decode for Reader {
    fn decode(&mut self, each: &mut impl FnMut(&[u8])) {
        for _ in 0..self.frames {
            each(ready(self.socket.next_frame()).expect("yawc: next_frame").payload());
        }
    }
}

/// Its Encoder.
pub(crate) struct Writer {
    encoder: Encoder,
    frame: Frame,
    out: BytesMut,
}

impl Writer {
    pub(crate) fn server(frame: Frame) -> Writer {
        Writer { encoder: Encoder::new(Role::Server), frame, out: BytesMut::new() }
    }

    pub(crate) fn client(frame: Frame) -> Writer {
        Writer { encoder: Encoder::new(Role::Client), frame, out: BytesMut::new() }
    }
}

/// The payload is shared with each frame, not copied to make one.
pub(crate) fn binary(payload: &[u8]) -> Frame {
    Frame::binary(Bytes::copy_from_slice(payload))
}

pub(crate) fn text(payload: &[u8]) -> Frame {
    Frame::text(Bytes::copy_from_slice(payload))
}

impl Encode for Writer {
    fn write(&mut self) {
        self.out.clear();
        self.encoder.encode(self.frame.clone(), &mut self.out).expect("yawc: encode");
    }

    fn frame(&mut self) -> Vec<u8> {
        self.write();
        self.out.to_vec()
    }
}
