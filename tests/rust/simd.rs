//! Vectors compute the same as a loop over bytes, and write nothing beside the payload: for every
//! length up to 300, every alignment, every rotation of the key, every instruction set of this
//! processor, and the one that the library chooses.

use crate::rng::{Rng, one_in};
use core::mem::MaybeUninit;
use wscodec::frame;
use wscodec::simd::{self, Isa, MaskKey, portable};

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
const CANARY: u8 = 0xc5;
const MARGIN: usize = 64;

/// Starts at a multiple of 64.
#[repr(align(64))]
struct Room([u8; ROOM]);
const ROOM: usize = 2304;

fn masked(bytes: &[u8], pos: u64) -> Vec<u8> {
    let key = |at: usize| KEY[((pos % 4) as usize + at) % 4];
    bytes.iter().enumerate().map(|(at, byte)| byte ^ key(at)).collect()
}

/// Longer lengths at which the loops take other branches.
const LONG: [usize; 15] =
    [319, 320, 321, 383, 384, 447, 512, 577, 700, 1023, 1024, 1025, 1087, 1088, 2049];

fn each(mut test: impl FnMut(usize, usize, u64)) {
    let one_in = one_in();
    for len in (0..=300).chain(LONG) {
        for offset in (len % one_in..64).step_by(one_in) {
            for pos in 0..4 {
                test(len, offset, pos);
            }
        }
    }
}

#[test]
fn the_first_instruction_set_is_portable_and_the_last_one_is_chosen() {
    let all: Vec<Isa> = Isa::all().collect();
    assert_eq!(all.first(), Some(&Isa::Portable));
    assert_eq!(all.last(), Some(&Isa::best()));
    // Which one that is, if the caller knows the processor.
    if let Ok(name) = std::env::var("WSCODEC_ISA") {
        let best = format!("{:?}", Isa::best());
        assert!(best.starts_with(&name), "{best} instead of {name}");
    }
}

fn masks_in_place(name: &str, mask: impl Fn(&mut [u8], u64)) {
    let bytes = Rng::new(81).bytes(ROOM);
    each(|len, offset, pos| {
        let mut room = Room([CANARY; ROOM]);
        let range = MARGIN + offset..MARGIN + offset + len;
        room.0[range.clone()].copy_from_slice(&bytes[..len]);
        mask(&mut room.0[range.clone()], pos);
        assert_eq!(room.0[range.clone()], masked(&bytes[..len], pos), "{name} {len}");
        let beside = room.0[..range.start].iter().chain(&room.0[range.end..]);
        assert!(beside.into_iter().all(|byte| *byte == CANARY), "{name} {len}");
    });
}

#[test]
fn masking_in_place() {
    for isa in Isa::all() {
        masks_in_place(&format!("{isa:?}"), |bytes, pos| {
            simd::mask_at::<false>(isa, bytes, MaskKey::at(KEY, pos));
        });
    }
    masks_in_place("chosen", |bytes, pos| frame::mask(bytes, KEY, pos));
}

fn masks_a_copy(name: &str, mask: impl Fn(&mut [MaybeUninit<u8>], &[u8], u64)) {
    let bytes = Rng::new(82).bytes(ROOM);
    each(|len, offset, pos| {
        let mut room = Room([CANARY; ROOM]);
        let (from, to) = (offset, MARGIN + 63 - offset);
        mask(out(&mut room.0[to..to + len]), &bytes[from..from + len], pos);
        let expected = masked(&bytes[from..from + len], pos);
        assert_eq!(room.0[to..to + len], expected, "{name} {len}");
        let beside = room.0[..to].iter().chain(&room.0[to + len..]);
        assert!(beside.into_iter().all(|byte| *byte == CANARY), "{name} {len}");
    });
}

/// The bytes as a buffer that may be uninitialised.
fn out(bytes: &mut [u8]) -> &mut [MaybeUninit<u8>] {
    // SAFETY: MaybeUninit<u8> has the layout of u8, and nothing here makes a byte uninitialised.
    unsafe { &mut *(bytes as *mut [u8] as *mut [MaybeUninit<u8>]) }
}

