//! The C ABI. Each export turns pointers into slices (`ptr`), calls one function of the core, and
//! turns the result into a number. Each public module is a section of `include/wscodec.h`, or part
//! of one. The header is generated from the comments here.
//!
//! No export calls another: an application may define a function of the same name, which the
//! dynamic linker would call instead.

// The documentation is for C: brackets and addresses in it are no links.
#![allow(rustdoc::bare_urls, rustdoc::broken_intra_doc_links)]
// All exports have the contract that is stated in `ptr`, and in the header for C.
#![allow(unsafe_code, non_camel_case_types, clippy::missing_safety_doc)]

pub mod accept;
pub mod conn;
pub mod control;
pub mod decoder;
pub mod fields;
pub mod frame;
pub mod handshake;
pub mod negotiation;
pub mod pmd;
mod ptr;
pub mod result;
pub mod text;
pub mod version;

use crate::error::Result;
use result::ws_result;

/// Runs the body of an export, and returns its result as a number.
#[inline]
fn result_of(body: impl FnOnce() -> Result<usize>) -> ws_result {
    match body() {
        // Each count is bounded by the length of a buffer, which fits into isize.
        Ok(count) => isize::try_from(count).unwrap_or(isize::MAX),
        Err(error) => error.code() as isize,
    }
}
