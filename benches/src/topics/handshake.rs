//! The opening handshake of a server (RFC 6455, 4.2).
//!
//! Tokenising finds the fields of a request and writes nothing. The whole handshake copies the
//! request first, on every side, since one of the peers writes to it.

use crate::abi::Abi;
use crate::floors;
use crate::harness::{Bench, Group};
use crate::peers::openssl::OpenSsl;
use crate::peers::picohttpparser::{Field, PicoHttpParser};
use crate::peers::tungstenite;
use crate::peers::uwebsockets::UWebSockets;
use crate::stream::Refilled;
use crate::targets::{
    ACCEPT_KEY, BYTE_BY_BYTE, LONGEST_HEAD, REQUEST, TOKENISE, UPGRADE,
};
use base64::prelude::{BASE64_STANDARD, Engine};
use sha1::{Digest, Sha1};
use std::hint::black_box;
use std::mem::MaybeUninit;
use std::ptr::null;
use std::slice;
use wscodec::ffi::accept::{WS_MAX_REPLY, ws_accepted};
use wscodec::ffi::handshake::{
    WS_ACCEPT_LEN, ws_bytes, ws_handshake, ws_response_spec, ws_span,
};

const KEY: &[u8; 24] = b"dGhlIHNhbXBsZSBub25jZQ==";
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// Room for the fields of a request.
const FIELDS: usize = 32;

pub(crate) fn run(bench: &mut Bench, abi: &Abi) {
    if !bench.sizes(ACCEPT_KEY).is_empty() {
        accept_key(bench, abi);
    }
    let request = request();
    if !bench.sizes(TOKENISE).is_empty() {
        tokenise(bench, abi, &request);
    }
    if !bench.sizes(BYTE_BY_BYTE).is_empty() {
        byte_by_byte(bench, abi);
    }
    if !bench.sizes(UPGRADE).is_empty() {
        upgrade(bench, abi, &request);
    }
}

/// 14 fields, as a browser sends them.
fn request() -> Vec<u8> {
    let request = b"GET /chat HTTP/1.1\r\nHost: server.example.com\r\n\
        Connection: Upgrade\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n\
        User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
        Chrome/140.0.0.0 Safari/537.36\r\nUpgrade: websocket\r\n\
        Origin: https://example.com\r\nSec-WebSocket-Version: 13\r\n\
        Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9\r\n\
        Cookie: session=0123456789abcdef; theme=dark\r\nSec-GPC: 1\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
        Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";
    assert_eq!(request.len(), REQUEST);
    request.to_vec()
}

fn accept_key(bench: &mut Bench, abi: &Abi) {
    let mut group = Group::new(ACCEPT_KEY, KEY.len());
    let ours = || {
        let mut out = [0_u8; WS_ACCEPT_LEN];
        let (key, to) = (KEY.as_ptr().cast(), out.as_mut_ptr().cast());
        let written = unsafe { (abi.ws_accept_key)(key, KEY.len(), to, WS_ACCEPT_LEN) };
        assert_eq!(written, WS_ACCEPT_LEN as isize, "ws_accept_key");
        out
    };
    group.side("ws_accept_key", ours().to_vec(), ours);
    let crates = || base64(&Sha1::digest(key_and_guid()));
    group.side("sha1 + base64", crates().to_vec(), crates);
    match OpenSsl::open() {
        Ok(peer) => {
            let answer = move || base64(&peer.sha1(&key_and_guid()));
            group.side("OpenSSL", answer().to_vec(), answer);
        }
        Err(why) => group.missing("OpenSSL", why),
    }
    let derive = || tungstenite::derive_accept_key(KEY);
    group.side("tungstenite", derive().into_bytes(), derive);
    match UWebSockets::open() {
        Ok(peer) => {
            let answer = move || {
                let mut out = [0_u8; WS_ACCEPT_LEN];
                unsafe { (peer.accept_key)(KEY.as_ptr(), out.as_mut_ptr()) };
                out
            };
            group.side("uWebSockets", answer().to_vec(), answer);
        }
        Err(why) => group.missing("uWebSockets", why),
    }
    group.floor(|| floors::sha1_of_two_blocks(black_box(&[[0; 64]; 2])));
    bench.measure(group);
}

fn key_and_guid() -> [u8; 60] {
    let mut text = [0; 60];
    text[..KEY.len()].copy_from_slice(black_box(KEY));
    text[KEY.len()..].copy_from_slice(GUID);
    text
}

/// OpenSSL's digest is encoded by this crate too: its own encoder is slower.
fn base64(digest: &[u8]) -> [u8; WS_ACCEPT_LEN] {
    let mut out = [0; WS_ACCEPT_LEN];
    BASE64_STANDARD.encode_slice(digest, &mut out).expect("28 characters");
    out
}

