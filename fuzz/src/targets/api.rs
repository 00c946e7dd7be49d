//! Every function of a connection, in any order and with any arguments: the model predicts each
//! result, the events, the frames that are written, the state, and all options and facts.

use crate::c::{self, WS_CLIENT, WS_SERVER, code};
use crate::conn::*;
use crate::model::connection::{Connection, Ours, Theirs};
use crate::model::incoming::Options;
use crate::model::session::Assembler;
use crate::plain::frames::read_written;
use crate::pmd::USUAL;
use crate::source::Source;
use crate::targets::conn::{CHEAP, params, peer_resets};
use crate::zlib::{Deflate, Inflate};
use core::cell::Cell;
use core::ffi::{c_int, c_void};
use wscodec::ffi::negotiation::ws_pmd_params;

pub fn run(data: &[u8]) {
    let mut source = Source::new(data);
    let side = if source.flag() { WS_CLIENT } else { WS_SERVER };
    let keys = Keys::default();
    let mut run = Run::new(side, &keys);
    while !source.is_empty() {
        run.step(&mut source);
        run.check();
    }
}

/// The source of masking keys: numbers from 1 on, or a failure.
#[derive(Default)]
struct Keys {
    drawn: Cell<u32>,
    fails: Cell<bool>,
}

unsafe extern "C" fn fill(user: *mut c_void, out: *mut c_void, len: usize) -> c_int {
    // SAFETY: `user` is the Keys that were passed with this function, and `out` has `len` bytes.
    let (keys, out) = unsafe {
        (&*user.cast::<Keys>(), core::slice::from_raw_parts_mut(out.cast::<u8>(), len))
    };
    if keys.fails.get() {
        return 1;
    }
    for key in out.chunks_mut(4) {
        keys.drawn.set(keys.drawn.get() + 1);
        key.copy_from_slice(&keys.drawn.get().to_be_bytes());
    }
    0
}

struct Run<'a> {
    conn: Conn,
    model: Connection,
    keys: &'a Keys,
    /// The last key on the wire.
    last_key: u32,
    assembler: Assembler,
    in_pieces: bool,
    keep_buffer: u64,
    compress_from: u64,
    params: Option<ws_pmd_params>,
    /// What the peer has sent, and has not arrived.
    wire: Vec<u8>,
    /// What the peer compresses with, and decompresses with.
    deflate: Option<Deflate>,
    inflate: Option<Inflate>,
    /// The compressed message that is being sent: its payload, and what it stands for.
    sending: Option<(Vec<u8>, Vec<u8>)>,
}

