//! The state of a decoder: how much it consumes, what it keeps, and that any bytes are harmless.

use crate::c::{self, WS_CLIENT, WS_SERVER, code};
use crate::corpus;
use crate::rng::{Rng, count};
use crate::wire::{KEY, frame, hex};
use wscodec::ffi::decoder::ws_decoder;

const ZERO: ws_decoder = ws_decoder { opaque: [0; 8] };

#[test]
fn a_zeroed_decoder_is_a_servers_without_a_limit() {
    assert_eq!(c::decoder(WS_SERVER, 0).opaque, ZERO.opaque);
    let (mut zero, mut wire) = (ZERO, frame(0x81, Some(KEY), b"Hello"));
    let (frames, consumed) = c::feed(&mut zero, &mut wire, 1).unwrap();
    assert_eq!((frames.len(), consumed), (1, 11));
    assert_eq!(wire[6..], *b"Hello");
    assert_eq!(c::finish(&zero), 0);
}

#[test]
fn a_decoder_may_be_copied_inside_a_frame() {
    let wire = frame(0x81, Some(KEY), b"Hello, world");
    for cut in 1..wire.len() {
        let mut first = c::decoder(WS_SERVER, 0);
        c::feed(&mut first, &mut wire[..cut].to_vec(), 4).unwrap();
        let mut copy = first;
        let [one, other] = [&mut first, &mut copy].map(|decoder| {
            let mut rest = wire[cut..].to_vec();
            let frames = c::feed(decoder, &mut rest, 4).unwrap();
            (frames, rest)
        });
        assert_eq!(one, other);
    }
}

#[test]
fn a_header_at_the_end_of_a_read_is_reported_with_the_first_byte_of_its_payload() {
    let mut decoder = c::decoder(WS_SERVER, 0);
    let mut wire = frame(0x81, Some(KEY), b"Hello");
    let (header, payload) = wire.split_at_mut(6);
    assert_eq!(c::feed(&mut decoder, header, 4), Ok((vec![], 6)));
    assert_eq!(c::finish(&decoder), code::EOF);
    let (frames, consumed) = c::feed(&mut decoder, &mut payload[..1], 4).unwrap();
    assert_eq!(consumed, 1);
    assert_eq!((frames[0].chunk_off, frames[0].chunk_len), (0, 1));
    assert_eq!(frames[0].flags & (c::BEGIN | c::END), c::BEGIN);
}

#[test]
fn a_frame_without_payload_is_one_empty_chunk() {
    let mut decoder = c::decoder(WS_CLIENT, 0);
    assert_eq!(c::feed(&mut decoder, &mut [0x81], 4), Ok((vec![], 1)));
    let (frames, consumed) = c::feed(&mut decoder, &mut [0x00], 4).unwrap();
    assert_eq!((frames.len(), consumed), (1, 1));
    assert_eq!((frames[0].chunk_off, frames[0].chunk_len), (1, 0));
    assert_eq!(frames[0].flags & (c::BEGIN | c::END), c::BEGIN | c::END);
}

#[test]
fn consumed_stops_where_the_slots_ran_out() {
    let mut wire = hex("8101 61 8101 62 8101 63 81");
    let mut decoder = c::decoder(WS_CLIENT, 0);
    let (frames, consumed) = c::feed(&mut decoder, &mut wire, 2).unwrap();
    assert_eq!((frames.len(), consumed), (2, 6));
    let (frames, consumed) = c::feed(&mut decoder, &mut wire[6..], 2).unwrap();
    assert_eq!((frames.len(), consumed), (1, 4), "a partial header is consumed too");
    assert_eq!(c::finish(&decoder), code::EOF);
}

#[test]
fn frames_before_an_error_are_reported_and_the_next_call_returns_it() {
    let mut wire = hex("8101 61 8101 62 8300 8101 63");
    let mut decoder = c::decoder(WS_CLIENT, 0);
    let (frames, consumed) = c::feed(&mut decoder, &mut wire, 64).unwrap();
    assert_eq!((frames.len(), consumed), (2, 6));
    for _ in 0..3 {
        let after = c::feed(&mut decoder, &mut wire[6..], 64);
        assert_eq!(after, Err(code::OPCODE));
        assert_eq!(c::feed(&mut decoder, &mut hex("8101 61"), 64), Err(code::OPCODE));
        assert_eq!(c::feed(&mut decoder, &mut [], 64), Err(code::OPCODE));
        assert_eq!(c::finish(&decoder), code::OPCODE);
    }
}

#[test]
fn an_error_after_frames_is_kept_whatever_the_next_input() {
    let wire = hex("8101 61 8300");
    for next in ["", "8101 62", "8300"] {
        let mut decoder = c::decoder(WS_CLIENT, 0);
        let (frames, consumed) = c::feed(&mut decoder, &mut wire.clone(), 64).unwrap();
        assert_eq!((frames.len(), consumed), (1, 3));
        assert_eq!(c::finish(&decoder), code::OPCODE);
        assert_eq!(
            c::feed(&mut decoder, &mut hex(next), 64),
            Err(code::OPCODE),
            "{next}"
        );
    }
}

