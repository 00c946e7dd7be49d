//! Every pair of first two bytes, for both sides, between messages and inside one (RFC 6455, 5.1,
//! 5.2, 5.4, 5.5).

use crate::c::{self, WS_CLIENT, WS_DEFLATE, WS_SERVER, code};
use crate::rng::one_in;
use crate::wire::frame;

/// The stream before the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    /// ws_frame_decode() has no state.
    Unknown,
    BetweenMessages,
    InMessage,
}

/// The fault of a first byte, in the order of the header; None if there is none.
fn fault_of_first(first: u8, flags: u32, before: Before) -> Option<isize> {
    let (fin, rsv1) = (first & 0x80 != 0, first & 0x40 != 0);
    let rsv2_or_3 = first & 0x30 != 0;
    let opcode = first & 0x0f;
    let (data, control) = (opcode == 1 || opcode == 2, (8..=10).contains(&opcode));
    if rsv2_or_3 || rsv1 && !(flags & WS_DEFLATE != 0 && data) {
        return Some(code::RESERVED_BITS); // 5.2; RFC 7692, 6: on a first frame only
    }
    if !(opcode == 0 || data || control) {
        return Some(code::OPCODE); // 5.2
    }
    if control && !fin {
        return Some(code::CONTROL_FRAME); // 5.5
    }
    let out_of_order = match before {
        Before::Unknown => false,
        Before::BetweenMessages => opcode == 0,
        Before::InMessage => data,
    };
    out_of_order.then_some(code::FRAGMENTATION) // 5.4
}

/// The fault of a second byte after a valid first one.
fn fault_of_second(first: u8, second: u8, flags: u32) -> Option<isize> {
    let masked = second & 0x80 != 0;
    let must_be_masked = flags & WS_CLIENT == 0;
    if masked != must_be_masked {
        return Some(code::MASK); // 5.1
    }
    let control = first & 0x08 != 0;
    (control && second & 0x7f > 125).then_some(code::CONTROL_FRAME) // 5.5
}

/// Two bytes that are a whole frame: unmasked, without a payload.
fn is_whole(second: u8) -> bool {
    second == 0
}

fn for_all_pairs(check: impl Fn(u8, u8, u32)) {
    let one_in = one_in();
    for flags in [WS_SERVER, WS_CLIENT, WS_SERVER | WS_DEFLATE, WS_CLIENT | WS_DEFLATE] {
        for first in 0..=255 {
            for second in (0..=255).skip(usize::from(first) % one_in).step_by(one_in) {
                check(first, second, flags);
            }
        }
    }
}

fn expected(first: u8, second: u8, flags: u32, before: Before) -> (isize, isize) {
    let of_first = fault_of_first(first, flags, before);
    let of_both = of_first.or_else(|| fault_of_second(first, second, flags));
    (of_first.unwrap_or(0), of_both.unwrap_or(0))
}

#[test]
fn frame_decode_judges_every_pair_of_first_bytes() {
    for_all_pairs(|first, second, flags| {
        let (of_first, of_both) = expected(first, second, flags, Before::Unknown);
        let case = format!("{first:02x} {second:02x} flags {flags}");
        assert_eq!(c::frame_decode(&mut [first], flags).0, of_first, "{case}");
        let (result, decoded) = c::frame_decode(&mut [first, second], flags);
        let whole = of_both == 0 && is_whole(second);
        assert_eq!(result, if whole { 2 } else { of_both }, "{case}");
        // Unmasked and without further length bytes: the header is complete.
        let complete = of_both == 0 && second <= 125;
        assert_eq!(decoded.header_len, if complete { 2 } else { 0 }, "{case}");
        if complete {
            assert_eq!(decoded.opcode, first & 0x0f, "{case}");
            assert_eq!(decoded.message_opcode, first & 0x0f, "{case}");
            assert_eq!(decoded.flags & 0xf0, first & 0xf0, "{case}");
            assert_eq!(decoded.payload_len, u64::from(second), "{case}");
        }
    });
}

fn start(flags: u32, before: Before) -> wscodec::ffi::decoder::ws_decoder {
    let mut decoder = c::decoder(flags, 0);
    if before == Before::InMessage {
        let key = (flags & WS_CLIENT == 0).then_some([1, 2, 3, 4]);
        let mut fragment = frame(0x01, key, b"a");
        let (frames, _) = c::feed(&mut decoder, &mut fragment, 4).unwrap();
        assert_eq!(frames.len(), 1);
    }
    decoder
}

fn feed_pair(first: u8, second: u8, flags: u32, before: Before) {
    let (of_first, of_both) = expected(first, second, flags, before);
    let case = format!("{first:02x} {second:02x} flags {flags} {before:?}");
    let outcome = |bytes: &mut [u8], decoder: &mut _| match c::feed(decoder, bytes, 2) {
        Ok((frames, consumed)) => {
            assert_eq!(consumed, bytes.len(), "{case}");
            frames.len() as isize
        }
        Err(error) => error,
    };
    let whole = isize::from(of_both == 0 && is_whole(second));
    let mut together = start(flags, before);
    assert_eq!(outcome(&mut [first, second], &mut together), of_both + whole, "{case}");

    let mut apart = start(flags, before);
    assert_eq!(outcome(&mut [first], &mut apart), of_first, "{case}");
    assert_eq!(outcome(&mut [second], &mut apart), of_both + whole, "{case}");
}

#[test]
fn the_decoder_judges_every_pair_between_messages() {
    for_all_pairs(|first, second, flags| {
        feed_pair(first, second, flags, Before::BetweenMessages);
    });
}

#[test]
fn the_decoder_judges_every_pair_inside_a_message() {
    for_all_pairs(|first, second, flags| {
        feed_pair(first, second, flags, Before::InMessage);
    });
}

#[test]
fn with_any_mask_no_pair_is_a_mask_error() {
    for flags in [WS_SERVER, WS_CLIENT] {
        for first in 0..=255 {
            for second in 0..=255_u8 {
                // Expect what the side reports for which the mask bit is valid.
                let side = if second & 0x80 == 0 { WS_CLIENT } else { WS_SERVER };
                let (_, expected) = expected(first, second, side, Before::Unknown);
                let expected =
                    if expected == 0 && is_whole(second) { 2 } else { expected };
                let (result, _) =
                    c::frame_decode(&mut [first, second], flags | c::WS_ANY_MASK);
                assert_eq!(result, expected, "{first:02x} {second:02x} flags {flags}");
            }
        }
    }
}
