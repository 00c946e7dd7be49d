//! Sec-WebSocket-Key and Sec-WebSocket-Accept (RFC 6455, 4.2.1 and 4.2.2).

use crate::c;
use crate::heads::{ACCEPT, Head, KEY, accepted, refused};
use crate::vectors::load;
use std::collections::HashSet;

#[test]
fn a_key_is_judged_alike_alone_and_in_a_request() {
    for vector in load("accept_keys") {
        let key = vector.bytes("key");
        // A value has no spaces around it, and no control characters.
        let is_value = key.trim_ascii() == key && !key.contains(&0);
        let head = Head::request().set("Sec-WebSocket-Key", &key);
        match vector.error() {
            0 => accepted(&head),
            error if is_value => refused(&head, error),
            _ => {}
        }
    }
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
