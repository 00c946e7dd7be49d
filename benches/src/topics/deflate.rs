//! Compression of a JSON message of 1 KiB (RFC 7692): against the engine called directly, which
//! shows what the library adds, against zlib, and against npm's ws and Python's websockets; and
//! the memory that a connection holds for it.

use super::decode::NO_EVENT;
use super::memory::Tally;
use crate::abi::Abi;
use crate::harness::{Bench, Group, Measured};
use crate::peers::zlib::{zlib, zlib_rs};
use crate::programs::{self, NODE, PYTHON};
use crate::targets::{
    COMPRESS, COMPRESS_ALONE, DECOMPRESS, DECOMPRESS_ALONE, HELD_TO_COMPRESS,
    HELD_TO_DECOMPRESS, RESIDENT, RESIDENT_ALONE,
};
use std::hint::black_box;
use std::ops::Range;
use std::ptr::{null, null_mut};
use wscodec::ffi::conn::{ws_allocator, ws_conn};
use wscodec::ffi::frame::{WS_CLIENT, WS_OPCODE_TEXT, WS_SERVER};
use wscodec::ffi::negotiation::ws_pmd_params;
use wscodec::ffi::version::WS_FEATURE_DEFLATE;

const MESSAGES: usize = 64;
const SIZE: usize = 1024;
/// More than any of the messages, compressed or not.
const ROOM: usize = 4096;
/// Connections whose memory is measured together.
const CONNECTIONS: usize = 300;

const QUANTITIES: [&str; 8] = [
    COMPRESS,
    COMPRESS_ALONE,
    DECOMPRESS,
    DECOMPRESS_ALONE,
    RESIDENT,
    RESIDENT_ALONE,
    HELD_TO_COMPRESS,
    HELD_TO_DECOMPRESS,
];

pub(crate) fn run(bench: &mut Bench, abi: &Abi) {
    if QUANTITIES.iter().all(|quantity| bench.sizes(quantity).is_empty()) {
        return;
    }
    if unsafe { (abi.ws_features)() } & WS_FEATURE_DEFLATE == 0 {
        return QUANTITIES.iter().for_each(|quantity| nothing(bench, quantity));
    }
    let messages = messages();
    let others = [
        ("npm ws", Elsewhere::run(NODE, "ws.mjs", &messages)),
        ("websockets", Elsewhere::run(PYTHON, "websockets_deflate.py", &messages)),
    ];
    for forgets in [false, true] {
        compress(bench, abi, &messages, forgets, &others);
        decompress(bench, abi, &messages, forgets, &others);
        memory(bench, abi, &messages, forgets, &others);
    }
    held(bench, abi, &messages);
}

fn nothing(bench: &mut Bench, quantity: &str) {
    let mut measured = Measured::default();
    for side in bench.sides(quantity) {
        measured.add(&side, Err("the library was built without compression".to_string()));
    }
    bench.record(quantity, SIZE, &measured);
}

