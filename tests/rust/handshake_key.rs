//! Sec-WebSocket-Key and Sec-WebSocket-Accept (RFC 6455, 4.2.1 and 4.2.2).

use crate::c::{self, code};
use crate::heads::{ACCEPT, Head, KEY, accepted, refused};
use std::collections::HashSet;

/// None of these is the base64 of 16 bytes.
const BAD_KEYS: &[&str] = &[
    "x",
    "eA==",
    "dGhlIHNhbXBsZSBub25jZQ=",
    "dGhlIHNhbXBsZSBub25jZQ",
    "dGhlIHNhbXBsZSBub25jZQ===",
    // 15, 17 and 18 bytes.
    "dGhlIHNhbXBsZSBub25j",
    "dGhlIHNhbXBsZSBub25jZSE=",
    "dGhlIHNhbXBsZSBub25jZSEh",
    // Other alphabets, spaces, misplaced padding.
    "dGhlIHNhbXBsZSBub25_ZQ==",
    "dGhlIHNhbXBsZSBub2-jZQ==",
    "dGhlIHNhbXBs SBub25jZQ==",
    "dGhlIHNhbXBsZSBub25jZQ=*",
    "dGhlIHNhbXBsZSBub25jZ===",
    "=GhlIHNhbXBsZSBub25jZQ==",
    "dGhlIHNhbXBs=SBub25jZQ==",
    "========================",
    "dGhlIHNhbXBsZSBub25\u{e9}Q==",
    // Two keys.
    "dGhlIHNhbXBsZSBub25jZQ==, x3JJHMbDL1EzLkh9GBhXDw==",
    "dGhlIHNhbXBsZSBub25jZQ==dGhlIHNhbXBsZSBub25jZQ==",
];

#[test]
fn an_invalid_key_is_refused_in_a_request() {
    refused(&Head::request().without("Sec-WebSocket-Key"), code::KEY);
    refused(&Head::request().set("Sec-WebSocket-Key", ""), code::KEY);
    for key in BAD_KEYS {
        refused(&Head::request().set("Sec-WebSocket-Key", key), code::KEY);
    }
}

#[test]
fn two_keys_are_refused_even_if_equal() {
    refused(&Head::request().add("Sec-WebSocket-Key", KEY), code::KEY);
    refused(
        &Head::request().add("Sec-WebSocket-Key", "x3JJHMbDL1EzLkh9GBhXDw=="),
        code::KEY,
    );
    refused(&Head::request().add("Sec-WebSocket-Key", ""), code::KEY);
}

#[test]
fn accept_key_refuses_an_invalid_key() {
    assert_eq!(c::accept_key(b""), Err(code::KEY));
    for key in BAD_KEYS {
        assert_eq!(c::accept_key(key.as_bytes()), Err(code::KEY), "{key}");
    }
    assert_eq!(c::accept_key(b" dGhlIHNhbXBsZSBub25jZQ=="), Err(code::KEY));
    assert_eq!(c::accept_key(b"dGhlIHNhbXBsZSBub25jZQ==\n"), Err(code::KEY));
    assert_eq!(c::accept_key(b"dGhlIHNhbXBsZSBub25jZQ==\0"), Err(code::KEY));
}

/// With each byte of a key replaced by every other.
#[test]
fn a_key_is_valid_exactly_if_it_is_base64_of_16_bytes() {
    let digit = |b: u8| b.is_ascii_alphanumeric() || b == b'+' || b == b'/';
    for place in 0..24 {
        for byte in 0..=255 {
            let mut key = KEY.to_vec();
            key[place] = byte;
            let good = match place {
                0..=21 => digit(byte),
                _ => byte == b'=',
            };
            let accept = c::accept_key(&key);
            assert_eq!(accept.is_ok(), good, "{byte:02x} at {place}");
            assert_eq!(accept == Ok(ACCEPT.to_vec()), byte == KEY[place]);
        }
    }
}

/// RFC 6455, 4.2.2, computed by another implementation of SHA-1 and base64.
#[test]
fn accept_values_of_known_keys() {
    for (key, accept) in [
        ("dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        ("x3JJHMbDL1EzLkh9GBhXDw==", "HSmrc0sMlYUkAGmm5OPpG2HaGWk="),
        ("AAAAAAAAAAAAAAAAAAAAAA==", "ICX+Yqv66kxgM0FcWaLWlFLwTAI="),
        ("/////////////////////w==", "XXpj4jYzLM2yUE0C7TIgMwTQh2g="),
        ("AQIDBAUGBwgJCgsMDQ4PEA==", "C/0nmHhBztSRGR1CwL6Tf4ZjwpY="),
    ] {
        assert_eq!(c::accept_key(key.as_bytes()).unwrap(), accept.as_bytes());
    }
}

/// RFC 6455, 4.1 (7) has the first one as its example. The value is computed from the key as it
/// was sent, not from the bytes that it encodes.
#[test]
fn the_unused_bits_of_a_key_may_be_set() {
    for key in [
        "AQIDBAUGBwgJCgsMDQ4PEC==",
        "q83vASNFZ4mrze8BI0VniR==",
        "q83vASNFZ4mrze8BI0Vnif==",
    ] {
        accepted(&Head::request().set("Sec-WebSocket-Key", key));
        let accept = tungstenite::handshake::derive_accept_key(key.as_bytes());
        assert_eq!(c::accept_key(key.as_bytes()), Ok(accept.into_bytes()), "{key}");
    }
}

#[test]
fn fresh_keys_are_valid_and_differ() {
    let keys: HashSet<Vec<u8>> = (0..1000).map(|_| c::make_key()).collect();
    assert_eq!(keys.len(), 1000);
    assert!(keys.iter().all(|key| c::accept_key(key).is_ok()));
    // Every character varies.
    for place in 0..21 {
        let values: HashSet<u8> = keys.iter().map(|key| key[place]).collect();
        assert!(values.len() > 32, "{place}");
    }
    let last: HashSet<u8> = keys.iter().map(|key| key[21]).collect();
    assert_eq!(last, HashSet::from(*b"AQgw"));
}
