//! Compression of a JSON message of 1 KiB: against the engine called directly, which shows what
//! the library adds, and against zlib; and what a connection holds for it.

use crate::harness::{Library, row};
use std::ffi::c_void;
use std::io::Write;
use std::process::{Command, Stdio};
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use wscodec::ffi::conn::{ws_allocator, ws_conn, ws_event};
use wscodec::ffi::deflate::ws_pmd_params;

const SERVER: u32 = 0;
const CLIENT: u32 = 1;
const TEXT: i32 = 1;
const MESSAGES: usize = 64;

pub(crate) fn compare(library: &Library) {
    let api = Api::of(library);
    let messages = messages();
    let mean = messages.iter().map(Vec::len).sum::<usize>() / MESSAGES;
    println!("\n{MESSAGES} JSON messages of {mean} B; ns for all of them");
    let ours = HOW.map(|(forgets, how)| {
        let times = [send, receive].map(|act| act(&api, &messages, forgets, how));
        [times[0], times[1], resident_each(&api, &messages, &params(forgets, 15, 8))]
    });
    println!(
        "\nbytes that a connection holds between two messages, beside its handle of 256"
    );
    println!("window bits  mem_level  to compress  to decompress");
    for (bits, mem_level) in [(15, 8), (15, 1), (12, 5), (10, 1), (9, 1)] {
        let [out, incoming] = held(&api, &messages, params(false, bits, mem_level));
        println!("{bits:>11} {mem_level:>10} {out:>12} {incoming:>14}");
    }
    let [out, incoming] = held(&api, &messages, params(true, 15, 8));
    println!("no takeover            {out:>12} {incoming:>14}");
    others(&messages, ours);
}

const HOW: [(bool, &str); 2] = [(false, "takeover"), (true, "no takeover")];

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

fn send(api: &Api, messages: &[Vec<u8>], forgets: bool, how: &str) -> f64 {
    let conn = api.conn(SERVER, &params(forgets, 15, 8), null());
    let mut out = vec![0; 4096];
    let mut ours = || messages.iter().map(|m| api.send(conn, m, &mut out)).sum::<usize>();
    let mut room = vec![0; 4096];
    let mut engine = rust::Deflate::new(15, 8);
    let mut direct = || {
        let one = |m: &Vec<u8>| {
            if forgets {
                // What the library chooses for a message of this length.
                engine = rust::Deflate::new(11, 5);
            }
            engine.run(m, &mut room)
        };
        messages.iter().map(one).sum::<usize>()
    };
    let ours_ns = row(&format!("send, {how} / engine"), &mut ours, &mut direct);
    let mut room = vec![0; 4096];
    let mut zlib = c::Deflate::new(15, 8);
    let theirs = || {
        let one = |m: &Vec<u8>| {
            if forgets {
                zlib.reset();
            }
            zlib.run(m, &mut room)
        };
        messages.iter().map(one).sum::<usize>()
    };
    row(&format!("send, {how} / zlib, reset"), &mut ours, theirs);
    api.free(conn);
    ours_ns / MESSAGES as f64
}

