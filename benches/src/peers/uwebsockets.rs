//! uWebSockets, through uwebsockets.cpp.

use super::open;
use crate::stream::{Decode, Echo, Refilled, Stream};
use std::ffi::{c_int, c_void};
use std::slice;

type Consume = unsafe extern "C" fn(*mut c_void, *mut u8, usize, *mut Span) -> isize;

#[derive(Clone, Copy)]
pub(crate) struct UWebSockets {
    consume: Consume,
    receiver: unsafe extern "C" fn() -> *mut c_void,
    receiver_free: unsafe extern "C" fn(*mut c_void),
    /// May write eight bytes after the payload.
    pub(crate) mask: unsafe extern "C" fn(*mut u8, usize, *const u8),
    /// To, from, length and opcode.
    pub(crate) encode: unsafe extern "C" fn(*mut u8, *const u8, usize, c_int) -> usize,
    echo: unsafe extern "C" fn(*mut c_void, *mut u8, usize, *mut u8) -> usize,
    pub(crate) accept_key: unsafe extern "C" fn(*const u8, *mut u8),
    /// Writes to the head, and up to 32 bytes after it.
    pub(crate) upgrade: unsafe extern "C" fn(*mut u8, usize, *mut u8) -> usize,
    connection_size: unsafe extern "C" fn() -> usize,
}

impl UWebSockets {
    pub(crate) fn open() -> Result<UWebSockets, String> {
        let library = open(env!("PEER_UWEBSOCKETS"))?;
        Ok(UWebSockets {
            consume: library.function("bench_uws_consume")?,
            receiver: library.function("bench_uws_receiver")?,
            receiver_free: library.function("bench_uws_receiver_free")?,
            mask: library.function("bench_uws_mask")?,
            encode: library.function("bench_uws_encode")?,
            echo: library.function("bench_uws_echo")?,
            accept_key: library.function("bench_uws_accept_key")?,
            upgrade: library.function("bench_uws_upgrade")?,
            connection_size: library.function("bench_uws_connection_size")?,
        })
    }

    /// Bytes of a connection after its upgrade.
    pub(crate) fn connection_size(&self) -> usize {
        unsafe { (self.connection_size)() }
    }

    /// A server's consume().
    pub(crate) fn decoder(self, stream: &Stream) -> Decoder {
        let spans = vec![Span { data: std::ptr::null(), len: 0 }; stream.frames];
        let receiver = unsafe { (self.receiver)() };
        Decoder { peer: self, receiver, input: Refilled::of(stream), spans }
    }

    /// A server that sends the one text of the stream back.
    pub(crate) fn server(self, stream: &Stream) -> Server {
        Server { decoder: self.decoder(stream), out: vec![0; stream.bytes.len()] }
    }
}

/// The place of a message.
#[derive(Clone, Copy)]
#[repr(C)]
struct Span {
    data: *const u8,
    len: usize,
}

pub(crate) struct Decoder {
    peer: UWebSockets,
    receiver: *mut c_void,
    input: Refilled,
    spans: Vec<Span>,
}

impl Decode for Decoder {
    fn read(&mut self) {
        self.input.read();
    }

    fn decode(&mut self, each: &mut impl FnMut(&[u8])) {
        let (at, len) = self.input.parts();
        let spans = self.spans.as_mut_ptr();
        let count = unsafe { (self.peer.consume)(self.receiver, at, len, spans) };
        assert_eq!(count, self.spans.len() as isize, "uWebSockets: consume");
        for span in &self.spans {
            each(unsafe { slice::from_raw_parts(span.data, span.len) });
        }
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        unsafe { (self.peer.receiver_free)(self.receiver) };
    }
}

pub(crate) struct Server {
    decoder: Decoder,
    out: Vec<u8>,
}

impl Echo for Server {
    fn read(&mut self) {
        self.decoder.read();
    }

    fn echo(&mut self) -> &[u8] {
        let Decoder { peer, receiver, input, .. } = &mut self.decoder;
        let (at, len) = input.parts();
        let to = self.out.as_mut_ptr();
        let written = unsafe { (peer.echo)(*receiver, at, len, to) };
        assert_ne!(written, 0, "uWebSockets: consume");
        &self.out[..written]
    }
}
