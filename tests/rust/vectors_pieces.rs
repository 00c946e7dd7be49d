//! Vectors of keys, close payloads, UTF-8 and single frames.

use crate::c::{self, BEGIN, END, FIN, MASKED, code};
use crate::corpus::decoder_flags;
use crate::vectors::{Vector, load};
use wscodec::ffi::frame::ws_frame_size;

#[test]
fn every_key_has_its_accept_value_or_its_error() {
    for vector in load("accept_keys") {
        let expected = vector.optional_bytes("accept").ok_or(vector.error());
        assert_eq!(c::accept_key(&vector.bytes("key")), expected, "{}", vector.name());
    }
}

#[test]
fn every_close_payload_is_parsed_and_built() {
    for vector in load("close_payloads") {
        let name = vector.name();
        let number = vector.number("code").unwrap_or(0) as u16;
        if let Some(payload) = vector.optional_bytes("payload") {
            let (result, parsed) = c::close_parse(&payload);
            assert_eq!((result.min(0), parsed), (vector.error(), number), "{name}");
            if result >= 0 {
                let reason = payload.get(2..).unwrap_or_default();
                assert_eq!(reason, vector.bytes("reason"), "{name}");
                assert_eq!(result, reason.len() as isize, "{name}");
            }
        }
        if vector.has("code") {
            let expected = vector.optional_bytes("payload").ok_or(vector.error());
            assert_eq!(
                c::close_build(number, &vector.bytes("reason")),
                expected,
                "{name}"
            );
        }
    }
}

/// The result of a text in two parts, and whether it may end here.
fn judged(first: &[u8], second: &[u8]) -> (isize, bool) {
    let mut state = 0;
    c::utf8_validate(&mut state, first);
    (c::utf8_validate(&mut state, second), state == 0)
}

#[test]
fn every_text_is_judged_at_its_first_invalid_byte() {
    for vector in load("utf8") {
        let (text, error) = (vector.bytes("text"), vector.error());
        let whole = error == 0 && !vector.is("incomplete");
        for cut in 0..=text.len() {
            let (first, second) = text.split_at(cut);
            assert_eq!(
                judged(first, second),
                (error, whole),
                "{} at {cut}",
                vector.name()
            );
            let proven = vector.error_at().is_some_and(|at| at < cut);
            let expected = if proven { code::UTF8 } else { 0 };
            assert_eq!(judged(first, b"").0, expected, "{} to {cut}", vector.name());
        }
    }
}

fn encoded(frame: &Vector) -> Vec<u8> {
    let fin = if frame.is("fin") { FIN } else { 0 };
    let opcode = frame.number("opcode").unwrap() as i32;
    let flags = u32::from(fin | frame.reserved_bits());
    c::frame_encode(opcode, flags, frame.mask_key(), &frame.bytes("payload")).unwrap()
}

fn check_decoded(vector: &Vector, frame: &Vector) {
    let (wire, name) = (vector.bytes("wire"), vector.name());
    let mut buf = [&wire[..], b"next"].concat();
    let (result, decoded) = c::frame_decode(&mut buf, decoder_flags(vector));
    assert_eq!(result, wire.len() as isize, "{name}");
    let payload = frame.bytes("payload");
    let off = wire.len() - payload.len();
    assert_eq!(buf[..off], wire[..off], "{name}: the header is unchanged");
    assert_eq!(buf[off..], [&payload[..], b"next"].concat(), "{name}");
    let fin = if frame.is("fin") { FIN } else { 0 };
    let masked = if frame.has("mask_key") { MASKED } else { 0 };
    let flags = fin | masked | frame.reserved_bits() | BEGIN | END;
    let opcode = frame.number("opcode").unwrap() as u8;
    assert_eq!((decoded.flags, decoded.opcode), (flags, opcode), "{name}");
    assert_eq!(decoded.message_opcode, opcode, "{name}: 0 for a continuation");
    assert_eq!(decoded.mask_key, frame.mask_key().unwrap_or_default(), "{name}");
    let len = payload.len() as u64;
    let chunk = (decoded.payload_len, decoded.chunk_len, decoded.chunk_pos);
    assert_eq!(chunk, (len, len, 0), "{name}");
    let start = (decoded.chunk_off as usize, usize::from(decoded.header_len));
    assert_eq!(start, (off, off), "{name}");
}

#[test]
fn every_frame_is_decoded_and_encoded_or_has_its_error() {
    for vector in load("frames") {
        let (wire, name) = (vector.bytes("wire"), vector.name());
        let at = vector.error_at().unwrap_or(wire.len() - 1);
        for len in (0..=wire.len()).filter(|len| *len < 300 || len + 2 > wire.len()) {
            let mut buf = wire[..len].to_vec();
            let (result, _) = c::frame_decode(&mut buf, decoder_flags(&vector));
            let whole = if vector.error() < 0 { vector.error() } else { len as isize };
            assert_eq!(result, if len > at { whole } else { 0 }, "{name} to {len}");
            if result <= 0 {
                assert_eq!(buf, wire[..len], "{name}: nothing was unmasked");
            }
        }
        if let Some(frame) = vector.member("frame") {
            check_decoded(&vector, &frame);
            if !vector.member("options").is_some_and(|these| these.is("keep_masked")) {
                assert_eq!(encoded(&frame), wire, "{name}");
            }
        }
    }
}

#[test]
fn every_header_is_decoded_and_encoded() {
    for vector in load("frame_headers") {
        let (header, name) = (vector.bytes("header"), vector.name());
        let (key, len) = (vector.mask_key(), vector.number("payload_length").unwrap());
        let opcode = vector.number("opcode").unwrap() as u8;
        let fin = if vector.is("fin") { FIN } else { 0 };
        let written = c::frame_header(opcode.into(), fin.into(), key, len);
        assert_eq!(written.unwrap(), header, "{name}");
        let size = ws_frame_size(len, key.is_some().into());
        assert_eq!(size, len + header.len() as u64, "{name}");
        for cut in 0..=header.len() {
            let mut buf = header[..cut].to_vec();
            let (result, decoded) = c::frame_decode(&mut buf, vector.side());
            let whole = cut == header.len();
            assert_eq!(result > 0, whole && len == 0, "{name} to {cut}");
            assert!(result >= 0, "{name} to {cut}");
            let (header_len, payload_len) = (decoded.header_len, decoded.payload_len);
            if whole {
                assert_eq!(
                    (header_len.into(), payload_len),
                    (header.len(), len),
                    "{name}"
                );
                assert_eq!(
                    (decoded.opcode, decoded.flags & FIN),
                    (opcode, fin),
                    "{name}"
                );
                assert_eq!(decoded.mask_key, key.unwrap_or_default(), "{name}");
            } else {
                assert_eq!(header_len, 0, "{name} to {cut}");
            }
        }
    }
}
