//! Vectors compute what a loop over bytes computes: masking, the check for ASCII, and the search
//! in heads, with every instruction set of this processor.

use crate::c;
use crate::source::Source;
use core::mem::MaybeUninit;
use wscodec::simd::{self, Isa, MaskKey, portable};

/// Room for every alignment before the bytes, and for a canary after them.
const ALIGN: usize = 64;
const CANARY: u8 = 0xc5;

pub fn run(data: &[u8]) {
    let mut source = Source::new(data);
    let key = source.key();
    let pos = source.u64();
    let offset = source.below(ALIGN);
    let repeat = 1 + source.below(8);
    let bytes = source.rest().repeat(repeat);
    let expected: Vec<u8> = bytes
        .iter()
        .enumerate()
        .map(|(at, byte)| byte ^ key[((pos % 4) as usize + at) % 4])
        .collect();
    let mut room = Room { bytes: &bytes, expected: &expected, offset };
    room.in_place(|bytes| c::mask(bytes, key, pos));
    room.copied(|to, from| c::mask_copy(to, from, key, pos));
    for isa in Isa::all() {
        let key = MaskKey::at(key, pos);
        room.in_place(|bytes| {
            simd::mask_at::<false>(isa, bytes, key);
        });
        let ascii = expected.is_ascii();
        room.in_place(|bytes| assert_eq!(simd::mask_at::<true>(isa, bytes, key), ascii));
        room.copied(|to, from| simd::mask_copy_at(isa, uninit(to), from, key));
    }
    searches(&bytes);
}

struct Room<'a> {
    bytes: &'a [u8],
    expected: &'a [u8],
    offset: usize,
}

impl Room<'_> {
    fn in_place(&mut self, mask: impl Fn(&mut [u8])) {
        self.check(|to, from| {
            to.copy_from_slice(from);
            mask(to);
        });
    }

    fn copied(&mut self, mask: impl Fn(&mut [u8], &[u8])) {
        self.check(mask);
    }

    fn check(&mut self, fill: impl Fn(&mut [u8], &[u8])) {
        let end = self.offset + self.bytes.len();
        let mut room = vec![CANARY; end + ALIGN];
        fill(&mut room[self.offset..end], self.bytes);
        assert_eq!(&room[self.offset..end], self.expected);
        let beside = room[..self.offset].iter().chain(&room[end..]);
        assert!(beside.into_iter().all(|byte| *byte == CANARY), "wrote beside the bytes");
    }
}

fn uninit(bytes: &mut [u8]) -> &mut [MaybeUninit<u8>] {
    // SAFETY: MaybeUninit<u8> has the layout of u8, and masking makes no byte uninitialised.
    unsafe { &mut *(core::ptr::from_mut(bytes) as *mut [MaybeUninit<u8>]) }
}

fn searches(bytes: &[u8]) {
    let first = |matches: fn(&u8) -> bool| bytes.iter().position(matches);
    let control = first(|byte| byte.is_ascii_control() && *byte != b'\t');
    assert_eq!(simd::find_control(bytes), control);
    assert_eq!(portable::find_control(bytes), control);
    let non_name = first(|byte| !byte.is_ascii_alphanumeric() && *byte != b'-');
    assert_eq!(simd::find_non_name(bytes), non_name);
    assert_eq!(portable::find_non_name(bytes), non_name);
}
