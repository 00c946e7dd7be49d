//! ws_control replies to the control frames of a stream as a model does, however the stream is
//! cut, and remembers the closing handshake.

use crate::c::{self, WS_CLIENT, WS_SERVER, code};
use crate::conn::from_peer;
use crate::plain::{close, frames};
use crate::source::Source;
use core::ptr::null;
use wscodec::ffi::conn::WS_MAX_OUTPUT;
use wscodec::ffi::control::*;
use wscodec::ffi::decoder::ws_decoder;
use wscodec::ffi::frame::ws_frame;

const KEY: [u8; 4] = [9, 8, 7, 6];

struct Control {
    raw: ws_control,
    side: u32,
    model: Model,
}

/// What ws_control remembers.
#[derive(Default)]
struct Model {
    /// The peer's close.
    received: Option<(u16, Vec<u8>)>,
    error: Option<isize>,
    sent: bool,
}

/// A frame that is written: its first byte and its payload.
type Written = Result<Option<(u8, Vec<u8>)>, isize>;

impl Model {
    fn reply(&mut self, opcode: u8, payload: &[u8]) -> Written {
        match (self.error, &self.received, opcode) {
            (Some(error), ..) => Err(error),
            (None, None, 9) => Ok(Some((0x8a, payload.to_vec()))),
            (None, None, 8) => match close::read(payload) {
                Ok((number, reason)) => {
                    self.received = Some((number, reason.to_vec()));
                    self.close(number, b"")
                }
                Err(error) => {
                    self.error = Some(error);
                    Err(error)
                }
            },
            _ => Ok(None),
        }
    }

    fn close(&mut self, number: u16, reason: &[u8]) -> Written {
        let payload = close::write(number, reason).ok_or(code::INVALID_ARGUMENT)?;
        let first = !core::mem::replace(&mut self.sent, true);
        Ok(first.then_some((0x88, payload)))
    }
}

pub fn run(data: &[u8]) {
    let mut source = Source::new(data);
    let side = if source.flag() { WS_CLIENT } else { WS_SERVER };
    let model = Model::default();
    let mut control = Control { raw: ws_control { opaque: [0; 18] }, side, model };
    let mut decoder = c::decoder(side, 0);
    while !source.is_empty() {
        let choice = source.byte();
        if choice & 7 == 0 {
            control.close(source.u16(), source.some_bytes());
            continue;
        }
        let first = *source.pick(&[0x89, 0x88, 0x8a, 0x81, 0x82]);
        let payload = source.bytes(usize::from(source_len(choice)));
        let cut = source.below(140);
        if !control.read(&mut decoder, first, payload, cut) {
            return;
        }
    }
}

fn source_len(choice: u8) -> u8 {
    if choice & 0x80 != 0 { 125 } else { choice >> 3 }
}

impl Control {
    fn read(
        &mut self,
        decoder: &mut ws_decoder,
        first: u8,
        payload: &[u8],
        cut: usize,
    ) -> bool {
        let frame = from_peer(self.side, first, payload);
        let (head, tail) = frame.split_at(cut.min(frame.len()));
        let mut expected = self.model.reply(first & 0x0f, payload);
        if self.model.error.is_some() && first & 0x08 == 0 {
            // Also for an entry of a data frame.
            expected = Err(self.model.error.unwrap_or(0));
        }
        let mut got = Ok(None);
        for piece in [head, tail] {
            let mut buf = piece.to_vec();
            let (entries, consumed) = c::feed(decoder, &mut buf, 64).unwrap();
            assert_eq!(consumed, buf.len());
            for entry in entries {
                match self.feed(&entry, &buf) {
                    Ok(None) => {}
                    reply => got = reply,
                }
            }
        }
        assert_eq!(got, expected);
        self.check();
        got.is_ok()
    }

    fn key(&self) -> *const core::ffi::c_void {
        if self.side == WS_CLIENT { KEY.as_ptr().cast() } else { null() }
    }

    fn written(&self, result: isize, out: &[u8]) -> Written {
        let len = usize::try_from(result).map_err(|_| result)?;
        assert!(
            out[len..].iter().all(|byte| *byte == c::CANARY),
            "wrote more than it reported"
        );
        if len == 0 {
            return Ok(None);
        }
        let mut frames = frames::read_written(self.side, &out[..len]);
        assert_eq!(frames.len(), 1);
        Ok(frames.pop().map(|frame| (frame.header.first, frame.payload)))
    }

    fn feed(&mut self, entry: &ws_frame, buf: &[u8]) -> Written {
        let mut out = [c::CANARY; WS_MAX_OUTPUT];
        let key = self.key();
        // SAFETY: all pointers are to values that live during the call.
        let mut feed = |cap| unsafe {
            let to = out.as_mut_ptr().cast();
            ws_control_feed(&mut self.raw, entry, buf.as_ptr().cast(), key, to, cap)
        };
        // Without room a reply is not written, and nothing changes.
        let result = match feed(0) {
            code::BUFFER_TOO_SMALL => feed(WS_MAX_OUTPUT),
            result => result,
        };
        self.written(result, &out)
    }

    fn close(&mut self, number: u16, reason: &[u8]) {
        let mut out = [c::CANARY; WS_MAX_OUTPUT];
        let key = self.key();
        // SAFETY: all pointers are to values that live during the call.
        let result = unsafe {
            let (from, to) = (reason.as_ptr().cast(), out.as_mut_ptr().cast());
            ws_control_close(
                &mut self.raw,
                number,
                from,
                reason.len(),
                key,
                to,
                WS_MAX_OUTPUT,
            )
        };
        assert_eq!(self.written(result, &out), self.model.close(number, reason));
        self.check();
    }

    fn check(&self) {
        let none = (0, Vec::new());
        let (number, reason) = self.model.received.as_ref().unwrap_or(&none);
        let mut out = [0; 125];
        // SAFETY: all pointers are to values that live during the call.
        let (code, len) = unsafe {
            let len = ws_control_reason(&self.raw, out.as_mut_ptr().cast(), out.len());
            (ws_control_close_code(&self.raw), len)
        };
        assert_eq!(code, *number);
        assert_eq!(&out[..usize::try_from(len).unwrap()], reason);
    }
}
