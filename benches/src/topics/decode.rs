//! Decoding a read of masked binary frames (RFC 6455, 5.2), with each of the three layers,
//! used as the header recommends.
//!
//! uWebSockets' consume() and websocket-sans-io decode frame by frame. The connection delivers
//! whole messages, like the other peers.

use crate::abi::Abi;
use crate::floors;
use crate::harness::{Bench, Group};
use crate::peers::uwebsockets::UWebSockets;
use crate::peers::wslay::Wslay;
use crate::peers::{
    fastwebsockets, nexus_web, sockudo_ws, soketto, tokio_websockets, tungstenite,
    web_socket, websocket_sans_io, yawc,
};
use crate::stream::{self, BINARY, Decode, Refilled, Several, Stream};
use crate::targets::DECODE;
use std::ptr::null;
use std::slice;
use wscodec::ffi::conn::{WS_MAX_OUTPUT, ws_conn, ws_event};
use wscodec::ffi::decoder::ws_decoder;
use wscodec::ffi::frame::{WS_SERVER, ws_frame};

const ENTRIES: usize = 64;

pub(crate) fn run(bench: &mut Bench, abi: &Abi) {
    for size in bench.sizes(DECODE) {
        let payload: Vec<u8> = (0..size).map(|at| (at * 7) as u8).collect();
        let stream = Stream::new(BINARY, &payload);
        let mut group = Group::new(DECODE, size).operations(stream.frames);
        stream::add(&mut group, "ws_frame_decode", FrameByFrame::new(abi, &stream));
        stream::add(&mut group, "ws_decoder_feed", Batch::new(abi, &stream));
        stream::add(&mut group, "soketto", soketto::Reader::new(&stream));
        stream::add(&mut group, "web-socket", web_socket::Reader::new(&stream));
        let frame_by_frame = websocket_sans_io::Decoder::new(&stream);
        stream::add(&mut group, "websocket-sans-io", frame_by_frame);
        add_connections(&mut group, abi, &stream, 1);
        group.floor(floor(&stream));
        bench.measure(group);
    }
}

/// Adds those that deliver whole messages, and check text: a number of each reads the stream.
pub(super) fn add_connections<'a>(
    group: &mut Group<'a>,
    abi: &'a Abi,
    stream: &Stream,
    count: usize,
) {
    let mut add = Add { group, stream, count };
    add.each("ws_conn_recv", |stream| Connection::new(abi, stream));
    add.each("tungstenite", tungstenite::Reader::new);
    add.each("fastwebsockets", fastwebsockets::Reader::new);
    add.each("tokio-websockets", tokio_websockets::Reader::new);
    add.each("yawc", yawc::Reader::new);
    match count {
        1 => add.each("nexus-web", nexus_web::Reader::new),
        _ => add.each("nexus-web", nexus_web::Reader::small),
    }
    add.each("sockudo-ws", sockudo_ws::Reader::new);
    match UWebSockets::open() {
        Ok(peer) => add.each("uWebSockets", |stream| peer.decoder(stream)),
        Err(why) => add.group.missing("uWebSockets", why),
    }
    match Wslay::open() {
        Ok(peer) => add.each("wslay", |stream| peer.decoder(stream)),
        Err(why) => add.group.missing("wslay", why),
    }
}

struct Add<'g, 'a> {
    group: &'g mut Group<'a>,
    stream: &'g Stream,
    count: usize,
}

impl<'a> Add<'_, 'a> {
    fn each<D: Decode + 'a>(&mut self, name: &'static str, new: impl Fn(&Stream) -> D) {
        let decoders = Several::new(self.count, self.stream, new);
        stream::add(self.group, name, decoders);
    }
}

/// The copy that each side makes; the end of each frame; a store to each byte.
pub(super) fn floor(stream: &Stream) -> impl FnMut() -> usize + use<> {
    let mut input = Refilled::of(stream);
    move || {
        input.read();
        let read = input.bytes();
        let frames = floors::headers(read);
        floors::store(read);
        frames
    }
}

/// ws_frame_decode(): a call per frame.
struct FrameByFrame<'a> {
    abi: &'a Abi,
    input: Refilled,
}

impl<'a> FrameByFrame<'a> {
    fn new(abi: &'a Abi, stream: &Stream) -> FrameByFrame<'a> {
        FrameByFrame { abi, input: Refilled::of(stream) }
    }
}

impl Decode for FrameByFrame<'_> {
    fn read(&mut self) {
        self.input.read();
    }

