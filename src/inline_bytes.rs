//! A few bytes, kept in place.

use crate::cut::Cut;

/// At most `N` bytes, 255 at the most.
///
/// Any memory is a valid value, so that it may be part of a struct in the caller's memory: a length
/// beyond `N` counts as `N`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct InlineBytes<const N: usize> {
    bytes: [u8; N],
    len: u8,
}

impl<const N: usize> Default for InlineBytes<N> {
    fn default() -> Self {
        InlineBytes { bytes: [0; N], len: 0 }
    }
}

impl<const N: usize> InlineBytes<N> {
    /// How many bytes there are.
    pub(crate) fn len(&self) -> usize {
        usize::from(self.len).min(N)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.until(self.len())
    }

    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }

    /// Appends as many of `bytes` as there is room for, and returns how many.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> usize {
        let len = self.len();
        let room = self.bytes.after_mut(len);
        for (to, from) in room.iter_mut().zip(bytes) {
            *to = *from;
        }
        let pushed = bytes.len().min(room.len());
        self.set_len(len + pushed);
        pushed
    }

    /// Keeps the first `len` bytes, which must be there.
    pub(crate) fn truncate(&mut self, len: usize) {
        debug_assert!(len <= self.len());
        self.set_len(len);
    }

    /// Undoes [`InlineBytes::clear`]: the first `len` bytes count again.
    pub(crate) fn restore(&mut self, len: u8) {
        self.len = len;
    }

    #[allow(clippy::cast_possible_truncation)] // N is at most 255.
    fn set_len(&mut self, len: usize) {
        const { assert!(N <= u8::MAX as usize) };
        self.len = len as u8;
    }
}
