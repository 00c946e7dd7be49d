//! Compression without a connection: what one side compresses, zlib and the other side
//! decompress to the same bytes; any bytes decompress as zlib decompresses them, or are damaged
//! for both, whatever the capacity of the output and the pieces of the input.

use crate::c::{CANARY, WS_CLIENT, WS_SERVER};
use crate::source::Source;
use crate::targets::conn::{params, peer_resets};
use crate::zlib::Inflate;
use core::ptr::null;
use wscodec::ffi::conn::WS_SEND_MORE;
use wscodec::ffi::negotiation::ws_pmd_params;
use wscodec::ffi::pmd::*;

struct Pmd(*mut ws_pmd);

impl Drop for Pmd {
    fn drop(&mut self) {
        // SAFETY: it is from ws_pmd_new(), and not used again.
        unsafe { ws_pmd_free(self.0) }
    }
}

impl Pmd {
    fn new(side: u32, params: &ws_pmd_params) -> Pmd {
        // SAFETY: params lives during the call.
        let raw = unsafe { ws_pmd_new(side, params, null()) };
        assert!(!raw.is_null());
        Pmd(raw)
    }

    fn compress(&mut self, data: &[u8], more: bool) -> Vec<u8> {
        let flags = if more { WS_SEND_MORE } else { 0 };
        // SAFETY: all pointers are to values that live during the calls.
        let bound = unsafe { ws_pmd_compress_bound(self.0, data.len()) };
        let mut out = vec![CANARY; bound + 16];
        let result = unsafe {
            let (from, to) = (data.as_ptr().cast(), out.as_mut_ptr().cast());
            ws_pmd_compress(self.0, flags, from, data.len(), to, bound)
        };
        assert_eq!(out[bound..], [CANARY; 16], "wrote beyond the buffer");
        out.truncate(usize::try_from(result).unwrap());
        out
    }

    fn decompress_once(
        &mut self,
        data: &[u8],
        more: bool,
        cap: usize,
    ) -> Result<(Vec<u8>, usize), isize> {
        let flags = if more { WS_SEND_MORE } else { 0 };
        let (mut out, mut consumed) = (vec![CANARY; cap], usize::MAX);
        // SAFETY: all pointers are to values that live during the call.
        let result = unsafe {
            let (from, to) = (data.as_ptr().cast(), out.as_mut_ptr().cast());
            ws_pmd_decompress(self.0, flags, from, data.len(), &mut consumed, to, cap)
        };
        let Ok(len) = usize::try_from(result) else {
            assert_eq!(consumed, 0, "nothing is consumed with an error");
            return Err(result);
        };
        out.truncate(len);
        Ok((out, consumed))
    }

    /// The loop of the header; None if the payload is damaged.
    fn decompress(&mut self, data: &[u8], more: bool, cap: usize) -> Option<Vec<u8>> {
        let (mut rest, mut all) = (data, Vec::new());
        loop {
            match self.decompress_once(rest, more, cap) {
                Ok((out, consumed)) => {
                    rest = &rest[consumed..];
                    if out.is_empty() {
                        assert!(rest.is_empty(), "0 although bytes are left");
                        return Some(all);
                    }
                    all.extend(out);
                }
                Err(error) => {
                    assert_eq!(error, crate::c::code::COMPRESSION);
                    assert_eq!(
                        self.decompress_once(b"", more, cap),
                        Err(error),
                        "it is final"
                    );
                    return None;
                }
            }
        }
    }
}

pub fn run(data: &[u8]) {
    let mut source = Source::new(data);
    let choice = source.byte();
    let side = if choice & 1 == 0 { WS_SERVER } else { WS_CLIENT };
    let mut params = params(source.byte());
    if choice & 2 != 0 {
        // Allocating the tables of these takes longer.
        (params.level, params.mem_level) = (source.byte() % 10, source.byte() % 10);
    }
    if choice & 4 == 0 {
        round_trip(&mut source, side, &params);
    } else {
        any_bytes(&mut source, side, &params);
    }
}

fn round_trip(source: &mut Source<'_>, side: u32, params: &ws_pmd_params) {
    let (mut from, mut to) = (Pmd::new(side, params), Pmd::new(1 - side, params));
    let mut zlib = Inflate::new(15);
    while !source.is_empty() {
        let mut message = Vec::new();
        let mut payload = Vec::new();
        let mut received = Vec::new();
        loop {
            let (choice, cap) = (source.byte(), 1 + source.below(200));
            let more = choice & 0x80 != 0 && !source.is_empty();
            let fragment = source.bytes(usize::from(choice & 0x1f));
            let fragment = fragment.repeat(if choice & 0x40 != 0 { 40 } else { 1 });
            let written = from.compress(&fragment, more);
            received.extend(to.decompress(&written, more, cap).expect("not damaged"));
            payload.extend(written);
            message.extend(fragment);
            if !more {
                break;
            }
        }
        assert_eq!(received, message);
        assert_eq!(zlib.message(&payload), Some(message));
    }
}

fn any_bytes(source: &mut Source<'_>, side: u32, params: &ws_pmd_params) {
    let resets = peer_resets(side, params);
    let mut whole = Pmd::new(side, params);
    let mut pieces = Pmd::new(side, params);
    let mut zlib = Inflate::new(15);
    while !source.is_empty() {
        let (cap, piece) = (1 + source.below(64), 1 + source.below(16));
        let payload = source.some_bytes();
        let expected = zlib.message(payload);
        assert_eq!(whole.decompress(payload, false, 4096), expected);
        let mut got = Some(Vec::new());
        let mut rest = payload;
        loop {
            let (fragment, after) = rest.split_at(piece.min(rest.len()));
            rest = after;
            let more = !rest.is_empty();
            let Some(part) = pieces.decompress(fragment, more, cap) else {
                got = None;
                break;
            };
            got.as_mut().unwrap().extend(part);
            if !more {
                break;
            }
        }
        assert_eq!(got, expected);
        if expected.is_none() {
            return;
        }
        if resets {
            zlib = Inflate::new(15);
        }
    }
}