    fn decode(&mut self, each: &mut impl FnMut(&[u8])) {
        let (at, len) = self.input.parts();
        let mut frame = ws_frame::default();
        let mut done = 0;
        while done < len {
            unsafe {
                let at = at.add(done);
                let size = (self.abi.ws_frame_decode)(
                    at.cast(),
                    len - done,
                    WS_SERVER,
                    &mut frame,
                );
                assert!(size > 0, "ws_frame_decode: {size}");
                each(chunk(at, &frame));
                done += size as usize;
            }
        }
    }
}

/// # Safety
/// The entry was filled for a buffer that starts at `at` and still exists.
unsafe fn chunk<'a>(at: *const u8, frame: &ws_frame) -> &'a [u8] {
    let (off, len) = (frame.chunk_off as usize, frame.chunk_len as usize);
    unsafe { slice::from_raw_parts(at.add(off), len) }
}

/// ws_decoder_feed(): a call per read.
struct Batch<'a> {
    abi: &'a Abi,
    input: Refilled,
    decoder: ws_decoder,
    frames: [ws_frame; ENTRIES],
}

impl<'a> Batch<'a> {
    fn new(abi: &'a Abi, stream: &Stream) -> Batch<'a> {
        Batch {
            abi,
            input: Refilled::of(stream),
            decoder: ws_decoder::default(),
            frames: [ws_frame::default(); ENTRIES],
        }
    }
}

impl Decode for Batch<'_> {
    fn read(&mut self) {
        self.input.read();
    }

    fn decode(&mut self, each: &mut impl FnMut(&[u8])) {
        let (mut at, mut len) = self.input.parts();
        loop {
            let (frames, mut used) = (self.frames.as_mut_ptr(), 0);
            let count = unsafe {
                (self.abi.ws_decoder_feed)(
                    &mut self.decoder,
                    at.cast(),
                    len,
                    frames,
                    ENTRIES,
                    &mut used,
                )
            };
            assert!(count >= 0, "ws_decoder_feed: {count}");
            if count == 0 {
                break;
            }
            for frame in &self.frames[..count as usize] {
                each(unsafe { chunk(at, frame) });
            }
            (at, len) = (unsafe { at.add(used) }, len - used);
        }
    }
}

/// ws_conn_recv() and ws_conn_output(): whole messages.
pub(crate) struct Connection<'a> {
    abi: &'a Abi,
    input: Refilled,
    conn: *mut ws_conn,
    events: [ws_event; ENTRIES],
    out: [u8; WS_MAX_OUTPUT],
}

pub(crate) const NO_EVENT: ws_event =
    ws_event { off: 0, len: 0, opcode: 0, flags: 0, close_code: 0, reserved: 0 };

impl<'a> Connection<'a> {
    pub(crate) fn new(abi: &'a Abi, stream: &Stream) -> Connection<'a> {
        let conn = unsafe { (abi.ws_conn_new)(WS_SERVER, null()) };
        assert!(!conn.is_null(), "ws_conn_new: no memory");
        Connection {
            abi,
            input: Refilled::of(stream),
            conn,
            events: [NO_EVENT; ENTRIES],
            out: [0; WS_MAX_OUTPUT],
        }
    }
}

impl Decode for Connection<'_> {
    fn read(&mut self) {
        self.input.read();
    }

    fn decode(&mut self, each: &mut impl FnMut(&[u8])) {
        let (mut at, mut len) = self.input.parts();
        while len > 0 {
            let (events, mut used) = (self.events.as_mut_ptr(), 0);
            let count = unsafe {
                (self.abi.ws_conn_recv)(
                    self.conn,
                    at.cast(),
                    len,
                    events,
                    ENTRIES,
                    &mut used,
                )
            };
            assert!(count >= 0, "ws_conn_recv: {count}");
            for event in &self.events[..count as usize] {
                each(unsafe { &*self.abi.event_data(self.conn, at, event) });
            }
            let (to, cap) = (self.out.as_mut_ptr().cast(), self.out.len());
            let pending = unsafe { (self.abi.ws_conn_output)(self.conn, to, cap) };
            assert_eq!(pending, 0, "ws_conn_output");
            (at, len) = (unsafe { at.add(used) }, len - used);
        }
    }
}

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        unsafe { (self.abi.ws_conn_free)(self.conn) };
    }
}
