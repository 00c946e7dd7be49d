//! wslay's event API, as Debian has it, through wslay.c.

use super::open;
use crate::stream::{Decode, Stream};
use std::ffi::{c_int, c_void};
use std::slice;

type OnMessage = unsafe extern "C" fn(*const u8, usize, *mut c_void);
type Receive =
    unsafe extern "C" fn(*mut c_void, *const u8, usize, OnMessage, *mut c_void) -> c_int;

#[derive(Clone, Copy)]
pub(crate) struct Wslay {
    receive: Receive,
    receiver: unsafe extern "C" fn() -> *mut c_void,
    receiver_free: unsafe extern "C" fn(*mut c_void),
}

impl Wslay {
    pub(crate) fn open() -> Result<Wslay, String> {
        let library = open(env!("PEER_WSLAY"))?;
        Ok(Wslay {
            receive: library.function("bench_wslay_receive")?,
            receiver: library.function("bench_wslay_receiver")?,
            receiver_free: library.function("bench_wslay_receiver_free")?,
        })
    }

    /// A server's wslay_event_recv(). Its callback makes the copy that stands for a read().
    pub(crate) fn decoder(self, stream: &Stream) -> Decoder {
        let receiver = unsafe { (self.receiver)() };
        assert!(!receiver.is_null(), "wslay: no memory");
        Decoder { peer: self, receiver, stream: stream.bytes.clone() }
    }
}

pub(crate) struct Decoder {
    peer: Wslay,
    receiver: *mut c_void,
    stream: Vec<u8>,
}

impl Decode for Decoder {
    fn decode(&mut self, each: &mut impl FnMut(&[u8])) {
        let call = on_message(each);
        let user = (&raw mut *each).cast();
        let (at, len) = (self.stream.as_ptr(), self.stream.len());
        let outcome = unsafe { (self.peer.receive)(self.receiver, at, len, call, user) };
        assert_eq!(outcome, 0, "wslay: wslay_event_recv");
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        unsafe { (self.peer.receiver_free)(self.receiver) };
    }
}

/// A C function that calls a closure of this type: the one that `user` points to.
fn on_message<F: FnMut(&[u8])>(_: &F) -> OnMessage {
    unsafe extern "C" fn call<F: FnMut(&[u8])>(
        data: *const u8,
        len: usize,
        user: *mut c_void,
    ) {
        // An empty message has no data.
        let data = if len == 0 { [].as_ptr() } else { data };
        unsafe { (*user.cast::<F>())(slice::from_raw_parts(data, len)) }
    }
    call::<F>
}
