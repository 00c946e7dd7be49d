//! Masking (RFC 6455, 5.3), against the loop of the RFC.

use crate::c;
use crate::rng::Rng;
use crate::wire::KEY;

/// 5.3: transformed-octet-i = original-octet-i XOR masking-key-octet-(i MOD 4).
fn naive(bytes: &[u8], key: [u8; 4], pos: u64) -> Vec<u8> {
    let at = |i: usize| ((u128::from(pos) + i as u128) % 4) as usize;
    bytes.iter().enumerate().map(|(i, byte)| byte ^ key[at(i)]).collect()
}

const BEFORE: usize = 16;

fn check_in_place(room: &[u8], start: usize, len: usize, key: [u8; 4], pos: u64) {
    let mut after = room.to_vec();
    c::mask(&mut after[start..start + len], key, pos);
    let expected = naive(&room[start..start + len], key, pos);
    assert_eq!(after[start..start + len], expected, "len {len} start {start} pos {pos}");
    assert_eq!(after[..start], room[..start], "len {len} start {start}");
    assert_eq!(after[start + len..], room[start + len..], "len {len} start {start}");
}

fn check_copy(room: &[u8], start: usize, len: usize, key: [u8; 4], pos: u64) {
    let (mut dst, to) = (vec![0xc5; room.len()], BEFORE - start % 8);
    c::mask_copy(&mut dst[to..to + len], &room[start..start + len], key, pos);
    let expected = naive(&room[start..start + len], key, pos);
    assert_eq!(dst[to..to + len], expected, "len {len} start {start} pos {pos}");
    assert!(dst[..to].iter().chain(&dst[to + len..]).all(|byte| *byte == 0xc5));
}

#[test]
fn every_short_length_at_every_start_and_position() {
    let room = Rng::new(1).bytes(400);
    for len in 0..=300 {
        for pos in 0..=7 {
            let start = BEFORE + (len + pos as usize) % 8;
            check_in_place(&room, start, len, KEY, pos);
            check_copy(&room, start, len, KEY, pos);
        }
    }
    for start in BEFORE..BEFORE + 9 {
        for len in (0..=20).chain(60..=70).chain(125..=132).chain(190..=194) {
            check_in_place(&room, start, len, KEY, 3);
            check_copy(&room, start, len, KEY, 3);
        }
    }
}

#[test]
fn positions_near_the_edges_of_64_and_32_bits() {
    let room = Rng::new(2).bytes(400);
    for edge in [1_u64 << 31, 1 << 32, 1 << 63] {
        for pos in edge - 5..edge + 5 {
            check_in_place(&room, 17, 77, KEY, pos);
            check_copy(&room, 17, 77, KEY, pos);
        }
    }
    for pos in u64::MAX - 8..=u64::MAX {
        check_in_place(&room, 17, 77, KEY, pos);
        check_copy(&room, 17, 77, KEY, pos);
    }
}

#[test]
fn parts_are_masked_as_the_whole_would_be() {
    let mut rng = Rng::new(3);
    for _ in 0..500 {
        let len = rng.below(1000);
        let whole = rng.bytes(len);
        let key = [rng.byte(), rng.byte(), rng.byte(), rng.byte()];
        let (mut parts, mut done) = (whole.clone(), 0);
        while done < len {
            let part = 1 + rng.below(len - done);
            c::mask(&mut parts[done..done + part], key, done as u64);
            done += part;
        }
        assert_eq!(parts, naive(&whole, key, 0));
    }
}

#[test]
fn masking_twice_changes_nothing() {
    let original = Rng::new(4).bytes(1000);
    let mut buf = original.clone();
    c::mask(&mut buf, KEY, 5);
    assert_ne!(buf, original);
    c::mask(&mut buf, KEY, 5);
    assert_eq!(buf, original);
}

#[test]
fn a_key_of_zeros_changes_nothing() {
    check_in_place(&Rng::new(5).bytes(300), 16, 200, [0; 4], 1);
}
