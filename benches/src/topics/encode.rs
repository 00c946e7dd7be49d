//! Encoding a frame into the caller's buffer (RFC 6455, 5.2).

use crate::abi::Abi;
use crate::floors::RandomKeys;
use crate::harness::{Aligned, Bench, Group};
use crate::peers::nexus_web::{FrameWriter, Role};
use crate::peers::uwebsockets::UWebSockets;
use crate::peers::{
    nexus_web, sockudo_ws, tokio_websockets, tungstenite, web_socket, yawc,
};
use crate::stream::Encode;
use crate::targets::{ENCODE, ENCODE_CLIENT, ENCODE_HEADER};
use std::ffi::c_int;
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
            let encode = move || unsafe { encode(to, from, size, WS_OPCODE_BINARY) };
            group.side("uWebSockets", frame(encode()), encode);
        }
        Err(why) => group.missing("uWebSockets", why),
    }
    let mut peer = FrameWriter::new(Role::Server);
    let out = unsafe { slice::from_raw_parts_mut(to, cap) };
    let mut encode = || peer.encode_binary(&payload, out);
    group.side("nexus-web", frame(encode()), encode);
    let peer = sockudo_ws::Writer::server(sockudo_ws::binary(&payload));
    add(&mut group, "sockudo-ws", peer, |frame| frame);
    add(&mut group, "yawc", yawc::Writer::server(yawc::binary(&payload)), |frame| frame);
    let payload_at = unsafe { to.add(4) };
    let from = payload.as_ptr();
    group.floor(|| unsafe { from.copy_to_nonoverlapping(payload_at, size) });
    bench.measure(group);
}

/// Adds an encoder; `normal` turns its frame into what the sides have in common.
pub(super) fn add<'a>(
    group: &mut Group<'a>,
    name: &'static str,
    mut encoder: impl Encode + 'a,
    normal: impl Fn(Vec<u8>) -> Vec<u8>,
) {
    let output = normal(encoder.frame());
    group.side(name, output, move || encoder.write());
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
            let encode = move || unsafe { encode(to, from, size, WS_OPCODE_BINARY) };
            group.side("uWebSockets", header(encode() - size), encode);
        }
        Err(why) => group.missing("uWebSockets", why),
    }
    group.floor(|| abi.nothing());
    bench.measure(group);
}

/// Frames of a client are masked with random keys, so their payloads are compared.
fn client(bench: &mut Bench, abi: &Abi, size: usize) {
    let payload = payload(size);
    let (mut keys, mut copy) = (RandomKeys::new(), vec![0; size]);
    let mut group = Group::new(ENCODE_CLIENT, size);
    let plain = |frame| message(abi, frame);
    let ours = Connection::new(abi, WS_CLIENT, WS_OPCODE_BINARY, &payload);
    add(&mut group, "ws_conn_send", ours, plain);
    let peer = tungstenite::Writer::client(tungstenite::binary(&payload));
    add(&mut group, "tungstenite", peer, plain);
    let peer = nexus_web::Writer::binary(Role::Client, &payload);
    add(&mut group, "nexus-web", peer, plain);
    let peer = sockudo_ws::Writer::client(sockudo_ws::binary(&payload));
    add(&mut group, "sockudo-ws", peer, plain);
    let peer = tokio_websockets::Client::new(&payload);
    add(&mut group, "tokio-websockets", peer, plain);
    add(&mut group, "yawc", yawc::Writer::client(yawc::binary(&payload)), plain);
    add(&mut group, "web-socket", web_socket::Client::new(&payload), plain);
    group.floor(|| {
        copy.copy_from_slice(&payload);
        keys.next()
    });
    bench.measure(group);
}

/// ws_conn_send()
pub(super) struct Connection<'a> {
    abi: &'a Abi,
    conn: *mut ws_conn,
    opcode: c_int,
    payload: &'a [u8],
    out: Aligned,
}

impl<'a> Connection<'a> {
    pub(super) fn new(
        abi: &'a Abi,
        side: u32,
        opcode: c_int,
        payload: &'a [u8],
    ) -> Connection<'a> {
        let conn = unsafe { (abi.ws_conn_new)(side, null()) };
        assert!(!conn.is_null(), "ws_conn_new: no memory");
        let out = Aligned::new(&vec![0; WS_MAX_HEADER + payload.len()]);
        Connection { abi, conn, opcode, payload, out }
    }

    /// The length of the frame.
    fn send(&mut self) -> usize {
        let (from, len) = (self.payload.as_ptr().cast(), self.payload.len());
        let (to, cap) = (self.out.as_mut_ptr().cast(), WS_MAX_HEADER + len);
        let (conn, opcode) = (self.conn, self.opcode);
        let written =
            unsafe { (self.abi.ws_conn_send)(conn, opcode, 0, from, len, to, cap) };
        usize::try_from(written).expect("ws_conn_send")
    }
}

impl Encode for Connection<'_> {
    fn write(&mut self) {
        self.send();
    }

    fn frame(&mut self) -> Vec<u8> {
        let len = self.send();
        self.out.bytes()[..len].to_vec()
    }
}

impl Drop for Connection<'_> {
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
