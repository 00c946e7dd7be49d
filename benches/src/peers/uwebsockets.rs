//! uWebSockets, through uwebsockets.cpp.

use super::open;
use crate::stream::{Decode, Refilled, Stream};
use std::ffi::c_void;
use std::slice;

type Consume = unsafe extern "C" fn(*mut c_void, *mut u8, usize, *mut Span) -> isize;

#[derive(Clone, Copy)]
pub(crate) struct UWebSockets {
    consume: Consume,
    receiver: unsafe extern "C" fn() -> *mut c_void,
    receiver_free: unsafe extern "C" fn(*mut c_void),
    /// May write eight bytes after the payload.
    pub(crate) mask: unsafe extern "C" fn(*mut u8, usize, *const u8),
    pub(crate) encode: unsafe extern "C" fn(*mut u8, *const u8, usize) -> usize,
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
        Decoder { peer: self, receiver, input: Refilled::new(&stream.bytes), spans }
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
    fn pass(&mut self, each: &mut impl FnMut(&[u8])) {
        let (at, len) = self.input.read();
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