fn receive(api: &Api, messages: &[Vec<u8>], forgets: bool, how: &str) -> f64 {
    let sender = api.conn(SERVER, &params(forgets, 15, 8), null());
    let mut out = vec![0; 4096];
    let mut frames = |_: ()| -> Vec<Vec<u8>> {
        let one = |m: &Vec<u8>| {
            let len = api.send(sender, m, &mut out);
            out[..len].to_vec()
        };
        messages.iter().map(one).collect()
    };
    // Each round goes on where the last one stopped: so must what it is fed.
    let first = frames(());
    let again = frames(());
    let receiver = api.conn(CLIENT, &params(forgets, 15, 8), null());
    for frame in &first {
        api.receive(receiver, &mut frame.clone());
    }
    let stream: Vec<Vec<u8>> = again;
    let mut ours = || {
        let one = |frame: &Vec<u8>| api.receive(receiver, &mut frame.clone());
        stream.iter().map(one).sum::<usize>()
    };
    let payload = |frame: &Vec<u8>| match frame[1] {
        126 => frame[4..].to_vec(),
        _ => frame[2..].to_vec(),
    };
    let (before, payloads): (Vec<_>, Vec<_>) =
        (first.iter().map(payload).collect(), stream.iter().map(payload).collect());
    let mut room = vec![0; 4096];
    let mut engine = rust::Inflate::new();
    let mut zlib = c::Inflate::new();
    for payload in &before {
        engine.run(payload, &mut room);
        zlib.run(payload, &mut room);
    }
    let direct = || {
        let one = |payload: &Vec<u8>| {
            if forgets {
                engine = rust::Inflate::new();
            }
            engine.run(&payload.clone(), &mut room)
        };
        payloads.iter().map(one).sum::<usize>()
    };
    let total: usize = messages.iter().map(Vec::len).sum();
    assert_eq!(ours(), total);
    let ours_ns = row(&format!("receive, {how} / engine"), &mut ours, direct);
    let mut room = vec![0; 4096];
    let theirs = || {
        let one = |payload: &Vec<u8>| {
            if forgets {
                zlib.reset();
            }
            zlib.run(&payload.clone(), &mut room)
        };
        payloads.iter().map(one).sum::<usize>()
    };
    row(&format!("receive, {how} / zlib, reset"), &mut ours, theirs);
    api.free(sender);
    api.free(receiver);
    ours_ns / MESSAGES as f64
}

/// Resident bytes of a server's connection that compressed and decompressed.
fn resident_each(api: &Api, messages: &[Vec<u8>], params: &ws_pmd_params) -> f64 {
    const CONNECTIONS: usize = 300;
    let mut out = vec![0; 4096];
    let peer = api.conn(CLIENT, params, null());
    let len = api.send(peer, &messages[0], &mut out);
    let frame = out[..len].to_vec();
    let before = resident();
    let one = |_| {
        let conn = api.conn(SERVER, params, null());
        api.send(conn, &messages[0], &mut out);
        api.receive(conn, &mut frame.clone());
        api.nothing(conn);
        conn
    };
    let kept: Vec<_> = (0..CONNECTIONS).map(one).collect();
    let bytes = (resident() - before) as f64 / CONNECTIONS as f64;
    kept.into_iter().chain([peer]).for_each(|conn| api.free(conn));
    bytes
}

fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = statm.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}

/// Bytes that a server holds after it sent a message, and after it received one.
fn held(api: &Api, messages: &[Vec<u8>], params: ws_pmd_params) -> [usize; 2] {
    let bytes = AtomicUsize::new(0);
    let allocator = ws_allocator {
        alloc: Some(counting_alloc),
        resize: None,
        free: Some(counting_free),
        user: (&raw const bytes).cast_mut().cast(),
    };
    let mut out = vec![0; 4096];
    let peer = api.conn(CLIENT, &params, null());
    let len = api.send(peer, &messages[0], &mut out);
    let frame = out[..len].to_vec();
    let after = |act: &mut dyn FnMut(*mut ws_conn)| {
        let conn = api.conn(SERVER, &params, &allocator);
        let handle = bytes.load(Relaxed);
        act(conn);
        let held = bytes.load(Relaxed) - handle;
        api.free(conn);
        held
    };
    let sent = after(&mut |conn| {
        api.send(conn, &messages[0], &mut out);
    });
    let received = after(&mut |conn| {
        assert_eq!(api.receive(conn, &mut frame.clone()), messages[0].len());
        // The message itself is held until the next call.
        api.nothing(conn);
    });
    api.free(peer);
    [sent, received]
}

unsafe extern "C" fn counting_alloc(
    user: *mut c_void,
    size: usize,
    _: usize,
) -> *mut c_void {
    unsafe {
        (*user.cast::<AtomicUsize>()).fetch_add(size, Relaxed);
        libc::malloc(size)
    }
}

unsafe extern "C" fn counting_free(
    user: *mut c_void,
    ptr: *mut c_void,
    size: usize,
    _: usize,
) {
    unsafe {
        (*user.cast::<AtomicUsize>()).fetch_sub(size, Relaxed);
        libc::free(ptr);
    }
}

