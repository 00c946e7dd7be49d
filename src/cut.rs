//! Parts of slices, without a panic.

/// The bytes up to an index, or from it on.
///
/// The index is within the slice: its callers have made sure of that, and a debug build checks it.
/// A release build returns an empty slice if it is not, since indexing that the compiler cannot
/// prove to be in range would add a panic.
pub(crate) trait Cut {
    /// The first `len` elements.
    fn until(&self, len: usize) -> &Self;
    /// The elements after the first `len`.
    fn after(&self, len: usize) -> &Self;
    /// Like [`Cut::until`].
    fn until_mut(&mut self, len: usize) -> &mut Self;
    /// Like [`Cut::after`].
    fn after_mut(&mut self, len: usize) -> &mut Self;
}

impl<T> Cut for [T] {
    fn until(&self, len: usize) -> &[T] {
        debug_assert!(len <= self.len());
        self.get(..len).unwrap_or_default()
    }

    fn after(&self, len: usize) -> &[T] {
        debug_assert!(len <= self.len());
        self.get(len..).unwrap_or_default()
    }

    fn until_mut(&mut self, len: usize) -> &mut [T] {
        debug_assert!(len <= self.len());
        self.get_mut(..len).unwrap_or_default()
    }

    fn after_mut(&mut self, len: usize) -> &mut [T] {
        debug_assert!(len <= self.len());
        self.get_mut(len..).unwrap_or_default()
    }
}
