//! The frames, the payloads and the error do not depend on how a stream is cut, nor on the number
//! of slots for frames.

use crate::c::{self, BEGIN, END, FIN, MASKED, WS_KEEP_MASKED};
use crate::corpus::{self, Stream};
use crate::rng::Rng;
use crate::vectors::Vector;
use wscodec::ffi::frame::ws_frame;

/// A frame, put together from its chunks.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Whole {
    opcode: u8,
    flags: u8,
    header_len: u8,
    mask_key: [u8; 4],
    message_opcode: u8,
    payload_len: u64,
    payload: Vec<u8>,
    ended: bool,
}

impl Whole {
    /// Checks it against a vector, which has a length if only a part has arrived.
    fn check(&self, expected: &Vector, name: &str) {
        let opcode = expected.number("opcode").unwrap() as u8;
        let message_opcode =
            expected.number("message_opcode").map_or(opcode, |o| o as u8);
        assert_eq!(
            (self.opcode, self.message_opcode),
            (opcode, message_opcode),
            "{name}"
        );
        let fin = if expected.is("fin") { FIN } else { 0 };
        let masked = if expected.has("mask_key") { MASKED } else { 0 };
        assert_eq!(self.flags, fin | masked | expected.reserved_bits(), "{name}");
        assert_eq!(self.mask_key, expected.mask_key().unwrap_or_default(), "{name}");
        assert_eq!(self.payload, expected.bytes("payload"), "{name}");
        let announced = expected.number("payload_length");
        assert_eq!(self.ended, announced.is_none(), "{name}");
        let len = announced.unwrap_or(self.payload.len() as u64);
        assert_eq!(self.payload_len, len, "{name}");
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Seen {
    frames: Vec<Whole>,
    /// The opcode of the last text or binary frame.
    message_opcode: u8,
    error: isize,
    end: isize,
}

impl Seen {
    fn note(&mut self, chunk: &ws_frame, buf: &[u8], reported: usize) {
        let (off, len) = (chunk.chunk_off as usize, chunk.chunk_len as usize);
        assert!(off >= reported && off + len <= buf.len(), "a chunk outside the buffer");
        match chunk.opcode {
            0 => {}
            8.. => {
                assert_eq!(
                    chunk.message_opcode, chunk.opcode,
                    "the opcode of a control frame"
                )
            }
            opcode => self.message_opcode = opcode,
        }
        if chunk.opcode < 8 {
            assert_eq!(
                chunk.message_opcode, self.message_opcode,
                "the opcode of the message"
            );
        }
        assert_eq!(chunk.flags & BEGIN != 0, chunk.chunk_pos == 0);
        let done = chunk.chunk_pos + chunk.chunk_len;
        assert_eq!(chunk.flags & END != 0, done == chunk.payload_len);
        assert!(len > 0 || chunk.payload_len == 0, "an empty chunk of a payload");
        if chunk.flags & BEGIN != 0 {
            assert!(self.frames.last().is_none_or(|last| last.ended));
            self.frames.push(Whole {
                opcode: chunk.opcode,
                flags: chunk.flags & !(BEGIN | END),
                header_len: chunk.header_len,
                mask_key: chunk.mask_key,
                message_opcode: chunk.message_opcode,
                payload_len: chunk.payload_len,
                payload: Vec::new(),
                ended: false,
            });
        }
        let frame = self.frames.last_mut().unwrap();
        assert!(!frame.ended, "a chunk after the last one");
        assert_eq!(frame.payload.len() as u64, chunk.chunk_pos);
        assert_eq!(frame.header_len, chunk.header_len);
        assert_eq!(frame.opcode, chunk.opcode);
        assert_eq!(frame.payload_len, chunk.payload_len);
        assert_eq!(frame.flags, chunk.flags & !(BEGIN | END));
        assert_eq!(frame.mask_key, chunk.mask_key);
        frame.payload.extend(&buf[off..off + len]);
        frame.ended = chunk.flags & END != 0;
    }
}

/// Feeds one piece until all of it is consumed; false after an error.
fn feed_piece(
    decoder: &mut wscodec::ffi::decoder::ws_decoder,
    piece: &mut [u8],
    frames_cap: usize,
    seen: &mut Seen,
) -> bool {
    let mut start = 0;
    loop {
        let rest = &mut piece[start..];
        match c::feed(decoder, rest, frames_cap) {
            Err(error) => {
                seen.error = error;
                return false;
            }
            Ok((frames, consumed)) => {
                let mut reported = 0;
                for chunk in &frames {
                    seen.note(chunk, rest, reported);
                    reported = (chunk.chunk_off + chunk.chunk_len) as usize;
                }
                assert!(consumed <= rest.len());
                if frames.is_empty() {
                    assert_eq!(consumed, rest.len(), "no frames although bytes are left");
                    return true;
                }
                assert!(consumed > 0, "frames without input");
                // All bytes, unless `frames` is full or an error comes next.
                assert!(consumed == reported || consumed == rest.len());
                start += consumed;
            }
        }
    }
}

fn decode(stream: &Stream, flags: u32, pieces: &[usize], frames_cap: usize) -> Seen {
    let mut decoder = c::decoder(flags, stream.max_payload);
    let mut seen = Seen { frames: Vec::new(), message_opcode: 0, error: 0, end: 0 };
    let mut rest = stream.bytes.clone();
    for len in pieces {
        let mut piece: Vec<u8> = rest.drain(..*len).collect();
        let before = piece.clone();
        let succeeded = feed_piece(&mut decoder, &mut piece, frames_cap, &mut seen);
        assert!(
            flags & WS_KEEP_MASKED == 0 || piece == before,
            "the input was written to"
        );
        if !succeeded {
            let again = c::feed(&mut decoder, &mut [0x81, 0x00], frames_cap);
            assert_eq!(again, Err(seen.error), "an error is final");
            break;
        }
    }
    seen.end = c::finish(&decoder);
    seen
}

fn whole(stream: &Stream) -> Seen {
    decode(stream, stream.flags, &[stream.bytes.len()], 64)
}

const CAPS: [usize; 3] = [1, 2, 64];

#[test]
fn every_stream_has_its_frames_and_its_error() {
    let streams = corpus::short();
    assert!(streams.len() >= 60);
    for stream in &streams {
        let seen = whole(stream);
        assert_eq!((seen.error, seen.end), (stream.error, stream.end), "{}", stream.name);
        assert_eq!(seen.frames.len(), stream.frames.len(), "{}", stream.name);
        for (frame, expected) in seen.frames.iter().zip(&stream.frames) {
            frame.check(expected, &stream.name);
        }
    }
}

#[test]
fn a_cut_anywhere_changes_nothing() {
    for stream in corpus::short() {
        let expected = whole(&stream);
        let len = stream.bytes.len();
        for cut in 0..=len {
            for cap in CAPS {
                let seen = decode(&stream, stream.flags, &[cut, len - cut], cap);
                assert_eq!(seen, expected, "{} cut at {cut}, cap {cap}", stream.name);
            }
        }
    }
}

#[test]
fn reading_byte_by_byte_changes_nothing() {
    for stream in corpus::short() {
        let expected = whole(&stream);
        for cap in CAPS {
            let seen = decode(&stream, stream.flags, &vec![1; stream.bytes.len()], cap);
            assert_eq!(seen, expected, "{} cap {cap}", stream.name);
        }
    }
}

#[test]
fn random_and_empty_pieces_change_nothing() {
    let mut rng = Rng::new(6);
    for stream in corpus::short() {
        let expected = whole(&stream);
        for round in 0..60 {
            let pieces = rng.pieces(stream.bytes.len(), 1 + round % 20);
            let seen = decode(&stream, stream.flags, &pieces, *rng.pick(&CAPS));
            assert_eq!(seen, expected, "{} in {pieces:?}", stream.name);
        }
    }
}

#[test]
fn random_pieces_of_a_long_payload_change_nothing() {
    let mut rng = Rng::new(7);
    for stream in corpus::long() {
        let expected = whole(&stream);
        for longest in [3, 7, 100, 1000, 4096, 65_536] {
            let pieces = rng.pieces(stream.bytes.len(), longest);
            assert!(decode(&stream, stream.flags, &pieces, 2) == expected, "{longest}");
        }
    }
}

#[test]
fn keep_masked_leaves_the_input_alone_and_changes_only_the_payload() {
    for stream in corpus::short().iter().filter(|s| s.flags & WS_KEEP_MASKED == 0) {
        let unmasked = whole(stream);
        for pieces in [vec![stream.bytes.len()], vec![1; stream.bytes.len()]] {
            let mut kept = decode(stream, stream.flags | WS_KEEP_MASKED, &pieces, 64);
            for frame in &mut kept.frames {
                frame.payload = crate::wire::masked(&frame.payload, frame.mask_key);
            }
            assert_eq!(kept, unmasked, "{}", stream.name);
        }
    }
}

#[test]
fn random_pieces_of_random_streams_change_nothing() {
    let mut rng = Rng::new(8);
    for _ in 0..20_000 {
        let bytes = crate::frame_differential::random_stream(&mut rng);
        let flags = rng.below(16) as u32 & !WS_KEEP_MASKED;
        let max_payload = *rng.pick(&[0, 0, 1, 100, 200]);
        let name = String::new();
        let (frames, error, error_at, end) = (Vec::new(), 0, None, 0);
        let stream =
            Stream { name, flags, max_payload, bytes, frames, error, error_at, end };
        let expected = whole(&stream);
        let pieces = rng.pieces(stream.bytes.len(), 20);
        let seen = decode(&stream, flags, &pieces, *rng.pick(&CAPS));
        assert_eq!(seen, expected, "{:02x?} in {pieces:?}", stream.bytes);
    }
}

#[test]
fn an_error_is_reported_with_the_first_invalid_byte() {
    for stream in corpus::short().iter().filter(|stream| stream.error != 0) {
        let at = stream.error_at.unwrap();
        for len in 0..=stream.bytes.len() {
            let bytes = stream.bytes[..len].to_vec();
            let part = Stream { bytes, ..stream.clone() };
            let error = if len > at { stream.error } else { 0 };
            assert_eq!(whole(&part).error, error, "{} at {len}", stream.name);
        }
    }
}