/// What others take for the same messages, in processes of their own.
fn others(messages: &[Vec<u8>], ours: [[f64; 3]; 2]) {
    let row = |name: &str, (_, how): (bool, &str), numbers: &[f64]| {
        let [compress, decompress, held] = numbers else { panic!("{name}: {numbers:?}") };
        let rate = 1e9 / (compress + decompress);
        println!(
            "{name:<20} {how:<12} {compress:>9.0} {decompress:>9.0} {rate:>9.0} {held:>9.0}"
        );
    };
    println!(
        "\nns of CPU time for a message to compress and to decompress, messages both ways a"
    );
    println!("second of it, and resident bytes that a connection holds afterwards");
    for (how, numbers) in HOW.into_iter().zip(&ours) {
        row("wscodec", how, numbers);
    }
    let programs = [
        ("npm ws", "WSCODEC_NODE", "benches/peers/ws.mjs"),
        ("Python websockets", "WSCODEC_PYTHON", "benches/peers/websockets_deflate.py"),
    ];
    for (name, variable, script) in programs {
        let Ok(program) = std::env::var(variable) else {
            println!("{name:<20} not run: {variable} is not set");
            continue;
        };
        let output = run(&program, script, messages);
        for (how, line) in HOW.into_iter().zip(output.lines()) {
            let numbers: Vec<f64> =
                line.split(' ').map(|number| number.parse().unwrap()).collect();
            row(name, how, &numbers);
        }
    }
}

/// What the program prints when it is given the messages, one a line.
fn run(program: &str, script: &str, messages: &[Vec<u8>]) -> String {
    let mut child = Command::new(program)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    let mut input = child.stdin.take().unwrap();
    for message in messages {
        input.write_all(&[message, &b"\n"[..]].concat()).unwrap();
    }
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{script} failed");
    String::from_utf8(output.stdout).unwrap()
}

/// Of the kind that servers send to browsers: the same names, other values.
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

type New = unsafe extern "C" fn(u32, *const ws_allocator) -> *mut ws_conn;
type Free = unsafe extern "C" fn(*mut ws_conn);
type SetPmd = unsafe extern "C" fn(*mut ws_conn, *const ws_pmd_params) -> isize;
type Send = unsafe extern "C" fn(
    *mut ws_conn,
    i32,
    u32,
    *const u8,
    usize,
    *mut u8,
    usize,
) -> isize;
type Recv = unsafe extern "C" fn(
    *mut ws_conn,
    *mut u8,
    usize,
    *mut ws_event,
    usize,
    *mut usize,
) -> isize;

const NO_EVENT: ws_event =
    ws_event { data: null(), len: 0, opcode: 0, flags: 0, close_code: 0, reserved: 0 };

struct Api {
    new: New,
    free: Free,
    set_pmd: SetPmd,
    send: Send,
    recv: Recv,
}

impl Api {
    fn of(library: &Library) -> Api {
        Api {
            new: library.function("ws_conn_new"),
            free: library.function("ws_conn_free"),
            set_pmd: library.function("ws_conn_set_pmd"),
            send: library.function("ws_conn_send"),
            recv: library.function("ws_conn_recv"),
        }
    }

    fn conn(
        &self,
        side: u32,
        params: &ws_pmd_params,
        allocator: *const ws_allocator,
    ) -> *mut ws_conn {
        let conn = unsafe { (self.new)(side, allocator) };
        assert_eq!(unsafe { (self.set_pmd)(conn, params) }, 0);
        conn
    }

    fn free(&self, conn: *mut ws_conn) {
        unsafe { (self.free)(conn) }
    }

    fn send(&self, conn: *mut ws_conn, message: &[u8], out: &mut [u8]) -> usize {
        let (from, len) = (message.as_ptr(), message.len());
        let (to, cap) = (out.as_mut_ptr(), out.len());
        let written = unsafe { (self.send)(conn, TEXT, 0, from, len, to, cap) };
        assert!(written > 0);
        written as usize
    }

    /// Lets a connection receive nothing.
    fn nothing(&self, conn: *mut ws_conn) {
        let (mut event, mut used) = (NO_EVENT, 0);
        let count =
            unsafe { (self.recv)(conn, null_mut(), 0, &raw mut event, 1, &mut used) };
        assert_eq!(count, 0);
    }

