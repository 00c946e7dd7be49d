//! One message at a time, which is what most reads contain: a text is received, sent, and echoed.
//! So each call counts.
//!
//! A message that is decoded at once after the copy that stands for its read() waits until the
//! stores of the copy are done. After a real read() nothing waits. So some connections read first,
//! and decode then.

use super::decode::{self, NO_EVENT};
use super::encode::{self, add};
use crate::abi::Abi;
use crate::harness::{Bench, Group};
use crate::peers::nexus_web::Role;
use crate::peers::uwebsockets::UWebSockets;
use crate::peers::{nexus_web, sockudo_ws, tungstenite, yawc};
use crate::stream::{Echo, Refilled, Several, Stream, TEXT};
use crate::targets::{ECHO_ONE, RECEIVE_ONE, SEND_ONE};
use crate::topics::text::ascii;
use std::hint::black_box;
use std::ptr::null;
use std::slice;
use wscodec::ffi::conn::{WS_MAX_OUTPUT, ws_conn, ws_event};
use wscodec::ffi::frame::{WS_MAX_HEADER, WS_OPCODE_TEXT, WS_SERVER};

const CONNECTIONS: usize = 8;

pub(crate) fn run(bench: &mut Bench, abi: &Abi) {
    for size in bench.sizes(RECEIVE_ONE) {
        receive(bench, abi, &ascii(size));
    }
    for size in bench.sizes(SEND_ONE) {
        send(bench, abi, &ascii(size));
    }
    for size in bench.sizes(ECHO_ONE) {
        echo(bench, abi, &ascii(size));
    }
}

fn receive(bench: &mut Bench, abi: &Abi, text: &[u8]) {
    let stream = Stream::of(1, TEXT, text);
    let mut group = Group::new(RECEIVE_ONE, text.len()).operations(CONNECTIONS);
    decode::add_connections(&mut group, abi, &stream, CONNECTIONS);
    let mut inputs = Several::new(CONNECTIONS, &stream, Refilled::of);
    group.floor(move || {
        inputs.0.iter_mut().for_each(Refilled::read);
        inputs.0.iter().for_each(|_| {
            abi.nothing();
        });
    });
    bench.measure(group);
}

fn send(bench: &mut Bench, abi: &Abi, text: &[u8]) {
    let mut copy = vec![0; text.len()];
    let mut group = Group::new(SEND_ONE, text.len());
    let ours = encode::Connection::new(abi, WS_SERVER, WS_OPCODE_TEXT, text);
    add(&mut group, "ws_conn_send", ours, |frame| frame);
    let peer = nexus_web::Writer::text(Role::Server, text);
    add(&mut group, "nexus-web", peer, |frame| frame);
    let peer = sockudo_ws::Writer::server(sockudo_ws::text(text));
    add(&mut group, "sockudo-ws", peer, |frame| frame);
    let peer = tungstenite::Writer::server(tungstenite::text(text));
    add(&mut group, "tungstenite", peer, |frame| frame);
    add(&mut group, "yawc", yawc::Writer::server(yawc::text(text)), |frame| frame);
    let mut out = vec![0; WS_MAX_HEADER + text.len()];
    let to = out.as_mut_ptr();
    match UWebSockets::open() {
        Ok(UWebSockets { encode, .. }) => {
            let (from, len) = (text.as_ptr(), text.len());
            let encode = move || unsafe { encode(to, from, len, WS_OPCODE_TEXT) };
            let frame = unsafe { slice::from_raw_parts(to, encode()) }.to_vec();
            group.side("uWebSockets", frame, encode);
        }
        Err(why) => group.missing("uWebSockets", why),
    }
    group.floor(|| copy.copy_from_slice(text));
    bench.measure(group);
}

