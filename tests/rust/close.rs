//! Every close code, and every payload of one byte (RFC 6455, 5.5.1 and 7.4).

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
fn a_payload_of_one_byte_is_refused() {
    for byte in 0..=255 {
        assert_eq!(c::close_parse(&[byte]), (code::CLOSE_PAYLOAD, 0));
    }
}