fn tokenise(bench: &mut Bench, abi: &Abi, request: &[u8]) {
    let mut group = Group::new(TOKENISE, REQUEST);
    add_tokeniser(&mut group, "ws_next_header", NextHeader { abi, request });
    add_tokeniser(&mut group, "httparse", Httparse { request });
    match PicoHttpParser::open() {
        Ok(peer) => {
            let fields = [Field::EMPTY; FIELDS];
            add_tokeniser(&mut group, "picohttpparser", Pico { peer, request, fields });
        }
        Err(why) => group.missing("picohttpparser", why),
    }
    // It does not report the fields, but it has found and checked those of the handshake.
    group.unchecked("ws_parse_handshake", || {
        let handshake = parse(abi, request.as_ptr(), request.len());
        assert_eq!(handshake.head_len as usize, REQUEST, "ws_parse_handshake");
        handshake.key.off
    });
    group.floor(|| floors::load(request));
    bench.measure(group);
}

/// Something that finds the fields of a request.
trait Tokenise {
    fn fields(&mut self, each: &mut impl FnMut([&[u8]; 2]));
}

fn add_tokeniser<'a>(
    group: &mut Group<'a>,
    name: &'static str,
    mut tokeniser: impl Tokenise + 'a,
) {
    let mut output = Vec::new();
    tokeniser.fields(&mut |[name, value]| {
        output.extend([name, b": ", value, b"\n"].concat());
    });
    group.side(name, output, move || {
        tokeniser.fields(&mut |field| {
            black_box(field);
        });
    });
}

struct NextHeader<'a> {
    abi: &'a Abi,
    request: &'a [u8],
}

impl Tokenise for NextHeader<'_> {
    fn fields(&mut self, each: &mut impl FnMut([&[u8]; 2])) {
        let (at, len) = (self.request.as_ptr(), self.request.len());
        let (mut pos, mut name, mut value) = (0, ws_span::default(), ws_span::default());
        loop {
            let found = unsafe {
                (self.abi.ws_next_header)(at.cast(), len, &mut pos, &mut name, &mut value)
            };
            match found {
                0 => break,
                1 => each([name, value].map(|span| unsafe { piece(at, span) })),
                error => panic!("ws_next_header: {error}"),
            }
        }
    }
}

/// # Safety
/// The span is in a buffer that starts at `at` and still exists.
unsafe fn piece<'a>(at: *const u8, span: ws_span) -> &'a [u8] {
    unsafe { slice::from_raw_parts(at.add(span.off as usize), span.len as usize) }
}

struct Httparse<'a> {
    request: &'a [u8],
}

impl Tokenise for Httparse<'_> {
    fn fields(&mut self, each: &mut impl FnMut([&[u8]; 2])) {
        let mut fields = [MaybeUninit::uninit(); FIELDS];
        let mut request = httparse::Request::new(&mut []);
        let outcome = request.parse_with_uninit_headers(self.request, &mut fields);
        assert_eq!(outcome, Ok(httparse::Status::Complete(REQUEST)), "httparse");
        for field in request.headers {
            each([field.name.as_bytes(), field.value]);
        }
    }
}

struct Pico<'a> {
    peer: PicoHttpParser,
    request: &'a [u8],
    fields: [Field; FIELDS],
}

impl Tokenise for Pico<'_> {
    fn fields(&mut self, each: &mut impl FnMut([&[u8]; 2])) {
        let count = self.peer.parse(self.request, &mut self.fields);
        for field in &self.fields[..count] {
            each(field.parts());
        }
    }
}

/// The cost of a head that arrives one byte per call, over all calls. The end found is compared.
fn byte_by_byte(bench: &mut Bench, abi: &Abi) {
    let head = longest_head();
    let mut group = Group::new(BYTE_BY_BYTE, LONGEST_HEAD);
    let mut add = |name, is_complete: &'static dyn Fn(&[u8], &Abi) -> bool| {
        let end =
            |head: &[u8]| (1..=head.len()).find(|&len| is_complete(&head[..len], abi));
        let output = format!("{:?}", end(&head)).into_bytes();
        let head = head.clone();
        group.side(name, output, move || end(&head));
    };
    add("ws_parse_handshake", &|head, abi| {
        let mut handshake = ws_handshake::default();
        let (at, size) = (head.as_ptr().cast(), size_of::<ws_handshake>());
        unsafe { (abi.ws_parse_handshake)(at, head.len(), &mut handshake, size) != 0 }
    });
    add("httparse", &|head, _| {
        let mut fields = [MaybeUninit::uninit(); 128];
        let mut request = httparse::Request::new(&mut []);
        let outcome = request.parse_with_uninit_headers(head, &mut fields);
        outcome.is_ok_and(|status| status.is_complete())
    });
    group.floor(|| (0..LONGEST_HEAD).map(|_| abi.nothing()).fold(0, u32::wrapping_add));
    bench.measure(group);
}