fn echo(bench: &mut Bench, abi: &Abi, text: &[u8]) {
    let stream = Stream::of(1, TEXT, text);
    let mut group = Group::new(ECHO_ONE, text.len()).operations(CONNECTIONS);
    add_servers(&mut group, "recv, output, send", &stream, |stream| {
        Server::new(abi, stream)
    });
    add_servers(&mut group, "nexus-web", &stream, nexus_web::Server::new);
    add_servers(&mut group, "sockudo-ws", &stream, sockudo_ws::Server::new);
    add_servers(&mut group, "tungstenite", &stream, tungstenite::Server::new);
    match UWebSockets::open() {
        Ok(peer) => {
            add_servers(&mut group, "uWebSockets", &stream, |stream| peer.server(stream));
        }
        Err(why) => group.missing("uWebSockets", why),
    }
    let mut inputs = Several::new(CONNECTIONS, &stream, Refilled::of);
    let mut copy = vec![0; text.len()];
    group.floor(move || {
        inputs.0.iter_mut().for_each(Refilled::read);
        for input in &mut inputs.0 {
            abi.nothing();
            copy.copy_from_slice(&input.bytes()[..text.len()]);
        }
    });
    bench.measure(group);
}

fn add_servers<'a, E: Echo + 'a>(
    group: &mut Group<'a>,
    name: &'static str,
    stream: &Stream,
    new: impl Fn(&Stream) -> E,
) {
    let Several(mut servers) = Several::new(CONNECTIONS, stream, new);
    let mut output = Vec::new();
    for server in &mut servers {
        server.read();
        output.extend_from_slice(server.echo());
    }
    group.side(name, output, move || {
        servers.iter_mut().for_each(E::read);
        servers.iter_mut().for_each(|server| {
            black_box(server.echo());
        });
    });
}

/// ws_conn_recv(), ws_conn_send() for each event, ws_conn_output().
struct Server<'a> {
    abi: &'a Abi,
    input: Refilled,
    conn: *mut ws_conn,
    events: [ws_event; 64],
    out: Vec<u8>,
}

impl<'a> Server<'a> {
    fn new(abi: &'a Abi, stream: &Stream) -> Server<'a> {
        let conn = unsafe { (abi.ws_conn_new)(WS_SERVER, null()) };
        assert!(!conn.is_null(), "ws_conn_new: no memory");
        let out = vec![0; stream.bytes.len() + WS_MAX_OUTPUT];
        let input = Refilled::of(stream);
        Server { abi, input, conn, events: [NO_EVENT; 64], out }
    }
}

impl Echo for Server<'_> {
    fn read(&mut self) {
        self.input.read();
    }

    fn echo(&mut self) -> &[u8] {
        let abi = self.abi;
        let (at, len) = self.input.parts();
        let (events, mut used) = (self.events.as_mut_ptr(), 0);
        let count = unsafe {
            (abi.ws_conn_recv)(self.conn, at.cast(), len, events, 64, &mut used)
        };
        assert!(count >= 0 && used == len, "ws_conn_recv: {count}");
        let mut written = 0;
        for event in &self.events[..count as usize] {
            let opcode = event.opcode.into();
            let data = abi.event_data(self.conn, at, event);
            let out = &mut self.out[written..];
            let (to, cap) = (out.as_mut_ptr().cast(), out.len());
            let size = unsafe {
                let (from, len) = (data.cast(), data.len());
                (abi.ws_conn_send)(self.conn, opcode, 0, from, len, to, cap)
            };
            assert!(size > 0, "ws_conn_send: {size}");
            written += size as usize;
        }
        let out = &mut self.out[written..];
        let (to, cap) = (out.as_mut_ptr().cast(), out.len());
        let pending = unsafe { (abi.ws_conn_output)(self.conn, to, cap) };
        assert_eq!(pending, 0, "ws_conn_output");
        &self.out[..written]
    }
}

impl Drop for Server<'_> {
    fn drop(&mut self) {
        unsafe { (self.abi.ws_conn_free)(self.conn) };
    }
}