    /// Length of the one message in a frame.
    fn receive(&self, conn: *mut ws_conn, frame: &mut [u8]) -> usize {
        let mut event = NO_EVENT;
        let (mut used, len) = (0, frame.len());
        let (buf, event_ptr) = (frame.as_mut_ptr(), &raw mut event);
        let count = unsafe { (self.recv)(conn, buf, len, event_ptr, 1, &mut used) };
        assert_eq!((count, used), (1, len));
        event.len
    }
}

/// The same few lines over two libraries that look alike.
macro_rules! direct {
    ($name:ident, $z:ident, $wrap:expr) => {
        mod $name {
            use super::{c_alloc, c_free, null_mut};
            use $z::*;

            fn stream() -> Box<z_stream> {
                Box::new(z_stream {
                    next_in: null_mut(),
                    avail_in: 0,
                    total_in: 0,
                    next_out: null_mut(),
                    avail_out: 0,
                    total_out: 0,
                    msg: null_mut(),
                    state: null_mut(),
                    zalloc: $wrap(c_alloc),
                    zfree: $wrap(c_free),
                    opaque: null_mut(),
                    data_type: 0,
                    adler: 0,
                    reserved: 0,
                })
            }

            pub(super) struct Deflate(Box<z_stream>);

            impl Deflate {
                pub(super) fn new(window_bits: i32, mem_level: i32) -> Deflate {
                    let mut z = stream();
                    let size = size_of::<z_stream>() as i32;
                    let outcome = unsafe {
                        deflateInit2_(
                            &mut *z,
                            6,
                            8,
                            -window_bits,
                            mem_level,
                            0,
                            zlibVersion(),
                            size,
                        )
                    };
                    assert_eq!(outcome, Z_OK);
                    Deflate(z)
                }

                #[allow(dead_code)]
                pub(super) fn reset(&mut self) {
                    unsafe { deflateReset(&mut *self.0) };
                }

                pub(super) fn run(&mut self, message: &[u8], room: &mut [u8]) -> usize {
                    let z = &mut *self.0;
                    (z.next_in, z.avail_in) =
                        (message.as_ptr().cast_mut(), message.len() as u32);
                    (z.next_out, z.avail_out) = (room.as_mut_ptr(), room.len() as u32);
                    assert_eq!(unsafe { deflate(z, Z_SYNC_FLUSH) }, Z_OK);
                    room.len() - z.avail_out as usize - 4
                }
            }

            impl Drop for Deflate {
                fn drop(&mut self) {
                    unsafe { deflateEnd(&mut *self.0) };
                }
            }

            pub(super) struct Inflate(Box<z_stream>);

            impl Inflate {
                pub(super) fn new() -> Inflate {
                    let mut z = stream();
                    let size = size_of::<z_stream>() as i32;
                    let outcome =
                        unsafe { inflateInit2_(&mut *z, -15, zlibVersion(), size) };
                    assert_eq!(outcome, Z_OK);
                    Inflate(z)
                }

                #[allow(dead_code)]
                pub(super) fn reset(&mut self) {
                    unsafe { inflateReset(&mut *self.0) };
                }

                pub(super) fn run(&mut self, payload: &[u8], room: &mut [u8]) -> usize {
                    let z = &mut *self.0;
                    (z.next_out, z.avail_out) = (room.as_mut_ptr(), room.len() as u32);
                    for input in [payload, &[0, 0, 0xff, 0xff]] {
                        (z.next_in, z.avail_in) =
                            (input.as_ptr().cast_mut(), input.len() as u32);
                        assert_eq!(unsafe { inflate(z, Z_SYNC_FLUSH) }, Z_OK);
                    }
                    room.len() - z.avail_out as usize
                }
            }

            impl Drop for Inflate {
                fn drop(&mut self) {
                    unsafe { inflateEnd(&mut *self.0) };
                }
            }
        }
    };
}

direct!(rust, libz_rs_sys, Some);
direct!(c, libz_sys, core::convert::identity);

unsafe extern "C" fn c_alloc(_: *mut c_void, items: u32, size: u32) -> *mut c_void {
    unsafe { libc::malloc(items as usize * size as usize) }
}

unsafe extern "C" fn c_free(_: *mut c_void, ptr: *mut c_void) {
    unsafe { libc::free(ptr) }
}
