//! Other implementations that are not crates.

#[cfg(feature = "wslay")]
pub(crate) mod wslay;
