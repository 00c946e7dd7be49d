//! Writes `include/wscodec.h`, and `include/wscodec.json` for those who generate bindings, from
//! the sources.

// This runs when the library is built, not in it.
#![allow(clippy::arithmetic_side_effects)]

mod c;
mod json;
mod source;

use source::section;
use std::fs;

/// Each section: the modules that it is made of, the one in `src/ffi` last.
const SECTIONS: &[&[&str]] = &[
    &["src/ffi/version.rs"],
    &["src/error.rs", "src/ffi/result.rs"],
    &["src/ffi/handshake.rs"],
    &["src/ffi/fields.rs"],
    &["src/ffi/frame.rs"],
    &["src/ffi/decoder.rs"],
    &["src/ffi/text.rs"],
    &["src/ffi/control.rs"],
    &["src/ffi/deflate.rs"],
    &["src/ffi/conn.rs"],
    &["src/ffi/accept.rs"],
    &["src/ffi/pmd.rs"],
];

/// Writes to `include/`, or to where WSCODEC_HEADER says, and beside that.
pub(crate) fn write() {
    for path in ["build", "src", "cbindgen.toml", "include"] {
        println!("cargo::rerun-if-changed={path}");
    }
    println!("cargo::rerun-if-env-changed=WSCODEC_HEADER");
    let path = std::env::var("WSCODEC_HEADER").unwrap_or("include/wscodec.h".into());
    let sections: Vec<_> = SECTIONS.iter().map(|modules| section(modules)).collect();
    put(&path, &c::print(&sections));
    put(&path.replace(".h", ".json"), &json::print(&sections));
}

fn put(path: &str, text: &str) {
    fs::write(path, text).unwrap_or_else(|error| panic!("{path}: {error}"));
}
