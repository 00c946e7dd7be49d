//! The floor of each quantity: what every implementation has to do, by the fastest means that this
//! machine offers, measured in the same turns as the sides.

use crate::targets::{
    ACCEPT_KEY, BYTE_BY_BYTE, COMPRESS, COMPRESS_ALONE, DECODE, DECODE_ASCII,
    DECODE_MULTIBYTE, DECOMPRESS, DECOMPRESS_ALONE, ECHO_ONE, ENCODE, ENCODE_CLIENT,
    ENCODE_HEADER, MASK, MASK_OFFSET, PYTHON_BATCH, PYTHON_ECHO, PYTHON_ECHO_16,
    PYTHON_SINGLE, RECEIVE_ONE, SEND_ONE, TEXT_OR_BINARY, TOKENISE, UPGRADE, UTF8_ASCII,
    UTF8_MULTIBYTE,
};
use rand::Rng;
use rand::rngs::StdRng;

/// The quantities that are times, and their floors; the README says why these are floors.
const FLOORS: &[(&str, &str)] = &[
    (MASK, "memset"),
    (MASK_OFFSET, "memset"),
    (DECODE, "copy, headers, memset"),
    (TEXT_OR_BINARY, "copy, headers, memset"),
    (DECODE_ASCII, "copy, headers, memset"),
    (DECODE_MULTIBYTE, "copy, headers, memset"),
    (ENCODE, "memcpy"),
    (ENCODE_HEADER, "a call"),
    (ENCODE_CLIENT, "random key, memcpy"),
    (ACCEPT_KEY, "two blocks of SHA-1"),
    (TOKENISE, "loads"),
    (BYTE_BY_BYTE, "a call per byte"),
    (UPGRADE, "copy, loads, two blocks of SHA-1"),
    (UTF8_MULTIBYTE, "loads"),
    (UTF8_ASCII, "loads"),
    (RECEIVE_ONE, "copy, a call"),
    (SEND_ONE, "memcpy"),
    (ECHO_ONE, "copy, a call, memcpy"),
    (PYTHON_BATCH, "slices"),
    (PYTHON_SINGLE, "slices"),
    (PYTHON_ECHO, "slices"),
    (PYTHON_ECHO_16, "slices"),
    (COMPRESS, "zlib-rs"),
    (COMPRESS_ALONE, "zlib-rs"),
    (DECOMPRESS, "zlib-rs"),
    (DECOMPRESS_ALONE, "zlib-rs"),
];

/// The name of the side that is the floor of a quantity. Memory has none.
pub(crate) fn of(quantity: &str) -> Option<&'static str> {
    FLOORS.iter().find(|(name, _)| *name == quantity).map(|(_, floor)| *floor)
}

/// Stores to each byte once: memset().
pub(crate) fn store(bytes: &mut [u8]) {
    bytes.fill(0);
}

/// Loads each byte once, into the widest registers of the processor. 0 if all of them are 0.
pub(crate) fn load(bytes: &[u8]) -> u8 {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512bw") {
            return unsafe { any_bit_avx512(bytes) };
        }
        if is_x86_feature_detected!("avx2") {
            return unsafe { any_bit_avx2(bytes) };
        }
    }
    any_bit(bytes)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512bw")]
fn any_bit_avx512(bytes: &[u8]) -> u8 {
    any_bit(bytes)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn any_bit_avx2(bytes: &[u8]) -> u8 {
    any_bit(bytes)
}

#[inline(always)]
fn any_bit(bytes: &[u8]) -> u8 {
    // A load across two cache lines takes twice as long.
    let aligned = bytes.as_ptr().align_offset(64).min(bytes.len());
    let (start, rest) = bytes.split_at(aligned);
    let any = |bytes: &[u8]| bytes.iter().fold(0, |bits, byte| bits | byte);
    any(start) | any(rest)
}

/// Finds the end of each frame of a read of masked frames: a header alone says where the next one
/// starts. Returns how many there are.
pub(crate) fn headers(read: &[u8]) -> usize {
    let (mut at, mut frames) = (0, 0);
    while at < read.len() {
        let length = |bytes: &[u8]| {
            bytes.iter().fold(0, |length, &byte| length << 8 | usize::from(byte))
        };
        at += match read[at + 1] & 0x7f {
            126 => 8 + length(&read[at + 2..at + 4]),
            127 => 14 + length(&read[at + 2..at + 10]),
            short => 6 + usize::from(short),
        };
        frames += 1;
    }
    frames
}

/// Masking keys from a generator, so many at once that calling it hardly counts.
pub(crate) struct RandomKeys {
    generator: StdRng,
    drawn: Vec<u8>,
    used: usize,
}

impl RandomKeys {
    const AT_ONCE: usize = 4096;

    pub(crate) fn new() -> RandomKeys {
        let size = 4 * Self::AT_ONCE;
        RandomKeys { generator: rand::make_rng(), drawn: vec![0; size], used: size }
    }

    pub(crate) fn next(&mut self) -> [u8; 4] {
        if self.used == self.drawn.len() {
            self.generator.fill_bytes(&mut self.drawn);
            self.used = 0;
        }
        let key = self.drawn[self.used..self.used + 4].try_into().expect("four bytes");
        self.used += 4;
        key
    }
}

/// The SHA-1 of a key with the GUID of the protocol is that of two blocks.
pub(crate) fn sha1_of_two_blocks(blocks: &[[u8; 64]; 2]) -> [u32; 5] {
    let mut state = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
    sha1::block_api::compress(&mut state, blocks);
    state
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::{BINARY, Stream};
    use crate::targets::{self, Unit};

    #[test]
    fn each_time_has_a_floor_and_no_floor_is_without_use() {
        let subjects = targets::all();
        for subject in &subjects {
            let is_time = subject.unit == Unit::Ns;
            assert_eq!(of(&subject.quantity).is_some(), is_time, "{}", subject.quantity);
        }
        for (quantity, _) in FLOORS {
            assert!(subjects.iter().any(|subject| subject.quantity == *quantity));
        }
    }

    #[test]
    fn each_byte_is_loaded() {
        for size in [0, 1, 63, 64, 65, 1000] {
            let mut bytes = vec![0; size];
            assert_eq!(load(&bytes), 0);
            for at in 0..size {
                bytes[at] = 1;
                assert_eq!(load(&bytes), 1, "{at} of {size}");
                bytes[at] = 0;
            }
        }
    }

    #[test]
    fn headers_are_walked_to_the_end() {
        for size in [0, 20, 125, 126, 1024, 65535, 65536, 100_000] {
            let stream = Stream::new(BINARY, &vec![7; size]);
            assert_eq!(headers(&stream.bytes), stream.frames, "{size}");
        }
    }

    #[test]
    fn keys_are_drawn_again_when_all_are_used() {
        let mut keys = RandomKeys::new();
        let mut draw =
            || (0..RandomKeys::AT_ONCE).map(|_| keys.next()).collect::<Vec<_>>();
        let (first, second) = (draw(), draw());
        assert_ne!(first, second);
    }

    #[test]
    fn two_blocks_give_the_digest() {
        // RFC 6455, 1.3.
        let mut blocks = [[0; 64]; 2];
        let text = b"dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
        blocks[0][..60].copy_from_slice(text);
        blocks[0][60] = 0x80;
        blocks[1][62..].copy_from_slice(&480_u16.to_be_bytes());
        let digest = sha1_of_two_blocks(&blocks).map(u32::to_be_bytes).concat();
        assert_eq!(digest[..4], [0xb3, 0x7a, 0x4f, 0x2c]);
    }
}
