//! NEON, which is part of the target: the module is compiled only if it is.
#![allow(unsafe_code)]

/// Whether all of the text is valid UTF-8 that ends on a character boundary.
pub(super) fn is_utf8(text: &[u8]) -> bool {
    // SAFETY: the function demands NEON, which the target has.
    unsafe { simdutf8::basic::imp::aarch64::neon::validate_utf8(text) }.is_ok()
}
