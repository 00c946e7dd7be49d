//! Lines that two parsers could read in two ways (RFC 9112), which is how requests are smuggled.
//! `vectors_heads` reads one of each kind.

use crate::c::code;
use crate::heads::{Head, malformed, request_outcome};

/// As the first line and as the last.
fn malformed_line(line: &[u8]) {
    malformed(&Head::request().raw_first(line).bytes());
    malformed(&Head::request().raw(line).bytes());
}

#[test]
fn control_characters_are_refused_in_names_and_values() {
    for control in (0..0x20).chain([0x7f]).filter(|b| *b != b'\t') {
        malformed_line(&[b'X', b':', b' ', b'a', control, b'b']);
        malformed_line(&[b'X', b':', control, b'b']);
        malformed_line(&[b'X', control, b':', b'b']);
    }
}

#[test]
fn names_are_tokens() {
    for byte in 0..=255_u8 {
        let is_token = byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        // A colon in a name ends it.
        if is_token || byte == b':' {
            let head = Head::request().raw([b'a', byte, b'b', b':', b' ', b'x']);
            assert!(request_outcome(&head.bytes()).is_ok(), "{byte:02x}");
        } else {
            malformed_line(&[b'a', byte, b'b', b':', b' ', b'x']);
        }
    }
}

#[test]
fn a_bare_lf_ends_no_line_anywhere() {
    let text = String::from_utf8(Head::request().bytes()).unwrap();
    malformed(text.replace("\r\n", "\n").as_bytes());
    for (at, _) in text.match_indices("\r\n") {
        let bytes = [&text[..at], &text[at + 1..]].concat();
        assert_eq!(request_outcome(bytes.as_bytes()), Err((at + 1, code::HTTP_SYNTAX)));
    }
}
