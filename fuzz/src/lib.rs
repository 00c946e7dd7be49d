//! Fuzz targets of wscodec: functions that take any bytes, and panic if the library does not do
//! what an independent description says. `fuzz_targets` has a libFuzzer binary for each;
//! `tests/replay.rs` runs them over the committed corpora.
//!
//! The modules of `tests/rust` that wrap the C functions are shared, since they check at each call
//! what must hold for each call.

// The shared modules have more than the targets use.
#![allow(dead_code, unused_imports)]

#[path = "../../tests/rust/c.rs"]
mod c;
#[path = "../../tests/rust/conn.rs"]
mod conn;
#[path = "../../tests/rust/conn_allocator.rs"]
mod conn_allocator;
#[path = "../../tests/rust/conn_differential.rs"]
mod conn_differential;
#[path = "../../tests/rust/frame_differential.rs"]
mod frame_differential;
#[path = "../../tests/rust/handshake_differential.rs"]
mod handshake_differential;
#[path = "../../tests/rust/handshakes.rs"]
mod handshakes;
#[path = "../../tests/rust/heads.rs"]
mod heads;
#[path = "../../tests/rust/pmd.rs"]
mod pmd;
#[path = "../../tests/rust/rng.rs"]
mod rng;
#[path = "../../tests/rust/wire.rs"]
mod wire;
#[path = "../../tests/rust/zlib.rs"]
mod zlib;

mod model;
mod peers;
mod plain;
mod source;
pub mod targets;
