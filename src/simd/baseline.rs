//! What every processor of the target can do.

#[cfg(not(all(target_arch = "x86_64", target_feature = "sse2")))]
pub use super::portable::{find_control, find_non_name};
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
pub use super::sse2::{find_control, find_non_name};

#[cfg(not(all(target_arch = "x86_64", target_feature = "sse2")))]
pub(super) use super::portable::Wide;
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
pub(super) use super::sse2::Vector as Wide;

#[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
pub(super) use super::neon::skip_utf8;

/// Skips nothing: there is no lookup in a table.
#[cfg(not(all(target_arch = "aarch64", target_feature = "neon")))]
pub(super) fn skip_utf8(text: &[u8]) -> &[u8] {
    text
}
