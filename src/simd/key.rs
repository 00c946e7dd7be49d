//! The masking key of a frame (RFC 6455, 5.3).

/// A masking key, rotated so that its first byte masks the first of the bytes it is used for.
#[derive(Clone, Copy, Debug)]
pub struct MaskKey(pub(super) u32);

impl MaskKey {
    /// Leaves the bytes as they are; the compiler removes the masking.
    pub(super) const NONE: MaskKey = MaskKey(0);

    /// `pos` is the position of those bytes in their payload.
    #[must_use]
    pub fn at(key: [u8; 4], pos: u64) -> MaskKey {
        let [low, ..] = pos.to_le_bytes();
        MaskKey(u32::from_le_bytes(key)).rotate(low)
    }

    /// The key for the bytes that follow the first `bytes`.
    pub(super) fn skip(self, bytes: usize) -> MaskKey {
        let [low, ..] = bytes.to_le_bytes();
        self.rotate(low)
    }

    fn rotate(self, bytes: u8) -> MaskKey {
        MaskKey(self.0.rotate_right(8 * u32::from(bytes & 3)))
    }
}
