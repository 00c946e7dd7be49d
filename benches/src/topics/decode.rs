//! Decoding a read of masked binary frames (RFC 6455, 5.2), with each of the three layers,
//! used as the header recommends.
//!
//! uWebSockets' consume() and websocket-sans-io decode frame by frame. The connection delivers
//! whole messages, like tungstenite, fastwebsockets, soketto and wslay.

use crate::abi::Abi;
use crate::harness::{Bench, Group};
use crate::peers::uwebsockets::UWebSockets;
use crate::peers::wslay::Wslay;
use crate::peers::{fastwebsockets, soketto, tungstenite, websocket_sans_io};
use crate::stream::{self, BINARY, Decode, Refilled, Stream};
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
        stream::add(&mut group, "ws_conn_recv", Connection::new(abi, &stream));
        stream::add(&mut group, "tungstenite", tungstenite::Reader::new(&stream));
        stream::add(&mut group, "fastwebsockets", fastwebsockets::Reader::new(&stream));
        stream::add(&mut group, "soketto", soketto::Reader::new(&stream));
        stream::add(
            &mut group,
            "websocket-sans-io",
            websocket_sans_io::Decoder::new(&stream),
        );
        match UWebSockets::open() {
            Ok(peer) => stream::add(&mut group, "uWebSockets", peer.decoder(&stream)),
            Err(why) => group.missing("uWebSockets", why),
        }
        match Wslay::open() {
            Ok(peer) => stream::add(&mut group, "wslay", peer.decoder(&stream)),
            Err(why) => group.missing("wslay", why),
        }
        // Part of each of them.
        let mut input = Refilled::new(&stream.bytes);
        group.unchecked("the copy alone", move || input.read());
        bench.measure(group);
    }
}

/// ws_frame_decode(): a call per frame.
struct FrameByFrame<'a> {
    abi: &'a Abi,
    input: Refilled,
}

impl<'a> FrameByFrame<'a> {
    fn new(abi: &'a Abi, stream: &Stream) -> FrameByFrame<'a> {
        FrameByFrame { abi, input: Refilled::new(&stream.bytes) }
    }
}

impl Decode for FrameByFrame<'_> {
    fn pass(&mut self, each: &mut impl FnMut(&[u8])) {
        let (at, len) = self.input.read();
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
            input: Refilled::new(&stream.bytes),
            decoder: ws_decoder::default(),
            frames: [ws_frame::default(); ENTRIES],
        }
    }
}

impl Decode for Batch<'_> {
    fn pass(&mut self, each: &mut impl FnMut(&[u8])) {
        let (mut at, mut len) = self.input.read();
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
}

pub(crate) const NO_EVENT: ws_event =
    ws_event { off: 0, len: 0, opcode: 0, flags: 0, close_code: 0, reserved: 0 };

impl<'a> Connection<'a> {
    pub(crate) fn new(abi: &'a Abi, stream: &Stream) -> Connection<'a> {
        let conn = unsafe { (abi.ws_conn_new)(WS_SERVER, null()) };
        assert!(!conn.is_null(), "ws_conn_new: no memory");
        Connection {
            abi,
            input: Refilled::new(&stream.bytes),
            conn,
            events: [NO_EVENT; ENTRIES],
        }
    }
}

impl Decode for Connection<'_> {
    fn pass(&mut self, each: &mut impl FnMut(&[u8])) {
        let (mut at, mut len) = self.input.read();
        let mut out = [0_u8; WS_MAX_OUTPUT];
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
            let (to, cap) = (out.as_mut_ptr().cast(), out.len());
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
