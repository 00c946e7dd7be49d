//! What this processor does by vectors is what it does byte by byte: for every length up to 300,
//! every alignment, every phase of the key, and nothing beside it.

use crate::rng::Rng;
use core::mem::MaybeUninit;
use wscodec::frame;
use wscodec::simd::portable::Key;
use wscodec::simd::{self, Level, portable};

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

/// Lengths around which the loops change, beyond those that are all tried.
const LONG: [usize; 15] =
    [319, 320, 321, 383, 384, 447, 512, 577, 700, 1023, 1024, 1025, 1087, 1088, 2049];

fn each(mut test: impl FnMut(usize, usize, u64)) {
    for len in (0..=300).chain(LONG) {
        for offset in 0..64 {
            for pos in 0..4 {
                test(len, offset, pos);
            }
        }
    }
}

#[test]
fn there_is_more_than_one_on_this_machine_if_it_is_an_x86() {
    let levels: Vec<Level> = Level::all().collect();
    assert_eq!(levels.first(), Some(&Level::PORTABLE));
    assert_eq!(levels.last(), Some(&Level::best()));
    println!("{levels:?}");
}

#[test]
fn masking_in_place() {
    let mut rng = Rng::new(81);
    let bytes = rng.bytes(ROOM);
    for level in Level::all() {
        each(|len, offset, pos| {
            let mut room = Room([CANARY; ROOM]);
            let range = MARGIN + offset..MARGIN + offset + len;
            room.0[range.clone()].copy_from_slice(&bytes[..len]);
            level.mask(&mut room.0[range.clone()], Key::at(KEY, pos));
            assert_eq!(room.0[range.clone()], masked(&bytes[..len], pos));
            let beside = room.0[..range.start].iter().chain(&room.0[range.end..]);
            assert!(beside.into_iter().all(|byte| *byte == CANARY), "{level:?} {len}");
        });
    }
}

#[test]
fn masking_a_copy() {
    let mut rng = Rng::new(82);
    let bytes = rng.bytes(ROOM);
    for level in Level::all() {
        each(|len, offset, pos| {
            let mut room = Room([CANARY; ROOM]);
            let (from, to) = (offset, MARGIN + 63 - offset);
            let out: &mut [u8] = &mut room.0[to..to + len];
            // SAFETY: every initialised byte is one that may be written.
            let out = unsafe { &mut *(out as *mut [u8] as *mut [MaybeUninit<u8>]) };
            level.mask_copy(out, &bytes[from..from + len], Key::at(KEY, pos));
            assert_eq!(room.0[to..to + len], masked(&bytes[from..from + len], pos));
            let beside = room.0[..to].iter().chain(&room.0[to + len..]);
            assert!(beside.into_iter().all(|byte| *byte == CANARY), "{level:?} {len}");
        });
    }
}

#[test]
fn masking_a_copy_stops_at_the_shorter_of_the_two() {
    let from: Vec<u8> = (0..200).collect();
    for from_len in (0..70).chain([127, 128, 129, 200]) {
        for to_len in (0..70).chain([127, 128, 129, 200]) {
            let len = from_len.min(to_len);
            let mut to = [CANARY; 256];
            // SAFETY: every initialised byte is one that may be written.
            let out = unsafe { &mut *(&mut to[..to_len] as *mut [u8] as *mut [_]) };
            frame::mask::copy(out, &from[..from_len], KEY, 1);
            assert_eq!(to[..len], masked(&from[..len], 1), "{from_len} to {to_len}");
            assert!(to[len..].iter().all(|byte| *byte == CANARY));
        }
    }
}

