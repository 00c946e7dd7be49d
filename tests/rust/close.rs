//! Close codes and close payloads (RFC 6455, 5.5.1 and 7.4).

use crate::c::{self, code};
use wscodec::ffi::text::ws_close_code_valid;

/// 7.4.1 and 7.4.2, with 1012 to 1014 of the IANA registry.
fn may_be_sent(code: u16) -> bool {
    const REGISTERED: [u16; 12] =
        [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014];
    REGISTERED.contains(&code) || (3000..5000).contains(&code)
}

fn payload(code: u16, reason: &[u8]) -> Vec<u8> {
    [&[(code >> 8) as u8, code as u8], reason].concat()
}

#[test]
fn only_codes_of_the_rfc_and_the_registry_are_valid() {
    for number in 0..=u16::MAX {
        let valid = may_be_sent(number);
        assert_eq!(ws_close_code_valid(number), i32::from(valid), "{number}");
        let expected = if valid { (0, number) } else { (code::CLOSE_PAYLOAD, 0) };
        assert_eq!(c::close_parse(&payload(number, b"")), expected, "{number}");
    }
}

#[test]
fn only_valid_codes_are_built() {
    for number in [
        0, 999, 1000, 1003, 1004, 1005, 1006, 1007, 1014, 1015, 1016, 2999, 3000, 4999,
        5000, 65535,
    ] {
        let built = c::close_build(number, b"bye");
        if may_be_sent(number) {
            assert_eq!(built.unwrap(), payload(number, b"bye"));
        } else {
            assert_eq!(built, Err(code::INVALID_ARGUMENT), "{number}");
        }
    }
}

#[test]
fn an_empty_payload_is_code_1005() {
    assert_eq!(c::close_parse(b""), (0, 1005));
    assert_eq!(c::close_build(1005, b""), Ok(vec![]));
    assert_eq!(c::close_build(1005, b"why"), Err(code::INVALID_ARGUMENT));
}

#[test]
fn a_payload_of_one_byte_is_refused() {
    for byte in 0..=255 {
        assert_eq!(c::close_parse(&[byte]), (code::CLOSE_PAYLOAD, 0));
    }
}

#[test]
fn a_reason_must_be_utf8() {
    for (reason, valid) in [
        (&b"bye"[..], true),
        (b"\xc3\xa9", true),
        ("\u{10ffff}".as_bytes(), true),
        (b"\0", true),
        (b"\xff", false),
        (b"\xc3", false),
        (b"\xed\xa0\x80", false),
        (b"\xf4\x90\x80\x80", false),
        (b"\xc0\x80", false),
        (b"bye\x80", false),
    ] {
        let (result, number) = c::close_parse(&payload(1000, reason));
        let built = c::close_build(1000, reason);
        if valid {
            assert_eq!((result, number), (reason.len() as isize, 1000));
            assert_eq!(built.unwrap(), payload(1000, reason));
        } else {
            assert_eq!((result, number), (code::UTF8, 0), "{reason:02x?}");
            assert_eq!(built, Err(code::INVALID_ARGUMENT));
        }
    }
}

#[test]
fn an_invalid_code_is_reported_before_an_invalid_reason() {
    assert_eq!(c::close_parse(&payload(1005, b"\xff")), (code::CLOSE_PAYLOAD, 0));
}

#[test]
fn a_reason_beyond_123_bytes_is_refused_and_not_truncated() {
    let longest = [b'x'; 123];
    assert_eq!(c::close_parse(&payload(1000, &longest)), (123, 1000));
    assert_eq!(c::close_build(1000, &longest).unwrap().len(), 125);
    for len in [124, 125, 126, 1000] {
        let long = vec![b'x'; len];
        assert_eq!(c::close_build(1000, &long), Err(code::INVALID_ARGUMENT));
        assert_eq!(c::close_parse(&payload(1000, &long)), (code::CONTROL_FRAME, 0));
    }
}
