//! Keys, close payloads, UTF-8 and single frames.

use crate::reader::{Vector, prefixes};
use wscodec_std::frame::{append_frame, append_header, decode, parse_header};
use wscodec_std::wscodec::close::{self, ClosePayload};
use wscodec_std::wscodec::handshake::key::Key;
use wscodec_std::wscodec::utf8::Validator;
use wscodec_std::{Opcode, Side};

pub fn accept_key(vector: &Vector) {
    let accept = Key::parse(&vector.bytes("key")).map(|key| key.accept().to_vec());
    let expected = vector.error().map_or_else(|| Ok(vector.bytes("accept")), Err);
    assert_eq!(accept, expected, "{}", vector.name());
}

pub fn close_payload(vector: &Vector) {
    let name = vector.name();
    let number = vector.number("code").unwrap_or(0) as u16;
    if let Some(payload) = vector.optional_bytes("payload") {
        let parsed = close::parse(&payload).map(|(code, reason)| (code, reason.to_vec()));
        let expected =
            vector.error().map_or_else(|| Ok((number, vector.bytes("reason"))), Err);
        assert_eq!(parsed, expected, "{name}");
    }
    if vector.has("code") {
        let built = ClosePayload::new(number, &vector.bytes("reason"));
        let built = built.map(|payload| payload.as_bytes().to_vec());
        let expected = vector.error().map_or_else(|| Ok(vector.bytes("payload")), Err);
        assert_eq!(built, expected, "{name}");
    }
}

pub fn utf8(vector: &Vector) {
    let (text, name) = (vector.bytes("text"), vector.name());
    for cut in 0..=text.len() {
        let (first, second) = text.split_at(cut);
        let mut validator = Validator::default();
        let proven = vector.error().filter(|_| vector.at(text.len()) < cut);
        assert_eq!(validator.push(first).err(), proven, "{name} to {cut}");
        if proven.is_none() {
            assert_eq!(validator.push(second).err(), vector.error(), "{name} at {cut}");
        }
        if vector.error().is_none() {
            assert_eq!(
                validator.is_complete(),
                !vector.is("incomplete"),
                "{name} at {cut}"
            );
        }
    }
}

fn opcode(vector: &Vector) -> Opcode {
    Opcode::from_number(vector.number("opcode").unwrap() as u8).unwrap()
}

pub fn frame(vector: &Vector) {
    let (wire, name) = (vector.bytes("wire"), vector.name());
    let at = vector.at(wire.len());
    prefixes(wire.len(), at, |len| {
        let mut buf = wire[..len].to_vec();
        let decoded = decode(&mut buf, vector.flags()).map(|frame| frame.is_some());
        let expected = match vector.error() {
            Some(error) if len > at => Err(error),
            _ => Ok(len > at),
        };
        assert_eq!(decoded, expected, "{name} to {len}");
    });
    let Some(frame) = vector.member("frame") else { return };
    let mut buf = wire.clone();
    let (header, payload) = decode(&mut buf, vector.flags()).unwrap().unwrap();
    assert_eq!(payload, frame.bytes("payload"), "{name}");
    assert_eq!((header.opcode, header.bits), (opcode(&frame), frame.bits()), "{name}");
    assert_eq!(header.mask_key, frame.mask_key(), "{name}");
    if vector.flags().unmasks() {
        let mut encoded = Vec::new();
        let (bits, key) = (frame.bits(), frame.mask_key());
        append_frame(opcode(&frame), bits, key, &frame.bytes("payload"), &mut encoded)
            .unwrap();
        assert_eq!(encoded, wire, "{name}");
    }
}

pub fn frame_header(vector: &Vector) {
    let (header, name) = (vector.bytes("header"), vector.name());
    let (key, len) = (vector.mask_key(), vector.number("payload_length").unwrap());
    let mut encoded = Vec::new();
    append_header(opcode(vector), vector.bits(), key, len, &mut encoded).unwrap();
    assert_eq!(encoded, header, "{name}");
    assert_eq!(key.is_some(), vector.side() == Side::Server, "{name}");
    for cut in 0..header.len() {
        assert_eq!(parse_header(&header[..cut], vector.flags()), Ok(None), "{name}");
    }
    let parsed = parse_header(&header, vector.flags()).unwrap().unwrap();
    assert_eq!((parsed.opcode, parsed.bits), (opcode(vector), vector.bits()), "{name}");
    assert_eq!((parsed.mask_key, parsed.payload_len), (key, len), "{name}");
    assert_eq!(usize::from(parsed.len), header.len(), "{name}");
}
