//! ws_pmd: compression without a connection.

// All unsafe blocks here pass what lives during the call, or what must be refused.
#![allow(clippy::undocumented_unsafe_blocks)]

use crate::c::{WS_CLIENT, WS_SERVER, code};
use crate::conn::{self, Conn, SIDES, WS_OPCODE_BINARY, WS_SEND_MORE, binary, from_peer};
use crate::conn_allocator::{Fail, Recorder};
use crate::pmd::{USUAL, ours};
use crate::rng::Rng;
use crate::wire::hex;
use crate::zlib::{Deflate, Inflate, Settings};
use core::ptr::{null, null_mut};
use libz_sys::Z_FINISH;
use wscodec::ffi::conn::ws_allocator;
use wscodec::ffi::negotiation::ws_pmd_params;
use wscodec::ffi::pmd::*;

pub(crate) struct Pmd(*mut ws_pmd);

impl Drop for Pmd {
    fn drop(&mut self) {
        unsafe { ws_pmd_free(self.0) }
    }
}

impl Pmd {
    pub(crate) fn new(side: u32, params: ws_pmd_params) -> Pmd {
        Pmd::with(side, params, null()).unwrap()
    }

    pub(crate) fn with(
        side: u32,
        params: ws_pmd_params,
        allocator: *const ws_allocator,
    ) -> Option<Pmd> {
        let raw = unsafe { ws_pmd_new(side, &params, allocator) };
        (!raw.is_null()).then_some(Pmd(raw))
    }

    pub(crate) fn compress(&mut self, data: &[u8], flags: u32) -> Result<Vec<u8>, isize> {
        let bound = unsafe { ws_pmd_compress_bound(self.0, data.len()) };
        let mut out = vec![0xc5; bound + 16];
        let result = unsafe {
            let (from, to) = (data.as_ptr().cast(), out.as_mut_ptr().cast());
            ws_pmd_compress(self.0, flags, from, data.len(), to, bound)
        };
        assert_eq!(out[bound..], [0xc5; 16], "wrote beyond the buffer");
        out.truncate(usize::try_from(result).map_err(|_| result)?);
        Ok(out)
    }

    fn decompress_once(
        &mut self,
        data: &[u8],
        flags: u32,
        cap: usize,
    ) -> Result<(Vec<u8>, usize), isize> {
        let (mut out, mut consumed) = (vec![0; cap], usize::MAX);
        let result = unsafe {
            let (from, to) = (data.as_ptr().cast(), out.as_mut_ptr().cast());
            ws_pmd_decompress(self.0, flags, from, data.len(), &mut consumed, to, cap)
        };
        if result < 0 {
            assert_eq!(consumed, 0, "nothing is consumed with an error");
            return Err(result);
        }
        out.truncate(result as usize);
        Ok((out, consumed))
    }

    /// The loop of the header.
    pub(crate) fn decompress(
        &mut self,
        data: &[u8],
        flags: u32,
        cap: usize,
    ) -> Result<Vec<u8>, isize> {
        let (mut rest, mut all) = (data, Vec::new());
        loop {
            let (out, consumed) = self.decompress_once(rest, flags, cap)?;
            rest = &rest[consumed..];
            if !rest.is_empty() && out.len() < cap {
                let error = self.decompress_once(rest, flags, cap);
                return Err(error.expect_err("it stopped although out is not full"));
            }
            if out.is_empty() {
                assert!(rest.is_empty(), "0 although bytes are left");
                // Another call has no effect.
                assert_eq!(self.decompress_once(&[], flags, cap), Ok((vec![], 0)));
                return Ok(all);
            }
            all.extend(out);
        }
    }
}

fn messages() -> Vec<Vec<u8>> {
    let mut rng = Rng::new(95);
    let text = b"the quick brown fox jumps over the lazy dog ";
    vec![
        vec![],
        b"Hello".to_vec(),
        text.repeat(100),
        rng.bytes(5000),
        vec![0; 200_000],
        text.repeat(2),
    ]
}

#[test]
fn zlib_and_the_other_side_decompress_what_one_side_compressed() {
    for side in SIDES {
        for bits in 8..=15 {
            for resets in [false, true] {
                let params = ours(side, bits, resets);
                let (mut from, mut to) =
                    (Pmd::new(side, params), Pmd::new(1 - side, params));
                let mut zlib = Inflate::new(15);
                for message in messages() {
                    let payload = from.compress(&message, 0).unwrap();
                    assert_eq!(zlib.message(&payload), Some(message.clone()), "{bits}");
                    assert_eq!(to.decompress(&payload, 0, 1000), Ok(message), "{bits}");
                }
            }
        }
    }
}