type Others = [(&'static str, Result<Elsewhere, String>); 2];

/// The time of a peer in another process.
struct Elsewhere {
    /// With context takeover, and without: [`TO_COMPRESS`], [`TO_DECOMPRESS`], [`TO_HOLD`].
    numbers: [[f64; 3]; 2],
}

/// Nanoseconds of a message.
const TO_COMPRESS: usize = 0;
const TO_DECOMPRESS: usize = 1;
/// Resident bytes of a connection that did both.
const TO_HOLD: usize = 2;

impl Elsewhere {
    fn run(
        program: &str,
        script: &str,
        messages: &[Vec<u8>],
    ) -> Result<Elsewhere, String> {
        let output = programs::run(program, script, &messages.join(&b'\n'))?;
        let line = |line: &str| {
            let numbers: Vec<f64> = line.split(' ').flat_map(str::parse).collect();
            numbers.try_into().ok()
        };
        let numbers: Option<Vec<_>> = output.lines().map(line).collect();
        let numbers = numbers.and_then(|numbers| numbers.try_into().ok());
        let numbers = numbers.ok_or_else(|| format!("{script} prints {output:?}"))?;
        Ok(Elsewhere { numbers })
    }

    fn of(&self, what: usize, forgets: bool) -> f64 {
        self.numbers[usize::from(forgets)][what]
    }
}

fn add_others(group: &mut Group, others: &Others, what: usize, forgets: bool) {
    for (name, peer) in others {
        match peer {
            Ok(peer) => group.elsewhere(name, peer.of(what, forgets)),
            Err(why) => group.missing(name, why),
        }
    }
}

fn params(forgets: bool, window_bits: u8, mem_level: u8) -> ws_pmd_params {
    ws_pmd_params {
        server_no_context_takeover: forgets.into(),
        client_no_context_takeover: forgets.into(),
        server_max_window_bits: window_bits,
        client_max_window_bits: window_bits,
        level: 6,
        mem_level,
        reserved: [0; 2],
    }
}

fn compress(
    bench: &mut Bench,
    abi: &Abi,
    messages: &[Vec<u8>],
    forgets: bool,
    others: &Others,
) {
    let quantity = if forgets { COMPRESS_ALONE } else { COMPRESS };
    let mut group = Group::new(quantity, SIZE).operations(MESSAGES);
    let conn = Connection::new(abi, WS_SERVER, &params(forgets, 15, 8), null());
    add_compressor(&mut group, "ws_conn_send", messages, forgets, move |message, out| {
        let len = conn.send(message, out);
        header_len(out)..len
    });
    // The library uses no higher memory level.
    let mut engine = zlib_rs::Deflate::new(15, 6);
    add_compressor(&mut group, "zlib-rs", messages, forgets, move |message, out| {
        if forgets {
            // The choice of the library for a message of this length.
            engine = zlib_rs::Deflate::new(11, 5);
        }
        0..engine.run(message, out)
    });
    let mut peer = zlib::Deflate::new(15, 8);
    add_compressor(&mut group, "zlib", messages, forgets, move |message, out| {
        if forgets {
            peer.reset();
        }
        0..peer.run(message, out)
    });
    add_others(&mut group, others, TO_COMPRESS, forgets);
    bench.measure(group);
}

/// Adds a side that compresses all messages; `compress` returns the place of the compressed
/// message in its output. The messages decompressed again are compared.
fn add_compressor<'a>(
    group: &mut Group<'a>,
    name: &'static str,
    messages: &'a [Vec<u8>],
    forgets: bool,
    mut compress: impl FnMut(&[u8], &mut [u8]) -> Range<usize> + 'a,
) {
    let mut room = vec![0; ROOM];
    let mut peer = zlib::Inflate::new();
    let (mut plain, mut output) = (vec![0; ROOM], Vec::new());
    for message in messages {
        if forgets {
            peer.reset();
        }
        let compressed = compress(message, &mut room);
        let len = peer.run(&room[compressed], &mut plain);
        output.extend_from_slice(&plain[..len]);
    }
    group.side(name, output, move || {
        for message in messages {
            black_box(compress(message, &mut room));
        }
    });
}

fn decompress(
    bench: &mut Bench,
    abi: &Abi,
    messages: &[Vec<u8>],
    forgets: bool,
    others: &Others,
) {
    let quantity = if forgets { DECOMPRESS_ALONE } else { DECOMPRESS };
    let mut group = Group::new(quantity, SIZE).operations(MESSAGES);
    let params = params(forgets, 15, 8);
    let sender = Connection::new(abi, WS_SERVER, &params, null());
    let frames = Compressed::new(|| sender.send_all(messages));
    let payload = |frame: &Vec<u8>| frame[header_len(frame)..].to_vec();
    let payloads = frames.map(payload);
    let conn = Connection::new(abi, WS_CLIENT, &params, null());
    add_decompressor(&mut group, "ws_conn_recv", &frames, move |frame| {
        conn.receive(frame)
    });
    let mut engine = zlib_rs::Inflate::new();
    let mut room = vec![0; ROOM];
    add_decompressor(&mut group, "zlib-rs", &payloads, move |payload| {
        if forgets {
            engine = zlib_rs::Inflate::new();
        }
        let len = engine.run(payload, &mut room);
        &raw const room[..len]
    });
    let mut peer = zlib::Inflate::new();
    let mut room = vec![0; ROOM];
    add_decompressor(&mut group, "zlib", &payloads, move |payload| {
        if forgets {
            peer.reset();
        }
        let len = peer.run(payload, &mut room);
        &raw const room[..len]
    });
    add_others(&mut group, others, TO_DECOMPRESS, forgets);
    bench.measure(group);
}

/// Compressed messages. The context continues: after the first ones, the others may be
/// decompressed repeatedly.
struct Compressed {
    first: Vec<Vec<u8>>,
    again: Vec<Vec<u8>>,
}

impl Compressed {
    fn new(compress: impl Fn() -> Vec<Vec<u8>>) -> Compressed {
        Compressed { first: compress(), again: compress() }
    }

    fn map(&self, part: impl Fn(&Vec<u8>) -> Vec<u8>) -> Compressed {
        let all = |messages: &Vec<_>| messages.iter().map(&part).collect();
        Compressed { first: all(&self.first), again: all(&self.again) }
    }
}

/// Adds a side that decompresses all messages, each of which is copied for it, as by a read();
/// `decompress` returns the place of the message, which is valid until the next call.
fn add_decompressor<'a>(
    group: &mut Group<'a>,
    name: &'static str,
    compressed: &Compressed,
    mut decompress: impl FnMut(&mut [u8]) -> *const [u8] + 'a,
) {
    let mut input = vec![0; ROOM];
    let mut next = move |message: &[u8]| {
        input[..message.len()].copy_from_slice(message);
        decompress(&mut input[..message.len()])
    };
    for message in &compressed.first {
        next(message);
    }
    let mut output = Vec::new();
    for message in &compressed.again {
        output.extend_from_slice(unsafe { &*next(message) });
    }
    let again = compressed.again.clone();
    group.side(name, output, move || {
        for message in &again {
            black_box(next(message));
        }
    });
}

