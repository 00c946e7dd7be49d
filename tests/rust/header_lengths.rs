//! Payload lengths (RFC 6455, 5.2): all three forms at their limits, read and written.

use crate::c::{self, WS_CLIENT, WS_SERVER, code};
use crate::wire::{Form, KEY, header, header_in};
use wscodec::ffi::frame::ws_frame_size;

const LENGTHS: &[u64] = &[
    0,
    1,
    124,
    125,
    126,
    127,
    255,
    256,
    65_535,
    65_536,
    65_537,
    (1 << 31) - 1,
    1 << 31,
    (1 << 31) + 1,
    (1 << 32) - 1,
    1 << 32,
    (1 << 32) + 1,
    // Must not become 5 on 32 bits.
    (1 << 32) + 5,
    (1 << 63) - 1,
];

const TOP_BIT: &[u64] = &[1 << 63, (1 << 63) + 1, u64::MAX - 13, u64::MAX - 3, u64::MAX];

fn role(key: Option<[u8; 4]>) -> u32 {
    if key.is_some() { WS_SERVER } else { WS_CLIENT }
}

/// The first error of a decoder that reads a header byte by byte, and after how many bytes.
fn first_error(bytes: &[u8], flags: u32, max_payload: u64) -> Option<(usize, isize)> {
    let mut decoder = c::decoder(flags, max_payload);
    bytes.iter().enumerate().find_map(|(at, byte)| {
        c::feed(&mut decoder, &mut [*byte], 4).err().map(|error| (at + 1, error))
    })
}

/// As `first_error`, for ws_frame_decode() with every prefix.
fn first_error_of_prefix(bytes: &[u8], flags: u32) -> Option<(usize, isize)> {
    (1..=bytes.len()).find_map(|len| {
        let (result, _) = c::frame_decode(&mut bytes[..len].to_vec(), flags);
        (result < 0).then_some((len, result))
    })
}

#[test]
fn every_length_is_read_as_it_was_written() {
    for len in LENGTHS {
        for key in [None, Some(KEY)] {
            let mut bytes = header(0x82, key, *len);
            let header_len = bytes.len();
            let (result, decoded) = c::frame_decode(&mut bytes, role(key));
            let whole = if *len == 0 { header_len as isize } else { 0 };
            assert_eq!(result, whole, "{len}");
            assert_eq!(decoded.payload_len, *len);
            assert_eq!(usize::from(decoded.header_len), header_len, "{len}");
            assert_eq!(decoded.mask_key, key.unwrap_or_default(), "{len}");
            assert_eq!(first_error(&bytes, role(key), 0), None, "{len}");
        }
    }
}

#[test]
fn a_header_is_complete_only_with_its_last_byte() {
    for len in LENGTHS {
        for key in [None, Some(KEY)] {
            let bytes = header(0x82, key, *len);
            for cut in 0..bytes.len() {
                let (result, decoded) =
                    c::frame_decode(&mut bytes[..cut].to_vec(), role(key));
                assert_eq!(
                    (result, decoded),
                    (0, Default::default()),
                    "{len} cut at {cut}"
                );
            }
        }
    }
}

#[test]
fn every_length_is_written_in_its_minimal_form() {
    for len in LENGTHS {
        for key in [None, Some(KEY)] {
            let expected = header(0x82, key, *len);
            assert_eq!(c::frame_header(2, 0x80, key, *len).unwrap(), expected, "{len}");
            let size = ws_frame_size(*len, key.is_some().into());
            assert_eq!(
                u128::from(size),
                u128::from(*len) + expected.len() as u128,
                "{len}"
            );
        }
    }
}

#[test]
fn a_length_with_its_top_bit_set_is_refused_at_its_first_byte() {
    for len in TOP_BIT {
        for key in [None, Some(KEY)] {
            let bytes = header_in(Form::Eight, 0x82, key, *len);
            let third_byte = Some((3, code::LENGTH));
            assert_eq!(first_error(&bytes, role(key), 0), third_byte, "{len:x}");
            assert_eq!(first_error_of_prefix(&bytes, role(key)), third_byte, "{len:x}");
        }
    }
}

