//! What 64-bit ARM has beyond the loops: NEON is there always.

pub(super) fn is_utf8(text: &[u8]) -> bool {
    // SAFETY: every 64-bit ARM has NEON.
    unsafe { simdutf8::basic::imp::aarch64::neon::validate_utf8(text) }.is_ok()
}