/// Resident bytes of a connection that compressed a message and decompressed one.
fn memory(
    bench: &mut Bench,
    abi: &Abi,
    messages: &[Vec<u8>],
    forgets: bool,
    others: &Others,
) {
    let quantity = if forgets { RESIDENT_ALONE } else { RESIDENT };
    if bench.sizes(quantity).is_empty() {
        return;
    }
    bench.announce(quantity, SIZE);
    let mut measured = Measured::default();
    let ours = resident_each(abi, &messages[0], &params(forgets, 15, 8));
    measured.add("ws_conn", Ok(ours));
    for (name, peer) in others {
        let bytes = peer.as_ref().map(|peer| peer.of(TO_HOLD, forgets));
        measured.add(name, bytes.map_err(Clone::clone));
    }
    bench.record(quantity, SIZE, &measured);
}

fn resident_each(abi: &Abi, message: &[u8], params: &ws_pmd_params) -> f64 {
    let mut out = vec![0; ROOM];
    let len = Connection::new(abi, WS_CLIENT, params, null()).send(message, &mut out);
    let frame = &out[..len];
    // Memory freed before would be used again without being counted.
    unsafe { libc::malloc_trim(0) };
    let before = resident();
    let one = |_| {
        let conn = Connection::new(abi, WS_SERVER, params, null());
        conn.send(message, &mut vec![0; ROOM]);
        conn.receive(&mut frame.to_vec());
        conn.receive_nothing();
        conn
    };
    let kept: Vec<_> = (0..CONNECTIONS).map(one).collect();
    (resident() - before) as f64 / kept.len() as f64
}

fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("/proc/self/statm");
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok());
    pages.expect("/proc/self/statm")
        * unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as usize
}

/// Bytes that a server holds after it sent a message, and after it received one.
fn held(bench: &mut Bench, abi: &Abi, messages: &[Vec<u8>]) {
    let params_of = |how: &str| match how {
        "window 15, level 8" => params(false, 15, 8),
        "window 15, level 1" => params(false, 15, 1),
        "window 12, level 5" => params(false, 12, 5),
        "window 9, level 1" => params(false, 9, 1),
        "no takeover" => params(true, 15, 8),
        other => panic!("{other}?"),
    };
    held_by(bench, HELD_TO_COMPRESS, |how| {
        held_after(abi, &params_of(how), |conn, _| {
            conn.send(&messages[0], &mut vec![0; ROOM]);
        })
    });
    held_by(bench, HELD_TO_DECOMPRESS, |how| {
        held_after(abi, &params_of(how), |conn, peer| {
            let mut out = vec![0; ROOM];
            let len = peer.send(&messages[0], &mut out);
            conn.receive(&mut out[..len]);
            // The message itself is held until the next call.
            conn.receive_nothing();
        })
    });
}

