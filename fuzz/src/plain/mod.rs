//! The rules of the RFCs, written in the plainest way and without the library.

pub(crate) mod close;
pub(crate) mod extensions;
pub(crate) mod fields;
pub(crate) mod frames;
