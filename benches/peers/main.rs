//! Speed as ratios to named peers. Ours runs through the C ABI, out of the shared library; both
//! sides are checked before they are timed, and timed in turns, in CPU time of this thread.

#![allow(missing_docs, unsafe_code, clippy::unwrap_used, clippy::indexing_slicing)]
#![allow(clippy::arithmetic_side_effects, clippy::undocumented_unsafe_blocks)]
#![allow(clippy::cast_possible_truncation)]

mod deflate;
mod harness;

use harness::{Library, cpu_nanoseconds, row};
use std::hint::black_box;
use std::mem::{size_of, zeroed};
use wscodec::ffi::frame::ws_frame;
use wscodec::ffi::handshake::ws_handshake;
use wscodec::ffi::stream::ws_decoder;

fn main() {
    let library = Library::open();
    println!("{:<44} {:>12} {:>12} {:>7}", "ns per call", "wscodec", "peer", "ratio");
    accept_key(&library);
    handshake(&library);
    for payload in [20, 1024, 65536] {
        decode(&library, payload);
    }
    head_byte_by_byte(&library);
    deflate::compare(&library);
}

fn accept_key(library: &Library) {
    type AcceptKey = unsafe extern "C" fn(*const u8, usize, *mut u8, usize) -> isize;
    let accept_key: AcceptKey = library.function("ws_accept_key");
    let key = b"dGhlIHNhbXBsZSBub25jZQ==";
    let mut out = [0; 28];
    let ours = || unsafe { accept_key(key.as_ptr(), 24, out.as_mut_ptr(), 28) };
    let theirs = || tungstenite::handshake::derive_accept_key(key);
    row("accept key / tungstenite", ours, theirs);
    assert_eq!(out, *theirs().as_bytes());
}

fn handshake(library: &Library) {
    let parse = library.parse_handshake();
    let head = upgrade();
    let ours = || {
        let mut hs: ws_handshake = unsafe { zeroed() };
        unsafe { parse(head.as_ptr(), head.len(), &mut hs, size_of::<ws_handshake>()) }
    };
    let theirs = || {
        let mut headers = [httparse::EMPTY_HEADER; 128];
        httparse::Request::new(&mut headers).parse(&head).unwrap().unwrap()
    };
    assert_eq!(ours(), theirs() as isize);
    let name = format!("parse and check a {} B request / httparse", head.len());
    row(&name, ours, theirs);
}

fn decode(library: &Library, payload: usize) {
    use tungstenite::protocol::{Role, WebSocket, WebSocketConfig};
    type Feed = unsafe extern "C" fn(
        *mut ws_decoder,
        *mut u8,
        usize,
        *mut ws_frame,
        usize,
        *mut usize,
    ) -> isize;
    let feed: Feed = library.function("ws_decoder_feed");
    let frames = 65536_usize.div_ceil(payload + 8).min(64);
    let stream = masked_binary_frames(payload, frames);
    let ours = || {
        // The copy stands for the read() that fills the buffer; the peer makes it too.
        let mut input = stream.clone();
        let mut decoder = ws_decoder::default();
        let mut entries = [ws_frame::default(); 64];
        let (mut used, len) = (0, input.len());
        unsafe {
            feed(
                &mut decoder,
                input.as_mut_ptr(),
                len,
                entries.as_mut_ptr(),
                64,
                &mut used,
            )
        }
    };
    let theirs = || {
        let source = Source(std::io::Cursor::new(stream.clone()));
        let config = WebSocketConfig::default();
        let mut socket = WebSocket::from_raw_socket(source, Role::Server, Some(config));
        (0..frames).map(|_| socket.read().unwrap().len()).sum::<usize>()
    };
    assert_eq!((ours(), theirs()), (frames as isize, frames * payload));
    row(
        &format!("decode {frames} binary frames of {payload} B / tungstenite"),
        ours,
        theirs,
    );
}

/// What a head costs that comes one byte per call, over all calls.
fn head_byte_by_byte(library: &Library) {
    let parse = library.parse_handshake();
    let line = |i: usize| format!("X-Field-{i:03}: {}\r\n", "v".repeat(115));
    let head =
        format!("GET / HTTP/1.1\r\n{}\r\n", (0..126).map(line).collect::<String>());
    let mut hs: ws_handshake = unsafe { zeroed() };
    let start = cpu_nanoseconds();
    for len in 1..=head.len() {
        black_box(unsafe {
            parse(head.as_ptr(), len, &mut hs, size_of::<ws_handshake>())
        });
    }
    let spent = (cpu_nanoseconds() - start) / 1e6;
    println!("\na head of {} B, byte by byte: {spent:.1} ms in all", head.len());
}

fn upgrade() -> Vec<u8> {
    b"GET /chat?room=1 HTTP/1.1\r\nHost: server.example.com\r\n\
      Connection: keep-alive, Upgrade\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n\
      User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
      Chrome/140.0.0.0 Safari/537.36\r\nUpgrade: websocket\r\nOrigin: http://example.com\r\n\
      Sec-WebSocket-Version: 13\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n\
      Accept-Language: en-US,en;q=0.9,de;q=0.8\r\nCookie: session=0123456789abcdef\r\n\
      Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
      Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"
        .to_vec()
}

fn masked_binary_frames(payload: usize, count: usize) -> Vec<u8> {
    let mut frame = vec![0x82];
    match payload {
        0..=125 => frame.push(0x80 | payload as u8),
        126..=0xffff => {
            frame.push(0x80 | 126);
            frame.extend((payload as u16).to_be_bytes());
        }
        _ => {
            frame.push(0x80 | 127);
            frame.extend((payload as u64).to_be_bytes());
        }
    }
    frame.extend([1, 2, 3, 4]);
    frame.extend((0..payload).map(|i| i as u8));
    frame.repeat(count)
}

/// Gives bytes, takes nothing.
struct Source(std::io::Cursor<Vec<u8>>);

impl std::io::Read for Source {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buf)
    }
}

impl std::io::Write for Source {
    fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
        Ok(buf.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