fn held_by(bench: &mut Bench, quantity: &str, bytes: impl Fn(&str) -> usize) {
    let mut measured = Measured::default();
    for how in bench.sides(quantity) {
        measured.add(&how, Ok(bytes(&how) as f64));
    }
    bench.record(quantity, SIZE, &measured);
}

/// The memory that a server holds in addition to its handle after this, with a client.
fn held_after(
    abi: &Abi,
    params: &ws_pmd_params,
    act: impl Fn(&Connection, &Connection),
) -> usize {
    let tally = Tally::default();
    let peer = Connection::new(abi, WS_CLIENT, params, null());
    let conn = Connection::new(abi, WS_SERVER, params, &tally.allocator());
    let handle = tally.bytes();
    act(&conn, &peer);
    tally.bytes() - handle
}

/// One that compresses.
struct Connection<'a> {
    abi: &'a Abi,
    conn: *mut ws_conn,
}

impl<'a> Connection<'a> {
    fn new(
        abi: &'a Abi,
        side: u32,
        params: &ws_pmd_params,
        allocator: *const ws_allocator,
    ) -> Connection<'a> {
        let conn = unsafe { (abi.ws_conn_new)(side, allocator) };
        let outcome = unsafe { (abi.ws_conn_set_pmd)(conn, params) };
        assert_eq!(outcome, 0, "ws_conn_set_pmd");
        Connection { abi, conn }
    }

    /// The length of the frame.
    fn send(&self, message: &[u8], out: &mut [u8]) -> usize {
        let (from, len) = (message.as_ptr().cast(), message.len());
        let (to, cap) = (out.as_mut_ptr().cast(), out.len());
        let opcode = WS_OPCODE_TEXT;
        let written =
            unsafe { (self.abi.ws_conn_send)(self.conn, opcode, 0, from, len, to, cap) };
        usize::try_from(written).expect("ws_conn_send")
    }

    fn send_all(&self, messages: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let mut out = vec![0; ROOM];
        let mut frame = |message: &Vec<u8>| {
            let len = self.send(message, &mut out);
            out[..len].to_vec()
        };
        messages.iter().map(&mut frame).collect()
    }

    /// The one message in a frame.
    fn receive(&self, frame: &mut [u8]) -> *const [u8] {
        let (mut event, mut used) = (NO_EVENT, 0);
        let (at, len) = (frame.as_mut_ptr().cast(), frame.len());
        let count = unsafe {
            (self.abi.ws_conn_recv)(self.conn, at, len, &mut event, 1, &mut used)
        };
        assert_eq!((count, used), (1, len), "ws_conn_recv");
        self.abi.event_data(self.conn, at.cast(), &event)
    }

    fn receive_nothing(&self) {
        let (mut event, mut used) = (NO_EVENT, 0);
        let count = unsafe {
            (self.abi.ws_conn_recv)(self.conn, null_mut(), 0, &mut event, 1, &mut used)
        };
        assert_eq!(count, 0, "ws_conn_recv");
    }
}

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        unsafe { (self.abi.ws_conn_free)(self.conn) };
    }
}

/// Of a frame that is not masked.
fn header_len(frame: &[u8]) -> usize {
    match frame[1] {
        126 => 4,
        127 => 10,
        _ => 2,
    }
}

/// As servers send to browsers: the same names with other values.
fn messages() -> Vec<Vec<u8>> {
    let mut seed = 1_u64;
    let mut number = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) % below
    };
    let message = |_| {
        let mut text = String::from("{\"type\":\"quotes\",\"items\":[");
        while text.len() < 960 {
            text += &format!(
                "{{\"id\":{},\"symbol\":\"{}\",\"bid\":{}.{:02},\"ask\":{}.{:02},\"time\":\"2026-11-{:02}T{:02}:{:02}:{:02}Z\"}},",
                number(1_000_000),
                ["AAPL", "MSFT", "GOOG", "AMZN", "NVDA"][number(5) as usize],
                number(500),
                number(100),
                number(500),
                number(100),
                number(30),
                number(24),
                number(60),
                number(60),
            );
        }
        (text.trim_end_matches(',').to_string() + "]}").into_bytes()
    };
    (0..MESSAGES).map(message).collect()
}