#[test]
fn output_of_zlib_is_decompressed_with_any_capacity() {
    for side in SIDES {
        for cap in [1, 7, 100, 100_000] {
            let (mut deflate, mut pmd) =
                (Deflate::new(Settings::USUAL), Pmd::new(side, USUAL));
            for message in messages() {
                let payload = deflate.message(&message);
                assert_eq!(pmd.decompress(&payload, 0, cap), Ok(message), "{cap}");
            }
        }
    }
}

#[test]
fn a_payload_equals_that_of_a_connection() {
    for side in SIDES {
        for resets in [false, true] {
            let params = ours(side, 15, resets);
            let (mut pmd, mut conn) =
                (Pmd::new(side, params), Conn::new(side).pmd(params));
            for message in messages() {
                let (_, payload) = conn.send(WS_OPCODE_BINARY, 0, &message).unwrap();
                assert_eq!(pmd.compress(&message, 0), Ok(payload));
            }
        }
    }
}

#[test]
fn messages_may_be_compressed_and_decompressed_in_pieces() {
    for side in SIDES {
        let (mut from, mut to) = (Pmd::new(side, USUAL), Pmd::new(1 - side, USUAL));
        for message in messages() {
            let middle = message.len() / 2;
            let mut all = Vec::new();
            for (piece, flags) in [
                (&message[..middle], WS_SEND_MORE),
                (&[][..], WS_SEND_MORE),
                (&message[middle..], 0),
            ] {
                let payload = from.compress(piece, flags).unwrap();
                all.extend(to.decompress(&payload, flags, 64).unwrap());
            }
            assert_eq!(all, message);
        }
    }
}

/// To all connections that agreed on server_no_context_takeover.
#[test]
fn one_payload_without_context_serves_many_connections() {
    let params = ours(WS_SERVER, 15, true);
    let mut pmd = Pmd::new(WS_SERVER, params);
    let mut clients: Vec<Conn> =
        (0..3).map(|_| Conn::new(WS_CLIENT).pmd(params)).collect();
    for message in messages() {
        let payload = pmd.compress(&message, 0).unwrap();
        for client in &mut clients {
            assert_eq!(
                client.read(&from_peer(WS_CLIENT, 0xc2, &payload)),
                [binary(&message)]
            );
        }
    }
}

#[test]
fn a_message_may_keep_its_marker_end_in_a_final_block_or_be_empty() {
    let hello = hex("f248cdc9c90700");
    for cap in [1, 5, 6, 100] {
        let mut pmd = Pmd::new(WS_SERVER, USUAL);
        let last = Deflate::new(Settings::USUAL).run(b"Hello", Z_FINISH);
        for payload in
            [&hello, &[&hello[..], b"\x00\x00\xff\xff"].concat(), &last, &hello]
        {
            assert_eq!(pmd.decompress(payload, 0, cap), Ok(b"Hello".to_vec()), "{cap}");
            assert_eq!(pmd.decompress(b"", 0, cap), Ok(vec![]), "an empty message");
        }
    }
}

#[test]
fn damage_is_a_permanent_error() {
    for side in SIDES {
        for payload in [&b"\x06"[..], &hex("f248cdc9c907"), &hex("000500faff48")] {
            let mut pmd = Pmd::new(side, USUAL);
            assert_eq!(pmd.decompress(payload, 0, 100), Err(code::COMPRESSION));
            for late in [&b""[..], b"\x00"] {
                assert_eq!(pmd.decompress_once(late, 0, 100), Err(code::COMPRESSION));
            }
            assert!(pmd.compress(b"Hello", 0).is_ok(), "the other direction still works");
        }
    }
}

#[test]
fn data_before_the_damage_is_returned_first() {
    let mut payload = hex("f248cdc9c907000000ffff");
    payload.push(0x06);
    let mut pmd = Pmd::new(WS_SERVER, USUAL);
    let (out, consumed) = pmd.decompress_once(&payload, 0, 100).unwrap();
    assert_eq!(out, b"Hello");
    assert_eq!(pmd.decompress_once(&payload[consumed..], 0, 100), Err(code::COMPRESSION));
}