#[test]
fn a_length_with_its_top_bit_set_is_refused_whatever_the_limit() {
    for len in TOP_BIT {
        for key in [None, Some(KEY)] {
            for limit in [0, u64::MAX - 1, u64::MAX] {
                let mut bytes = header_in(Form::Eight, 0x82, key, *len);
                bytes.push(0);
                let mut decoder = c::decoder(role(key), limit);
                let fed = c::feed(&mut decoder, &mut bytes, 4);
                assert_eq!(fed, Err(code::LENGTH), "{len:x}, {limit:x}");
                assert_eq!(c::frame_decode(&mut bytes, role(key)).0, code::LENGTH);
            }
        }
    }
}

#[test]
fn a_length_with_its_top_bit_set_is_not_written() {
    for len in TOP_BIT {
        for key in [None, Some(KEY)] {
            let result = c::frame_header(2, 0x80, key, *len);
            assert_eq!(result, Err(code::INVALID_ARGUMENT), "{len:x}");
            assert_eq!(ws_frame_size(*len, key.is_some().into()), u64::MAX, "{len:x}");
        }
    }
}

#[test]
fn a_16_bit_length_below_126_is_refused_at_its_second_byte() {
    for len in 0..126 {
        for key in [None, Some(KEY)] {
            let bytes = header_in(Form::Two, 0x82, key, len);
            let fourth_byte = Some((4, code::LENGTH));
            assert_eq!(first_error(&bytes, role(key), 0), fourth_byte, "{len}");
            assert_eq!(first_error_of_prefix(&bytes, role(key)), fourth_byte, "{len}");
        }
    }
}

#[test]
fn a_64_bit_length_below_65536_is_refused_at_its_sixth_byte() {
    for len in [0, 1, 5, 125, 126, 127, 255, 256, 65_534, 65_535] {
        for key in [None, Some(KEY)] {
            let bytes = header_in(Form::Eight, 0x82, key, len);
            let eighth_byte = Some((8, code::LENGTH));
            assert_eq!(first_error(&bytes, role(key), 0), eighth_byte, "{len}");
            assert_eq!(first_error_of_prefix(&bytes, role(key)), eighth_byte, "{len}");
        }
    }
}

#[test]
fn too_big_is_reported_before_the_masking_key_arrives() {
    for (len, length_end) in [(126, 4), (65_535, 4), (65_536, 10), ((1 << 63) - 1, 10)] {
        for key in [None, Some(KEY)] {
            let bytes = header(0x82, key, len);
            let fault = Some((length_end, code::TOO_BIG));
            assert_eq!(first_error(&bytes, role(key), len - 1), fault, "{len}");
            assert_eq!(first_error(&bytes, role(key), len), None, "{len}");
        }
    }
    let short = header(0x82, Some(KEY), 6);
    assert_eq!(first_error(&short, WS_SERVER, 5), Some((2, code::TOO_BIG)));
}

#[test]
fn a_limit_applies_to_control_frames_and_masks_are_checked_first() {
    let ping = header(0x89, Some(KEY), 125);
    assert_eq!(first_error(&ping, WS_SERVER, 124), Some((2, code::TOO_BIG)));
    let unmasked = header(0x89, None, 125);
    assert_eq!(first_error(&unmasked, WS_SERVER, 124), Some((2, code::MASK)));
}

#[test]
fn the_size_of_a_frame_is_its_header_and_its_payload() {
    for (len, unmasked) in [
        (0, 2),
        (125, 127),
        (126, 130),
        (65_535, 65_539),
        (65_536, 65_546),
        ((1 << 63) - 1, 9_223_372_036_854_775_817),
    ] {
        assert_eq!(ws_frame_size(len, 0), unmasked, "{len}");
        for truth in [1, -1, i32::MIN, i32::MAX] {
            assert_eq!(ws_frame_size(len, truth), unmasked + 4, "{len}");
        }
    }
}