impl Run<'_> {
    fn new(side: u32, keys: &Keys) -> Run<'_> {
        let conn = Conn::new(side);
        // SAFETY: the keys outlive the connection.
        let result = unsafe {
            ws_conn_set_random(
                conn.raw,
                Some(fill),
                core::ptr::from_ref(keys).cast_mut().cast(),
            )
        };
        assert_eq!(result, 0);
        let options = Options {
            server: side == WS_SERVER,
            any_mask: false,
            check_utf8: true,
            allow_rsv: 0,
            max_message: 1 << 20,
            max_frame: 0,
            deflate: false,
            peer_resets: false,
        };
        Run {
            conn,
            model: Connection::new(options),
            keys,
            last_key: 0,
            assembler: Assembler::default(),
            in_pieces: false,
            keep_buffer: 0,
            compress_from: 0,
            params: None,
            wire: Vec::new(),
            deflate: None,
            inflate: None,
            sending: None,
        }
    }

    fn step(&mut self, source: &mut Source<'_>) {
        match source.below(12) {
            0 => self.set(source),
            1 => self.set_pmd(source),
            2 | 3 => self.send(source),
            4 => self.output(source),
            5 => self.close(source),
            6 if source.below(4) == 0 => {
                assert_eq!(self.conn.finish(), self.model.finish())
            }
            7 => self.set_random(),
            8 if self.params.is_none() => {
                self.wire.extend(source.some_bytes());
                self.deliver(source);
            }
            _ => self.recv_frame(source),
        }
    }

    // ---- options ----

    fn set(&mut self, source: &mut Source<'_>) {
        let option = i32::from(source.byte() % 13);
        let value =
            *source.pick(&[0, 1, 2, 5, 8, 20, 0x40, 0x70, 125, 126, 1000, u64::MAX]);
        let expected = self.predict_set(option, value);
        assert_eq!(self.conn.set(option, value), expected, "option {option}: {value}");
    }

    fn predict_set(&mut self, option: i32, value: u64) -> isize {
        let (model, switch) = (&mut self.model, value <= 1);
        let on = value == 1;
        match option {
            WS_OPT_MAX_MESSAGE => model.options.max_message = value,
            WS_OPT_MAX_FRAME => model.options.max_frame = value,
            WS_OPT_KEEP_BUFFER => self.keep_buffer = value,
            WS_OPT_COMPRESS_FROM => self.compress_from = value,
            WS_OPT_AUTO_PONG if switch => model.auto_pong = on,
            WS_OPT_AUTO_PONG => return code::INVALID_ARGUMENT,
            2..=10 if model.has_input => return code::INVALID_STATE,
            WS_OPT_ALLOW_RSV => {
                if value & !0x70 != 0 {
                    return code::INVALID_ARGUMENT;
                }
                if value != 0 && self.params.is_some() {
                    return code::INVALID_STATE;
                }
                model.options.allow_rsv = value as u8;
            }
            2..=10 if !switch => return code::INVALID_ARGUMENT,
            WS_OPT_STREAM => self.in_pieces = on,
            WS_OPT_CHECK_UTF8 => model.options.check_utf8 = on,
            WS_OPT_ANY_MASK => model.options.any_mask = on,
            WS_OPT_AUTO_CLOSE => model.auto_close = on,
            _ => return code::UNSUPPORTED,
        }
        0
    }

    fn set_pmd(&mut self, source: &mut Source<'_>) {
        let mut params = params(source.byte());
        params.level = source.byte() % 11;
        // Bytes that wait would be read as compressed, but the model decompresses only whole
        // messages.
        if !self.wire.is_empty() {
            return;
        }
        // SAFETY: both live during the call.
        let result = unsafe { ws_conn_set_pmd(self.conn.raw, &params) };
        let model = &mut self.model;
        if params.level > 9 {
            assert_eq!(result, code::INVALID_ARGUMENT);
        } else if model.has_input || model.has_sent || model.options.allow_rsv != 0 {
            assert_eq!(result, code::INVALID_STATE);
        } else {
            assert_eq!(result, 0);
            (self.params, self.conn.compresses, model.options.deflate) =
                (Some(params), true, true);
            model.options.peer_resets = peer_resets(self.conn.side, &params);
        }
    }

    fn set_random(&mut self) {
        let (raw, user) =
            (self.conn.raw, core::ptr::from_ref(self.keys).cast_mut().cast());
        // SAFETY: the keys outlive the connection.
        let result = unsafe { ws_conn_set_random(raw, Some(fill), user) };
        assert_eq!(result, if self.last_key > 0 { code::INVALID_STATE } else { 0 });
    }

    // ---- sending ----

    /// Reads the frames that the connection wrote, and checks the masking keys.
    fn frames(&mut self, bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
        let frames = read_written(self.conn.side, bytes);
        for frame in &frames {
            assert_eq!(frame.header.key.is_some(), self.conn.side == WS_CLIENT);
            if let Some(key) = frame.header.key {
                let key = u32::from_be_bytes(key);
                assert_eq!(key, self.last_key + 1, "keys are used in order, each once");
                self.last_key = key;
            }
        }
        frames.into_iter().map(|frame| (frame.header.first, frame.payload)).collect()
    }

    /// A call that writes `count` frames has failed for lack of keys. It has used none.
    fn on_no_keys(&mut self, count: usize) {
        assert!(self.conn.side == WS_CLIENT && self.keys.fails.get());
        let left = self.keys.drawn.get() - self.last_key;
        assert!((left as usize) < count, "there are keys");
        self.keys.fails.set(false);
    }

    fn send(&mut self, source: &mut Source<'_>) {
        let opcode = *source.pick(&[1, 2, 1, 2, 9, 10, 8, 0]);
        let choice = source.byte();
        let (more, plain) = (choice & 1 != 0, choice & 2 != 0);
        let rsv = if choice & 4 != 0 { choice & 0x70 } else { 0 };
        let flags = u32::from(choice & 3) | u32::from(rsv);
        let payload = source.some_bytes();
        let bound = self.conn.bound(payload.len());
        assert!(bound >= payload.len() + 2);
        self.keys.fails.set(choice & 0x88 == 0x88);
        let expected = self.model.send(opcode, rsv, more, payload.len());
        if expected.is_ok() && self.params.is_none() {
            let short = self.conn.send_into(opcode, flags, payload, bound - 1);
            assert_eq!(short, Err(code::BUFFER_TOO_SMALL), "the bound is exact");
        }
        let result = self.conn.send_into(opcode, flags, payload, bound);
        let result = match result {
            Err(code::RANDOM) => {
                self.on_no_keys(1);
                self.conn.send_into(opcode, flags, payload, bound)
            }
            result => result,
        };
        self.keys.fails.set(false);
        let bytes = match (result, expected) {
            (Ok(bytes), Ok(_)) => bytes,
            (result, expected) => return assert_eq!(result.err(), expected.err()),
        };
        let first = self.model.sending.is_none();
        let compresses = match &self.sending {
            Some(_) => true,
            None => {
                let long = more || payload.len() as u64 >= self.compress_from;
                first && opcode <= 2 && self.params.is_some() && !plain && long
            }
        };
        let compresses = compresses && opcode <= 2;
        self.model.sent(opcode, more);
        let mut frames = self.frames(&bytes);
        assert_eq!(frames.len(), 1, "each call writes one frame");
        let (first_byte, written) = frames.remove(0);
        let rsv1 = if compresses && first { 0x40 } else { 0 };
        assert_eq!(Ok(first_byte), expected.map(|byte| byte | rsv1));
        if compresses {
            self.sent_compressed(&written, payload, more);
        } else {
            assert_eq!(written, payload);
        }
    }

    /// zlib decompresses the whole message.
    fn sent_compressed(&mut self, written: &[u8], payload: &[u8], more: bool) {
        let (wire, message) = self.sending.get_or_insert_with(Default::default);
        wire.extend(written);
        message.extend(payload);
        if !more {
            let (wire, message) = self.sending.take().unwrap();
            let inflate = self.inflate.get_or_insert_with(|| Inflate::new(15));
            assert_eq!(inflate.message(&wire), Some(message));
        }
    }

    fn output(&mut self, source: &mut Source<'_>) {
        let pending = self.model.pending();
        assert_eq!(self.conn.has_output(), !pending.is_empty());
        let masked = self.conn.side == WS_CLIENT;
        let len = |payload: &Vec<u8>| 2 + payload.len() + if masked { 4 } else { 0 };
        let total: usize = pending.iter().map(|(_, payload)| len(payload)).sum();
        if let Some(less) = total.checked_sub(1) {
            let short = self.conn.output_bytes(source.below(256).min(less));
            assert_eq!(short, Err(code::BUFFER_TOO_SMALL));
        }
        self.keys.fails.set(source.flag());
        let result = match self.conn.output_bytes(total) {
            Err(code::RANDOM) => {
                self.on_no_keys(pending.len());
                self.conn.output_bytes(total)
            }
            result => result,
        };
        self.keys.fails.set(false);
        let frames = self.frames(&result.expect("enough room"));
        assert_eq!(frames, self.model.output());
    }

    fn close(&mut self, source: &mut Source<'_>) {
        let number = *source.pick(&[1000, 1001, 1005, 1006, 1011, 1015, 3000, 5000]);
        let reason = source.some_bytes();
        let expected = self.model.close(number, reason);
        let bytes = self.conn.close_into(number, reason, WS_MAX_OUTPUT);
        let frames = bytes.map(|bytes| self.frames(&bytes));
        let expected = expected.map(|payload| payload.map(|payload| (0x88, payload)));
        assert_eq!(frames.map(|mut frames| frames.pop()), expected);
    }

    // ---- receiving ----

    /// Another frame of the peer.
    fn recv_frame(&mut self, source: &mut Source<'_>) {
        let firsts =
            [0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0x8a, 0x88, 0xc1, 0x42, 0xa2];
        let choice = source.byte();
        let first =
            if choice & 0x80 != 0 { source.byte() } else { *source.pick(&firsts) };
        let payload = source.bytes(usize::from(choice & 0x3f));
        let mut payload =
            if choice & 0x40 != 0 { payload.repeat(4) } else { payload.to_vec() };
        if first & 0x0f == 8 && payload.len() >= 2 && choice & 1 != 0 {
            payload[..2].copy_from_slice(&1000_u16.to_be_bytes());
        }
        if first & 0x48 == 0x40 && self.params.is_some() {
            // In one frame, and at once: the model decompresses only whole messages.
            let deflate = self.deflate.get_or_insert_with(|| Deflate::new(CHEAP));
            payload = deflate.message(&payload);
            if self.model.options.peer_resets {
                self.deflate = None;
            }
            self.wire.extend(from_peer(self.conn.side, first | 0x80, payload));
            self.recv(self.wire.len(), 2, source.flag());
        } else {
            self.wire.extend(from_peer(self.conn.side, first, payload));
            self.deliver(source);
        }
    }

    /// The peer's bytes, or the first of them. The others may arrive later.
    fn deliver(&mut self, source: &mut Source<'_>) {
        let choice = source.byte();
        let most =
            if choice & 0x80 != 0 { usize::from(choice & 0x7f) } else { usize::MAX };
        let cap = 1 + source.below(3);
        self.recv(most.min(self.wire.len()), cap, choice & 1 != 0);
    }

    fn recv(&mut self, len: usize, cap: usize, collects: bool) {
        let piece: Vec<u8> = self.wire.drain(..len).collect();
        if collects {
            self.drain();
        }
        let expected = self.model.read(&piece, collects);
        let items = if collects {
            self.read_collecting(&piece, cap)
        } else {
            self.conn.read_in(&piece, cap, false)
        };
        let items = self.assembler.add(items);
        assert_eq!(items, expected);
    }

    /// What was pending before is written before, as the loop of the header does.
    fn drain(&mut self) {
        let bytes = self.conn.output_bytes(WS_MAX_OUTPUT).unwrap();
        assert_eq!(self.frames(&bytes), self.model.output());
    }

    fn read_collecting(&mut self, piece: &[u8], cap: usize) -> Vec<Item> {
        let items = self.conn.read_in(piece, cap, true);
        let replies = items.iter().filter(|item| matches!(item, Item::Reply(..))).count();
        if self.conn.side == WS_CLIENT {
            self.last_key += replies as u32;
        }
        items
    }

    // ---- what can be read at any time ----

    fn check(&self) {
        let (model, conn) = (&self.model, &self.conn);
        assert_eq!(conn.state(), model.state());
        let options = [
            (WS_OPT_MAX_MESSAGE, model.options.max_message),
            (WS_OPT_STREAM, self.in_pieces.into()),
            (WS_OPT_AUTO_PONG, model.auto_pong.into()),
            (WS_OPT_CHECK_UTF8, model.options.check_utf8.into()),
            (WS_OPT_KEEP_BUFFER, self.keep_buffer),
            (WS_OPT_MAX_FRAME, model.options.max_frame),
            (WS_OPT_ANY_MASK, model.options.any_mask.into()),
            (WS_OPT_AUTO_CLOSE, model.auto_close.into()),
            (WS_OPT_ALLOW_RSV, model.options.allow_rsv.into()),
            (WS_OPT_COMPRESS_FROM, self.compress_from),
            (
                WS_INFO_CLOSE_SENT,
                if let Ours::Closed(code) = model.ours { code.into() } else { 0 },
            ),
            (WS_INFO_SENDING, model.sending.unwrap_or(0) as u64),
        ];
        for (option, value) in options {
            assert_eq!(conn.get(option), Ok(value), "option {option}");
        }
        let (received, first) = match model.theirs {
            Theirs::Closed { number, before_ours } => (number.into(), before_ours.into()),
            _ => (0, 0),
        };
        assert_eq!(conn.get(WS_INFO_CLOSE_RECEIVED), Ok(received));
        assert_eq!(conn.get(WS_INFO_CLOSED_BY_PEER), Ok(first));
        assert_eq!(conn.get(0), Err(code::UNSUPPORTED));
        match (model.theirs, model.incoming.refused) {
            (Theirs::Failed(_), Some(len)) => {
                assert_eq!(conn.get(WS_INFO_ANNOUNCED), Ok(len))
            }
            (Theirs::Failed(_), None) => assert_ne!(conn.get(WS_INFO_ANNOUNCED), Ok(0)),
            _ => self.check_message(),
        }
        self.check_pmd();
    }

    fn check_message(&self) {
        assert_eq!(self.conn.get(WS_INFO_ANNOUNCED), Ok(0));
        let (opcode, len) = match &self.model.incoming.message {
            Some(message) if message.compressed => {
                let receiving = self.conn.get(WS_INFO_RECEIVING);
                return assert_eq!(receiving, Ok(message.opcode.into()));
            }
            Some(message) => (message.opcode, message.data.len()),
            None => (0, 0),
        };
        assert_eq!(self.conn.get(WS_INFO_RECEIVING), Ok(opcode.into()));
        let buffered = if self.in_pieces { 0 } else { len as u64 };
        assert_eq!(self.conn.get(WS_INFO_BUFFERED), Ok(buffered));
        let reported = self.assembler.open.as_ref().map_or(0, |(_, data)| data.len());
        assert_eq!(reported, if self.in_pieces { len } else { 0 });
    }

    fn check_pmd(&self) {
        let mut params = USUAL;
        // SAFETY: both live during the call.
        let result = unsafe { ws_conn_get_pmd(self.conn.raw, &mut params) };
        assert_eq!(result == 1, self.params.is_some());
        if let Some(own) = self.params {
            let agreed = crate::targets::negotiation::agreement(&own);
            assert_eq!(c::pmd_bytes(&params)[..4], agreed);
        }
    }
}