/// A request of as many bytes, and nearly as many fields, as are accepted.
fn longest_head() -> Vec<u8> {
    let line = |at| format!("X-Field-{at:03}: {}\r\n", "v".repeat(112));
    let mut head =
        format!("GET / HTTP/1.1\r\n{}", (0..126).map(line).collect::<String>());
    let rest = LONGEST_HEAD - head.len() - "X-Last: \r\n\r\n".len();
    head += &format!("X-Last: {}\r\n\r\n", "v".repeat(rest));
    head.into_bytes()
}

fn upgrade(bench: &mut Bench, abi: &Abi, request: &[u8]) {
    let mut group = Group::new(UPGRADE, REQUEST);
    add_server(&mut group, "parse + build", request, |head, len, out| {
        let handshake = parse(abi, head, len);
        let key = unsafe { piece(head, handshake.key) };
        build_response(abi, key, out)
    });
    add_server(&mut group, "ws_conn_accept", request, |head, len, out| {
        conn_accept(abi, head, len, out)
    });
    add_server(&mut group, "tungstenite", request, |head, len, out| {
        tungstenite::answer(unsafe { slice::from_raw_parts(head, len) }, out)
    });
    match UWebSockets::open() {
        Ok(peer) => {
            add_server(&mut group, "uWebSockets", request, move |head, len, out| unsafe {
                (peer.upgrade)(head, len, out.as_mut_ptr())
            })
        }
        Err(why) => group.missing("uWebSockets", why),
    }
    let mut input = Refilled::new(request);
    group.floor(move || {
        input.read();
        floors::load(input.bytes());
        floors::sha1_of_two_blocks(black_box(&[[0; 64]; 2]))
    });
    bench.measure(group);
}

/// Adds a side that responds to a request; `answer` returns the length of the response.
fn add_server<'a>(
    group: &mut Group<'a>,
    name: &'static str,
    request: &[u8],
    answer: impl Fn(*mut u8, usize, &mut [u8]) -> usize + 'a,
) {
    let mut input = Refilled::new(request);
    let mut out = [0; WS_MAX_REPLY];
    let mut call = move || {
        input.read();
        let (head, len) = input.parts();
        let written = answer(head, len, &mut out);
        (written, out.as_ptr())
    };
    let (len, at) = call();
    let response = unsafe { slice::from_raw_parts(at, len) }.to_vec();
    group.side(name, in_order(response), call);
}

/// The lines of a response in alphabetical order, names in lower case, since neither matters.
fn in_order(answer: Vec<u8>) -> Vec<u8> {
    let answer = String::from_utf8(answer).expect("an answer is text");
    let normal = |line: &str| match line.split_once(": ") {
        Some((name, value)) => format!("{}: {value}", name.to_ascii_lowercase()),
        None => line.to_string(),
    };
    let mut lines: Vec<_> = answer.split("\r\n").map(normal).collect();
    lines.sort();
    lines.join("\r\n").into_bytes()
}

fn parse(abi: &Abi, head: *const u8, len: usize) -> ws_handshake {
    let mut handshake = ws_handshake::default();
    let size = size_of::<ws_handshake>();
    let found =
        unsafe { (abi.ws_parse_handshake)(head.cast(), len, &mut handshake, size) };
    assert_eq!(found, len as isize, "ws_parse_handshake");
    handshake
}

fn build_response(abi: &Abi, key: &[u8], out: &mut [u8]) -> usize {
    let nothing = ws_bytes { data: null(), len: 0 };
    let spec = ws_response_spec {
        key: ws_bytes { data: key.as_ptr().cast(), len: key.len() },
        protocol: nothing,
        extensions: nothing,
        headers: nothing,
    };
    let (size, to, cap) = (size_of_val(&spec), out.as_mut_ptr().cast(), out.len());
    let written = unsafe { (abi.ws_build_response)(&spec, size, to, cap) };
    usize::try_from(written).expect("ws_build_response")
}

/// Makes a connection, too, and frees it.
fn conn_accept(abi: &Abi, head: *const u8, len: usize, out: &mut [u8]) -> usize {
    let mut accepted = MaybeUninit::<ws_accepted>::uninit();
    let (size, to, cap) = (size_of_val(&accepted), out.as_mut_ptr().cast(), out.len());
    let written = unsafe {
        let filled = accepted.as_mut_ptr();
        (abi.ws_conn_accept)(head.cast(), len, null(), 0, filled, size, to, cap)
    };
    assert!(written > 0, "ws_conn_accept: {written}");
    unsafe { (abi.ws_conn_free)(accepted.assume_init().conn) };
    written as usize
}