#[test]
fn masking_a_copy() {
    for isa in Isa::all() {
        masks_a_copy(&format!("{isa:?}"), |to, from, pos| {
            simd::mask_copy_at(isa, to, from, MaskKey::at(KEY, pos));
        });
    }
    masks_a_copy("chosen", |to, from, pos| frame::mask_copy(to, from, KEY, pos));
}

#[test]
fn masking_a_copy_stops_at_the_shorter_of_the_two() {
    let from: Vec<u8> = (0..200).collect();
    for from_len in (0..70).chain([127, 128, 129, 200]) {
        for to_len in (0..70).chain([127, 128, 129, 200]) {
            let len = from_len.min(to_len);
            let mut to = [CANARY; 256];
            frame::mask_copy(out(&mut to[..to_len]), &from[..from_len], KEY, 1);
            assert_eq!(to[..len], masked(&from[..len], 1), "{from_len} to {to_len}");
            assert!(to[len..].iter().all(|byte| *byte == CANARY));
        }
    }
}

/// Without and with one byte that is not ASCII, at every position.
fn finds_what_is_not_ascii(name: &str, mask: impl Fn(&mut [u8], u64) -> bool) {
    let one_in = one_in();
    for len in (0..=300).chain(LONG) {
        for offset in [0, 1, 17, 63] {
            let mut room = Room([0xff; ROOM]);
            let text = &mut room.0[offset..offset + len];
            let plain: Vec<u8> = (0..len).map(|at| (at % 128) as u8).collect();
            text.copy_from_slice(&masked(&plain, 1));
            assert!(mask(text, 1), "{name} {len}");
            assert_eq!(text, plain);
            for at in ((len + offset) % one_in..len).step_by(one_in) {
                let text = &mut room.0[offset..offset + len];
                text.copy_from_slice(&masked(&plain, 2));
                text[at] ^= 0x80;
                assert!(!mask(text, 2), "{name} {at} of {len}");
                assert_eq!(text[at], plain[at] ^ 0x80);
            }
        }
    }
}

#[test]
fn masking_returns_whether_the_result_is_ascii() {
    for isa in Isa::all() {
        finds_what_is_not_ascii(&format!("{isa:?}"), |text, pos| {
            simd::mask_at::<true>(isa, text, MaskKey::at(KEY, pos))
        });
    }
    finds_what_is_not_ascii("chosen", |text, pos| frame::mask_ascii(text, KEY, pos));
}

/// Each byte, at every position of every length up to 67.
#[test]
fn finding_a_byte() {
    let control = |b: u8| b.is_ascii_control() && b != b'\t';
    let non_name = |b: u8| !b.is_ascii_alphanumeric() && b != b'-';
    for byte in 0..=u8::MAX {
        for len in 1..=67 {
            for at in 0..len {
                let mut text = vec![b'x'; len];
                text[at] = byte;
                let found = |matches: bool| if matches { Some(at) } else { None };
                assert_eq!(
                    simd::find_control(&text),
                    found(control(byte)),
                    "{byte} {len}"
                );
                assert_eq!(portable::find_control(&text), found(control(byte)));
                assert_eq!(
                    simd::find_non_name(&text),
                    found(non_name(byte)),
                    "{byte} {len}"
                );
                assert_eq!(portable::find_non_name(&text), found(non_name(byte)));
            }
        }
    }
    assert_eq!((simd::find_control(b""), simd::find_non_name(b"")), (None, None));
}

#[test]
fn finding_the_first_of_several_bytes() {
    let mut rng = Rng::new(83);
    for _ in 0..20_000 {
        let len = rng.below(200);
        let mut text = rng.bytes(len);
        for byte in &mut text {
            *byte = if rng.below(40) == 0 { *byte } else { b'a' + *byte % 26 };
        }
        let first = |pred: fn(&u8) -> bool| text.iter().position(pred);
        let control = first(|b| b.is_ascii_control() && *b != b'\t');
        let non_name = first(|b| !b.is_ascii_alphanumeric() && *b != b'-');
        assert_eq!(simd::find_control(&text), control, "{text:?}");
        assert_eq!(portable::find_control(&text), control, "{text:?}");
        assert_eq!(simd::find_non_name(&text), non_name, "{text:?}");
        assert_eq!(portable::find_non_name(&text), non_name, "{text:?}");
    }
}
