//! Encoding a frame into the caller's buffer (RFC 6455, 5.2).

use crate::abi::Abi;
use crate::harness::{Aligned, Bench, Group};
use crate::peers::tungstenite;
use crate::peers::uwebsockets::UWebSockets;
use crate::targets::{ENCODE, ENCODE_CLIENT, ENCODE_HEADER};
use std::ptr::null;
use std::slice;
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

/// All sides write to the same memory: how fast a payload is copied depends on how the two lie.
fn server(bench: &mut Bench, abi: &Abi, size: usize) {
    let payload = payload(size);
    let mut out = Aligned::new(&vec![0; WS_MAX_HEADER + size]);
    let (to, cap) = (out.as_mut_ptr(), WS_MAX_HEADER + size);
    let frame = |len| unsafe { slice::from_raw_parts(to, len) }.to_vec();
    let mut group = Group::new(ENCODE, size);
    let ours = || {
        let (from, len, to) = (payload.as_ptr().cast(), payload.len(), to.cast());
        let (opcode, fin) = (WS_OPCODE_BINARY, WS_FIN);
        let written =
            unsafe { (abi.ws_frame_encode)(opcode, fin, null(), from, len, to, cap) };
        usize::try_from(written).expect("ws_frame_encode")
    };
    group.side("ws_frame_encode", frame(ours()), ours);
    match UWebSockets::open() {
        Ok(UWebSockets { encode, .. }) => {
            let from = payload.as_ptr();
            let encode = move || unsafe { encode(to, from, size) };
            group.side("uWebSockets", frame(encode()), encode);
        }
        Err(why) => group.missing("uWebSockets", why),
    }
    // Part of each of them.
    let payload_at = unsafe { to.add(4) };
    let from = payload.as_ptr();
    group
        .unchecked("memcpy", || unsafe { from.copy_to_nonoverlapping(payload_at, size) });
    bench.measure(group);
}

/// No peer encodes only a header: it is timed with the payload, and only its header is compared.
fn header(bench: &mut Bench, abi: &Abi, size: usize) {
    let payload = payload(size);
    let mut out = Aligned::new(&vec![0; WS_MAX_HEADER + size]);
    let to = out.as_mut_ptr();
    let header = |len| unsafe { slice::from_raw_parts(to, len) }.to_vec();
    let mut group = Group::new(ENCODE_HEADER, size);
    let ours = || {
        let (opcode, len, to) = (WS_OPCODE_BINARY, size as u64, to.cast());
        let cap = WS_MAX_HEADER;
        let written =
            unsafe { (abi.ws_frame_header)(opcode, WS_FIN, null(), len, to, cap) };
        usize::try_from(written).expect("ws_frame_header")
    };
    group.side("ws_frame_header", header(ours()), ours);
    match UWebSockets::open() {
        Ok(UWebSockets { encode, .. }) => {
            let from = payload.as_ptr();
            let encode = move || unsafe { encode(to, from, size) };
            group.side("uWebSockets", header(encode() - size), encode);
        }
        Err(why) => group.missing("uWebSockets", why),
    }
    bench.measure(group);
}

/// Frames of a client are masked with random keys, so their payloads are compared.
fn client(bench: &mut Bench, abi: &Abi, size: usize) {
    let payload = payload(size);
    let mut group = Group::new(ENCODE_CLIENT, size);
    let mut ours = Client::new(abi, &payload);
    let output = message(abi, ours.send().to_vec());
    group.side("ws_conn_send", output, move || ours.send().len());
    let mut peer = tungstenite::Writer::new(&payload);
    let output = message(abi, peer.frame());
    group.side("tungstenite", output, move || peer.write());
    let mut copy = vec![0; size];
    let from = &payload;
    group.unchecked("memcpy", move || copy.copy_from_slice(from));
    bench.measure(group);
}

struct Client<'a> {
    abi: &'a Abi,
    conn: *mut ws_conn,
    payload: &'a [u8],
    out: Aligned,
}

impl<'a> Client<'a> {
    fn new(abi: &'a Abi, payload: &'a [u8]) -> Client<'a> {
        let conn = unsafe { (abi.ws_conn_new)(WS_CLIENT, null()) };
        assert!(!conn.is_null(), "ws_conn_new: no memory");
        let out = Aligned::new(&vec![0; WS_MAX_HEADER + payload.len()]);
        Client { abi, conn, payload, out }
    }

    /// The frame.
    fn send(&mut self) -> &[u8] {
        let (from, len) = (self.payload.as_ptr().cast(), self.payload.len());
        let (to, cap) = (self.out.as_mut_ptr().cast(), WS_MAX_HEADER + len);
        let opcode = WS_OPCODE_BINARY;
        let written =
            unsafe { (self.abi.ws_conn_send)(self.conn, opcode, 0, from, len, to, cap) };
        &self.out.bytes()[..usize::try_from(written).expect("ws_conn_send")]
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
