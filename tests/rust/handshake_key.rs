//! Sec-WebSocket-Key and its answer (RFC 6455, 4.2.1 and 4.2.2).

use crate::c::{self, code};
use crate::heads::{ACCEPT, Head, KEY, accepted, refused};
use std::collections::HashSet;

/// None is the base64 of 16 bytes.
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
    // Other alphabets, blanks, padding in the wrong place.
    "dGhlIHNhbXBsZSBub25_ZQ==",
    "dGhlIHNhbXBsZSBub2-jZQ==",
    "dGhlIHNhbXBs SBub25jZQ==",
    "dGhlIHNhbXBsZSBub25jZQ=*",
    "dGhlIHNhbXBsZSBub25jZ===",
    "=GhlIHNhbXBsZSBub25jZQ==",
    "dGhlIHNhbXBs=SBub25jZQ==",
    "========================",
    "dGhlIHNhbXBsZSBub25\u{e9}Q==",
    // Two of them.
    "dGhlIHNhbXBsZSBub25jZQ==, x3JJHMbDL1EzLkh9GBhXDw==",
    "dGhlIHNhbXBsZSBub25jZQ==dGhlIHNhbXBsZSBub25jZQ==",
];

#[test]
fn a_bad_key_is_refused_in_a_request() {
    refused(&Head::request().without("Sec-WebSocket-Key"), code::KEY);
    refused(&Head::request().set("Sec-WebSocket-Key", ""), code::KEY);
    for key in BAD_KEYS {
        refused(&Head::request().set("Sec-WebSocket-Key", key), code::KEY);
    }
}

#[test]
fn two_keys_are_refused_even_if_they_are_the_same() {
    refused(&Head::request().add("Sec-WebSocket-Key", KEY), code::KEY);
    refused(
        &Head::request().add("Sec-WebSocket-Key", "x3JJHMbDL1EzLkh9GBhXDw=="),
        code::KEY,
    );
    refused(&Head::request().add("Sec-WebSocket-Key", ""), code::KEY);
}

#[test]
fn a_bad_key_is_not_answered() {
    assert_eq!(c::accept_key(b""), Err(code::KEY));
    for key in BAD_KEYS {
        assert_eq!(c::accept_key(key.as_bytes()), Err(code::KEY), "{key}");
    }
    assert_eq!(c::accept_key(b" dGhlIHNhbXBsZSBub25jZQ=="), Err(code::KEY));
    assert_eq!(c::accept_key(b"dGhlIHNhbXBsZSBub25jZQ==\n"), Err(code::KEY));
    assert_eq!(c::accept_key(b"dGhlIHNhbXBsZSBub25jZQ==\0"), Err(code::KEY));
}

/// A byte of the key changed into any other: a key if it stays base64, else not.
#[test]
fn every_character_in_every_place() {
    let digit = |b: u8| b.is_ascii_alphanumeric() || b == b'+' || b == b'/';
    for place in 0..24 {
        for byte in 0..=255 {
            let mut key = KEY.to_vec();
            key[place] = byte;
            let good = match place {
                0..=21 => digit(byte),
                _ => byte == b'=',
            };
            let answer = c::accept_key(&key);
            assert_eq!(answer.is_ok(), good, "{byte:02x} at {place}");
            assert_eq!(answer == Ok(ACCEPT.to_vec()), byte == KEY[place]);
        }
    }
}

/// RFC 6455, 4.2.2, computed by another implementation of SHA-1 and base64.
#[test]
fn known_answers() {
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

/// RFC 6455, 4.1 (7) prints the first one as its example. What was sent is answered, not what it
/// decodes to.
#[test]
fn the_bits_that_belong_to_no_byte_may_be_set() {
    for key in [
        "AQIDBAUGBwgJCgsMDQ4PEC==",
        "q83vASNFZ4mrze8BI0VniR==",
        "q83vASNFZ4mrze8BI0Vnif==",
    ] {
        accepted(&Head::request().set("Sec-WebSocket-Key", key));
        let answer = tungstenite::handshake::derive_accept_key(key.as_bytes());
        assert_eq!(c::accept_key(key.as_bytes()), Ok(answer.into_bytes()), "{key}");
    }
}

#[test]
fn fresh_keys_are_keys_and_differ() {
    let keys: HashSet<Vec<u8>> = (0..1000).map(|_| c::make_key()).collect();
    assert_eq!(keys.len(), 1000);
    assert!(keys.iter().all(|key| c::accept_key(key).is_ok()));
    // Every character of 22 takes many values: none of them is fixed.
    for place in 0..21 {
        let values: HashSet<u8> = keys.iter().map(|key| key[place]).collect();
        assert!(values.len() > 32, "{place}");
    }
    let last: HashSet<u8> = keys.iter().map(|key| key[21]).collect();
    assert_eq!(last, HashSet::from(*b"AQgw"));
}
