//! The memory of an idle connection: after its handshake, with no pending bytes.
//!
//! Ours is counted by a custom allocator, as the bytes requested. Peers without custom allocators
//! are counted by the C library, which Rust uses too, as the bytes allocated. uWebSockets, which
//! needs a socket for a connection, is counted by the sizes of its types.

use super::decode::NO_EVENT;
use crate::abi::Abi;
use crate::harness::{Bench, Measured};
use crate::peers::uwebsockets::UWebSockets;
use crate::peers::wslay::Wslay;
use crate::peers::{fastwebsockets, tungstenite};
use crate::stream::{BINARY, Stream};
use crate::targets::{IDLE, LIMIT};
use std::cell::Cell;
use std::ffi::c_void;
use wscodec::ffi::conn::ws_allocator;
use wscodec::ffi::frame::WS_SERVER;
use wscodec::ffi::version::WS_TYPE_DECODER;

/// Connections of a peer that are counted together.
const MANY: usize = 64;

pub(crate) fn run(bench: &mut Bench, abi: &Abi) {
    for size in bench.sizes(IDLE) {
        bench.announce(IDLE, size);
        let mut measured = Measured::default();
        for side in bench.sides(IDLE) {
            measured.add(&side, bytes(abi, &side).map(|bytes| bytes as f64));
        }
        bench.record(IDLE, size, &measured);
    }
}

fn bytes(abi: &Abi, name: &str) -> Result<usize, String> {
    let nothing = Stream::default();
    match name {
        "the limit" => Ok(LIMIT),
        "ws_decoder" => Ok(unsafe { (abi.ws_sizeof)(WS_TYPE_DECODER) }),
        "ws_conn" => Ok(connection(abi)),
        "uWebSockets" => Ok(UWebSockets::open()?.connection_size()),
        "wslay" => {
            let peer = Wslay::open()?;
            Ok(handed_out(|| peer.decoder(&nothing)))
        }
        "tungstenite" => Ok(handed_out(|| tungstenite::Reader::new(&nothing))),
        "fastwebsockets" => Ok(handed_out(|| fastwebsockets::Reader::new(&nothing))),
        _ => Err(format!("no {name}")),
    }
}

/// A connection that has received a message, and waits for the next.
fn connection(abi: &Abi) -> usize {
    let tally = Tally::default();
    let mut message = Stream::new(BINARY, b"one message").bytes;
    let (at, len) = (message.as_mut_ptr().cast::<c_void>(), message.len());
    let (mut events, mut used) = ([NO_EVENT; 64], 0);
    unsafe {
        let conn = (abi.ws_conn_new)(WS_SERVER, &tally.allocator());
        let count = (abi.ws_conn_recv)(conn, at, len, events.as_mut_ptr(), 64, &mut used);
        assert_eq!((count, used), (64, len), "ws_conn_recv");
        let held = tally.bytes();
        (abi.ws_conn_free)(conn);
        assert_eq!(tally.bytes(), 0, "ws_conn_free leaves something");
        held
    }
}

/// Counts the bytes that the library has of an allocator.
#[derive(Default)]
pub(super) struct Tally(Cell<usize>);

impl Tally {
    /// It must not outlive the tally.
    pub(super) fn allocator(&self) -> ws_allocator {
        ws_allocator {
            alloc: Some(tally_alloc),
            resize: None,
            free: Some(tally_free),
            user: (&raw const *self).cast_mut().cast(),
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.get()
    }
}

unsafe extern "C" fn tally_alloc(
    user: *mut c_void,
    size: usize,
    _: usize,
) -> *mut c_void {
    unsafe {
        let tally = &*user.cast::<Tally>();
        tally.0.set(tally.0.get() + size);
        libc::malloc(size)
    }
}

unsafe extern "C" fn tally_free(
    user: *mut c_void,
    ptr: *mut c_void,
    size: usize,
    _: usize,
) {
    unsafe {
        let tally = &*user.cast::<Tally>();
        tally.0.set(tally.0.get() - size);
        libc::free(ptr);
    }
}

/// Bytes that the C library hands out for one of these.
fn handed_out<T>(make: impl Fn() -> T) -> usize {
    let in_use = || {
        let info = unsafe { libc::mallinfo2() };
        info.uordblks + info.hblkhd
    };
    let mut kept = Vec::with_capacity(MANY);
    let before = in_use();
    kept.extend((0..MANY).map(|_| Box::new(make())));
    (in_use() - before) / MANY
}
