//! Sec-WebSocket-Key and Sec-WebSocket-Accept (RFC 6455, 1.3 and 4.2.2).

use super::chars;
use crate::error::{Error, Result};
use base64::{Engine, engine::general_purpose::STANDARD};
use sha1::block_api::compress;

/// Length of a key: the base64 of 16 bytes.
pub const KEY_LEN: usize = 24;
/// Length of a Sec-WebSocket-Accept: the base64 of 20 bytes.
pub const ACCEPT_LEN: usize = 28;

/// A Sec-WebSocket-Key: base64 of 16 bytes. (The 4 unused bits of its last character may be set, as
/// in the example of RFC 6455, 4.1: many clients choose them at random.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key([u8; KEY_LEN]);

impl Key {
    /// Fails unless `text` is the base64 of 16 bytes.
    pub fn parse(text: &[u8]) -> Result<Key> {
        let text = <[u8; KEY_LEN]>::try_from(text).map_err(|_| Error::HandshakeKey)?;
        let [characters @ .., b'=', b'='] = &text else {
            return Err(Error::HandshakeKey);
        };
        let valid = characters.iter().fold(true, |all, b| all & chars::is_base64(*b));
        if valid { Ok(Key(text)) } else { Err(Error::HandshakeKey) }
    }

    /// A new key, from the operating system's random bytes.
    pub fn random() -> Result<Key> {
        let mut bytes = [0; 20];
        let (nonce, _) = bytes.split_at_mut(16);
        crate::random::system(nonce)?;
        // 16 bytes fill 22 characters, after which the padding starts.
        let mut text = [0; ACCEPT_LEN];
        base64(&bytes, &mut text);
        let mut key = [b'='; KEY_LEN];
        for (to, from) in key.iter_mut().zip(&text).take(22) {
            *to = *from;
        }
        Ok(Key(key))
    }

    /// The characters of the key.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; KEY_LEN] {
        &self.0
    }

    /// The Sec-WebSocket-Accept for this key.
    #[must_use]
    pub fn accept(&self) -> [u8; ACCEPT_LEN] {
        self.digest().encode()
    }

    /// The same, before it is encoded.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest(sha1_with_guid(&self.0))
    }
}

/// The SHA-1 of a key and the GUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest([u8; 20]);

impl Digest {
    /// The Sec-WebSocket-Accept.
    #[must_use]
    pub fn encode(&self) -> [u8; ACCEPT_LEN] {
        let mut text = [0; ACCEPT_LEN];
        base64(&self.0, &mut text);
        text
    }
}

/// SHA-1 (FIPS 180-4, 6.1) of a key and the GUID after it. Together they are always 60 bytes, so
/// the two padded blocks are constant except for the key.
fn sha1_with_guid(key: &[u8; KEY_LEN]) -> [u8; 20] {
    let [mut first, last] = PADDED;
    if let Some(to) = first.first_chunk_mut() {
        *to = *key;
    }
    let mut state = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
    compress(&mut state, &[first, last]);
    let mut digest = [0; 20];
    for (to, word) in digest.chunks_exact_mut(4).zip(&state) {
        if let Some(to) = to.first_chunk_mut() {
            *to = u32::to_be_bytes(*word);
        }
    }
    digest
}

/// Space for the key, the GUID and one set bit; zeros, and the length in bits.
const PADDED: [[u8; 64]; 2] = {
    let first =
        *b"                        258EAFA5-E914-47DA-95CA-C5AB0DC85B11\x80\0\0\0";
    let mut last = [0; 64];
    let [.., high, low] = &mut last;
    [*high, *low] = (8 * 60_u16).to_be_bytes();
    [first, last]
};

// Only for this length, and never inlined: then the compiler can prove that nothing panics.
#[inline(never)]
fn base64(bytes: &[u8; 20], to: &mut [u8; ACCEPT_LEN]) {
    let written = STANDARD.encode_slice(bytes, to);
    debug_assert_eq!(written, Ok(ACCEPT_LEN));
}