/// One byte that is not ASCII, at every place.
fn tells_whether_all_of_it_is_ascii(name: &str, mask: impl Fn(&mut [u8], u64) -> bool) {
    for len in (0..=300).chain(LONG) {
        for offset in [0, 1, 17, 63] {
            let mut room = Room([0xff; ROOM]);
            let text = &mut room.0[offset..offset + len];
            let plain: Vec<u8> = (0..len).map(|at| (at % 128) as u8).collect();
            text.copy_from_slice(&masked(&plain, 1));
            assert!(mask(text, 1), "{name} {len}");
            assert_eq!(text, plain);
            for wrong in 0..len {
                let text = &mut room.0[offset..offset + len];
                text.copy_from_slice(&masked(&plain, 2));
                text[wrong] ^= 0x80;
                assert!(!mask(text, 2), "{name} {wrong} of {len}");
                assert_eq!(text[wrong], plain[wrong] ^ 0x80);
            }
        }
    }
}

#[test]
fn masking_tells_whether_all_of_it_is_ascii() {
    for level in Level::all() {
        tells_whether_all_of_it_is_ascii(&format!("{level:?}"), |text, pos| {
            level.mask_ascii(text, Key::at(KEY, pos))
        });
    }
    tells_whether_all_of_it_is_ascii("what is chosen", |text, pos| {
        frame::mask::apply_ascii(text, KEY, pos)
    });
}

#[test]
fn utf8_is_what_the_standard_library_says() {
    let mut rng = Rng::new(83);
    for level in Level::all() {
        for _ in 0..20_000 {
            let mut text: String = (0..rng.below(120))
                .map(|_| *rng.pick(&['a', 'b', 'é', '€', '😀', '\u{7ff}', '\u{10ffff}']))
                .collect::<String>();
            text.insert_str(0, &"x".repeat(rng.below(70)));
            let mut bytes = text.into_bytes();
            if rng.once_in(2) && !bytes.is_empty() {
                let at = rng.below(bytes.len());
                bytes[at] = rng.byte();
            }
            let expected = std::str::from_utf8(&bytes).is_ok();
            assert_eq!(level.is_utf8(&bytes), expected, "{level:?} {bytes:02x?}");
        }
    }
}

#[test]
fn utf8_with_one_character_at_every_place_of_ascii() {
    for level in Level::all() {
        for len in (0..=300).chain(LONG) {
            let mut text = vec![b'x'; len];
            assert!(level.is_utf8(&text), "{level:?} {len}");
            for at in 0..len {
                text[at] = 0x80;
                assert!(!level.is_utf8(&text), "{level:?} {at} of {len}");
                if at > 0 {
                    text[at - 1] = 0xc3;
                    assert!(level.is_utf8(&text), "{level:?} {at} of {len}");
                    text[at - 1] = b'x';
                }
                text[at] = b'x';
            }
        }
    }
}

/// What is searched for in heads: each byte, at every place of every length.
#[test]
fn finding_a_byte() {
    let control = |b: u8| b.is_ascii_control() && b != b'\t';
    let uncommon = |b: u8| !b.is_ascii_alphanumeric() && b != b'-';
    for byte in 0..=u8::MAX {
        for len in 1..=67 {
            for at in 0..len {
                let mut text = vec![b'x'; len];
                text[at] = byte;
                let found = |meant: bool| if meant { Some(at) } else { None };
                assert_eq!(simd::control_at(&text), found(control(byte)), "{byte} {len}");
                assert_eq!(portable::control_at(&text), found(control(byte)));
                assert_eq!(
                    simd::uncommon_at(&text),
                    found(uncommon(byte)),
                    "{byte} {len}"
                );
                assert_eq!(portable::uncommon_at(&text), found(uncommon(byte)));
            }
        }
    }
    assert_eq!((simd::control_at(b""), simd::uncommon_at(b"")), (None, None));
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
        let first = |meant: fn(&u8) -> bool| text.iter().position(meant);
        let control = first(|b| b.is_ascii_control() && *b != b'\t');
        let uncommon = first(|b| !b.is_ascii_alphanumeric() && *b != b'-');
        assert_eq!(simd::control_at(&text), control, "{text:?}");
        assert_eq!(portable::control_at(&text), control, "{text:?}");
        assert_eq!(simd::uncommon_at(&text), uncommon, "{text:?}");
        assert_eq!(portable::uncommon_at(&text), uncommon, "{text:?}");
    }
}
