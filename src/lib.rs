//! A WebSocket engine (RFC 6455) that never touches a socket: bytes in, meaning out.
//!
//! Two layers, the second built from the first, and the C ABI over both:
//!
//! | layer   | what it does                                  | where |
//! |---------|-----------------------------------------------|-------|
//! | Pieces  | opening handshake: heads, keys, negotiation   | [`handshake`] |
//! |         | one frame: header, payload, masking           | [`frame`] |
//! |         | text, close payloads                          | [`utf8`], [`close`] |
//! | Decoder | many frames per call, any split of the input  | [`stream`] |
//! | C ABI   | pointers to slices, outcomes to numbers       | [`ffi`] |
//!
//! Everything but [`ffi`] is safe Rust that knows no pointers. Nothing here allocates,
//! keeps global state or panics.

#![cfg_attr(not(feature = "std"), no_std)]
#![deny(unsafe_code)]

pub mod close;
pub mod error;
pub mod ffi;
pub mod frame;
pub mod handshake;
mod output;
pub mod stream;
pub mod utf8;

#[cfg(not(feature = "std"))]
mod panic;