#[test]
fn nothing_after_an_error_is_unmasked() {
    let mut wire = frame(0x82, Some(KEY), b"good");
    wire.extend(frame(0x83, Some(KEY), b"evil"));
    wire.extend(frame(0x82, Some(KEY), b"late"));
    let before = wire.clone();
    let mut decoder = c::decoder(WS_SERVER, 0);
    c::feed(&mut decoder, &mut wire, 64).unwrap();
    assert_eq!(c::feed(&mut decoder, &mut wire[10..], 64), Err(code::OPCODE));
    assert_eq!(wire[6..10], *b"good");
    assert_eq!(wire[10..], before[10..]);
}

#[test]
fn the_decoder_reads_frames_after_a_close() {
    let mut wire = hex("8800 8101 61");
    let (frames, _) = c::feed(&mut c::decoder(WS_CLIENT, 0), &mut wire, 64).unwrap();
    assert_eq!(frames.iter().map(|frame| frame.opcode).collect::<Vec<_>>(), [8, 1]);
}

#[test]
fn no_slots_are_an_invalid_argument_without_effect() {
    let mut decoder = c::decoder(WS_CLIENT, 0);
    let result = c::feed(&mut decoder, &mut hex("8100"), 0);
    assert_eq!(result, Err(code::INVALID_ARGUMENT));
    assert_eq!(c::feed(&mut decoder, &mut hex("8100"), 1).unwrap().0.len(), 1);
}

#[test]
fn a_call_without_input_changes_nothing() {
    for stream in corpus::short().iter().filter(|stream| stream.error == 0) {
        let mut decoder = c::decoder(stream.flags, 0);
        c::feed(&mut decoder, &mut stream.bytes.clone(), 1000).unwrap();
        let before = decoder.opaque;
        assert_eq!(c::feed(&mut decoder, &mut [], 64), Ok((vec![], 0)));
        assert_eq!(decoder.opaque, before);
    }
}

/// Chunks must be inside the buffer, whatever the state.
fn feed_garbage(mut decoder: ws_decoder, input: &mut [u8]) {
    let _ = c::finish(&decoder);
    for _ in 0..3 {
        let Ok((frames, consumed)) = c::feed(&mut decoder, input, 4) else {
            let first = c::feed(&mut decoder, input, 4);
            assert!(first.is_err(), "an error is final");
            return;
        };
        assert!(consumed <= input.len());
        for frame in frames {
            assert!(frame.chunk_off <= input.len() as u64);
            assert!(frame.chunk_off + frame.chunk_len <= consumed as u64);
        }
    }
}

#[test]
fn any_bytes_are_a_harmless_state() {
    let mut rng = Rng::new(9);
    for _ in 0..count("WSCODEC_STREAMS", 100_000) {
        let opaque = core::array::from_fn(|_| rng.next());
        let len = rng.below(40);
        feed_garbage(ws_decoder { opaque }, &mut rng.bytes(len));
    }
}

/// States with a few damaged bytes get further than random ones.
#[test]
fn a_damaged_state_is_harmless() {
    let streams = corpus::short();
    let mut rng = Rng::new(10);
    for _ in 0..count("WSCODEC_STREAMS", 100_000) {
        let stream = rng.pick(&streams);
        let mut decoder = c::decoder(stream.flags, stream.max_payload);
        let cut = rng.below(stream.bytes.len() + 1);
        let _ = c::feed(&mut decoder, &mut stream.bytes[..cut].to_vec(), 100);
        for _ in 0..=rng.below(3) {
            let word = rng.below(8);
            let shift = 8 * rng.below(8);
            decoder.opaque[word] ^= u64::from(rng.byte()) << shift;
        }
        feed_garbage(decoder, &mut stream.bytes[cut..].to_vec());
    }
}

#[test]
fn a_continuation_without_a_message_is_refused() {
    let mut decoder = c::decoder(WS_SERVER, 0);
    let mut wire = frame(0x80, Some(KEY), b"");
    assert_eq!(c::feed(&mut decoder, &mut wire, 4), Err(code::FRAGMENTATION));
    // After a whole message there is none to continue, either.
    let mut decoder = c::decoder(WS_SERVER, 0);
    let mut wire = [frame(0x81, Some(KEY), b"a"), frame(0x80, Some(KEY), b"")].concat();
    assert_eq!(c::feed(&mut decoder, &mut wire, 4).unwrap().0.len(), 1);
    assert_eq!(c::feed(&mut decoder, &mut wire, 4), Err(code::FRAGMENTATION));
}

#[test]
fn a_message_inside_a_fragmented_one_is_refused() {
    for opcode in [0x81, 0x01, 0x82, 0x02] {
        let mut decoder = c::decoder(WS_SERVER, 0);
        let start = frame(0x01, Some(KEY), b"a");
        let mut wire = [start, frame(opcode, Some(KEY), b"b")].concat();
        assert_eq!(c::feed(&mut decoder, &mut wire, 4).unwrap().0.len(), 1);
        assert_eq!(c::feed(&mut decoder, &mut wire, 4), Err(code::FRAGMENTATION));
    }
}
