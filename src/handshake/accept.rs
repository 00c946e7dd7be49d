//! Sec-WebSocket-Key and Sec-WebSocket-Accept (RFC 6455, 1.3 and 4.2.2).

use crate::error::{Error, Result};
use base64::{Engine, engine::general_purpose::STANDARD};
use sha1::{Digest, Sha1};

/// Length of a key: the base64 of 16 bytes.
pub const KEY_LEN: usize = 24;
/// Length of an answer: the base64 of 20 bytes.
pub const ACCEPT_LEN: usize = 28;

const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// A Sec-WebSocket-Key: the canonical base64 of 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key([u8; KEY_LEN]);

impl Key {
    /// Refuses whatever is not canonical: other lengths, bits set behind the last byte.
    pub fn parse(text: &[u8]) -> Result<Key> {
        let text = <[u8; KEY_LEN]>::try_from(text).map_err(|_| Error::HandshakeKey)?;
        // The decoder wants room for three bytes of every four characters.
        let mut decoded = [0; KEY_LEN / 4 * 3];
        match STANDARD.decode_slice(text, &mut decoded) {
            Ok(16) => Ok(Key(text)),
            _ => Err(Error::HandshakeKey),
        }
    }

    /// A new one, from the operating system's randomness.
    pub fn random() -> Result<Key> {
        let mut bytes = [0; 20];
        let (nonce, _) = bytes.split_at_mut(16);
        getrandom::fill(nonce).map_err(|_| Error::Random)?;
        // 16 bytes fill 22 characters; behind them only the padding differs.
        let mut key = [b'='; KEY_LEN];
        for (to, from) in key.iter_mut().zip(base64(&bytes)).take(22) {
            *to = from;
        }
        Ok(Key(key))
    }

    /// The characters themselves.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; KEY_LEN] {
        &self.0
    }

    /// The Sec-WebSocket-Accept that answers it.
    #[must_use]
    pub fn accept(&self) -> [u8; ACCEPT_LEN] {
        let digest: [u8; 20] =
            Sha1::new_with_prefix(self.0).chain_update(GUID).finalize().into();
        base64(&digest)
    }
}

/// For one length only, and never inlined: then the compiler sees that nothing can panic.
#[inline(never)]
fn base64(bytes: &[u8; 20]) -> [u8; ACCEPT_LEN] {
    let mut text = [0; ACCEPT_LEN];
    let written = STANDARD.encode_slice(bytes, &mut text);
    debug_assert_eq!(written, Ok(ACCEPT_LEN));
    text
}
