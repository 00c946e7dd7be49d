//! A WebSocket engine (RFC 6455, RFC 7692) that never touches a socket: bytes in, meaning out.
//!
//! Three layers, each built from the one before it, and the C ABI over all of them:
//!
//! | layer      | what it does                                  | where |
//! |------------|-----------------------------------------------|-------|
//! | Pieces     | opening handshake: heads, keys, negotiation   | [`handshake`] |
//! |            | one frame: header, payload, masking           | [`frame`] |
//! |            | text, close payloads                          | [`utf8`], [`close`] |
//! |            | permessage-deflate                            | [`deflate`] |
//! | Decoder    | many frames per call, any split of the input  | [`decoder`] |
//! |            | replies to control frames                     | [`control`] |
//! | Connection | messages, ping and pong, closing, limits      | [`conn`] |
//! | under all  | masking and UTF-8 with vector instructions    | [`simd`] |
//! |            | memory, random bytes                          | [`memory`], [`random`] |
//! | C ABI      | pointers to slices, outcomes to numbers       | `ffi`, with the feature `capi` |
//!
//! Everything is safe Rust but for `ffi`; [`memory`], [`random`] and [`deflate::engine`], which call
//! an allocator, the operating system and the deflate engine; the vectors of [`simd`]; and three
//! lines of `output`. Only connections and compression allocate. Nothing panics, or keeps global
//! state but for what the processor was found to be able to do.

#![cfg_attr(not(feature = "std"), no_std)]
#![deny(unsafe_code)]

pub mod close;
pub mod conn;
pub mod control;
mod cut;
pub mod decoder;
pub mod deflate;
pub mod error;
#[cfg(feature = "capi")]
pub mod ffi;
pub mod frame;
pub mod handshake;
mod inline_bytes;
pub mod memory;
mod output;
pub mod random;
pub mod side;
pub mod simd;
pub mod utf8;

#[cfg(all(feature = "capi", not(feature = "std")))]
mod panic;
