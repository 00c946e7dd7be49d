//! The C ABI. Each function turns pointers into slices (`ptr`), calls one function of the
//! core, and turns the outcome into a number. One module is one section of
//! `include/wscodec.h`; the documentation here is the documentation there.
//!
//! Exports never call exports: an application may define a function of the same name, and
//! the dynamic linker would take that one.

// The documentation is C's: brackets and addresses are no links.
#![allow(rustdoc::bare_urls, rustdoc::broken_intra_doc_links)]
// The contract of all of them is stated once, in `ptr`, and in the header's own words.
#![allow(unsafe_code, non_camel_case_types, clippy::missing_safety_doc)]

pub mod accept;
pub mod conn;
pub mod control;
pub mod decoder;
pub mod deflate;
pub mod fields;
pub mod frame;
pub mod handshake;
pub mod pmd;
mod ptr;
pub mod result;
pub mod text;
pub mod version;

use crate::error::Result;
use result::ws_result;

/// Runs the body of an export; its outcome as a number.
#[inline]
fn answer(body: impl FnOnce() -> Result<usize>) -> ws_result {
    match body() {
        // No count can be larger: each is bounded by the length of a buffer.
        Ok(count) => isize::try_from(count).unwrap_or(isize::MAX),
        Err(error) => error.code() as isize,
    }
}
