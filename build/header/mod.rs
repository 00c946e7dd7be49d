//! Generates `include/wscodec.h`, and `include/wscodec.json` for generators of bindings, from the
//! sources.

mod c;
mod json;
mod overview;
mod source;

use source::section;
use std::fs;

/// The sections of the header, each with its modules. The last one is in `src/ffi` and has the
/// title.
const SECTIONS: &[&[&str]] = &[
    &["src/ffi/version.rs"],
    &["src/error.rs", "src/ffi/result.rs"],
    &["src/ffi/handshake.rs"],
    &["src/ffi/fields.rs"],
    &["src/ffi/frame.rs"],
    &["src/ffi/decoder.rs"],
    &["src/ffi/text.rs"],
    &["src/ffi/control.rs"],
    &["src/ffi/negotiation.rs"],
    &["src/ffi/conn.rs"],
    &["src/ffi/accept.rs"],
    &["src/ffi/pmd.rs"],
];

/// Writes the header to `include/`, or to the path in WSCODEC_HEADER, and the JSON file beside it.
pub(crate) fn write() {
    for path in ["build", "src", "cbindgen.toml", "include"] {
        println!("cargo::rerun-if-changed={path}");
    }
    println!("cargo::rerun-if-env-changed=WSCODEC_HEADER");
    let path = std::env::var("WSCODEC_HEADER").unwrap_or("include/wscodec.h".into());
    let sections: Vec<_> = SECTIONS.iter().map(|modules| section(modules)).collect();
    put(&path, &c::print(&sections));
    let chapters = overview::read_chapters();
    put(&path.replace(".h", ".json"), &json::print(&chapters, &sections));
}

fn put(path: &str, text: &str) {
    fs::write(path, text).unwrap_or_else(|error| panic!("{path}: {error}"));
}