#[test]
fn without_memory_it_fails_and_it_frees_all_memory() {
    let recorder = Recorder::new();
    {
        let mut pmd = Pmd::with(WS_SERVER, USUAL, &recorder.allocator()).unwrap();
        pmd.compress(b"Hello", 0).unwrap();
        pmd.decompress(&hex("f248cdc9c90700"), 0, 100).unwrap();
        assert!(recorder.blocks() > 2);
    }
    assert_eq!(recorder.blocks(), 0);
    assert!(
        Pmd::with(WS_SERVER, USUAL, &Recorder::failing(Fail::From(1)).allocator())
            .is_none()
    );
    let recorder = Recorder::new();
    let mut pmd = Pmd::with(WS_SERVER, USUAL, &recorder.allocator()).unwrap();
    recorder.fail(Fail::From(1));
    assert_eq!(pmd.compress(b"Hello", 0), Err(code::NO_MEMORY));
    assert_eq!(pmd.decompress_once(b"\xf2", 0, 9), Err(code::NO_MEMORY));
    recorder.fail(Fail::Never);
    assert!(pmd.compress(b"Hello", 0).is_ok(), "nothing has changed");
    assert_eq!(pmd.decompress_once(b"\xf2", 0, 9), Err(code::NO_MEMORY), "permanent");
}

#[test]
fn without_context_takeover_only_the_handle_is_held_between_messages() {
    let recorder = Recorder::new();
    let params = ws_pmd_params {
        server_no_context_takeover: 1,
        client_no_context_takeover: 1,
        ..USUAL
    };
    for side in SIDES {
        let mut pmd = Pmd::with(side, params, &recorder.allocator()).unwrap();
        let payload = Pmd::new(1 - side, params).compress(b"Hello", 0).unwrap();
        pmd.compress(b"Hello", 0).unwrap();
        pmd.decompress(&payload, 0, 100).unwrap();
        assert_eq!(recorder.blocks(), 1, "the handle");
    }
}

#[test]
fn invalid_arguments_are_refused() {
    let pmd = Pmd::new(WS_SERVER, USUAL);
    let (mut out, mut consumed) = ([0_u8; 100], 7);
    let to = out.as_mut_ptr().cast();
    unsafe {
        assert!(ws_pmd_new(2, &USUAL, null()).is_null());
        assert!(ws_pmd_new(WS_SERVER, null(), null()).is_null());
        let wrong = ws_pmd_params { level: 10, ..USUAL };
        assert!(ws_pmd_new(WS_SERVER, &wrong, null()).is_null());
        ws_pmd_free(null_mut());
        assert_eq!(ws_pmd_compress_bound(null(), 5), 0);
        assert_eq!(ws_pmd_compress_bound(pmd.0, usize::MAX), 0);
        let text = b"Hello".as_ptr().cast();
        for flags in [2, 4, 1 << 31] {
            let result = ws_pmd_compress(pmd.0, flags, text, 5, to, 100);
            assert_eq!(result, code::INVALID_ARGUMENT);
            let result = ws_pmd_decompress(pmd.0, flags, text, 5, &mut consumed, to, 100);
            assert_eq!((result, consumed), (code::INVALID_ARGUMENT, 0));
        }
        let bound = ws_pmd_compress_bound(pmd.0, 5);
        let result = ws_pmd_compress(pmd.0, 0, text, 5, to, bound - 1);
        assert_eq!(result, code::BUFFER_TOO_SMALL);
        assert_eq!(
            ws_pmd_compress(pmd.0, 0, to, 5, to, 100),
            code::INVALID_ARGUMENT,
            "overlap"
        );
        assert_eq!(
            ws_pmd_compress(null_mut(), 0, text, 5, to, 100),
            code::INVALID_ARGUMENT
        );
        for (cap, count) in [(0, &raw mut consumed), (100, null_mut())] {
            let result = ws_pmd_decompress(pmd.0, 0, text, 5, count, to, cap);
            assert_eq!(result, code::INVALID_ARGUMENT);
        }
    }
}

#[test]
fn fragments_of_a_connection_are_decompressed_one_by_one() {
    let mut conn = Conn::new(WS_CLIENT).pmd(USUAL);
    let mut pmd = Pmd::new(WS_SERVER, USUAL);
    for _ in 0..3 {
        let mut all = Vec::new();
        for (piece, flags) in
            [(&b"abc"[..], conn::WS_SEND_MORE), (b"abcabc", conn::WS_SEND_MORE), (b"", 0)]
        {
            let (_, payload) = conn.send(WS_OPCODE_BINARY, flags, piece).unwrap();
            all.extend(pmd.decompress(&payload, flags, 2).unwrap());
        }
        assert_eq!(all, b"abcabcabc");
    }
}
