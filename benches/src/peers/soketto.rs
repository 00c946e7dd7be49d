//! soketto, from the crates registry. Its futures are always ready.

use crate::stream::{Decode, Endless, Stream, ready};
use soketto::connection::{Builder, Receiver};
use soketto::{Data, connection::Sender};

/// A server's receive_data().
pub(crate) struct Reader {
    /// Half of the connection, which needs both.
    _sender: Sender<Endless>,
    receiver: Receiver<Endless>,
    message: Vec<u8>,
    frames: usize,
}

impl Reader {
    pub(crate) fn new(stream: &Stream) -> Reader {
        let builder =
            Builder::new(Endless::new(stream), soketto::connection::Mode::Server);
        let (sender, receiver) = builder.finish();
        Reader { _sender: sender, receiver, message: Vec::new(), frames: stream.frames }
    }
}

impl Decode for Reader {
    fn decode(&mut self, each: &mut impl FnMut(&[u8])) {
        for _ in 0..self.frames {
            self.message.clear();
            let received = ready(self.receiver.receive_data(&mut self.message));
            let (Data::Binary(len) | Data::Text(len)) =
                received.expect("soketto: receive_data");
            each(&self.message[..len]);
        }
    }
}
