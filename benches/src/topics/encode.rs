//! Encoding a frame into the caller's buffer (RFC 6455, 5.2).

use crate::abi::Abi;
use crate::harness::{Bench, Group};
use crate::peers::tungstenite;
use crate::peers::uwebsockets::UWebSockets;
use crate::targets::{ENCODE, ENCODE_CLIENT, ENCODE_HEADER};
use std::ptr::null;
use wscodec::ffi::conn::ws_conn;
use wscodec::ffi::frame::{
    WS_CLIENT, WS_FIN, WS_MAX_HEADER, WS_OPCODE_BINARY, WS_SERVER, ws_frame,
};

pub(crate) fn run(bench: &mut Bench, abi: &Abi) {
    for size in bench.sizes(ENCODE) {
        server(bench, abi, size);
    }
    for size in bench.sizes(ENCODE_HEADER) {
        header(bench, abi, size);
    }
    for size in bench.sizes(ENCODE_CLIENT) {
        client(bench, abi, size);
    }
}

fn payload(size: usize) -> Vec<u8> {
    (0..size).map(|at| at as u8).collect()
}

fn server(bench: &mut Bench, abi: &Abi, size: usize) {
    let payload = payload(size);
    let mut group = Group::new(ENCODE, size);
    add(&mut group, "ws_frame_encode", &payload, |payload, out| {
        let (from, len, cap) = (payload.as_ptr().cast(), payload.len(), out.len());
        let to = out.as_mut_ptr().cast();
        let (opcode, fin) = (WS_OPCODE_BINARY, WS_FIN);
        let written =
            unsafe { (abi.ws_frame_encode)(opcode, fin, null(), from, len, to, cap) };
        usize::try_from(written).expect("ws_frame_encode")
    });
    match UWebSockets::open() {
        Ok(peer) => add(&mut group, "uWebSockets", &payload, uwebsockets(peer)),
        Err(why) => group.missing("uWebSockets", why),
    }
    bench.measure(group);
}

fn uwebsockets(peer: UWebSockets) -> impl Fn(&[u8], &mut [u8]) -> usize {
    move |payload, out| unsafe {
        (peer.encode)(out.as_mut_ptr(), payload.as_ptr(), payload.len())
    }
}

/// Adds a side that encodes the payload; `encode` returns how long the frame is.
fn add<'a>(
    group: &mut Group<'a>,
    name: &'static str,
    payload: &'a [u8],
    encode: impl Fn(&[u8], &mut [u8]) -> usize + 'a,
) {
    let mut out = vec![0; WS_MAX_HEADER + payload.len()];
    let len = encode(payload, &mut out);
    group.side(name, out[..len].to_vec(), move || encode(payload, &mut out));
}

/// There is no peer that encodes only a header: it is timed with the payload, its header alone
/// compared.
fn header(bench: &mut Bench, abi: &Abi, size: usize) {
    let mut group = Group::new(ENCODE_HEADER, size);
    let mut out = [0; WS_MAX_HEADER];
    let mut ours = move || {
        let (to, cap) = (out.as_mut_ptr().cast(), out.len());
        let (opcode, len) = (WS_OPCODE_BINARY, size as u64);
        let written =
            unsafe { (abi.ws_frame_header)(opcode, WS_FIN, null(), len, to, cap) };
        (out, written as usize)
    };
    let (header, len) = ours();
    group.side("ws_frame_header", header[..len].to_vec(), ours);
    match UWebSockets::open() {
        Ok(peer) => {
            let (payload, encode) = (payload(size), uwebsockets(peer));
            let mut out = vec![0; WS_MAX_HEADER + size];
            let len = encode(&payload, &mut out) - size;
            group.side("uWebSockets", out[..len].to_vec(), move || {
                encode(&payload, &mut out)
            });
        }
        Err(why) => group.missing("uWebSockets", why),
    }
    bench.measure(group);
}

/// A client's frames are masked, each with a random key: what they say is compared.
fn client(bench: &mut Bench, abi: &Abi, size: usize) {
    let payload = payload(size);
    let mut group = Group::new(ENCODE_CLIENT, size);
    let mut ours = Client::new(abi, &payload);
    let output = message(abi, ours.send().to_vec());
    group.side("ws_conn_send", output, move || ours.send().len());
    let mut peer = tungstenite::Writer::new(&payload);
    let output = message(abi, peer.frame());
    group.side("tungstenite", output, move || peer.write());
    bench.measure(group);
}

struct Client<'a> {
    abi: &'a Abi,
    conn: *mut ws_conn,
    payload: &'a [u8],
    out: Vec<u8>,
}

impl<'a> Client<'a> {
    fn new(abi: &'a Abi, payload: &'a [u8]) -> Client<'a> {
        let conn = unsafe { (abi.ws_conn_new)(WS_CLIENT, null()) };
        assert!(!conn.is_null(), "ws_conn_new: no memory");
        Client { abi, conn, payload, out: vec![0; WS_MAX_HEADER + payload.len()] }
    }

    /// The frame.
    fn send(&mut self) -> &[u8] {
        let (from, len) = (self.payload.as_ptr().cast(), self.payload.len());
        let (to, cap) = (self.out.as_mut_ptr().cast(), self.out.len());
        let opcode = WS_OPCODE_BINARY;
        let written =
            unsafe { (self.abi.ws_conn_send)(self.conn, opcode, 0, from, len, to, cap) };
        &self.out[..usize::try_from(written).expect("ws_conn_send")]
    }
}

impl Drop for Client<'_> {
    fn drop(&mut self) {
        unsafe { (self.abi.ws_conn_free)(self.conn) };
    }
}

/// Opcode and payload of a client's frame.
fn message(abi: &Abi, mut bytes: Vec<u8>) -> Vec<u8> {
    let mut frame = ws_frame::default();
    let (at, len) = (bytes.as_mut_ptr().cast(), bytes.len());
    let size = unsafe { (abi.ws_frame_decode)(at, len, WS_SERVER, &mut frame) };
    assert_eq!(size, len as isize, "a client's frame");
    [&[frame.opcode], &bytes[frame.chunk_off as usize..]].concat()
}
