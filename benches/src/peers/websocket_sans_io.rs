//! websocket-sans-io, from the crates registry: like our decoder it unmasks where the bytes lie.

use crate::stream::{Decode, Refilled, Stream};
use std::slice;
use websocket_sans_io::{WebsocketFrameDecoder, WebsocketFrameEvent};

pub(crate) struct Decoder {
    decoder: WebsocketFrameDecoder,
    input: Refilled,
}

impl Decoder {
    pub(crate) fn new(stream: &Stream) -> Decoder {
        Decoder { decoder: WebsocketFrameDecoder::new(), input: Refilled::of(stream) }
    }
}

impl Decode for Decoder {
    fn read(&mut self) {
        self.input.read();
    }

    fn decode(&mut self, each: &mut impl FnMut(&[u8])) {
        let (at, len) = self.input.parts();
        let mut rest = unsafe { slice::from_raw_parts_mut(at, len) };
        let mut payload: &[u8] = &[];
        loop {
            let Ok(added) = self.decoder.add_data(rest);
            let (done, after) = rest.split_at_mut(added.consumed_bytes);
            rest = after;
            match added.event {
                Some(WebsocketFrameEvent::PayloadChunk { .. }) => payload = done,
                Some(WebsocketFrameEvent::End { .. }) => {
                    each(std::mem::take(&mut payload))
                }
                Some(WebsocketFrameEvent::Start { .. }) => {}
                None if rest.is_empty() => break,
                None => {}
            }
        }
    }
}
